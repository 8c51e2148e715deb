"""Changes while members of an export group are paused, recorded once for all of them.

Otherwise two hundred neighbors that do not read would cost two hundred records.
The record is a chain of stretches. A new one begins when a member pauses,
unless nothing has changed since the last one began. A change is recorded in the
last stretch only, with what the group had announced before. For a member, the
first record of a network counts, starting at the stretch where it paused. When
the last member that paused at the beginning of a stretch leaves, the stretch is
merged into the one before.
"""

from __future__ import annotations

from collections.abc import Hashable

from pybird.core.export.receiver import Receiver
from pybird.values.route import Rte

Changes = dict[bytes, Rte | None]  # network -> the route that the group had announced


class Stretch:
    """The changes from one pause to the next; `members` counts who paused at its beginning.

    `withheld`: by network, neighbors that did not get the announced route, being its next hop.
    """

    __slots__ = ("changes", "members", "withheld")

    def __init__(self) -> None:
        self.changes: Changes = {}
        self.withheld: dict[bytes, tuple[Hashable, ...]] = {}
        self.members = 0


class Backlog:
    """The stretches of one group, oldest first; none while no member is paused."""

    __slots__ = ("stretches",)

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []

    def record(self, key: bytes, had: Rte | None, withheld: tuple[Hashable, ...]) -> None:
        """A network changes; `had` was announced before, though not to the `withheld` neighbors."""
        last = self.stretches[-1]
        if key in last.changes:
            return
        last.changes[key] = had
        if withheld:
            last.withheld[key] = withheld

    def join(self) -> Stretch:
        """A member pauses now; returns the stretch that begins here."""
        if not self.stretches or self.stretches[-1].changes:
            self.stretches.append(Stretch())
        last = self.stretches[-1]
        last.members += 1
        return last

    def since(self, stretch: Stretch, channel: Receiver) -> Changes:
        """The networks that changed since this member paused, with the route that it had of each."""
        found: Changes = {}
        for later in reversed(self.stretches[self.stretches.index(stretch) :]):
            found.update(later.changes)
            for key, neighbors in later.withheld.items():
                if channel.neighbor in neighbors:
                    found[key] = None
        return found

    def leave(self, stretch: Stretch) -> None:
        """A member that paused at this stretch resumes, or leaves the group."""
        stretch.members -= 1
        if stretch.members == 0:
            self._drop(stretch)

    def _drop(self, stretch: Stretch) -> None:
        at = self.stretches.index(stretch)
        if at > 0:
            before = self.stretches[at - 1]
            for key, neighbors in stretch.withheld.items():
                if key not in before.changes:
                    before.withheld[key] = neighbors
            before.changes = {**stretch.changes, **before.changes}
        del self.stretches[at]

    def divided(self, parts: list[Stretch]) -> tuple[Backlog, list[Stretch]]:
        """Move the members that paused at these stretches: (their new backlog, their stretches in it)."""
        other = Backlog()
        copies: dict[Stretch, Stretch] = {}
        for stretch in self.stretches:
            copy = copies[stretch] = Stretch()
            copy.changes, copy.withheld = dict(stretch.changes), dict(stretch.withheld)
            other.stretches.append(copy)
        for stretch in parts:
            copies[stretch].members += 1
            self.leave(stretch)
        for copy in list(other.stretches):
            if copy.members == 0:
                other._drop(copy)
        return other, [copies[stretch] for stretch in parts]
