"""The texts of configurations as the tools show them, and counted nouns."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from pybird.conf.errors import caret, window
from pybird.conf.include import DiskFiles
from pybird.conf.secrets import Secrets
from pybird.filter.nodes import Span

MOST_LINE: Final = 1000  # characters of a line that is shown as a whole


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Texts:
    """The texts of the files of a configuration, and what may be shown of places in them.

    The language reads files through it (`ConfigFiles`), so it has all that were read.
    """

    def __init__(self) -> None:
        self._disk = DiskFiles()
        self._texts: dict[str, str] = {}
        self._lines: dict[str, list[tuple[int, int]]] = {}  # where each begins and ends
        self._secrets: Secrets | None = None

    def begin_configuration(self) -> None:
        """Begin another configuration: the octets read count from zero again."""
        self._disk = DiskFiles()

    def read(self, path: str) -> str:
        """The text of a file. Raises OSError."""
        text = self._disk.read(path)
        self.set_text(path, text)
        return text

    def find(self, pattern: str) -> list[str]:
        """The files that a shell pattern names, sorted. Raises OSError for a missing folder."""
        return self._disk.find(pattern)

    def set_text(self, file: str, text: str) -> None:
        """Keep the text of a file, or of standard input."""
        self._texts[file] = text
        self._secrets = None
        self._lines.pop(file, None)

    def text_of(self, span: Span) -> str:
        """The text of a span, up to the end of its first line."""
        begin, over = self._line(span)
        end = begin + span.end_column - 1 if span.end_line == span.line else over
        return self._shown(span.file, begin + span.column - 1, min(end, over)).strip()

    def line(self, span: Span) -> str:
        """The line where a span begins; empty if its file cannot be read any more."""
        begin, over = self._line(span)
        return self._shown(span.file, begin, min(over, begin + MOST_LINE))

    def marked(self, span: Span) -> list[str]:
        """The line where a span begins, or a part of it, and marks under it; empty without a line."""
        begin, over = self._line(span)
        start, end = window(over - begin, span.column)
        text = self._shown(span.file, begin + start, begin + end)
        return caret(text, span, start) if text else []

    def _shown(self, file: str, start: int, end: int) -> str:
        if start >= end:
            return ""
        if self._secrets is None:
            self._secrets = Secrets(self._texts)
        return self._secrets.line(file, start, end)

    def _line(self, span: Span) -> tuple[int, int]:
        """(start, end) of the line where a span begins, in its text; (0, 0) if there is none."""
        file = span.file
        if file not in self._lines:
            if file not in self._texts:
                try:
                    self.read(file)
                except OSError:
                    self.set_text(file, "")
            sizes = [len(line) + 1 for line in self._texts[file].split("\n")]
            ends = list(accumulate(sizes))
            self._lines[file] = [(end - size, end - 1) for end, size in zip(ends, sizes, strict=True)]
        lines = self._lines[file]
        return lines[span.line - 1] if 0 < span.line <= len(lines) else (0, 0)
