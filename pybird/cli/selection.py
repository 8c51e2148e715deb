"""Finding protocols, channels and tables by what a command says."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final

from pybird.cli.arguments import ChannelName, Which
from pybird.core.replies import NO_MATCH, PARSE_ERROR, CommandError, Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pybird.conf.model import ProtocolConfig
    from pybird.core.channel import Channel
    from pybird.core.protocol import Instance
    from pybird.core.router import Router
    from pybird.core.table import Table


NOT_RUN: Final = "not run by this version"


def asked(instance: Instance, ask: Callable[..., Any], *arguments: Any) -> Any:
    """What a protocol says of itself; when its code raises it stops, and the command goes on.

    None then, and as long as it does not run again.
    """
    if instance.failure:
        return None

    def listen() -> Any:
        found = ask(*arguments)
        return list(found) if isinstance(found, GeneratorType) else found

    return instance.guarded(listen)


def protocols(router: Router, which: Which) -> list[Instance]:
    """The protocols that are meant.

    Raises:
        CommandError: no protocol of that name (9001), none matches (8003).
    """
    if which.name is not None:
        return [protocol(router, which.name)]
    if which.pattern is None:
        return list(router.protocols.values())
    found = [p for p in router.protocols.values() if fnmatchcase(p.name, which.pattern)]
    if not found:
        raise CommandError(NO_MATCH, "No protocols match")
    return found


def protocol(router: Router, name: str) -> Instance:
    """The protocol of this name.

    Raises:
        CommandError: there is none.
    """
    found = router.protocols.get(name)
    if found is None:
        left_out = not_run(router, name)
        if left_out is not None:
            raise CommandError(PARSE_ERROR, f"{name}: protocol {left_out.type_name} is {NOT_RUN}")
        raise unknown("protocol", name, router.protocols)
    return found


def not_run(router: Router, name: str | None) -> ProtocolConfig | None:
    """The protocol of this name, if it is one that this version only understands."""
    if name not in router.not_run or name in router.protocols:
        return None
    return router.config.protocol(name)


def with_not_run(router: Router, which: Which) -> list[Instance | ProtocolConfig]:
    """The protocols that are meant, also those that are not run, in the order of the configuration.

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
    """The channels that are meant.

    Raises:
        CommandError: no such protocol or channel.
    """
    instance = protocol(router, name.protocol)
    if name.channel is None:
        return list(instance.channels.values())
    found = instance.channels.get(name.channel)
    if found is None:
        raise CommandError(PARSE_ERROR, f"Channel {name.protocol}.{name.channel} not found")
    return [found]


def unknown(kind: str, name: str, known: Iterable[str]) -> CommandError:
    """The error for a name that means nothing, with what may have been meant."""
    near = get_close_matches(name, list(known), n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    return CommandError(PARSE_ERROR, f"there is no {kind} {name}{hint}")


def moment(router: Router, when: float, use: str = "protocol") -> Moment:
    """A time of the router's clock for people to read."""
    clock = router.clock
    return Moment(clock.wall() - (clock.now() - when), use)
