"""Tables as text: columns as wide as their cells need, fewer columns on a narrow screen.

Addresses, networks and times are never broken. On a screen that is too narrow
today's date is dropped first, then the columns that may be (in the order of
`Column.leaves`), then each row is put on two lines; only a last column of words is
broken, between words. Rows are given in parts, as a long reply arrives: columns keep
their width from part to part, or grow. `rich` gives the screen's size, its colours
and the number of cells that a text takes. Its own tables cost a hundred times as
much per row, and a table of routes may have a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP: Final = 2  # columns between two cells
LEAST: Final = 16  # the least width of a column of words
BELOW: Final = 4  # indentation of the second line of a row


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `leaves`: columns are dropped in this order, 0 is never; `words`: lines may be broken."""

    head: str
    leaves: int = 0
    words: bool = False


class Row(NamedTuple):
    """The cells of a row, which may have several lines, and the style of each, `""` for none."""

    cells: Sequence[str]
    styles: Sequence[str]


class Layout:
    """One table, which is laid out part by part."""

    def __init__(
        self, title: str, columns: Sequence[Column], screen: Console, today: str, *, key: int = 1
    ) -> None:
        """`today`: the date to drop on a narrow screen. `key`: cells on the first of a row's two lines."""
        self._columns = columns
        self._screen = screen
        self._width = screen.width
        self._around: dict[str, tuple[str, str]] = {"": ("", "")}  # style: what is written before and after
        self._today = f"{today} "
        self._key = key
        self._title = title
        self._short = False  # times are without today's date
        self._widths = [len(column.head) for column in columns]
        self._shown = list(range(len(columns)))
        self._in_two = False  # rows are on two lines
        self._headed: tuple[list[int], bool] | None = None

    def text(self, rows: Sequence[Row]) -> str:
        """The text of the next rows, below a head if the columns have changed."""
        split = [[_lines(cell) for cell in row.cells] for row in rows]
        self._fit(split)
        out = list(self._head())
        for row, cells in zip(rows, split, strict=True):
            out.extend(self._row(cells, row.styles))
        return "".join([f"{line}\n" for line in out])

    def _fit(self, split: list[list[list[str]]]) -> None:
        """Compute the widths of the columns, and drop what there is no room for."""
        self._widen(split)
        if self._short or self._room(self._shown, 0) < 0:
            self._short = True
            self._without_today(split)
        self._leave_out(self._shown, 0)
        if self._room(self._shown, 0) < 0 or self._in_two:
            self._in_two = True
            self._shown = list(range(len(self._columns)))
            self._leave_out(self._shown, self._key)

    def _leave_out(self, shown: list[int], begin: int) -> None:
        """Remove columns from `shown` until those from index `begin` on fit."""
        going = [at for at in shown if self._columns[at].leaves]
        going.sort(key=lambda at: self._columns[at].leaves)
        while going and self._room(shown, begin) < 0:
            shown.remove(going.pop(0))

    def _widen(self, split: list[list[list[str]]]) -> None:
        widths = self._widths
        for row in split:
            for at, cell in enumerate(row):
                for line in cell:
                    widths[at] = max(widths[at], _width(line))

    def _without_today(self, split: list[list[list[str]]]) -> None:
        today, length = self._today, len(self._today)
        dated = {at for row in split for at, cell in enumerate(row) if cell[0].startswith(today)}
        for at in dated:
            self._widths[at] = len(self._columns[at].head)
        for row in split:
            for at in dated:
                if row[at][0].startswith(today):
                    row[at][0] = row[at][0][length:]
                self._widths[at] = max(self._widths[at], _width(row[at][0]))

    def _room(self, shown: Sequence[int], begin: int) -> int:
        """The width that the columns from index `begin` on leave free; negative: they do not fit."""
        last = shown[-1]
        least = min(self._widths[last], LEAST) if self._columns[last].words else self._widths[last]
        before = sum([self._widths[at] + GAP for at in shown[begin:-1]]) + (BELOW if begin else 0)
        return self._width - before - least

    def _head(self) -> Iterator[str]:
        form = (list(self._shown), self._in_two)
        if self._headed == form:
            return
        if self._title and self._headed is None:
            yield self._title
        self._headed = form
        heads = [[column.head] for column in self._columns]
        yield from self._row(heads, ["bold"] * len(heads))

    def _row(self, cells: list[list[str]], styles: Sequence[str]) -> Iterator[str]:
        if not self._in_two:
            yield from self._block(self._shown, cells, styles, 0)
            return
        yield from self._block(self._shown[: self._key], cells, styles, 0)
        yield from self._block(self._shown[self._key :], cells, styles, BELOW)

    def _block(
        self, shown: Sequence[int], cells: list[list[str]], styles: Sequence[str], indent: int
    ) -> Iterator[str]:
        """Some cells of a row side by side, on as many lines as the cell with most lines has."""
        last = shown[-1]
        if self._columns[last].words:
            before = indent + sum([self._widths[at] + GAP for at in shown[:-1]])
            cells[last] = _broken(cells[last], max(self._width - before, LEAST))
        for number in range(max([len(cells[at]) for at in shown])):
            line, held = " " * indent, 0
            for at in shown:
                text = cells[at][number] if number < len(cells[at]) else ""
                if text:
                    line += " " * held + self._styled(text, styles[at])
                    held = 0
                held += self._widths[at] - _width(text) + GAP
            yield line

    def _styled(self, text: str, style: str) -> str:
        around = self._around.get(style)
        if around is None:
            with self._screen.capture() as drawn:
                self._screen.print(Text("|", style), end="")
            before, _, after = drawn.get().partition("|")
            around = self._around[style] = (before, after)
        return f"{around[0]}{text}{around[1]}"


def _width(text: str) -> int:
    """The number of screen cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def _lines(cell: str) -> list[str]:
    """The lines of a cell; characters that cannot be printed (and could move the cursor) become `?`."""
    if cell.isprintable():
        return [cell]
    return [
        "".join([letter if letter.isprintable() else "?" for letter in line]) for line in cell.split("\n")
    ]


def _broken(lines: Iterable[str], width: int) -> list[str]:
    """The lines broken between words to this width; a word that is wider stays whole."""
    out: list[str] = []
    for line in lines:
        short = _width(line) <= width
        out += [line] if short else wrap(line, width, break_long_words=False, break_on_hyphens=False)
    return out or [""]
