"""Which protocols a command is about, and the errors when there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from pybird.core.command_parts import Parts, named
from pybird.core.replies import NO_MATCH, PARSE_ERROR, CommandError, Reply

if TYPE_CHECKING:
    from pybird.conf.model import ProtocolConfig
    from pybird.core.protocol import Instance
    from pybird.core.router import Router

NOT_RUN: Final = "not run by this version"
WHICH: Final = '(<protocol> | "<pattern>" | all)'  # as help writes it


@dataclass(frozen=True, slots=True)
class Which:
    """Which protocols: one by name, all that match a pattern, or all."""

    name: str | None = None
    pattern: str | None = None


ALL = Which()


def which(parts: Parts) -> Which:
    """Read from a command which protocols it is about; all if it names none."""
    name = parts.first("protocol_name")
    if name is not None:
        return Which(name=named(name))
    pattern = parts.text("protocol_pattern")
    return ALL if pattern is None else Which(pattern=pattern)


def named_protocol(tree: Any, _session: Any) -> str | None:
    """The protocol name in a command, or None."""
    found = Parts(tree).first("protocol_name")
    return None if found is None else named(found)


def protocols(router: Router, which: Which) -> list[Instance]:
    """The protocols that `which` selects.

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
    """The config of this protocol if this version parses it but does not run it, else None."""
    if name not in router.not_run or name in router.protocols:
        return None
    return router.config.protocol(name)


def unknown(kind: str, name: str, known: Iterable[str]) -> CommandError:
    """The error for an unknown name, with the closest known one as a hint."""
    near = get_close_matches(name, list(known), n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    return CommandError(PARSE_ERROR, f"there is no {kind} {name}{hint}")


def none_running(title: str, text: str) -> Callable[[Router, str | None, Any], Iterator[Reply]]:
    """A handler for a `show` command of a protocol type that this version does not run.

    `title` is BIRD's name of the type, `text` the help. The reply is BIRD's for
    the case that no protocol of the type is running.
    """

    def handler(router: Router, name: str | None, session: Any) -> Iterator[Reply]:
        raise _missing(router, name, title)

    handler.__doc__ = text
    return handler


def _missing(router: Router, name: str | None, title: str) -> CommandError:
    """BIRD's error when no protocol of this type, or not the named one, is running."""
    if name is None or (router.config.symbols.get(name) is not None and name not in router.protocols):
        return CommandError(PARSE_ERROR, f"There is no {title} protocol running")
    if name not in router.protocols:
        return unknown("protocol", name, router.protocols)
    return CommandError(PARSE_ERROR, f"{protocol(router, name).name}: Not a {title} protocol")
