"""Commands about threads and MRT, which are not run: answered as by a BIRD that does not use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pybird.core.command_parts import Parts, words
from pybird.core.command_targets import protocols, which
from pybird.core.replies import FILE_ERROR, CommandError, Done, Note, Reply

if TYPE_CHECKING:
    from pybird.core.router import Router

NO_DUMPS: Final = "MRT dumps are not written by this version"


def show_threads(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show state of threads."""
    yield Note(1027, "One thread does the work of all protocols and tables")
    yield Done()


def mrtdump(router: Router, arguments: Parts, session: Any) -> Iterator[Reply]:
    """Control protocol debugging via MRTdump files."""
    protocols(router, which(arguments))
    if words(arguments.first("mrt_flags")) != "off":
        raise CommandError(FILE_ERROR, NO_DUMPS)
    yield Done()


def parts(tree: Any, _session: Any) -> Parts:
    """The whole command as `Parts`."""
    return Parts(tree)
