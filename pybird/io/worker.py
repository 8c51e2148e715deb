"""Runs slow work in a thread beside the event loop.

Only work that touches no state of the router may run here, such as reading a
configuration and compiling its filters. Python's threads take turns every few
milliseconds, so keepalives are sent on time meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from threading import Thread
from typing import Any

Then = Callable[[Any, Exception | None], None]


class Worker:
    """Runs calls one after the other in a thread, and delivers their results on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[Callable[[], Any], Then]] = deque()
        self._busy = False

    def __call__(self, call: Callable[[], Any], then: Then) -> None:
        """Run `call` in the thread, then `then(value, None)` or `then(None, error)` on the loop."""
        self._waiting.append((call, then))
        if not self._busy:
            self._next()

    def _next(self) -> None:
        if self._waiting:
            self._busy = True
            # a daemon thread: the end of the program does not wait for it
            Thread(target=self._run, args=self._waiting.popleft(), name="worker", daemon=True).start()

    def _run(self, call: Callable[[], Any], then: Then) -> None:
        value: Any = None
        error: Exception | None = None
        try:
            value = call()
        except Exception as found:
            error = found
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, then, value, error)
        value = error = None  # breaks a reference cycle: an error's traceback refers to this frame

    def _deliver(self, then: Then, value: Any, error: Exception | None) -> None:
        self._busy = False
        try:
            then(value, error)
        finally:
            self._next()
