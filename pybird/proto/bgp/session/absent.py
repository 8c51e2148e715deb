"""Log lines about neighbors that do not answer: one each for a few, one summary for many.

A router that starts before its neighbors, or whose switch is off, would write
hundreds of lines that say the same. Reports are collected for 2 s, which is about as
much as the jitter makes equal connect delays differ.
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
    """A BGP protocol whose neighbor does not answer: what logging needs of it."""

    @property
    def name(self) -> str: ...

    def log(self, level: str, text: str) -> None:
        """Write a line under the protocol's name."""


class Absent:
    """Collects these reports from all BGP protocols of a router."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reported: dict[AbsentPeer, tuple[str, str]] = {}
        self._timer: Timer | None = None

    def report(self, peer: AbsentPeer, reason: str, line: str) -> None:
        """This neighbor does not answer; `line` is logged if only a few do not."""
        self._reported[peer] = (reason, line)
        if self._timer is None:
            clock = self._services.plain_clock  # the timer is the router's, not the first reporter's
            self._timer = clock.call_at(clock.now() + TOGETHER, self._write)

    def forget(self, peer: AbsentPeer) -> None:
        """Drop its report: the neighbor answers, or its protocol stops."""
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
        others = len(reasons) - _SHOWN
        more = f" and {others} other reason{'s' if others > 1 else ''}" if others > 0 else ""
        names = ", ".join([peer.name for peer in reported][:_SHOWN])
        text = f"{len(reported)} neighbors do not talk to us yet, such as {names}: {', '.join(most)}{more}"
        self._services.log("info", text)
