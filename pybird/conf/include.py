"""The files of a configuration: reading, `include`, and from offsets to lines.

Each piece of text gets its own stretch of one number line, in the order of
reading, so that a single integer says file, line and column. Files are read
through the `Files` that the caller gives.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_right
from collections.abc import Iterator
from glob import has_magic
from itertools import accumulate
from typing import Protocol

from pybird.conf.errors import ConfigError
from pybird.filter.nodes import Anchor, Span

MAX_DEPTH = 8


class Files(Protocol):
    """How a configuration reaches files."""

    def read(self, path: str) -> str:
        """The text of a file, line ends untouched. Raises OSError."""

    def find(self, pattern: str) -> list[str]:
        """The files that a shell pattern names, sorted. Raises OSError for a missing folder."""


class DiskFiles:
    """Files of the file system. Octets that are not UTF-8 are kept as surrogates."""

    def read(self, path: str) -> str:
        if "\0" in path:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()

    def find(self, pattern: str) -> list[str]:
        import glob

        if "\0" in pattern:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), pattern)
        folder = os.path.dirname(pattern)
        if folder and not has_magic(folder):
            os.stat(folder)
        return [path for path in sorted(glob.glob(pattern)) if not os.path.isdir(path)]


class Source:
    """One text and where the lexer stands in it."""

    __slots__ = ("_lines", "base", "file", "parent", "position", "text")

    def __init__(self, file: str, text: str, base: int, parent: Source | None) -> None:
        self.file = file
        self.text = text
        self.base = base
        self.parent = parent
        self.position = 0
        self._lines: list[int] = []

    @property
    def depth(self) -> int:
        """How many files stand around this one."""
        return 0 if self.parent is None else self.parent.depth + 1

    def place(self, offset: int) -> tuple[int, int]:
        """1-based line and column."""
        if not self._lines:
            sizes = [len(line) + 1 for line in self.text.split("\n")]
            self._lines = list(accumulate(sizes[:-1], initial=0))
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """Where a 1-based line and column are."""
        self.place(0)
        return self._lines[min(line, len(self._lines)) - 1] + column - 1

    def line(self, number: int) -> str:
        """The text of a 1-based line."""
        self.place(0)
        start = self._lines[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)]


class Sources:
    """Every text that was read, in stretches of offsets in the order of reading.

    A text that goes on after an `include` gets a new stretch, so that offsets
    grow from token to token whatever file they are in.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._stretches: list[tuple[int, Source, int]] = []  # base, text, where in the text it begins
        self._next = 0
        self.anchor: tuple[Source, Anchor] | None = None  # of the statement that is being read

    def add(self, file: str, text: str, parent: Source | None = None) -> Source:
        """Take a text."""
        source = Source(file, text, 0, parent)
        self.resume(source)
        return source

    def resume(self, source: Source) -> None:
        """Go on in this text: give it a stretch of offsets after all others."""
        source.base = self._next
        self._stretches.append((source.base, source, source.position))
        self._next += len(source.text) + 1

    def open(self, path: str, parent: Source | None = None) -> Source:
        """Read a file. Raises OSError."""
        return self.add(path, self._files.read(path), parent)

    def included(self, name: str, source: Source, start: int, end: int) -> list[str]:
        """The paths of the files that `include "name"` in `source` brings, in order.

        Raises:
            ConfigError: a missing folder, or more than 8 deep.
        """
        span = self.span(source.base + start, source.base + end)
        if source.depth >= MAX_DEPTH - 1:
            raise self.error("Max include depth reached", span)
        path = name if name.startswith("/") else os.path.join(os.path.dirname(source.file), name)
        try:
            return self._files.find(path) if has_magic(path) else [path]
        except OSError as problem:
            raise self.error(f"Unable to match pattern {path}: {problem.strerror}", span) from None

    def locate(self, offset: int) -> tuple[Source, int]:
        """The text that an offset is in, and where in it."""
        at = bisect_right(self._stretches, offset, key=lambda stretch: stretch[0])
        base, source, _ = self._stretches[max(at - 1, 0)]
        return source, offset - base

    def span(self, start: int, end: int) -> Span:
        """The place of a stretch of text; one that ends in another file ends with its own."""
        source, first = self.locate(start)
        last_source, last = self.locate(max(end - 1, start))
        line, column = source.place(first)
        if last_source is not source:
            return Span(source.file, line, column, *source.place(len(source.text)))
        last_line, last_column = source.place(min(last + (end > start), len(source.text)))
        if self.anchor is not None and self.anchor[0] is source:
            anchor = self.anchor[1]
            return Span(anchor, line - anchor.line, column, last_line - anchor.line, last_column)
        return Span(source.file, line, column, last_line, last_column)

    @property
    def opened(self) -> int:
        """How many stretches there are: it grows with every file, and with every return from one."""
        return len(self._stretches)

    def texts(self, start: int, end: int) -> Iterator[str]:
        """The text between two offsets, piece by piece where it goes on in other files."""
        for at, (base, source, begin) in enumerate(self._stretches):
            following = self._stretches[at + 1][0] if at + 1 < len(self._stretches) else self._next
            if base + begin < end and start < following:
                yield source.text[max(start - base, begin) : max(end - base, 0)]

    def offset(self, span: Span) -> int:
        """Where a place comes in the order of reading."""
        found = 0
        for base, source, begin in self._stretches:
            if source.file == span.file and span.line:
                at = source.offset(span.line, span.column)
                if begin <= at:
                    found = base + at
        return found

    def error(self, message: str, span: Span, **more: object) -> ConfigError:
        """An error with its source line."""
        text = ""
        for _, source, _ in self._stretches:
            if source.file == span.file and span.line:
                text = source.line(span.line)
                break
        return ConfigError(message, span, text, **more)  # type: ignore[arg-type]
