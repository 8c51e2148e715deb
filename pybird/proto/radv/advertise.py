"""When to send Router Advertisements on one interface, and to whom (RFC 4861, 6.2).

Pure: time is an argument, and `due` returns the destinations to send to now.
When the interface starts or its content changes, three advertisements are sent
at most 3 seconds apart; later ones follow at random intervals between the
configured minimum and maximum. Multicasts stay `min_delay` apart: one that is
wanted earlier is sent at the end of this gap, and a solicitation inside the gap
is answered by unicast if its sender is known. `content.py` decides what an
advertisement says.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from pybird.proto.radv.config import RaInterface
from pybird.values.address import Address

INITIAL: Final = 3  # advertisements at the start and after changes
INITIAL_INTERVAL: Final = 3.0  # seconds
ANSWER_DELAY: Final = 0.5  # seconds at most before a solicited answer (RFC 4861, 6.2.6)
MOST_UNICASTS: Final = 64  # unicasts inside one gap; further answers wait for the next multicast
ANSWERED: Final = 1.0  # seconds for which an answer also serves later Solicitations of its receiver
DEFAULT_INTERVAL: Final = 600
DISCOVERY_INTERVAL: Final = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """The intervals of one interface's advertisements, in seconds."""

    shortest: float
    longest: float
    min_delay: float = 3.0
    solicited_unicast: bool = False

    @classmethod
    def from_config(cls, config: RaInterface) -> Timing:
        """The intervals of an interface block, with the manual's defaults for what it leaves open."""
        longest = max_ra_interval(config)
        shortest = config.min_ra_interval
        if shortest is None:
            shortest = max(longest // 3, 3)
        return cls(min(shortest, longest), longest, max(config.min_delay, 0), config.solicited_unicast)


def max_ra_interval(config: RaInterface) -> int:
    """The `max ra interval` of an interface block in seconds; by default shorter with discovery."""
    if config.max_ra_interval is not None:
        return config.max_ra_interval
    return DISCOVERY_INTERVAL if config.discovery else DEFAULT_INTERVAL


class Schedule:
    """Decides when one interface advertises, and to whom."""

    def __init__(self, timing: Timing, random: Random) -> None:
        self.timing = timing
        self._random = random
        self._initial = 0
        self._regular: float | None = None
        self._wanted: float | None = None  # when to send an extra multicast
        self._answers: dict[Address, float] = {}
        self._gap_end = float("-inf")
        self._answered: dict[Address, float] = {}  # unicasts since the last multicast, and when

    def start(self, now: float) -> None:
        """Begin the initial advertisements: the interface or its content is new (RFC 4861, 6.2.4)."""
        self._initial = INITIAL
        self._regular = max(now, self._gap_end)

    def adapt(self, timing: Timing, now: float) -> None:
        """Use new intervals, and advertise as at the start."""
        self._gap_end += timing.min_delay - self.timing.min_delay
        self.timing = timing
        self.start(now)

    def stop(self) -> None:
        """Send nothing more."""
        self._regular = self._wanted = None
        self._answers.clear()

    def solicited(self, source: Address | None, now: float) -> None:
        """Schedule the answer to a valid Solicitation; `source` None: only a multicast can answer it."""
        if self._regular is not None and not self._is_answered(source, now):
            self._schedule_answer(source, now + self._random.uniform(0, ANSWER_DELAY))

    def answer(self, to: Address, now: float) -> None:
        """Send an advertisement to this address as soon as possible."""
        if self._regular is not None:
            self._schedule_answer(to, now)

    def _is_answered(self, to: Address | None, now: float) -> bool:
        return to is not None and now - self._answered.get(to, float("-inf")) < ANSWERED

    def _schedule_answer(self, to: Address | None, at: float) -> None:
        if to is None or len(self._answered) + len(self._answers) >= MOST_UNICASTS:
            self._schedule_multicast(max(at, self._gap_end))
        elif self.timing.solicited_unicast or at < self._gap_end:
            self._answers[to] = min(at, self._answers.get(to, at))
        else:
            self._schedule_multicast(at)

    def _schedule_multicast(self, at: float) -> None:
        self._wanted = at if self._wanted is None else min(self._wanted, at)

    def next_deadline(self) -> float | None:
        """When to call `due`; None: never."""
        multicast = self._next_multicast()
        times = list(self._answers.values())
        if multicast is not None:
            times.append(multicast)
        return min(times, default=None)

    def _next_multicast(self) -> float | None:
        if self._regular is None:
            return None
        at = self._regular if self._wanted is None else min(self._regular, self._wanted)
        return max(at, self._gap_end)

    def due(self, now: float) -> list[Address | None]:
        """The addresses to send an advertisement to now; None stands for all nodes."""
        multicast = self._next_multicast()
        if multicast is not None and multicast <= now:
            self._sent_multicast(now)
            return [None]
        ready: list[Address | None] = []
        for to, at in list(self._answers.items()):
            if at <= now:
                del self._answers[to]
                self._answered[to] = now
                ready.append(to)
        return ready

    def _sent_multicast(self, now: float) -> None:
        """Record a multicast, which answers all pending Solicitations, and schedule the next."""
        timing = self.timing
        self._gap_end = now + timing.min_delay
        self._wanted = None
        self._answers.clear()
        self._answered.clear()
        interval = self._random.uniform(timing.shortest, timing.longest)
        if self._initial > 0:
            self._initial -= 1
        if self._initial > 0:
            interval = min(interval, INITIAL_INTERVAL)
        self._regular = now + interval
