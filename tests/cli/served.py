"""A router behind a real Unix socket, in a thread, for clients that are programs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pybird.io.clock import AsyncioClock
from pybird.io.control_socket import Bound, ControlSocket
from pybird.io.loop import new_loop
from tests.cli.lab import CONFIG, Lab
from tests.core.world import FakeLog


@contextmanager
def served(folder: Path, text: str = CONFIG) -> Iterator[str]:
    """Serve a router's control socket; gives its path."""
    path = str(folder / "bird.ctl")
    log = FakeLog()
    loop = new_loop(log)
    ready = threading.Event()

    def serve() -> None:
        lab = Lab(text, clock=AsyncioClock(loop))
        socket = ControlSocket(loop, log, Bound(path), lambda stream: lab.console.open(stream) and None)
        loop.call_later(0.05, ready.set)  # the router's protocols are up
        loop.run_forever()
        for session in list(lab.console.sessions):
            session._stream.abort()  # the loop runs no more: an orderly end would wait for it
        socket.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield path
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
    assert not [line for line in log.lines if "<bug>" in line], log.lines
