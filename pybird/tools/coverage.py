"""Which lines of filters and functions ran.

Compiled filters carry the place of each generated line; Python's own trace
hook tells which of them ran. To know which lines can run, it compiles every
filter and function of the configuration, also those that nothing uses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from pybird.conf.model import Config
from pybird.filter.nodes import ACCEPT, REJECT, Block, Call, Evaluate, Filter, FunctionRef, Span
from pybird.filter.program import filter_code
from pybird.tools.declared import declared

Place = tuple[str, int]


class Coverage:
    """Records the filter lines that run inside its `with` block."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.ran: set[Place] = set()
        self.there = set(_lines(config))
        self._before: Any = None

    def __enter__(self) -> Coverage:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        spans = frame.f_globals.get("SPANS") if frame.f_code.co_filename.startswith("<") else None
        if spans is None:
            return None

        def line(inner: FrameType, event: str, argument: Any) -> Any:
            if event == "line" and inner.f_lineno <= len(spans):
                span: Span = spans[inner.f_lineno - 1]
                self.ran.add((span.file, span.line))
            return line

        return line

    def files(self) -> Iterator[tuple[str, int, int, list[int]]]:
        """Of each file: how many lines ran, how many there are, and which did not."""
        for file in sorted({file for file, _ in self.there}):
            lines = {line for name, line in self.there if name == file}
            missed = sorted(line for line in lines if (file, line) not in self.ran)
            yield file, len(lines) - len(missed), len(lines), missed

    def lines(self) -> Iterator[str]:
        """Text for people."""
        for file, ran, there, missed in self.files():
            rest = f"; not line {_ranges(missed)}" if missed else ""
            yield f"{file}: {ran} of {there} filter lines ran{rest}"

    def as_json(self) -> list[dict[str, Any]]:
        """The same as plain values, for JSON."""
        return [
            {"file": file, "ran": ran, "lines": there, "missed": missed}
            for file, ran, there, missed in self.files()
        ]


def _lines(config: Config) -> Iterator[Place]:
    """The lines of every filter and function that do something."""
    known = declared(config)
    for made in _filters(config):
        for span in filter_code(made, known).statements():
            if span.line:
                yield span.file, span.line


def _filters(config: Config) -> Iterator[Filter]:
    yield from config.filters.values()
    for symbol in config.symbols.values():
        if isinstance(symbol.value, FunctionRef):
            call = Call(symbol.value, symbol.value.parameters)
            yield Filter(symbol.name, Block((Evaluate(call),)))
    for protocol in config.protocols:
        for channel in protocol.channels:
            yield from (
                made
                for made in (channel.import_filter, channel.export_filter)
                if made.name is None and made.body not in (ACCEPT.body, REJECT.body)
            )


def _ranges(numbers: list[int]) -> str:
    """`3, 5-7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in found)
