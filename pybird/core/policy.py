"""A filter as a channel applies it: compiled once, run as rarely as its inputs allow.

`accept` and `reject` are recognised and cost nothing. For the others the
compiler tells what a verdict depends on besides the attribute set
(`filter.compile.Inputs`): one that reads only attributes runs once per set; one
that also tests the network against sets and lengths once per (set, outcome of
those tests, a bit mask); one with any other use of the network, or with an
effect of its own (`print`), for every route. Source, next hop and the
generation of the tables it asks are part of the memo's key where they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pybird.core import scheduler
from pybird.filter.compile import CompiledFilter
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from pybird.filter.subject import Lookup, Subject
from pybird.values.attributes import AttributePool, AttributeSet, AttributeTooLongError
from pybird.values.net import NetType, Prefix, net_of
from pybird.values.route import Hop, Rte

MOST_MEMOS: Final = 100_000
ONCE: Final = 0  # per attribute set
MASKED: Final = 1  # per attribute set and mask
EACH: Final = 2  # per route


class Judge(NamedTuple):
    """What every policy of a router needs from it."""

    pool: AttributePool
    compile: Callable[[Filter], CompiledFilter]
    log: Callable[[str], None]
    lookup: Lookup | None
    resolve: Callable[[Hop], Hop]  # a next hop that a filter set
    generation: Callable[[tuple[str, ...]], int]  # raised by every change of these tables
    asserted: Callable[[Any], None] | None = None  # hears what came of `bt_assert`
    complain: Callable[[str], None] | None = None  # hears of run-time errors


class Outcome(NamedTuple):
    """What an accepting filter made of a route; `hop` None: the route's own.

    `again`: the attributes that were given the value that they had.
    """

    attrs: AttributeSet
    hop: Hop | None
    preference: int
    again: tuple[str, ...] = ()

    def applied(self, rte: Rte) -> Rte:
        """The route with this outcome: itself when nothing changed."""
        hop = self.hop or rte.hop
        if self.attrs is rte.attrs and hop is rte.hop and self.preference == rte.preference:
            return rte
        return Rte(self.attrs, rte.source, hop, self.preference, rte.time, rte.rank, rte.flags)


class Policy:
    """One filter for routes of one net type."""

    def __init__(
        self,
        filter: Filter,  # noqa: A002  the user's word
        net_type: NetType,
        judge: Judge,
        inside: Prefix | None = None,
    ) -> None:
        self.filter: Final = filter
        self.accepts_all: Final = filter.body == ACCEPT.body and inside is None
        self.rejects_all: Final = filter.body == REJECT.body
        self.tables: tuple[str, ...] = ()
        self._inside = inside
        self._net_type = net_type
        self._judge = judge
        self._subject = Subject(judge.pool, net_type, judge.log, judge.lookup, judge.asserted, judge.complain)
        self._memo: dict[Any, Outcome | None] = {}
        self._epoch = judge.pool.epoch
        self._by_source = False
        self._by_hop = False
        self._masker: Callable[[bytes], int] | None = None
        self._compiled: CompiledFilter | None = None
        kind = EACH if inside is not None else ONCE
        if not (filter.body == ACCEPT.body or self.rejects_all):
            compiled = self._compiled = judge.compile(filter)
            inputs = compiled.inputs
            self.tables = inputs.tables
            self._by_source = bool(inputs.reads & {"source", "proto", "from"})
            self._by_hop = "hop" in inputs.reads
            if inputs.per_net or inputs.volatile:
                kind = EACH
            elif inputs.net_sets and kind == ONCE:
                if net_type in (NetType.IP4, NetType.IP6):
                    kind = MASKED
                    self._masker = compiled.masker(net_type)
                else:  # a test may fail: peers have no length
                    kind = EACH
        self.kind: Final = kind
        self.per_net: Final = kind != ONCE

    @property
    def slice(self) -> int:
        """How many networks to judge in one slice of long work: fewer when each one runs the filter."""
        return max(scheduler.SLICE // 8, 1) if self.kind == EACH else scheduler.SLICE

    @property
    def compiled(self) -> CompiledFilter | None:
        """The filter's code; None for plain accept and reject."""
        return self._compiled

    @property
    def generation(self) -> int:
        """Part of every memo's key: changes when a table that the filter asks changes."""
        return self._judge.generation(self.tables) if self.tables else 0

    @property
    def epoch(self) -> int:
        """Raised when memos keyed by attribute sets are to be emptied."""
        return self._judge.pool.epoch

    def mask(self, key: bytes) -> int:
        """The outcomes of the filter's tests of the network."""
        return self._masker(key) if self._masker is not None else 0

    def judge(self, rte: Rte, key: bytes) -> Rte | None:
        """The route as the filter leaves it; None: rejected."""
        if self.accepts_all:
            return rte
        outcome = self._outcome(rte, key)
        return outcome.applied(rte) if outcome is not None else None

    def export(self, rte: Rte, key: bytes) -> tuple[Rte | None, AttributeSet]:
        """As `judge`, and the set that the filter got, less what it set to what it was.

        Comparing both sets tells what the filter has set: BGP sends some
        attributes only then.
        """
        if self.accepts_all:
            return rte, rte.attrs
        outcome = self._outcome(rte, key)
        if outcome is None:
            return None, rte.attrs
        before = rte.attrs
        if outcome.again:
            before = self._judge.pool.edit(before, dict.fromkeys(outcome.again))
        return outcome.applied(rte), before

    def _outcome(self, rte: Rte, key: bytes) -> Outcome | None:
        if self.rejects_all:
            return None
        if self.kind == EACH:
            return self._run(rte, key, 0)
        return self._remembered(rte, key, self.mask(key))

    def divide(self, rte: Rte, keys: list[bytes]) -> list[tuple[Rte | None, list[bytes]]]:
        """Judge one route for many networks: each outcome with its networks; None: rejected."""
        if self.kind == ONCE:
            return [(self.judge(rte, keys[0]), keys)] if keys else []
        if self.kind == MASKED:
            assert self._masker is not None
            masker = self._masker
            masks: dict[int, list[bytes]] = {}
            for key in keys:
                mask = masker(key)
                if mask in masks:
                    masks[mask].append(key)
                else:
                    masks[mask] = [key]
            return [(self.judge(rte, alike[0]), alike) for alike in masks.values()]
        outcomes: dict[Any, tuple[Rte | None, list[bytes]]] = {}
        for key in keys:
            out = self.judge(rte, key)
            alike = (out.attrs, out.hop, out.preference) if out is not None else None
            if alike in outcomes:
                outcomes[alike][1].append(key)
            else:
                outcomes[alike] = (out, [key])
        return list(outcomes.values())

    def _remembered(self, rte: Rte, key: bytes, mask: int) -> Outcome | None:
        memo_key = (
            rte.attrs,
            rte.preference,
            mask,
            rte.source if self._by_source else None,
            (rte.hop, rte.hop.version) if self._by_hop else None,
            self.generation,
        )
        memo = self._memo
        if memo_key in memo:
            return memo[memo_key]
        if len(memo) >= MOST_MEMOS or self._epoch != self._judge.pool.epoch:
            self._epoch = self._judge.pool.epoch
            memo.clear()
        outcome = memo[memo_key] = self._run(rte, key, mask)
        return outcome

    def _run(self, rte: Rte, key: bytes, mask: int) -> Outcome | None:
        if self._inside is not None and not self._is_inside(key):
            return None
        compiled = self._compiled
        if compiled is None:
            return Outcome(rte.attrs, None, rte.preference)
        subject = self._subject
        subject.load(rte, key)
        accepted = compiled.run_masked(subject, mask) if self.kind == MASKED else compiled.run(subject)
        if not accepted:
            return None
        changes = subject.changes
        pool = self._judge.pool
        try:
            attrs = pool.edit(rte.attrs, changes)
        except AttributeTooLongError as error:
            subject.log(f"filter {compiled.name}: {error}")
            return None
        again: tuple[str, ...] = ()
        if changes:
            view = pool.view(rte.attrs)
            again = tuple([name for name in changes if name in view and view[name] == changes[name]])
        hop = self._judge.resolve(subject.hop) if subject.hop is not None else None
        return Outcome(attrs, hop, subject.preference, again)

    def _is_inside(self, key: bytes) -> bool:
        net = net_of(self._net_type, key)
        return isinstance(net, Prefix) and self._inside is not None and self._inside.covers(net)
