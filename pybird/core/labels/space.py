"""Label spaces: one for each `mpls domain`, with its ranges.

A label is in use once in a space, whichever of its ranges it was taken from:
ranges may overlap. The lowest free label of a range is the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pybird.conf.model import LabelDomain, LabelRange

STATIC: Final = "static"  # the range that configured labels must be in


class RangeUse(NamedTuple):
    """A range with the number of labels taken from it, and the highest of its labels in use (else 0)."""

    range: LabelRange
    labels: int
    last: int


class LabelSpace:
    """The labels of one domain."""

    def __init__(self, config: LabelDomain) -> None:
        self.name: Final = config.name
        self._ranges: dict[str, LabelRange] = {}
        self._used = bytearray()  # by label: 1 if it is in use
        self._taken_from: dict[int, str] = {}  # the range of each label in use
        self._lowest: dict[str, int] = {}  # by range: no lower label of it is free
        self.configure(config)

    def configure(self, config: LabelDomain) -> None:
        """Take over the ranges of a new config; labels in use stay so until they are released."""
        self._ranges = {each.name: each for each in config.ranges}
        self._lowest = {}
        missing = max([each.end for each in config.ranges]) - len(self._used)
        self._used += bytes(max(missing, 0))

    def holds(self, label: int, name: str) -> bool:
        """True if a label is in the range of that name."""
        found = self._ranges.get(name)
        return found is not None and found.start <= label < found.end

    def allocate(self, name: str) -> int | None:
        """Take the lowest free label of a range; None if there is none."""
        found = self._ranges.get(name)
        if found is None:
            return None
        label = self._used.find(0, max(found.start, self._lowest.get(name, 0)), found.end)
        if label < 0:
            self._lowest[name] = found.end
            return None
        self._lowest[name] = label + 1
        self._take(label, name)
        return label

    def claim(self, label: int) -> bool:
        """Take this label of the range `static`; False if it is not in that range, or in use."""
        if not self.holds(label, STATIC) or self._used[label]:
            return False
        self._take(label, STATIC)
        return True

    def _take(self, label: int, name: str) -> None:
        self._used[label] = 1
        self._taken_from[label] = name

    def release(self, label: int) -> None:
        """The label is free again."""
        self._used[label] = 0
        del self._taken_from[label]
        for name, lowest in self._lowest.items():
            if label < lowest:
                self._lowest[name] = label

    def uses(self) -> list[RangeUse]:
        """The ranges in the order of the configuration."""
        counts: dict[str, int] = {}
        for name in self._taken_from.values():
            counts[name] = counts.get(name, 0) + 1
        return [
            RangeUse(each, counts.get(each.name, 0), self._used.rfind(1, each.start, each.end) if used else 0)
            for each in self._ranges.values()
            for used in (1 in self._used[each.start : each.end],)
        ]


class LabelSpaces:
    """The label spaces of one router, by name."""

    def __init__(self) -> None:
        self.by_name: dict[str, LabelSpace] = {}

    def configure(self, domains: Iterable[LabelDomain]) -> None:
        """Take over the domains of a new config; who uses one that is gone goes on until it is restarted."""
        known, self.by_name = self.by_name, {}
        for config in domains:
            space = known.get(config.name)
            if space is None:
                space = LabelSpace(config)
            else:
                space.configure(config)
            self.by_name[config.name] = space

    def of(self, config: LabelDomain) -> LabelSpace:
        """The space of a domain; it is made if the running config has no such domain."""
        found = self.by_name.get(config.name)
        if found is None:
            found = self.by_name[config.name] = LabelSpace(config)
        return found
