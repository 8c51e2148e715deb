"""Commands about protocols that are understood and not run, as BIRD answers them when none runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from pybird.cli.arguments import Parts, named, which, words
from pybird.cli.selection import protocol, protocols, unknown
from pybird.core.replies import FILE_ERROR, PARSE_ERROR, CommandError, Done, Note, Reply

if TYPE_CHECKING:
    from pybird.core.router import Router

NO_DUMPS: Final = "MRT dumps are not written by this version"


def missing(router: Router, name: str | None, called: str) -> CommandError:
    """The error for a question about a protocol that nobody runs; `called` is BIRD's name for its kind."""
    if name is None or (router.config.symbols.get(name) is not None and name not in router.protocols):
        return CommandError(PARSE_ERROR, f"There is no {called} protocol running")
    if name not in router.protocols:
        return unknown("protocol", name, router.protocols)
    return CommandError(PARSE_ERROR, f"{protocol(router, name).name}: Not a {called} protocol")


def _about(called: str, text: str) -> Callable[[Router, str | None, Any], Iterator[Reply]]:
    def handler(router: Router, arguments: str | None, session: Any) -> Iterator[Reply]:
        raise missing(router, arguments, called)

    handler.__doc__ = text
    return handler


show_ospf = _about("OSPF", "Show information about OSPF protocol.")
show_rip = _about("RIP", "Show information about RIP protocol.")
show_babel = _about("Babel", "Show information about Babel protocol.")
show_bfd = _about("BFD", "Show information about BFD sessions.")


def show_mpls_ranges(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show MPLS ranges."""
    raise CommandError(PARSE_ERROR, "No MPLS domain defined")


def show_threads(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show state of threads."""
    yield Note(1027, "One thread does the work of all protocols and tables")
    yield Done()


def mrt_dump(router: Router, arguments: Parts, session: Any) -> Iterator[Reply]:
    """Save MRT Table Dump into a file."""
    table, tables = arguments.first("mrt_table"), arguments.first("mrt_tables")
    if table is None and tables is None:
        raise CommandError(PARSE_ERROR, "Table not specified")
    if table is not None and named(table) not in router.tables:
        raise unknown("table", named(table), router.tables)
    if arguments.first("mrt_file") is None:
        raise CommandError(PARSE_ERROR, "File not specified")
    raise CommandError(FILE_ERROR, NO_DUMPS)


def mrtdump(router: Router, arguments: Parts, session: Any) -> Iterator[Reply]:
    """Control protocol debugging via MRTdump files."""
    protocols(router, which(arguments))
    if words(arguments.first("mrt_flags")) != "off":
        raise CommandError(FILE_ERROR, NO_DUMPS)
    yield Done()


def name_of(tree: Any, _session: Any) -> str | None:
    """The protocol that is asked about, or None."""
    found = Parts(tree).first("protocol_name")
    return None if found is None else named(found)


def parts(tree: Any, _session: Any) -> Parts:
    """All that was said."""
    return Parts(tree)
