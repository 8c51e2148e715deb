"""What the tools show of a text, and how they count."""

from __future__ import annotations

from pybird.conf.include import DiskFiles
from pybird.filter.nodes import Span


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Texts:
    """The texts of places in the files of a configuration."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def keep(self, file: str, text: str) -> None:
        """Know the text of what is no file: of standard input."""
        self._files[file] = text.split("\n")

    def of(self, span: Span) -> str:
        """The text of a place as far as it stands in its first line."""
        line = self.line(span)
        end = span.end_column - 1 if span.end_line == span.line else len(line)
        return line[span.column - 1 : end].strip()

    def line(self, span: Span) -> str:
        """The whole line where a place begins; empty if its file cannot be read any more."""
        if span.file not in self._files:
            try:
                self._files[span.file] = DiskFiles().read(span.file).split("\n")
            except OSError:
                self._files[span.file] = []
        lines = self._files[span.file]
        return lines[span.line - 1] if 0 < span.line <= len(lines) else ""
