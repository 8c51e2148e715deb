"""What the VPN protocols share: their channels, route distinguisher and route targets."""

from __future__ import annotations

from typing import Any, Final

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.mpls import mpls_channel
from pybird.conf.options import Handler, Handlers
from pybird.conf.tree import Item, Tree

_WORDS: Final = {"every": "all", "nothing": "none"}


def vpn_options(*channels: str) -> Handlers:
    """The options of a VPN between channels of these names."""

    def channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        if name_of(tree) not in channels:
            raise builder.error("Unsupported channel type", tree, expected=channels)
        common_channel(builder, draft, tree)

    return {
        "channel": channel,
        "mpls_channel": mpls_channel,
        "route_distinguisher": _distinguisher,
        "import_target": _target("import_target"),
        "export_target": _target("export_target"),
        "route_target": _target("import_target", "export_target"),
    }


def check_targets(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """Raise a ConfigError unless there are a route distinguisher and both route targets."""
    imports, exports = draft["import_target"], draft["export_target"]
    needed = (
        (draft["route_distinguisher"] is not None, "Route distinguisher not specified"),
        (imports is not None or exports is not None, "Route target not specified"),
        (imports is not None, "Import target not specified"),
        (exports is not None, "Export target not specified"),
    )
    for there, message in needed:
        if not there:
            raise builder.end_error(message, tree)


def _distinguisher(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["route_distinguisher"] = builder.constant(tree.children[-1], "rd").value


def _target(*fields: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value = _targets(builder, tree.children[-1])
        for field in fields:
            draft[field] = value

    return handle


def _targets(builder: Builder, item: Item) -> Any:
    if isinstance(item, Tree) and item.data in _WORDS:
        return _WORDS[item.data]
    return builder.constant(item, "ec", "ec set").value
