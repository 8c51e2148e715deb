"""What is wrong with a configuration, in the user's words.

An error knows its place, the source line, what was allowed there and, if it
helps, another place that matters. `str()` is BIRD's one line, which tools
parse; `show()` adds the line with a caret under the exact text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pybird.conf.model import Config, Warning  # noqa: A004
from pybird.filter.nodes import Span
from pybird.values.text import printable

E = TypeVar("E", bound=Exception)


class ConfigError(Exception):
    """One error. `expected` lists what would have been accepted, `hint` a guess at what was meant."""

    def __init__(
        self,
        message: str,
        span: Span,
        source_line: str = "",
        *,
        expected: tuple[str, ...] = (),
        hint: str = "",
        related: tuple[str, Span] | None = None,
    ) -> None:
        message = printable(message)
        super().__init__(message)
        self.message = message
        self.span = span
        self.source_line = source_line
        self.expected = expected
        self.hint = printable(hint)
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
            lines += caret(self.source_line, self.span)
        if self.hint:
            lines.append(f"  did you mean `{self.hint}`?")
        if self.related:
            text, span = self.related
            lines.append(printable(f"  {span.file}:{span.line}:{span.column} {text}"))
        return "\n".join(lines)


class ConfigErrors(Exception):  # noqa: N818  it is many
    """All errors of a configuration, in the order of the text, and the warnings."""

    def __init__(self, errors: list[ConfigError], warnings: tuple[Warning, ...] = ()) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = [bare(error) for error in errors]
        self.warnings = warnings


def bare(error: E) -> E:
    """The error without the frames that raised it, to be kept.

    The frames hold what was being read, and often whoever keeps the error: the
    daemon, which collects no cycles, would keep it all.
    """
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)


def must_run(config: Config) -> Config:
    """The configuration, if a router may run it as it is written.

    Raises:
        ConfigErrors: it asks for what is not there yet and matters too much to be left out.
    """
    if config.refusals:
        raise ConfigErrors(list(config.refusals), config.warnings)
    return config


def caret(source_line: str, span: Span) -> list[str]:
    """The source line and, below it, marks under the span."""
    column = min(span.column, len(source_line) + 1)
    end = span.end_column if span.end_line == span.line else len(source_line) + 1
    width = max(min(end, len(source_line) + 1) - column, 1)
    indent = "".join("\t" if char == "\t" else " " for char in source_line[: column - 1])
    return [f"    {printable(source_line)}", f"    {indent}^{'~' * (width - 1)}"]


def either(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} or {last}" if most else last
