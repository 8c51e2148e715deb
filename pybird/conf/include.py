"""The files of a configuration: reading them, `include`, and lines from offsets.

Each text gets its own range of offsets, in the order of reading, so that a
single integer stands for file, line and column. Files are read through the
`ConfigFiles` that the caller gives.
"""

from __future__ import annotations

import errno
import os
import stat
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from glob import has_magic
from hashlib import sha256
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

from pybird.conf.errors import ConfigError, window
from pybird.conf.secrets import Secrets
from pybird.filter.nodes import Anchor, Span

MAX_DEPTH = 8
MOST_OCTETS: Final = 64 * 1024 * 1024  # of a configuration with all that it includes
PIECE: Final = 1024 * 1024  # octets read in one call
TOO_LARGE: Final = f"More than {MOST_OCTETS // 1024 // 1024} MiB"
NO_FILE: Final = {
    stat.S_IFDIR: (errno.EISDIR, os.strerror(errno.EISDIR)),
    stat.S_IFIFO: (errno.ESPIPE, "Is a FIFO, not a regular file"),
    stat.S_IFSOCK: (errno.ENXIO, "Is a socket, not a regular file"),
    stat.S_IFCHR: (errno.ENODEV, "Is a device, not a regular file"),
    stat.S_IFBLK: (errno.ENODEV, "Is a device, not a regular file"),
}


class ConfigFiles(Protocol):
    """How a configuration reaches files."""

    def read(self, path: str) -> str:
        """The text of a file, line ends untouched. Raises OSError."""

    def find(self, pattern: str) -> list[str]:
        """The files that a shell pattern names, sorted. Raises OSError for a missing folder."""


class DiskFiles:
    """Files of the file system. Octets that are not UTF-8 are kept as surrogates.

    Only regular files are read, and at most `most` octets of all together: clients
    can name files, and reading a device or a FIFO may never end, or never begin.
    """

    def __init__(self, most: int = MOST_OCTETS) -> None:
        self._left = most

    def read(self, path: str) -> str:
        if "\0" in path:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        _regular(os.stat(path), path)  # a device may act when it is opened
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(number, "rb", buffering=0) as file:
            _regular(os.fstat(number), path)
            octets = bytearray()
            while piece := file.read(min(self._left - len(octets) + 1, PIECE)):
                octets += piece
                if len(octets) > self._left:
                    raise OSError(errno.EFBIG, TOO_LARGE, path)
        self._left -= len(octets)
        return octets.decode("utf-8", "surrogateescape")

    def find(self, pattern: str) -> list[str]:
        import glob

        if "\0" in pattern:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), pattern)
        folder = os.path.dirname(pattern)
        if folder and not has_magic(folder):
            os.stat(folder)
        return [path for path in sorted(glob.glob(pattern)) if not os.path.isdir(path)]


def _regular(found: os.stat_result, path: str) -> None:
    """Raise OSError for what is not a regular file."""
    if not stat.S_ISREG(found.st_mode):
        number, text = NO_FILE.get(stat.S_IFMT(found.st_mode), (errno.ENXIO, "Is not a regular file"))
        raise OSError(number, text, path)


class Brought(NamedTuple):
    """The result of an `include`: the digest of a file's text, or the files that a pattern `found`."""

    path: str
    digest: str
    found: tuple[str, ...] | None = None


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class SourceText:
    """One text, and the position of the lexer in it."""

    __slots__ = ("_lines", "base", "file", "parent", "position", "text")

    def __init__(self, file: str, text: str, base: int, parent: SourceText | None) -> None:
        self.file = file
        self.text = text
        self.base = base
        self.parent = parent
        self.position = 0
        self._lines: list[int] = []

    @property
    def depth(self) -> int:
        """How many files this one is nested in."""
        return 0 if self.parent is None else self.parent.depth + 1

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        if not self._lines:
            sizes = [len(line) + 1 for line in self.text.split("\n")]
            self._lines = list(accumulate(sizes[:-1], initial=0))
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column."""
        self.place(0)
        return self._lines[min(line, len(self._lines)) - 1] + column - 1

    def excerpt(self, span: Span) -> tuple[int, int, int]:
        """(start, end, column): what is shown of a span's line, and how many characters precede it."""
        begin = self.offset(span.line, 1)
        over = self.text.find("\n", begin)
        start, end = window((over if over >= 0 else len(self.text)) - begin, span.column)
        return begin + start, begin + end, start


class Sources:
    """Every text that was read, each in its range of offsets (a stretch), in the order of reading.

    A text that goes on after an `include` gets a new stretch, so that offsets
    grow from token to token whatever file they are in.
    """

    def __init__(self, files: ConfigFiles) -> None:
        self._files = files
        self._stretches: list[tuple[int, SourceText, int]] = []  # base, text, where in the text it begins
        self._of_file: dict[str, list[tuple[int, SourceText, int]]] = {}  # the same by file
        self._next = 0
        self._texts: dict[str, str] = {}
        self.anchor: tuple[SourceText, Anchor] | None = None  # of the unit that is being read
        self.strayed = False  # a span of that unit ended in another file and cannot follow the anchor
        self.brought: list[Brought] = []  # the results of all `include`s so far

    def add(self, file: str, text: str, parent: SourceText | None = None) -> SourceText:
        """Begin to read a text; its offsets are after those of all others."""
        source = SourceText(file, text, 0, parent)
        self.resume(source)
        return source

    def resume(self, source: SourceText) -> None:
        """Go on in this text, with a new stretch of offsets after all others."""
        source.base = self._next
        stretch = (source.base, source, source.position)
        self._stretches.append(stretch)
        self._of_file.setdefault(source.file, []).append(stretch)
        self._next += len(source.text) + 1

    def open(self, path: str, parent: SourceText | None = None) -> SourceText:
        """Read a file. Raises OSError."""
        text = self._text(path)
        if parent is not None:
            self.brought.append(Brought(path, _digest(text)))
        return self.add(path, text, parent)

    def _text(self, path: str) -> str:
        """The text of a file, which is read only once. Raises OSError."""
        text = self._texts.get(path)
        if text is None:
            text = self._texts[path] = self._files.read(path)
        return text

    def includes_unchanged(self, then: Iterable[Brought]) -> bool:
        """True if these `include`s would find and read the same now."""
        try:
            return all(each == self._brought(each) for each in then)
        except OSError:
            return False

    def _brought(self, then: Brought) -> Brought:
        if then.found is not None:
            return Brought(then.path, "", tuple(self._files.find(then.path)))
        return Brought(then.path, _digest(self._text(then.path)))

    def included(self, name: str, source: SourceText, start: int, end: int) -> list[str]:
        """The paths of the files that `include "name"` in `source` brings, in order.

        Raises:
            ConfigError: a missing folder, or more than 8 deep.
        """
        span = self.span(source.base + start, source.base + end)
        if source.depth >= MAX_DEPTH - 1:
            raise self.error("Max include depth reached", span)
        path = name if name.startswith("/") else os.path.join(os.path.dirname(source.file), name)
        if not has_magic(path):
            return [path]
        try:
            found = self._files.find(path)
            self.brought.append(Brought(path, "", tuple(found)))
            return found
        except OSError as problem:
            raise self.error(f"Unable to match pattern {path}: {problem.strerror}", span) from None

    def locate(self, offset: int) -> tuple[SourceText, int]:
        """(text, position): the text that an offset is in, and where in it."""
        at = bisect_right(self._stretches, offset, key=lambda stretch: stretch[0])
        base, source, _ = self._stretches[max(at - 1, 0)]
        return source, offset - base

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets; one that ends in another file is cut at the end of its own."""
        source, first = self.locate(start)
        last_source, last = self.locate(max(end - 1, start))
        line, column = source.place(first)
        if last_source is not source:
            self.strayed = True
            return Span(source.file, line, column, *source.place(len(source.text)))
        last_line, last_column = source.place(min(last + (end > start), len(source.text)))
        if self.anchor is not None and self.anchor[0] is source:
            anchor = self.anchor[1]
            return Span(anchor, line - anchor.line, column, last_line - anchor.line, last_column)
        return Span(source.file, line, column, last_line, last_column)

    def is_reading(self, source: SourceText) -> bool:
        """True if this is the text that is being read."""
        return self._stretches[-1][1] is source

    def texts(self, start: int, end: int) -> Iterator[str]:
        """The text between two offsets, piece by piece where it goes on in other files."""
        for at, (base, source, begin) in enumerate(self._stretches):
            following = self._stretches[at + 1][0] if at + 1 < len(self._stretches) else self._next
            if base + begin < end and start < following:
                yield source.text[max(start - base, begin) : max(end - base, 0)]

    def offset(self, span: Span) -> int:
        """The offset of a span; in a file that was read several times, the last one. 0 if there is none."""
        there = self._of_file.get(span.file, ()) if span.line else ()
        for base, source, begin in reversed(there):
            at = source.offset(span.line, span.column)
            if begin <= at:
                return base + at
        return 0

    def error(self, message: str, span: Span, **more: object) -> ConfigError:
        """An error with its source line."""
        source = self._source_of(span)
        if source is None:
            return ConfigError(message, span, **more)  # type: ignore[arg-type]
        start, end, column = source.excerpt(span)
        text = source.text[start:end]
        return ConfigError(message, span, text, source_start=column, **more)  # type: ignore[arg-type]

    def _source_of(self, span: Span) -> SourceText | None:
        """The text that a span is in; None if it was not read."""
        there = self._of_file.get(span.file, ()) if span.line else ()
        return there[0][1] if there else None

    def secrets(self) -> Secrets:
        """The secrets in all these texts."""
        texts: dict[str, str] = {}
        for _, source, _ in self._stretches:
            texts.setdefault(source.file, source.text)
        return Secrets(texts)

    def redact(self, errors: list[ConfigError]) -> None:
        """Hide secrets in errors, and show with each the line that its span is on now."""
        secrets = self.secrets() if errors else None
        for error in errors:
            source = self._source_of(error.span)
            if source is None or secrets is None:
                continue
            start, end, error.source_start = source.excerpt(error.span)
            error.source_line = secrets.line(source.file, start, end)
            place = (source.file, *self._stretch(source, error.span))
            error.message = secrets.message(error.message, *place)
            error.args = (error.message,)
            if secrets.touches(*place):
                error.hint = ""
            if error.related is not None:
                text, span = error.related
                error.related = (secrets.message(text, *place), span)

    @staticmethod
    def _stretch(source: SourceText, span: Span) -> tuple[int, int]:
        """(start, end): the offsets of a span in its text."""
        return source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
