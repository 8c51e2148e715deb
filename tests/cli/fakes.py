"""A stream, a clock and a router small enough to read, for the control session."""

from __future__ import annotations

import heapq
from types import SimpleNamespace
from typing import Any

from pybird.cli.control import Console, SocketOptions
from pybird.conf.errors import ConfigError
from pybird.conf.model import Config
from pybird.core.commands import Command, Commands
from pybird.filter.nodes import NO_SPAN
from pybird.values.text import to_text


class FakeClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.time = 0.0
        self.calls: list[tuple[float, int, Any]] = []
        self.count = 0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_795_355_068.75 + self.time

    def call_at(self, when: float, callback: Any) -> None:
        self.count += 1
        heapq.heappush(self.calls, (when, self.count, callback))

    def call_soon(self, callback: Any) -> None:
        self.call_at(self.time, callback)

    def run(self, seconds: float = 0.0) -> None:
        end = self.time + seconds
        while self.calls and self.calls[0][0] <= end:
            when, _, callback = heapq.heappop(self.calls)
            self.time = max(self.time, when)
            callback()
        self.time = end


class FakeStream:
    """Keeps what is written; `read` is the client reading."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.handler: Any = None
        self.out = b""
        self.unread = 0
        self.slow = False
        self.closed = ""

    def set_handler(self, handler: Any) -> None:
        self.handler = handler

    def write(self, data: bytes) -> None:
        self.out += data
        if self.slow:
            self.unread += len(data)

    @property
    def buffered(self) -> int:
        return self.unread

    def read(self) -> None:
        self.unread = 0
        self.handler.writable()

    def close(self) -> None:
        self.closed = "close"

    def abort(self) -> None:
        self.closed = "abort"

    def taken(self) -> str:
        text, self.out = to_text(self.out), b""
        return text


class Words:
    """A language whose parse tree is the words of the line."""

    def parse_command(self, text: str) -> Any:
        words = text.partition("#")[0].split()
        if not words:
            raise ConfigError("syntax error, unexpected END", NO_SPAN)
        return SimpleNamespace(data=words[0], children=words[1:])


def connected(*commands: Command, options: SocketOptions | None = None) -> tuple[Any, FakeStream, FakeClock]:
    """A session of a router that has only these commands."""
    clock = FakeClock()
    logged: list[tuple[str, str]] = []
    log = SimpleNamespace(write=lambda level, text: logged.append((level, text)), lines=logged)
    router: Any = SimpleNamespace(
        clock=clock,
        config=Config(),
        ports=SimpleNamespace(log=log),
        reconfiguration=SimpleNamespace(expiry_observers={}),
    )
    console: Any = Console(router, Commands(commands), Words(), lambda path: Config(), lambda graceful: None)  # type: ignore[arg-type]
    stream = FakeStream()
    return console.open(stream, options), stream, clock
