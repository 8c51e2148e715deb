"""Which routers advertise themselves on one interface.

Pure: packets and time come in, effects go out. An entry lives as long as its
router lifetime; when two thirds of it have passed in silence, up to three
Solicitations go to the router itself, one second apart. At the start
Solicitations go to all routers. The number of entries is limited, so that
forged advertisements cannot fill the memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from pybird.values.address import Address

FIRST_DELAY: Final = 0.1  # seconds at most before the first Solicitation (RFC 4861, 6.3.7: 1 s)
SOLICITATIONS: Final = 3
START_INTERVAL: Final = 4.0  # seconds between those at the start (RFC 4861, section 10)
CHECK_INTERVAL: Final = 1.0  # seconds between those to a silent router
MOST_ENTRIES: Final = 256


@dataclass(frozen=True, slots=True)
class Announce:
    """A router is new, or its preference changed."""

    address: Address
    lifetime: int
    preference: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A router is gone; `reason` is for people."""

    address: Address
    reason: str


@dataclass(frozen=True, slots=True)
class Greet:
    """A router may not know us: it needs our advertisement at once."""

    address: Address


@dataclass(frozen=True, slots=True)
class Solicit:
    """Send a Solicitation, to one router or (None) to all."""

    to: Address | None


@dataclass(frozen=True, slots=True)
class Full:
    """The limit is reached; said once until there is room again."""

    limit: int


Effect = Announce | Withdraw | Greet | Solicit | Full


@dataclass(slots=True)
class HeardRouter:
    """One router. Times are seconds on the caller's clock, the lifetime is in seconds."""

    since: float
    heard: float
    lifetime: int
    preference: int
    asked: int = 0  # Solicitations since it was heard last

    @property
    def expires(self) -> float:
        return self.heard + self.lifetime

    @property
    def next_ask(self) -> float | None:
        """When to ask whether it still lives; None: enough asked."""
        if self.asked >= SOLICITATIONS:
            return None
        at = self.heard + self.lifetime * 2 / 3 + self.asked * CHECK_INTERVAL
        return at if at < self.expires else None

    def is_overdue(self, now: float) -> bool:
        """Silent for longer than the interval that its lifetime suggests: it may have restarted."""
        return now - self.heard > self.lifetime / 3 * 1.1 + 0.5


class Discovery:
    """The routers of one interface."""

    def __init__(self, random: Random, limit: int = MOST_ENTRIES) -> None:
        self.limit = limit
        self.entries: dict[Address, HeardRouter] = {}
        self._random = random
        self._next_start: float | None = None
        self._start_left = 0
        self._told_full = False

    def start(self, now: float) -> None:
        """The interface works: ask who is there."""
        self._start_left = SOLICITATIONS
        self._next_start = now + self._random.uniform(0, FIRST_DELAY)

    def stop(self, reason: str) -> list[Effect]:
        """The interface or the protocol is gone, and so are all routers."""
        gone: list[Effect] = [Withdraw(address, reason) for address in self.entries]
        self.entries.clear()
        self._next_start = None
        self._told_full = False
        return gone

    def heard(
        self, source: Address, lifetime: int, preference: int, now: float, to_all: bool = True
    ) -> list[Effect]:
        """A valid advertisement came. Lifetime 0 from an unknown router does nothing.

        One that was not `to_all` is the answer of a router that knows us: no need to greet it.
        """
        entry = self.entries.get(source)
        if lifetime == 0:
            return [] if entry is None else [self._remove(source, "lifetime 0")]
        if self._start_left < SOLICITATIONS:  # somebody answered: no need to ask again
            self._next_start = None
        if entry is None:
            return self._new(source, lifetime, preference, now, to_all)
        effects: list[Effect] = [Greet(source)] if to_all and entry.is_overdue(now) else []
        if preference != entry.preference:
            effects.append(Announce(source, lifetime, preference))
        entry.heard, entry.lifetime, entry.preference, entry.asked = now, lifetime, preference, 0
        return effects

    def _new(self, source: Address, lifetime: int, preference: int, now: float, to_all: bool) -> list[Effect]:
        if len(self.entries) >= self.limit:
            told, self._told_full = self._told_full, True
            return [] if told else [Full(self.limit)]
        self.entries[source] = HeardRouter(now, now, lifetime, preference)
        announce = Announce(source, lifetime, preference)
        return [Greet(source), announce] if to_all else [announce]

    def _remove(self, address: Address, reason: str) -> Withdraw:
        del self.entries[address]
        self._told_full = False
        return Withdraw(address, reason)

    def next_deadline(self) -> float | None:
        """When to ask `due`; None: never."""
        times = [] if self._next_start is None else [self._next_start]
        for entry in self.entries.values():
            ask = entry.next_ask
            times.append(entry.expires if ask is None else ask)
        return min(times, default=None)

    def due(self, now: float) -> list[Effect]:
        """What time brings: Solicitations, and the end of silent routers."""
        effects: list[Effect] = []
        if self._next_start is not None and self._next_start <= now:
            self._start_left -= 1
            self._next_start = now + START_INTERVAL if self._start_left else None
            effects.append(Solicit(None))
        for address, entry in list(self.entries.items()):
            if entry.expires <= now:
                effects.append(self._remove(address, "expired"))
            elif entry.next_ask is not None and entry.next_ask <= now:
                entry.asked += 1
                effects.append(Solicit(address))
        return effects
