"""Commands of BGP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pybird.core.command_parts import Parts
from pybird.core.command_targets import WHICH, Which, protocols, which
from pybird.core.commands import Command
from pybird.core.replies import RELOAD_FAILED, Done, Note, Reply
from pybird.core.router import Answer, Router
from pybird.proto.bgp.config import BgpConfig


@dataclass(frozen=True, slots=True)
class Directions:
    """Arguments of `reload bgp [in|out] WHICH`: whether to request routes again, to send them again."""

    which: Which
    imports: bool
    exports: bool


def _directions(tree: Any, _session: Any) -> Directions:
    parts = Parts(tree)
    return Directions(which(parts), not parts.has("direction_out"), not parts.has("direction_in"))


def reload_bgp(router: Router, arguments: Directions, session: Any) -> Iterator[Reply]:
    """Send and request route refresh to/from neighbor."""
    for instance in protocols(router, arguments.which):
        bgp = isinstance(instance.config, BgpConfig)
        if not bgp or router.reload(instance, arguments.imports, arguments.exports) is not Answer.RELOADING:
            text = f"{instance.name}: not reloading, route refresh unavailable"
            yield Note(RELOAD_FAILED, text, instance.name)
            continue
        for channel in instance.channels.values():
            name = f"{instance.name}.{channel.name}"
            yield Note(15, f"{name}: reloading", name)
    yield Done()


COMMANDS: Final = (
    Command(
        "reload_bgp",
        reload_bgp,
        f"reload bgp [in|out] {WHICH}",
        _directions,
        restricted=True,
        after="reload_filters",
    ),
)
