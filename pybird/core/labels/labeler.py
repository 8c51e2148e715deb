"""Which route gets which label: forwarding equivalence classes (FECs) of one protocol instance.

Routes of one FEC have one label, and for each label in use there is one route in
the MPLS table, with the next hop of the FEC. The policy of a route, an attribute that
import filters may change, says what its FEC is: the route alone (`prefix`),
all routes with its next hop and class (`aggregate`), or those with the label that a
filter or the configuration gave it (`static`). Others get no label. `vrf` is for
protocols between a VRF and its VPN.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple, Protocol

from pybird.conf.model import LabelChannelConfig
from pybird.core.labels.space import STATIC, LabelSpace, LabelSpaces
from pybird.values.attributes import AttributePool, AttributeSet
from pybird.values.enums import MplsPolicy
from pybird.values.route import Hop, RouteSource, Rte

LABEL: Final = "mpls_label"
POLICY: Final = "mpls_policy"
CLASS: Final = "mpls_class"
NEVER: Final = object()  # no FEC has this key
_POLICIES: Final = {
    "static": int(MplsPolicy.STATIC),
    "prefix": int(MplsPolicy.PREFIX),
    "aggregate": int(MplsPolicy.AGGREGATE),
    "vrf": int(MplsPolicy.VRF),
}


class Fec:
    """One forwarding equivalence class; `key` tells what its routes have in common."""

    __slots__ = ("hop", "key", "label", "users")

    def __init__(self, key: Hashable, label: int, hop: Hop) -> None:
        self.key: Final = key
        self.label: Final = label
        self.hop = hop
        self.users = 0  # routes


class Assignment(NamedTuple):
    """Routes with their labels, and the networks for which there was none, with the reason."""

    routes: list[tuple[Rte, list[bytes]]]
    failed: list[bytes]
    reason: str


class LabelRoutes(Protocol):
    """Where the routes of labels go: the `mpls` channel."""

    def announce_labels(self, labels: list[int], hop: Hop) -> None:
        """Packets with these labels go to this next hop."""

    def withdraw_labels(self, labels: list[int]) -> None:
        """These labels are not in use any more."""


class Labeler:
    """The FECs of one protocol instance."""

    def __init__(self, config: LabelChannelConfig, spaces: LabelSpaces, pool: AttributePool) -> None:
        self._pool = pool
        self._space: LabelSpace = spaces.of(config.domain)
        self._range = config.label_range
        self._policy = _POLICIES[config.label_policy]
        self.routes: LabelRoutes | None = None  # the channel sets itself
        self._held: dict[RouteSource, dict[bytes, Fec]] = {}
        self._fecs: dict[Hashable, Fec] = {}  # of several routes
        self._labels: dict[int, Fec] = {}

    def configure(self, config: LabelChannelConfig) -> None:
        """Take over policy and range for routes that come from now on."""
        self._range = config.label_range
        self._policy = _POLICIES[config.label_policy]

    def prepared(self, rte: Rte) -> Rte:
        """A route as the import filter gets it: with the policy of the configuration unless it has one."""
        for name, _ in rte.attrs.other:
            if name == POLICY:
                return rte
        return _with(rte, self._pool.edit(rte.attrs, {POLICY: self._policy}))

    # ------------------------------------------------------------ assigning

    def assign(self, keys: list[bytes], rte: Rte) -> Assignment:
        """Give the routes of these networks their labels; what they had before may become free."""
        view = self._pool.view(rte.attrs)
        wanted, policy = view.get(LABEL), view.get(POLICY)
        if policy == MplsPolicy.PREFIX:
            return self._assign_each(keys, rte)
        if policy == MplsPolicy.AGGREGATE:
            kind: Hashable = (rte.hop, view.get(CLASS))
            label, reason = None, f"Label allocation in range {self._range} failed"
        elif policy == MplsPolicy.STATIC and wanted is not None:
            kind = label = wanted
            reason = f"Static label {wanted} failed"
        else:
            self.release(keys, rte.source)
            plain = rte if wanted is None else _with(rte, self._pool.edit(rte.attrs, {LABEL: None}))
            return Assignment([(plain, keys)], [], "")
        fec = self._shared(kind, rte.hop, label)
        if fec is None:  # but for what these routes have now
            self.release(keys, rte.source)
            fec = self._shared(kind, rte.hop, label)
        if fec is None:
            return Assignment([], keys, reason)
        self._hold(rte.source, keys, [fec] * len(keys))
        return Assignment([(self._labeled(rte, fec), keys)], [], "")

    def _assign_each(self, keys: list[bytes], rte: Rte) -> Assignment:
        """A label for each network, the one that it has if it may keep it."""
        held = self._held.get(rte.source, {})
        routes: list[tuple[Rte, list[bytes]]] = []
        fecs: list[Fec] = []
        kept: list[bytes] = []
        failed: list[bytes] = []
        told: list[int] = []
        for key in dict.fromkeys(keys):
            fec = held.get(key)
            if fec is None or fec.key is not NEVER or not self._space.holds(fec.label, self._range):
                label = self._space.allocate(self._range)
                if label is None and fec is not None:
                    self.release([key], rte.source)
                    label = self._space.allocate(self._range)
                if label is None:
                    failed.append(key)
                    continue
                fec = self._labels[label] = Fec(NEVER, label, rte.hop)
                told.append(label)
            elif fec.hop is not rte.hop:
                fec.hop = rte.hop
                told.append(fec.label)
            fecs.append(fec)
            kept.append(key)
            routes.append((self._labeled(rte, fec), [key]))
        self._announce(told, rte.hop)
        self._hold(rte.source, kept, fecs)
        return Assignment(routes, failed, f"Label allocation in range {self._range} failed")

    def _shared(self, key: Hashable, hop: Hop, label: int | None) -> Fec | None:
        """The FEC of several routes, which is made for the first; None if there is no label for it."""
        found = self._fecs.get(key)
        within = STATIC if label is not None else self._range
        if found is not None and self._space.holds(found.label, within):
            if label is not None:
                found.hop = hop
                self._announce([label], hop)
            return found
        if label is None:
            label = self._space.allocate(self._range)
        elif not self._space.claim(label):
            return None
        if label is None:
            return None
        made = self._fecs[key] = self._labels[label] = Fec(key, label, hop)
        self._announce([label], hop)
        return made

    def _labeled(self, rte: Rte, fec: Fec) -> Rte:
        return _with(rte, self._pool.edit(rte.attrs, {LABEL: fec.label}))

    def _hold(self, source: RouteSource, keys: list[bytes], fecs: list[Fec]) -> None:
        """Note which FEC the route of each network belongs to."""
        held = self._held.setdefault(source, {})
        left: list[Fec] = []
        for key, fec in zip(keys, fecs, strict=True):
            old = held.get(key)
            if old is fec:
                continue
            held[key] = fec
            fec.users += 1
            if old is not None:
                left.append(old)
        self._drop(left)

    # ------------------------------------------------------------ releasing

    def release(self, keys: Iterable[bytes], source: RouteSource) -> None:
        """The routes of these networks are gone, or have no label any more."""
        held = self._held.get(source)
        if held is None:
            return
        self._drop([fec for fec in [held.pop(key, None) for key in keys] if fec is not None])
        if not held:
            del self._held[source]

    def _drop(self, fecs: list[Fec]) -> None:
        """A route has left each of these FECs; the labels of those without any are free."""
        free: list[int] = []
        for fec in fecs:
            fec.users -= 1
            if fec.users:
                continue
            if self._fecs.get(fec.key) is fec:
                del self._fecs[fec.key]
            del self._labels[fec.label]
            self._space.release(fec.label)
            free.append(fec.label)
        if free and self.routes is not None:
            self.routes.withdraw_labels(free)

    # ------------------------------------------------- routes of the labels

    def _announce(self, labels: list[int], hop: Hop) -> None:
        if labels and self.routes is not None:
            self.routes.announce_labels(labels, hop)

    def announce_all(self) -> None:
        """Announce the routes of all labels again."""
        by_hop: dict[Hop, list[int]] = {}
        for label, fec in self._labels.items():
            by_hop.setdefault(fec.hop, []).append(label)
        for hop, labels in by_hop.items():
            self._announce(labels, hop)


def _with(rte: Rte, attrs: AttributeSet) -> Rte:
    """The same route with other attributes."""
    made = Rte(attrs, rte.source, rte.hop, rte.preference, rte.time, rte.rank, rte.flags)
    made.epoch = rte.epoch
    return made


__all__ = ["LABEL", "Assignment", "Fec", "LabelRoutes", "Labeler"]
