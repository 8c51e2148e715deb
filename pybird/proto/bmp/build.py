"""Builds the configuration of `protocol bmp`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, address, number, switch, text
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.bmp.config import BmpConfig

BAD_PORT = "Invalid BMP monitoring station port number"


def build(builder: Builder, tree: Tree) -> BmpConfig:
    """The configuration of one `protocol bmp`, which serves one station."""
    draft = open_protocol(builder, tree, BmpConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        if draft["station_address"] is None:
            raise builder.end_error("Station IP address not specified", tree)
        if not draft["station_port"]:
            raise builder.end_error("Station port number not specified", tree)
    return draft.freeze()


def _station(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    builder.each(tree.children, draft, STATION)


STATION: Handlers = {
    "station_ip": address("station_address"),
    "station_port": number("station_port", 1, 65535, BAD_PORT),
}
OPTIONS: Handlers = {
    "local_address": address("local_address"),
    "station_address": _station,
    "system_name": text("system_name"),
    "system_description": text("system_description"),
    "pre_policy": switch("pre_policy"),
    "post_policy": switch("post_policy"),
    "tx_buffer_limit": number(
        "tx_buffer_limit", 1, message="BMP TX buffer limit must be at least 1 megabyte"
    ),
}
