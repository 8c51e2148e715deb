"""A running hash over all events of a world: two equal runs have equal hashes.

Every delivered packet, fired timer and table change is one line. Lines hold
only times, names and octets, never an address of an object, so the hash does
not depend on PYTHONHASHSEED or on the process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from hashlib import sha256

from pybird.values.text import to_octets


class EventHash:
    """The events so far, as a hash and the last lines."""

    def __init__(self, keep: int = 200) -> None:
        self._hash = sha256()
        self.count = 0
        self.recent: deque[str] = deque(maxlen=keep)

    def record(self, now: float, *words: object) -> None:
        """Add one line; `now` is virtual seconds."""
        line = f"{now:.6f} {' '.join(map(str, words))}"
        self._hash.update(to_octets(line) + b"\n")
        self.count += 1
        self.recent.append(line)

    def digest(self) -> str:
        """The hash so far, in hex."""
        return self._hash.hexdigest()


def name_of(callback: Callable[..., object]) -> str:
    """The name of a function, which is the same in every run."""
    while isinstance(callback, partial):
        callback = callback.func
    return getattr(callback, "__qualname__", type(callback).__name__)
