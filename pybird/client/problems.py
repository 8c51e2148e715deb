"""Puts the errors of a configuration in the order for people: each message first, then the line of the file.

Tools read the last line of a reply. Therefore the daemon ends a reply with the
message of the only error, or repeats that of the first of several. A person wants
the message first and nothing twice, as `pybird check` prints it.
"""

from __future__ import annotations

from pybird.client.connection import ReplyLine

TYPE_CHECKING = False  # `typing` is too slow to import for one command
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROBLEM = 8002  # the reply code of configuration errors


def for_people(lines: Iterable[ReplyLine]) -> Iterator[ReplyLine]:
    """The lines of a reply; lines of configuration errors are held until the last one, then reordered."""
    held: list[ReplyLine] = []
    for line in lines:
        if line.code != PROBLEM or line.unasked:
            yield line
            continue
        held.append(line)
        if line.last:
            yield from _in_order(held)


def _in_order(held: list[ReplyLine]) -> list[ReplyLine]:
    *shown, last = held
    message, _, more = last.text.rpartition(" (and ")
    if more.endswith(" more)") and shown and shown[0].text == message:
        return [*shown, ReplyLine(PROBLEM, "", True, last.raw)]
    return [last, *shown]
