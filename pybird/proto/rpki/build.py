"""Builds the configuration of `protocol rpki`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.options import Handler, Handlers, address, switch, text, word
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.rpki.config import RpkiConfig, SshTransport, TcpTransport

CHANNELS = ("roa4", "roa6", "aspa")
NEWEST = 2


def build(builder: Builder, tree: Tree) -> RpkiConfig:
    """The configuration of one `protocol rpki`: it has one cache and at least one channel."""
    draft = open_protocol(builder, tree, RpkiConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        _check(builder, draft, tree)
    return draft.freeze()


def _check(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if not draft["remote"]:
        raise builder.end_error("IP address or hostname of cache server must be set", tree)
    if not draft["channels"]:
        raise builder.end_error("Channel not specified", tree)
    low, high = draft["min_version"], draft["max_version"]
    if low > high:
        raise builder.end_error(f"Impossible min/max version for RPKI: {low}/{high}", tree)


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree) not in CHANNELS:
        raise builder.error("Unsupported channel type", tree, expected=CHANNELS)
    common_channel(builder, draft, tree)


def _remote(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if "remote" in draft.written:
        raise builder.error("Only one cache server per protocol allowed", tree)
    draft["remote"] = str(builder.constant(tree.children[0], "string", "ip").value)
    port = tree.find("port")
    if port is not None:
        _port(builder, draft, port)


def _port(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    value = builder.number(tree.children[0])
    if value > 65535:
        raise builder.error(f"Value {value} out of range (0-65535)", tree.children[0])
    draft["port"] = value


def _one_transport(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if "transport" in draft.written:
        raise builder.error("At the most one transport per protocol allowed", tree)


def _tcp(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    _one_transport(builder, draft, tree)
    made: Draft[TcpTransport] = Draft(TcpTransport)
    builder.each(tree.children, made, TCP)
    if (made["authentication"] == "none") != (made["password"] is None):
        raise builder.end_error("Authentication and password options should be used together", tree)
    draft["transport"] = made.freeze()


def _ssh(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    _one_transport(builder, draft, tree)
    made: Draft[SshTransport] = Draft(SshTransport)
    builder.each(tree.children, made, SSH)
    if not made["user"]:
        raise builder.end_error("User must be set", tree)
    draft["transport"] = made.freeze()


def _interval(name: str, low: int, high: int) -> Handler:
    """`NAME [keep] N`."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        item = tree.children[-1]
        value = builder.number(item)
        if value < low:
            unit = "second" if low == 1 else "seconds"
            raise builder.error(f"Minimum allowed {name} interval is {low} {unit}", item)
        if value > high:
            raise builder.error(f"Maximum allowed {name} interval is {high} seconds", item)
        draft[name] = value
        draft[f"keep_{name}"] = tree.find("keep") is not None

    return handle


def _version(name: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value = builder.number(tree.children[0])
        if value > NEWEST:
            message = f"RPKI version {value} unsupported, {name} version must be in range 0-{NEWEST}"
            raise builder.error(message, tree.children[0])
        draft[f"{name}_version"] = value

    return handle


TCP: Handlers = {"authentication": word("authentication"), "password": text("password")}
SSH: Handlers = {"private_key": text("private_key"), "public_key": text("public_key"), "user": text("user")}
OPTIONS: Handlers = {
    "channel": _channel,
    "remote": _remote,
    "port": _port,
    "local_address": address("local_address"),
    "tcp": _tcp,
    "ssh": _ssh,
    "refresh": _interval("refresh", 1, 86400),
    "retry": _interval("retry", 1, 7200),
    "expire": _interval("expire", 600, 172800),
    "ignore_max_length": switch("ignore_max_length"),
    "min_version": _version("min"),
    "max_version": _version("max"),
}
