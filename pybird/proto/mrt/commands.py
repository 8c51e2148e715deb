"""Commands of MRT, which is understood, not run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pybird.core.command_parts import Parts, named
from pybird.core.command_targets import unknown
from pybird.core.commands import Command
from pybird.core.replies import FILE_ERROR, PARSE_ERROR, CommandError, Reply
from pybird.core.router import Router


def _parts(tree: Any, _session: Any) -> Parts:
    return Parts(tree)


def mrt_dump(router: Router, arguments: Parts, session: Any) -> Iterator[Reply]:
    """Save MRT Table Dump into a file."""
    table, tables = arguments.first("mrt_table"), arguments.first("mrt_tables")
    if table is None and tables is None:
        raise CommandError(PARSE_ERROR, "Table not specified")
    if table is not None and named(table) not in router.tables:
        raise unknown("table", named(table), router.tables)
    if arguments.first("mrt_file") is None:
        raise CommandError(PARSE_ERROR, "File not specified")
    raise CommandError(FILE_ERROR, "MRT dumps are not written by this version")


COMMANDS: Final = (
    Command(
        "mrt_dump",
        mrt_dump,
        'mrt dump [table <name>|"<pattern>"] [to "<file>"] [filter <f> | where <cond>]',
        _parts,
        restricted=True,
        after="show_threads",
    ),
)
