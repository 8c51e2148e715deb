"""A filter as a channel applies it: compiled once, run as rarely as its inputs allow.

`accept` and `reject` are recognised and cost nothing. A filter that reads only
attributes runs once per attribute set; one that also reads the source, the
preference or the next hop once per combination; one that tests the network
against sets and lengths once per outcome of these tests; one that reads the
network otherwise, or whose outcome differs between two runs (`print`, table
lookups), for every route. The analysis is the filter compiler's
(`CompiledFilter.inputs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pybird.filter.compile import CompiledFilter, Inputs
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from pybird.filter.subject import Lookup, Subject
from pybird.values.attributes import AttributePool, AttributeSet
from pybird.values.net import NetType, Prefix, net_of
from pybird.values.route import Hop, Rte

MOST_MEMOS: Final = 100_000


class Judge(NamedTuple):
    """What every policy of a router needs: its attribute pool, compiler, log and tables."""

    pool: AttributePool
    compile: Callable[[Filter], CompiledFilter]
    log: Callable[[str], None]
    lookup: Lookup | None


class Outcome(NamedTuple):
    """What an accepting filter made of a route; `hop` None: the route's own."""

    attrs: AttributeSet
    hop: Hop | None
    preference: int

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
        self._inside = inside
        self._net_type = net_type
        self._judge = judge
        self._subject = Subject(judge.pool, net_type, judge.log, judge.lookup)
        self._memo: dict[Any, Outcome | None] = {}
        self._compiled: CompiledFilter | None = None
        self._mask_of: Callable[[bytes], int] | None = None  # set: remember per outcome of the net tests
        inputs = Inputs()
        if not (filter.body == ACCEPT.body or self.rejects_all):
            self._compiled = judge.compile(filter)
            inputs = self._compiled.inputs
        each = inside is not None or inputs.per_net or inputs.volatile or bool(inputs.tables)
        if inputs.net_sets and not each:
            assert self._compiled is not None
            self._mask_of = self._compiled.masker(net_type)
        self.per_net: Final = each or self._mask_of is not None
        self._by_source = not inputs.reads.isdisjoint(("source", "proto", "from"))
        self._by_hop = "hop" in inputs.reads

    def judge(self, rte: Rte, key: bytes) -> Rte | None:
        """The route as the filter leaves it; None: rejected."""
        if self.accepts_all:
            return rte
        if self.rejects_all:
            return None
        if self._mask_of is not None:
            outcome = self._remembered(rte, key, self._mask_of(key))
        elif self.per_net:
            outcome = self._run(rte, key)
        else:
            outcome = self._remembered(rte, key, 0)
        return outcome.applied(rte) if outcome is not None else None

    def _remembered(self, rte: Rte, key: bytes, mask: int) -> Outcome | None:
        memo_key = (
            mask,
            rte.attrs,
            rte.preference,
            rte.source if self._by_source else None,
            (rte.hop, rte.hop.version) if self._by_hop else None,
        )
        memo = self._memo
        if memo_key in memo:
            return memo[memo_key]
        if len(memo) >= MOST_MEMOS:
            memo.clear()
        outcome = memo[memo_key] = self._run(rte, key, mask)
        return outcome

    def _run(self, rte: Rte, key: bytes, mask: int = 0) -> Outcome | None:
        if self._inside is not None and not self._is_inside(key):
            return None
        if self._compiled is None:
            return Outcome(rte.attrs, None, rte.preference)
        subject = self._subject
        subject.load(rte, key)
        compiled = self._compiled
        accepted = compiled.run_masked(subject, mask) if self._mask_of is not None else compiled.run(subject)
        if not accepted:
            return None
        attrs = self._judge.pool.edit(rte.attrs, subject.changes)
        return Outcome(attrs, subject.hop, subject.preference)

    def _is_inside(self, key: bytes) -> bool:
        net = net_of(self._net_type, key)
        return isinstance(net, Prefix) and self._inside is not None and self._inside.covers(net)
