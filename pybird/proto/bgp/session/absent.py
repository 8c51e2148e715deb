"""Neighbors that are not there: one line for each of a few, one for all of many.

A router that starts before its neighbors, or whose switch is off, would write
hundreds of lines that say the same. What is reported within two seconds, about as
much as connect delays of one length differ, goes together.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pybird.core.ports import Timer
    from pybird.core.services import Services

TOGETHER: Final = 2.0  # seconds
FEW: Final = 5  # neighbors with a line of their own
_SHOWN: Final = 3  # reasons and names in a summary


class AbsentPeer(Protocol):
    """A BGP protocol whose neighbor is away, as a line in the log needs it."""

    @property
    def name(self) -> str: ...

    def log(self, level: str, text: str) -> None:
        """Write a line under the protocol's name."""


class Absent:
    """What is to be reported about the neighbors of a router's BGP protocols."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reported: dict[AbsentPeer, tuple[str, str]] = {}
        self._timer: Timer | None = None

    def report(self, peer: AbsentPeer, reason: str, line: str) -> None:
        """This neighbor is away; `line` is the one to write if few are."""
        self._reported[peer] = (reason, line)
        if self._timer is None:
            clock = self._services.plain_clock  # not the timer of the protocol that came first
            self._timer = clock.call_at(clock.now() + TOGETHER, self._write)

    def forget(self, peer: AbsentPeer) -> None:
        """It is there, or not asked for any more."""
        self._reported.pop(peer, None)

    def _write(self) -> None:
        self._timer = None
        reported, self._reported = self._reported, {}
        if len(reported) <= FEW:
            for peer, (_, line) in reported.items():
                peer.log("info", line)
            return
        reasons = Counter([reason for reason, _ in reported.values()])
        most = [f"{reason} ({count})" for reason, count in reasons.most_common(_SHOWN)]
        more = f" and {len(reasons) - _SHOWN} other reasons" if len(reasons) > _SHOWN else ""
        names = ", ".join([peer.name for peer in reported][:_SHOWN])
        text = f"{len(reported)} neighbors do not talk to us yet, such as {names}: {', '.join(most)}{more}"
        self._services.log("info", text)
