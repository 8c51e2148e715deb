"""Who is heard on one port (IEEE 802.1AB, 9.2.7 and 9.2.9).

Pure: LLDPDUs and time are arguments, and each call returns what it changed. A neighbor is
identified by its chassis and port; it is known until its time to live has passed in
silence, or until it says 0. The number of neighbors is limited, so that forged frames
cannot fill the memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pybird.proto.lldp.messages import Lldpdu

MOST_NEIGHBORS: Final = 64

Msap = tuple[bytes, bytes]  # chassis and port


@dataclass(slots=True)
class HeardSystem:
    """A neighbor. Times are seconds on the caller's clock."""

    since: float
    heard: float
    mac: bytes
    said: Lldpdu

    @property
    def expires(self) -> float:
        return self.heard + self.said.ttl

    def is_overdue(self, now: float) -> bool:
        """Whether it missed an LLDPDU: senders repeat at a quarter of the time to live, by default."""
        return now - self.heard > self.said.ttl / 4 * 1.5 + 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What an LLDPDU changed. `gone`: a neighbor is not known any more, for this reason."""

    new: bool = False
    changed: bool = False  # somebody is new or gone, or says something else
    gone: str = ""
    full: bool = False  # it was dropped for want of room


class Hearing:
    """The neighbors of one port, in the order in which they came."""

    def __init__(self, limit: int = MOST_NEIGHBORS) -> None:
        self.limit = limit
        self.systems: dict[Msap, HeardSystem] = {}

    def heard(self, said: Lldpdu, mac: bytes, now: float) -> Heard:
        """Take in one valid LLDPDU."""
        key = (said.chassis, said.port)
        known = self.systems.get(key)
        if said.ttl == 0:
            if known is None:
                return Heard()
            del self.systems[key]
            return Heard(changed=True, gone="time to live 0")
        if known is None:
            if len(self.systems) >= self.limit:
                return Heard(full=True)
            self.systems[key] = HeardSystem(now, now, mac, said)
            return Heard(new=True, changed=True)
        changed = _content(known.said) != _content(said) or known.mac != mac
        known.heard, known.mac, known.said = now, mac, said
        return Heard(changed=changed)

    def next_deadline(self) -> float | None:
        """When to call `expire`; None: never."""
        return min((system.expires for system in self.systems.values()), default=None)

    def expire(self, now: float) -> bool:
        """Forget those whose time is over; returns whether there was one."""
        over = [key for key, system in self.systems.items() if system.expires <= now]
        for key in over:
            del self.systems[key]
        return bool(over)


def _content(said: Lldpdu) -> tuple[object, ...]:
    return said.system, said.port_description, said.addresses
