"""Commands about static routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pybird.core.command_parts import Parts
from pybird.core.command_targets import Which, protocols, which
from pybird.core.commands import Command
from pybird.core.life import ProtocolState
from pybird.core.replies import PARSE_ERROR, CommandError, Done, Note, Reply, StaticRow
from pybird.core.router import Router
from pybird.proto.static.config import StaticRoute
from pybird.proto.static.static import Static
from pybird.values.route import Dest

_TARGETS = {
    Dest.BLACKHOLE: "blackhole",
    Dest.UNREACHABLE: "unreachable",
    Dest.PROHIBIT: "prohibited",
    Dest.NONE: "",
}


def _which(tree: Any, _session: Any) -> Which:
    return which(Parts(tree))


def show_static(router: Router, arguments: Which, session: Any) -> Iterator[Reply]:
    """Show details of static protocol."""
    found = [each for each in protocols(router, arguments) if isinstance(each, Static)]
    if arguments.name is not None and not found:
        raise CommandError(PARSE_ERROR, f"{arguments.name}: Not a Static protocol")
    if arguments.name is None:
        found = [each for each in found if not each.is_down]
    if not found:
        raise CommandError(PARSE_ERROR, "There is no Static protocol running")
    for number, instance in enumerate(found):
        if number:
            yield Note(1009, "")
        for route in instance.config.routes:
            yield static_row(instance, route)
    yield Done()


def static_row(instance: Static, route: StaticRoute) -> StaticRow:
    """A configured route as a row of `show static`."""
    net = str(route.net)
    if route.recursive is not None:
        return StaticRow(instance.name, net, f"recursive {route.recursive}")
    if route.dest is not Dest.UNICAST:
        return StaticRow(instance.name, net, _TARGETS[route.dest])
    hops = []
    for via in route.via:
        if via.gateway is None:
            text = f"dev {via.interface}"
        else:
            text = f"via {via.gateway}" + (f"%{via.interface}" if via.interface else "")
        text += " onlink" if via.onlink else ""
        alive = instance.state is ProtocolState.UP and instance.alive(route, via)
        text += " (bfd)" if via.bfd and alive else ""
        hops.append(text if alive else f"{text} (dormant)")
    return StaticRow(instance.name, net, "", tuple(hops))


COMMANDS: Final = (
    Command("show_static", show_static, "show static [<protocol>]", _which, after="show_symbols"),
)
