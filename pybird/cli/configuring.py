"""Commands that change the configuration or end the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pybird.core.replies import (
    PARSE_ERROR,
    CommandError,
    Done,
    Note,
    Reply,
)
from pybird.values.net import net_of

if TYPE_CHECKING:
    from pybird.cli.control import Session
    from pybird.core.router import Router


def down(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Shut the daemon down."""
    yield Note(7, "Shutdown requested")
    session.console.stop(False)


def graceful_restart(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Shut the daemon down for graceful restart."""
    yield Note(25, "Graceful restart requested")
    session.console.stop(True)


def dump(router: Router, arguments: str, session: Session) -> Iterator[Reply]:
    """Dump debugging information to the log."""
    for line in dump_lines(router, arguments):
        router.log("debug", line)
    yield Done()


def dump_lines(router: Router, what: str) -> Iterator[str]:
    """The state of one kind of thing, line by line."""
    match what:
        case "protocols":
            for instance in router.protocols.values():
                yield f"protocol {instance.name}: {instance.state.value}, {instance.config}"
        case "tables" | "routes":
            for table in router.tables.values():
                yield f"table {table.name}: {table.route_count} routes, {table.net_count} networks"
                if what == "routes":
                    for key in list(table.keys()):
                        yield f"  {net_of(table.net_type, key)}: {table.get(key)}"
        case "interfaces" | "neighbors":
            for interface in router.interfaces:
                yield f"interface {interface.link}"
                for address in interface.addresses.values():
                    yield f"  {address}"
        case "attributes" | "resources":
            yield f"{len(router.pool)} attribute sets, {len(router.protocols)} protocols"
        case _:
            raise CommandError(PARSE_ERROR, f"there is nothing to dump about {what}")
