"""A configuration as pieces of text: tokens, comments and includes, with the line ends before them.

The pieces are those of the configuration's own lexer, so that what is two
words to the parser is two pieces here. No name is looked up and no file is
opened, so that a file that makes sense only inside another one can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pybird.conf.lexer import INCLUDE, master
from pybird.conf.tables import ParserTables

GAP = re.compile(r"(?:[ \t\n]+|(#[^\n]*)|(/\*.*?\*/))", re.DOTALL)
BLANKS = re.compile(r"[ \t]+")
LENGTHS = re.compile(r"[ \t]*\{[ \t]*([0-9]+)[ \t]*,[ \t]*([0-9]+)[ \t]*\}")  # 10.0.0.0/8{16,24}
LONGER = re.compile(r"[ \t]*([+-])(?![+>])")  # 10.0.0.0/8+


class LayoutError(Exception):
    """The text cannot be read; `position` is the place in it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Piece:
    """One token, comment or include.

    `kind`: `word`, `keyword`, `value`, `prefix`, `operator`, `comment` (to the
    end of the line), `remark` (between /* and */), `include`. `breaks`: how many
    line ends precede it. `touches`: it follows the piece before it directly.
    """

    kind: str
    text: str
    breaks: int
    touches: bool
    position: int

    @property
    def same(self) -> tuple[str, str]:
        """What layout must not change."""
        return self.kind, self.text


class Pieces:
    """Splits texts into pieces."""

    def __init__(self, tables: ParserTables) -> None:
        self._match = master(tables).match
        self._keywords = tables.keywords

    def split(self, text: str) -> Iterator[Piece]:
        """All pieces of a text.

        Raises:
            LayoutError: something in it is no token.
        """
        at, last, size = 0, 0, len(text)
        while True:
            breaks = 0
            while gap := GAP.match(text, at):
                comment = gap[1] or gap[2]
                if comment:
                    which = "comment" if gap[1] else "remark"
                    yield Piece(which, comment.rstrip(), breaks, gap.start() == last, gap.start())
                    breaks, last = 0, gap.end()
                else:
                    breaks += gap[0].count("\n")
                at = gap.end()
            if at >= size:
                return
            found = self._match(text, at)
            kind = found.lastgroup if found else None
            if found is None or kind is None:
                raise LayoutError("this cannot be read", at)
            start, end = found.span(kind)
            made, end = self._piece(text, kind, start, end, breaks, start == last)
            yield made
            at = last = end

    def _piece(
        self, text: str, kind: str, start: int, end: int, breaks: int, touches: bool
    ) -> tuple[Piece, int]:
        found = text[start:end]
        if kind == "WORD":
            if found == "include" and not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t"):
                include = INCLUDE.match(text, end)
                if include is None or include[2] is None:
                    raise LayoutError("Unterminated include", start)
                return Piece("include", f'include "{include[1]}";', breaks, touches, start), include.end()
            if found == "else" and text[end : end + 1] == ":":
                return Piece("keyword", "else:", breaks, touches, start), end + 1
            name = "keyword" if found in self._keywords else "word"
            return Piece(name, found, breaks, touches, start), end
        if kind == "OPERATOR":
            return Piece("operator", found, breaks, touches, start), end
        if kind == "PREFIX":
            more = LONGER.match(text, end)
            found = BLANKS.sub("", found)
            if more is not None:
                return Piece("value", found + more[1], breaks, touches, start), more.end()
            lengths = LENGTHS.match(text, end)
            if lengths is not None:
                found += f"{{{lengths[1]},{lengths[2]}}}"
                return Piece("value", found, breaks, touches, start), lengths.end()
            return Piece("prefix", found, breaks, touches, start), end
        return Piece("value", found, breaks, touches, start), end
