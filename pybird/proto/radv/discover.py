"""Discovers the routers that advertise themselves on one interface.

Pure: packets and time are arguments, effects are returned. An entry lives as
long as its router lifetime; when two thirds of that have passed in silence, up
to three Solicitations are sent to the router itself, one second apart. At the
start, Solicitations are sent to all routers. The number of entries is limited,
so that forged advertisements cannot fill the memory.
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
    """Announce a router: it is new, or its preference changed. `lifetime` in seconds."""

    address: Address
    lifetime: int
    preference: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw a router that is gone; `reason` is for logs and listings."""

    address: Address
    reason: str


@dataclass(frozen=True, slots=True)
class Greet:
    """Send our advertisement to a router soon: it may not have seen one."""

    address: Address


@dataclass(frozen=True, slots=True)
class Solicit:
    """Send a Solicitation, to one router or (None) to all."""

    to: Address | None


@dataclass(frozen=True, slots=True)
class Full:
    """Warn that the limit is reached; returned once until there is room again."""

    limit: int


Effect = Announce | Withdraw | Greet | Solicit | Full


@dataclass(slots=True)
class HeardRouter:
    """A discovered router. Times are seconds on the caller's clock, the lifetime is in seconds."""

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
        """When to solicit the router again; None: not before it expires."""
        if self.asked >= SOLICITATIONS:
            return None
        at = self.heard + self.lifetime * 2 / 3 + self.asked * CHECK_INTERVAL
        return at if at < self.expires else None

    def is_overdue(self, now: float) -> bool:
        """Whether it missed an advertisement and so may have restarted.

        Its interval is taken to be a third of its lifetime, plus a margin.
        """
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
        """Begin to solicit all routers: the interface works."""
        self._start_left = SOLICITATIONS
        self._next_start = now + self._random.uniform(0, FIRST_DELAY)

    def stop(self, reason: str) -> list[Effect]:
        """Withdraw all routers: the interface or the protocol stopped, for this reason."""
        gone: list[Effect] = [Withdraw(address, reason) for address in self.entries]
        self.entries.clear()
        self._next_start = None
        self._told_full = False
        return gone

    def heard(
        self, source: Address, lifetime: int, preference: int, now: float, to_all: bool = True
    ) -> list[Effect]:
        """Process a valid advertisement. Lifetime 0 from an unknown router does nothing.

        One that was not multicast (`to_all`) is an answer to us: that router needs no greeting.
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
        """When to call `due`; None: never."""
        times = [] if self._next_start is None else [self._next_start]
        for entry in self.entries.values():
            ask = entry.next_ask
            times.append(entry.expires if ask is None else ask)
        return min(times, default=None)

    def due(self, now: float) -> list[Effect]:
        """The Solicitations that are due, and withdrawals of routers that expired."""
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
