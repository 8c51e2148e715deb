"""Lays out statements as lines.

Two blanks per block, a statement per line, one blank line at most; a block
that was written on one line and fits stays there. Inside a statement the
user's line breaks are kept, and their continuation is indented by one step per
open bracket. Comments behind statements on neighboring lines are aligned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pybird.tools.layout.pieces import Piece
from pybird.tools.layout.statements import BraceBlock, Statement

WIDTH = 100
STEP = "  "
CLOSED = frozenset((")", "]", ",", ";", ":", ".", "..", "%"))  # no blank before these
OPEN = frozenset(("(", ".", "..", "!", "%"))  # no blank after these
BRACKETS = {"(": ")", "[": "]", "[=": "=]", "{": "}"}
# Keywords that are also functions: no blank before the bracket.
CALLED = frozenset(
    ("defined", "format", "print", "printn", "unset", "from_hex", "roa_check", "aspa_check", "prepend")
) | frozenset(("append", "add", "delete", "filter", "bt_assert", "bt_check_assign", "bt_test_suite"))
CALLS = CALLED | frozenset(("bt_test_same", "aspa_check_upstream", "aspa_check_downstream", "len", "empty"))
PATTERNS = frozenset(("interface", "from", "range"))  # a minus after these negates a pattern
NESTING = frozenset(("then", "else", "do"))


def layout(statements: Iterable[Statement]) -> str:
    """The canonical text."""
    lines = _Lines()
    lines.block(list(statements), 0, last=True)
    return lines.text()


@dataclass(slots=True)
class _Line:
    level: int
    code: str = ""
    comment: str = ""
    blank: bool = False  # an empty line before it


class _Lines:
    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._line = _Line(0)
        self._previous: Piece | None = None  # on the present line
        self._unary = False
        self._ifs: list[int] = []  # levels of lines with an `if` that may still get its `else`

    # -------------------------------------------------------------- statements

    def block(self, statements: list[Statement], level: int, *, last: bool = False) -> None:
        """The statements of one block, each on its lines."""
        outer, self._ifs = self._ifs, []
        in_arm = False
        before: Statement | None = None
        for at, statement in enumerate(statements):
            label = _labels(statements, at)
            in_arm = in_arm or (label and not statement.is_comment)
            here = level + 1 if in_arm and not label else level
            blank = before is not None and statement.first.breaks > 1
            self._begin(statement, before, here, blank=blank)
            before = statement
        self._ifs = outer

    def _begin(self, statement: Statement, before: Statement | None, level: int, *, blank: bool) -> None:
        otherwise = statement.begins_with("else") and before is not None
        if otherwise:
            level = self._ifs.pop() if self._ifs else level
        elif before is None or not statement.is_comment:
            self._ifs.clear()
        joined = before is not None and (
            (otherwise and before.ends_with_block)
            or (before.is_label and not statement.first.breaks and not before.remarks)
        )
        if not joined or self._line.comment:
            self._new(level, blank=blank and not otherwise)
        self._statement(statement, level)

    def _statement(self, statement: Statement, level: int) -> None:
        base, forced = level, False
        brackets: list[tuple[str, int]] = []
        for at, element in enumerate(statement.elements):
            if isinstance(element, BraceBlock):
                if forced:
                    self._new(base)
                self._block(element, self._line.level)
                forced = False
                continue
            text = element.text
            if element.kind == "operator" and brackets and text == brackets[-1][0]:
                outer = brackets.pop()[1]
            else:
                outer = brackets[-1][1] + 1 if brackets else base + 1
            wanted = element.breaks and (text not in (",", ";") or element.kind != "operator")
            if at and (forced or wanted or element.kind == "include"):
                nests = not brackets and self._previous is not None and self._previous.text in NESTING
                if nests and element.kind not in ("comment", "remark"):
                    base += 1
                    outer = base
                self._new(outer, blank=element.breaks > 1)
            forced = element.kind in ("comment", "include")
            self._put(element)
            if element.kind == "keyword" and text == "if" and not brackets:
                self._ifs.append(self._line.level)
            if element.kind == "operator" and text in BRACKETS:
                brackets.append((BRACKETS[text], self._line.level))
        for remark in statement.remarks:
            self._put(remark)

    def _block(self, block: BraceBlock, level: int) -> None:
        if block.closing is not None and not block.statements and not block.remarks:
            self._put(block.opening)
            self._append(block.closing, "")
            return
        flat = _flat(block, WIDTH - self._width() - 2) if block.one_line else None
        if flat is not None and block.closing is not None:
            self._append(block.closing, " ", flat)
            return
        self._put(block.opening)
        for remark in block.remarks:
            self._put(remark)
        self.block(block.statements, level + 1)
        if block.closing is not None:
            self._new(level)
            self._put(block.closing)

    # ------------------------------------------------------------------- lines

    def _width(self) -> int:
        return len(STEP) * self._line.level + len(self._line.code)

    def _new(self, level: int, *, blank: bool = False) -> None:
        if self._line.code or self._line.comment:
            self._lines.append(self._line)
        self._line = _Line(level, blank=blank)
        self._previous = None
        self._unary = False

    def _put(self, piece: Piece) -> None:
        if piece.kind == "comment" and self._line.code:
            self._line.comment = piece.text
            return
        self._append(piece, " " if self._spaced(piece) else "")

    def _append(self, piece: Piece, gap: str, text: str | None = None) -> None:
        if self._line.comment:  # a comment that ended the line too early
            self._new(self._line.level)
        self._unary = self._is_unary(piece)
        line = self._line
        line.code += (gap if line.code else "") + (piece.text if text is None else text)
        self._previous = piece

    def _spaced(self, piece: Piece) -> bool:
        return spaced(self._previous, piece, unary=self._unary)

    def _is_unary(self, piece: Piece) -> bool:
        return is_unary(self._previous, piece)

    def text(self) -> str:
        """The whole text, with comments aligned."""
        self._new(0)
        found: list[str] = []
        at, lines = 0, self._lines
        while at < len(lines):
            end = at
            while end < len(lines) and lines[end].comment and (end == at or not lines[end].blank):
                end += 1
            if end == at:
                found.append(_shown(lines[at]))
                at += 1
                continue
            widest = max(len(STEP) * line.level + len(line.code) for line in lines[at:end])
            found += [_shown(line, widest) for line in lines[at:end]]
            at = end
        return "\n".join(found) + "\n" if found else ""


def _labels(statements: list[Statement], at: int) -> bool:
    """True if the statement is a label of `case`, or a comment above one."""
    while at < len(statements) and statements[at].is_comment:
        at += 1
    return at < len(statements) and statements[at].is_label


def _shown(line: _Line, column: int = 0) -> str:
    text = STEP * line.level + line.code
    if line.comment:
        text = f"{text.ljust(column)}  {line.comment}"
    return "\n" + text if line.blank else text


def is_unary(before: Piece | None, piece: Piece) -> bool:
    """True for a minus that belongs to what follows: `interface -"lo"`."""
    if piece.text != "-" or piece.kind != "operator":
        return False
    return before is None or before.text in PATTERNS or (before.kind == "operator" and before.text != ")")


def spaced(before: Piece | None, piece: Piece, *, unary: bool) -> bool:
    """True if there is a blank between two pieces of one line."""
    if before is None or unary:
        return False
    text, last = piece.text, before.text
    if piece.kind == "operator":
        if text == "(":
            if before.kind == "word" or (before.kind == "keyword" and last in CALLS):
                return last == "filter" and not piece.touches
            return not (before.kind == "operator" and last in OPEN)
        if text == "{" and before.kind == "prefix":
            return False
        if text == "]" and last != "[":
            return True
        if text == ":" and before.kind == "value" and ":" in last and last[0] != '"':
            return True  # 2001:db8::1 : or it would be part of the address
        if text in CLOSED:
            return False
    return not (before.kind == "operator" and last in OPEN)


def _flat(block: BraceBlock, room: int) -> str | None:
    """The block on one line, or None where that takes more than `room` columns.

    It gives up right there: of nested blocks, each level tries all levels below it.
    """
    assert block.closing is not None
    text = block.opening.text
    for statement in block.statements:
        part = _flat_statement(statement, room - len(text) - 1)
        if part is None:
            return None
        text += " " + part
    text += " " + block.closing.text
    return text if len(text) <= room else None


def _flat_statement(statement: Statement, room: int) -> str | None:
    text, before, unary = "", None, False
    for element in statement.elements:
        if len(text) > room:
            return None
        if isinstance(element, BraceBlock):
            inner = _flat(element, room - len(text)) if element.statements else "{}"
            if inner is None:
                return None
            text += (" " if text else "") + inner
            before, unary = element.closing, False
            continue
        text += (" " if text and spaced(before, element, unary=unary) else "") + element.text
        unary = is_unary(before, element)
        before = element
    return text
