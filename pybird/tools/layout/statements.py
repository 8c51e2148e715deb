"""From pieces to statements and blocks, by braces and semicolons alone.

A brace that holds statements opens a block; one that holds values (`{24,32}`,
`{ states, routes }`) does not. Braces need not be balanced: an included file
may open what another one closes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from pybird.tools.layout.pieces import Piece

PEERS = frozenset(("peers", "neighbors", "peer"))
CLOSING = {"{": "}", "<": ">"}
HELD_BY_BLOCKS = frozenset((("operator", ";"), ("keyword", "else:"), ("keyword", "if"), ("keyword", "case")))
COMMENTS = frozenset(("comment", "remark"))


@dataclass(slots=True)
class BraceBlock:
    """`{ ... }`; `closing` is None when the text ends before."""

    opening: Piece
    remarks: list[Piece] = field(default_factory=list)  # on the line of the opening brace
    statements: list[Statement] = field(default_factory=list)
    closing: Piece | None = None
    one_line: bool = False  # it was written on one line

    @property
    def breaks(self) -> int:
        """How many line ends precede it."""
        return self.opening.breaks


Element: TypeAlias = Piece | BraceBlock


@dataclass(slots=True)
class Statement:
    """Text up to a semicolon or the end of a block; or a label, a comment, an include."""

    elements: list[Element] = field(default_factory=list)
    remarks: list[Piece] = field(default_factory=list)  # after it on its last line

    @property
    def first(self) -> Element:
        return self.elements[0]

    @property
    def one_line(self) -> bool:
        """True if it was written on one line, the one where the text before it ends."""
        return not self.remarks and all(
            each.one_line if isinstance(each, BraceBlock) else not each.breaks and each.kind != "comment"
            for each in self.elements
        )

    @property
    def is_label(self) -> bool:
        last = self.elements[-1]
        return isinstance(last, Piece) and last.text in (":", "else:")

    @property
    def is_comment(self) -> bool:
        return isinstance(self.first, Piece) and self.first.kind in COMMENTS and len(self.elements) == 1

    @property
    def ends_with_block(self) -> bool:
        return isinstance(self.elements[-1], BraceBlock) and not self.remarks

    def begins_with(self, text: str) -> bool:
        return isinstance(self.first, Piece) and self.first.text == text


def statements_of(pieces: Iterable[Piece]) -> list[Statement]:
    """The statements of a text."""
    reader = _StatementReader(list(pieces))
    found = reader.statements("")
    while reader.piece is not None:  # a brace that closes what another file opened
        stray = Statement([reader.next_piece()])
        if reader.text == ";":
            stray.elements.append(reader.next_piece())
        stray.remarks = reader.trailing()
        found += [stray, *reader.statements("")]
    return found


class _StatementReader:
    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._at = 0
        self._values = _value_braces(pieces)

    @property
    def piece(self) -> Piece | None:
        return self._pieces[self._at] if self._at < len(self._pieces) else None

    @property
    def text(self) -> str:
        return self._pieces[self._at].text if self._at < len(self._pieces) else ""

    def next_piece(self) -> Piece:
        self._at += 1
        return self._pieces[self._at - 1]

    def trailing(self) -> list[Piece]:
        """Comments on the line that just ended."""
        found: list[Piece] = []
        while (piece := self.piece) is not None and piece.kind in COMMENTS and not piece.breaks:
            after = self._pieces[self._at + 1] if self._at + 1 < len(self._pieces) else None
            if piece.kind == "remark" and after is not None and not after.breaks and after.kind != "comment":
                break
            found.append(self.next_piece())
        return found

    def statements(self, closing: str) -> list[Statement]:
        found: list[Statement] = []
        while (piece := self.piece) is not None:
            if piece.text in ("}", closing) and piece.kind == "operator":
                break
            found.append(self._statement(closing))
        return found

    def _statement(self, closing: str) -> Statement:
        made = Statement()
        if self.piece is not None and self.piece.kind in (*COMMENTS, "include"):
            made.elements.append(self.next_piece())
            if made.elements[0].kind == "include":  # type: ignore[union-attr]
                made.remarks = self.trailing()
            return made
        while (piece := self.piece) is not None:
            text = piece.text if piece.kind in ("operator", "keyword") else ""
            if text in ("}", closing) and text:
                if self._at in self._values:
                    made.elements.append(self.next_piece())
                    continue
                break
            if self._opens(piece, made):
                made.elements.append(self._block())
                if self.text == ";":
                    continue
                break
            made.elements.append(self.next_piece())
            if text in (";", ":", "else:"):
                break
        made.remarks = self.trailing()
        return made

    def _opens(self, piece: Piece, made: Statement) -> bool:
        if piece.kind != "operator":
            return False
        if piece.text == "{":
            return self._at not in self._values
        if piece.text != "<" or len(made.elements) != 1:
            return False
        first = made.elements[0]
        return isinstance(first, Piece) and first.text in PEERS

    def _block(self) -> BraceBlock:
        block = BraceBlock(self.next_piece())
        block.remarks = self.trailing()
        closing = CLOSING[block.opening.text]
        block.statements = self.statements(closing)
        if self.text == closing:
            block.closing = end = self.next_piece()
            # Blocks inside have their `one_line` already, so that this needs no recursion.
            inner = all(statement.one_line for statement in block.statements)
            block.one_line = inner and not end.breaks and not block.remarks
        return block


def _value_braces(pieces: list[Piece]) -> set[int]:
    """The places of braces that hold values: nothing in them ends or nests, and they are not empty."""
    found: set[int] = set()
    opened: int | None = None
    for at, piece in enumerate(pieces):
        if piece.kind == "include" or (piece.kind, piece.text) in HELD_BY_BLOCKS:
            opened = None
        elif piece.kind == "operator" and piece.text == "{":
            opened = at
        elif piece.kind == "operator" and piece.text == "}":
            if opened is not None and at > opened + 1:
                found |= {opened, at}
            opened = None
    return found
