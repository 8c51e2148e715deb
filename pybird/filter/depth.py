"""Deep nesting: work that is too deep for Python's ordinary stack is repeated on a large one.

Parsing a configuration and generating code from it recurse into its nesting.
Hardly any text is nested deeply; for one that is, the work is repeated from the
start in a thread with a large stack, where more frames are allowed. Nesting that
is too deep even for this raises RecursionError, which the callers report as an
error of the configuration.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

FRAMES: Final = 60_000
STACK: Final = 512 << 20  # octets; only the used part takes memory
_NAME: Final = "deep nesting"


def with_enough_stack(make: Callable[[], T]) -> T:
    """The result of `make`, which is called again on the large stack if its recursion was too deep.

    Raises:
        RecursionError: it is too deep for the large stack too.
    """
    try:
        return make()
    except RecursionError:
        if is_deep():
            raise
    return on_large_stack(make)


def is_deep() -> bool:
    """True if the caller runs on the large stack."""
    return threading.current_thread().name == _NAME


def on_large_stack(make: Callable[[], T]) -> T:
    """The result of `make`, called in a thread with the large stack."""
    made: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            made.append(make())
        except BaseException as failure:
            failed.append(failure)

    allowed, size = sys.getrecursionlimit(), threading.stack_size(STACK)
    try:
        worker = threading.Thread(target=work, name=_NAME)
        sys.setrecursionlimit(FRAMES)
        worker.start()
    except RuntimeError:  # no memory for such a stack
        raise RecursionError("there is no room for a large stack") from None
    finally:
        threading.stack_size(size)
    worker.join()
    sys.setrecursionlimit(allowed)
    if failed:
        raise failed.pop()
    return made.pop()
