"""The event loop that a daemon runs on.

asyncio is used through callbacks only (`add_reader`, `call_at`), never through
tasks or streams: each input is one plain call into the router. The garbage
collector is off, because a full collection with a million routes stalls the
loop for a third of a second and nothing in the router needs it: what is made
at start is collected once and frozen.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from pybird.core.ports import Log


def new_loop(log: Log) -> asyncio.AbstractEventLoop:
    """An event loop that logs the exceptions of callbacks and continues."""
    loop = asyncio.SelectorEventLoop()

    def failed(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        log.write("bug", str(context.get("message", "error in the event loop")))
        if isinstance(error, BaseException):
            for line in traceback.format_exception(error):
                for part in line.rstrip().splitlines():
                    log.write("bug", part)

    loop.set_exception_handler(failed)
    return loop


def freeze_memory() -> None:
    """Collect garbage once, freeze the remaining objects and switch the collector off."""
    gc.collect()
    gc.freeze()
    gc.disable()


def run(loop: asyncio.AbstractEventLoop, signals: Mapping[signal.Signals, Callable[[], None]]) -> None:
    """Run until somebody calls `loop.stop()`; each signal calls its handler on the loop."""
    for number, handler in signals.items():
        loop.add_signal_handler(number, handler)
    freeze_memory()
    try:
        loop.run_forever()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
        loop.close()
        gc.enable()
