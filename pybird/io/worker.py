"""Runs slow work in a thread beside the event loop.

Only work that touches no state of the router may run here, such as reading a
configuration and compiling its filters. Python's threads take turns every few
milliseconds, so keepalives are sent on time meanwhile.
"""

from __future__ import annotations

import asyncio
import errno
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
        """Run `call` in the thread, then `then(value, None)` or `then(None, error)` on the loop.

        If no thread can be started, the error is an OSError.
        """
        self._waiting.append((call, then))
        if not self._busy:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            return
        self._busy = True
        call, then = self._waiting.popleft()
        try:
            # a daemon thread: the end of the program does not wait for it
            Thread(target=self._run, args=(call, then), name="worker", daemon=True).start()
        except (RuntimeError, MemoryError):  # too many threads, or no memory for its stack
            error = OSError(errno.EAGAIN, "No thread can be started")
            self._loop.call_soon(self._deliver, then, None, error)

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
