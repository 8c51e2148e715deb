"""Builds the configuration of `protocol mrt`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, number, switch, text
from pybird.conf.protocols import open_protocol
from pybird.conf.statements import filter_of, where
from pybird.conf.tree import Token, Tree
from pybird.filter.nodes import Filter
from pybird.proto.mrt.config import MrtConfig


def build(builder: Builder, tree: Tree) -> MrtConfig:
    """The configuration of one `protocol mrt`: what to dump, where and how often."""
    draft = open_protocol(builder, tree, MrtConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        for field, what in (("table", "Table"), ("filename", "File"), ("period", "Period")):
            if not draft[field]:
                raise builder.end_error(f"{what} not specified", tree)
    return draft.freeze()


def _table(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    assert isinstance(name, Token)
    draft["table"] = str(name) if name.type == "TEXT" else builder.table(name).name


def _named_filter(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    assert isinstance(name, Token)
    found = builder.symbol(name, "filter").value
    assert isinstance(found, Filter)
    draft["filter"] = found


def _filter(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    locals_, block = tree.trees()
    draft["filter"] = builder.checked(filter_of(builder, None, locals_, block))


def _where(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["filter"] = builder.checked(where(builder, tree.children[0]))


OPTIONS: Handlers = {
    "table": _table,
    "named_filter": _named_filter,
    "filter": _filter,
    "where": _where,
    "filename": text("filename"),
    "period": number("period"),
    "always_add_path": switch("always_add_path"),
}
