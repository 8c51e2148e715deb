"""Errors and warnings of a configuration, in the user's words.

An error has its place, the source line, what was allowed there and, if it
helps, a second place. `str()` is BIRD's one line, which tools parse; `show()`
adds the line with a caret under the exact text. Messages stay short, however
long the words and lines of the text are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pybird.filter.nodes import Span
from pybird.values.text import printable

E = TypeVar("E", bound=Exception)

MOST_TEXT: Final = 400  # characters of a message
WIDTH: Final = 200  # characters of a source line that are shown
BEFORE: Final = 80  # of them before the place in question
QUOTED: Final = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")
WORD: Final = re.compile(r"[^\s,;:`'\"]+")


class ConfigError(Exception):
    """One error. `expected` lists what would have been accepted, `hint` a guess at what was meant.

    `source_line` is the text of the line, or of a long one the part from the
    0-based column `source_start` on.
    """

    def __init__(
        self,
        message: str,
        span: Span,
        source_line: str = "",
        *,
        expected: tuple[str, ...] = (),
        hint: str = "",
        related: tuple[str, Span] | None = None,
        source_start: int = 0,
    ) -> None:
        message = shortened(printable(message))
        super().__init__(message)
        self.message = message
        self.span = span
        self.source_line = source_line
        self.source_start = source_start
        self.expected = expected
        self.hint = printable(hint) if len(hint) <= WIDTH else ""
        self.related = related

    @property
    def file(self) -> str:
        return self.span.file

    @property
    def line(self) -> int:
        return self.span.line

    @property
    def column(self) -> int:
        return self.span.column

    def __str__(self) -> str:
        return f"{printable(self.file)}:{self.line}:{self.column} {self.message}"

    def show(self) -> str:
        """Several lines: where, the source line, a caret, and what helps."""
        lines = [str(self)]
        if self.source_line:
            lines += caret(self.source_line, self.span, self.source_start)
        if self.hint:
            lines.append(f"  did you mean `{self.hint}`?")
        if self.related:
            text, span = self.related
            lines.append(printable(f"  {span.file}:{span.line}:{span.column} {text}"))
        return "\n".join(lines)

    def without_quotes(self) -> ConfigError:
        """The same error for a client that must not see the file: where and what, nothing quoted."""
        known = {word.strip("`") for word in self.expected}
        seen = set(WORD.findall(self.source_line))

        def quoted(found: re.Match[str]) -> str:
            missing = self.message.startswith(" missing", found.end())
            return found[0] if missing or found[0][1:-1] in known else "..."

        def word(found: re.Match[str]) -> str:
            return "..." if found[0] in seen else found[0]

        message = WORD.sub(word, QUOTED.sub(quoted, self.message))
        related = (self.related[0].partition(" `")[0], self.related[1]) if self.related else None
        return ConfigError(message, self.span, expected=self.expected, related=related)


class SilencedError(ConfigError):
    """A consequence of an error that was reported already."""


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001  the word users know
    """A warning that is logged at load and shown by `pybird check`."""

    text: str
    span: Span
    code: str = ""  # as in docs/lint.md


class ConfigErrors(Exception):  # noqa: N818  it is many
    """All errors of a configuration, in the order of the text, and the warnings."""

    def __init__(self, errors: list[ConfigError], warnings: tuple[Warning, ...] = ()) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = [bare(error) for error in errors]
        self.warnings = warnings


def bare(error: E) -> E:
    """The error without its traceback and its causes, so that it can be kept.

    The frames refer to what was being read, and often to the object that keeps
    the error: a reference cycle. The daemon runs without the cycle collector and
    would never free it.
    """
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)


def new_warnings(before: Sequence[Warning], now: Sequence[Warning]) -> list[Warning]:
    """The warnings that were not given before, even if the lines of the others have moved.

    A part that was not read again (`rereading.py`) gives the same objects. Of the
    others, as many as had the same text in the same file before are not new.
    """
    kept = {id(each) for each in before} & {id(each) for each in now}
    known = Counter((each.span.file, each.text) for each in before if id(each) not in kept)
    found: list[Warning] = []
    for each in now:
        key = (each.span.file, each.text)
        if id(each) in kept:
            continue
        if known[key]:
            known[key] -= 1
        else:
            found.append(each)
    return found


def shortened(text: str) -> str:
    """The message; of a long one the middle is left out, which is quoted from the file."""
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 100]}...{text[-60:]}"


def window(length: int, column: int) -> tuple[int, int]:
    """(start, end): the part of a line of this length that is shown around a 1-based column."""
    if length <= WIDTH:
        return 0, length
    start = max(min(column - 1, length) - BEFORE, 0)
    return start, min(start + WIDTH, length)


def caret(source_line: str, span: Span, start: int = 0) -> list[str]:
    """The source line, or the part of it from the 0-based column `start` on, and marks under the span."""
    column = max(min(span.column - start, len(source_line) + 1), 1)
    end = span.end_column - start if span.end_line == span.line else len(source_line) + 1
    width = max(min(end, len(source_line) + 1) - column, 1)
    indent = "".join("\t" if char == "\t" else " " for char in source_line[: column - 1])
    return [f"    {printable(source_line)}", f"    {indent}^{'~' * (width - 1)}"]


def either(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} or {last}" if most else last
