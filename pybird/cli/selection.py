"""Finds the tables and channels that a command names; protocols are found in `core/command_targets.py`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from pybird.cli.arguments import ChannelName
from pybird.core.command_targets import Which, not_run, protocol, protocols, unknown
from pybird.core.peering import Orphaned, Spawner
from pybird.core.replies import PARSE_ERROR, CommandError, Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybird.conf.model import ProtocolConfig
    from pybird.core.channel import Channel
    from pybird.core.protocol import Instance
    from pybird.core.router import Router
    from pybird.core.table import Table


def ask_protocol(instance: Instance, ask: Callable[..., Any], *arguments: Any) -> Any:
    """Call a protocol's method for a command, and return its result.

    If the method raises, the protocol is stopped and the command goes on: the result
    is None then, and until the protocol runs again.
    """
    if instance.failure:
        return None

    def call() -> Any:
        found = ask(*arguments)
        return list(found) if isinstance(found, GeneratorType) else found

    return instance.guarded(call)


def orphaned(instance: Instance) -> Orphaned | None:
    """What is known of a dynamic child whose neighbor is not discovered; None: it is, or this is no child."""
    parent = instance.parent
    found = ask_protocol(parent, parent.orphaned, instance) if isinstance(parent, Spawner) else None
    return found if isinstance(found, Orphaned) else None


def with_not_run(router: Router, which: Which) -> list[Instance | ProtocolConfig]:
    """The protocols that a command names, also those that are not run, in the order of the configuration.

    Raises:
        CommandError: as `protocols`.
    """
    if which.name is not None:
        return [not_run(router, which.name) or protocol(router, which.name)]
    names = [*(each.name for each in router.config.protocols), *router.protocols]
    found = [router.protocols.get(name) or not_run(router, name) for name in dict.fromkeys(names)]
    return [
        each
        for each in found
        if each is not None and (which.pattern is None or fnmatchcase(each.name, which.pattern))
    ] or list(protocols(router, which))


def table(router: Router, name: str) -> Table:
    """The table of this name.

    Raises:
        CommandError: there is none.
    """
    found = router.tables.get(name)
    if found is None:
        raise unknown("table", name, router.tables)
    return found


def channels(router: Router, name: ChannelName) -> list[Channel]:
    """The channels that a command names.

    Raises:
        CommandError: no such protocol or channel.
    """
    instance = protocol(router, name.protocol)
    if name.channel is None:
        return list(instance.channels.values())
    return [channel_of(instance, name.channel)]


def channel_of(instance: Instance, name: str) -> Channel:
    """The channel of this name: that of the manual, `vpn4 mpls`, or one word, `vpn4_mpls`, as in BIRD.

    Raises:
        CommandError: there is none.
    """
    for written, channel in instance.channels.items():
        if name in (written, channel.name.replace("-", "_")):
            return channel
    shown = name.replace("_", "-").replace(" ", "-")
    raise CommandError(PARSE_ERROR, f"Channel {instance.name}.{shown} not found")


def moment(router: Router, when: float, use: str = "protocol") -> Moment:
    """A time of the router's monotonic clock as wall-clock time; `use` selects the time format."""
    clock = router.clock
    return Moment(clock.wall() - (clock.now() - when), use)
