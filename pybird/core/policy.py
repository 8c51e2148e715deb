"""A filter as a channel applies it: compiled once, run as rarely as its inputs allow.

`accept` and `reject` are recognized and cost nothing. For other filters the
compiler says what a verdict depends on besides the attribute set
(`filter.compile.Inputs`). A filter that reads only attributes runs once per
attribute set; one that also tests the network against sets and lengths, once
per attribute set and outcome of those tests (a bit mask); one that uses the
network in any other way or has side effects (`print`), once per route. If a
filter reads the source, the next hop or tables, these (tables by their
generation) are part of the memo's key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, final

from pybird.core import scheduler
from pybird.filter.compile import CompiledFilter
from pybird.filter.net_answers import NetAnswers
from pybird.filter.net_questions import RoaTest
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from pybird.filter.route_context import Lookup, RouteContext
from pybird.values.aspath import EMPTY_PATH, AsPath
from pybird.values.attributes import AttributePool, AttributeSet, AttributeTooLongError, Wanted
from pybird.values.net import NetType, Prefix, net_of
from pybird.values.route import Hop, Rte

MOST_MEMOS: Final = 100_000
PATH_ID: Final = 4  # octets before a network, in the keys of paths (core/export/paths.py)
ONCE: Final = 0  # per attribute set
MASKED: Final = 1  # per attribute set and mask
EACH: Final = 2  # per route


class Judge(NamedTuple):
    """What the policies of one router share."""

    pool: AttributePool
    compile: Callable[[Filter], CompiledFilter]
    log: Callable[[str], None]
    lookup: Lookup | None
    resolve: Callable[[Hop], Hop]  # the shared entry for a next hop that a filter set
    generation: Callable[[tuple[str, ...]], int]  # raised by every change of these tables
    asserted: Callable[[Any], None] | None = None  # gets the result of each `bt_assert`
    complain: Callable[[str], None] | None = None  # gets run-time errors


@final
class FilterOutcome:
    """A route's values after a filter; `hop` None: the route's own."""

    __slots__ = ("attrs", "hop", "preference")

    def __init__(self, attrs: AttributeSet, hop: Hop | None, preference: int) -> None:
        self.attrs: Final = attrs
        self.hop: Final = hop
        self.preference: Final = preference

    def applied(self, rte: Rte) -> Rte:
        """The route with these values; the same object if nothing changed."""
        hop = rte.hop if self.hop is None else self.hop
        if self.attrs is rte.attrs and hop is rte.hop and self.preference == rte.preference:
            return rte
        made = Rte(self.attrs, rte.source, hop, self.preference, rte.time, rte.rank, rte.flags)
        made.epoch = rte.epoch
        return made


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
        self.accepts_all: Final[bool] = filter.body == ACCEPT.body and inside is None
        self.rejects_all: Final[bool] = filter.body == REJECT.body
        self.tables: tuple[str, ...] = ()  # those that the filter looks into
        self.failed = False  # the last run ended with an error, which was logged: do not memoise it
        self._inside = inside
        self._net_type = net_type
        self._pool: Final[AttributePool] = judge.pool
        self._resolve = judge.resolve
        self._generation = judge.generation
        self._lookup = judge.lookup
        self._subject = RouteContext(
            judge.pool, net_type, judge.log, judge.lookup, judge.asserted, judge.complain
        )
        self._memo: dict[Any, FilterOutcome | None] = {}
        self._refusals: dict[Any, FilterOutcome] = {}  # values of routes that are None in `_memo`
        self._epoch = judge.pool.epoch
        self._by_source = False
        self._by_hop = False
        self._by_more = False  # source, hop or tables that it looks into while it runs are in the memo's key
        self._wanted: Wanted = {}  # the attributes that it reads
        self._asked: tuple[str, ...] = ()  # tables that it looks into while it runs
        self._roas: tuple[tuple[RoaTest, int], ...] = ()  # each with the position of its answer in the mask
        self._masks: NetAnswers | None = None
        self._compiled: CompiledFilter | None = None
        kind = EACH if inside is not None else ONCE
        if not (filter.body == ACCEPT.body or self.rejects_all):
            compiled = self._compiled = judge.compile(filter)
            kind = max(kind, self._kind_of(compiled))
        self.kind: Final[int] = kind
        self.per_net: Final[bool] = kind != ONCE

    def _kind_of(self, compiled: CompiledFilter) -> int:
        """How often the filter must run: ONCE, MASKED or EACH."""
        inputs = compiled.inputs
        self.tables = inputs.tables
        self._asked = inputs.asked
        self._by_source = bool(inputs.reads & {"source", "proto", "from"})
        self._by_hop = "hop" in inputs.reads
        self._by_more = self._by_source or self._by_hop or bool(self._asked)
        self._wanted = self._pool.wanted(inputs.attributes)
        if inputs.per_net or inputs.volatile:
            return EACH
        if not inputs.masked:
            return ONCE
        if self._net_type not in (NetType.IP4, NetType.IP6):
            return EACH  # a test may fail: peers have no length
        if inputs.roas and self._lookup is None:
            return EACH  # each question is an error
        self._masks = compiled.masks(self._net_type)
        self._roas = tuple([(roa, compiled.tests.bit(roa)) for roa in inputs.roas])
        return MASKED

    @property
    def slice(self) -> int:
        """How many networks to filter in one slice of a job: fewer if the filter runs for each."""
        return max(scheduler.SLICE // 8, 1) if self.kind == EACH else scheduler.SLICE

    @property
    def compiled(self) -> CompiledFilter | None:
        """The filter's code; None for plain accept and reject."""
        return self._compiled

    @property
    def generation(self) -> int:
        """Part of each memo's key: changes with the tables that the filter looks into while it runs."""
        return self._generation(self._asked) if self._asked else 0

    @property
    def epoch(self) -> int:
        """Changes when memos keyed by attribute sets must be emptied."""
        return self._pool.epoch

    def mask(self, rte: Rte, key: bytes) -> int:
        """The outcomes of the filter's tests of the network, as bits."""
        masks = self._masks
        if masks is None:
            return 0
        mask = masks.mask(key)
        return mask if not self._roas else mask | self._states(rte, key)

    def judge(self, rte: Rte, key: bytes) -> Rte | None:
        """The route as the filter leaves it; None: rejected."""
        if self.accepts_all:
            return rte
        outcome = self._outcome(rte, key)
        return outcome.applied(rte) if outcome is not None else None

    def edited(self, rte: Rte, key: bytes) -> Rte:
        """The route as the filter leaves it, even if it rejects."""
        if self._compiled is None:
            return rte
        self._decide(self._compiled, rte, key, self.mask(rte, key), None)
        outcome = self._made(self._compiled, rte)
        return outcome.applied(rte) if outcome is not None else rte

    def export(self, rte: Rte, key: bytes, mask: int) -> tuple[Rte | None, tuple[str, ...]]:
        """(route as from `judge`, attributes that the filter set to the value they had).

        Not memoised: groups memoise their own results. `mask` is that of the network.
        """
        if self.accepts_all:
            return rte, ()
        outcome = self._run(rte, key, mask, None) if not self.rejects_all else None
        if outcome is None:
            return None, ()
        again: tuple[str, ...] = ()
        if self._compiled is not None:
            before, changes = self._pool.view(rte.attrs), self._subject.changes
            again = tuple([name for name in changes if name in before and before[name] == changes[name]])
        return outcome.applied(rte), again

    def _outcome(self, rte: Rte, key: bytes) -> FilterOutcome | None:
        if self.rejects_all:
            return None
        if self.kind == EACH:
            return self._run(rte, key, 0, None)
        return self._remembered(rte, key, Policy.mask(self, rte, key), None)

    def divide(
        self, rte: Rte, keys: list[bytes], kept: list[tuple[Rte, list[bytes]]] | None = None
    ) -> list[tuple[Rte | None, list[bytes]]]:
        """Filter one route for many networks: each outcome with its networks; None: rejected.

        For rejected networks `kept` gets the route as the filter left it, with these networks.
        """
        if not keys:
            return []
        if self.kind == EACH:
            return self._divide_each(rte, keys, kept)
        if self._compiled is None:
            if kept is not None and self.rejects_all:
                kept.append((rte, keys))
            return [(rte if self.accepts_all else None, keys)]
        groups = self._masks.divide(keys) if self._masks is not None else {0: keys}
        if self._roas:
            groups = self._by_states(rte, groups)
        out: list[tuple[Rte | None, list[bytes]]] = []
        for mask, alike in groups.items():
            outcome = self._remembered(rte, alike[0], mask, self._wanted)
            if outcome is not None:
                out.append((outcome.applied(rte), alike))
                continue
            out.append((None, alike))
            if kept is not None:
                kept.append((self._refused(rte, alike[0], mask), alike))
            if self.failed:  # an error counts for each route
                for key in alike[1:]:
                    self._run(rte, key, mask, None)
        return out

    def _divide_each(
        self, rte: Rte, keys: list[bytes], kept: list[tuple[Rte, list[bytes]]] | None
    ) -> list[tuple[Rte | None, list[bytes]]]:
        outcomes: dict[Any, tuple[Rte | None, list[bytes]]] = {}
        refused: dict[Any, tuple[Rte, list[bytes]]] = {}
        for key in keys:
            out = self.judge(rte, key)
            alike = (out.attrs, out.hop, out.preference) if out is not None else None
            if alike in outcomes:
                outcomes[alike][1].append(key)
            else:
                outcomes[alike] = (out, [key])
            if out is None and kept is not None:
                left = self._left(rte, key).applied(rte)
                alike = (left.attrs, left.hop, left.preference)
                if alike in refused:
                    refused[alike][1].append(key)
                else:
                    refused[alike] = (left, [key])
        if kept is not None:
            kept.extend(refused.values())
        return list(outcomes.values())

    # networks and ROA tables ----------------------------------------------

    def _states(self, rte: Rte, key: bytes) -> int:
        """The bits of the mask that are answers of `roa_check`."""
        lookup = self._lookup
        assert lookup is not None
        bits = 0
        for roa, bit in self._roas:
            records = lookup.roa_states(roa.table, self._net_type)
            bits |= records.state(key, self._origin(rte.attrs, roa)) << bit
        return bits

    def _by_states(self, rte: Rte, groups: dict[int, list[bytes]]) -> dict[int, list[bytes]]:
        """Divide the groups further, by the answers of ROA tables."""
        lookup = self._lookup
        assert lookup is not None
        for roa, bit in self._roas:
            records = lookup.roa_states(roa.table, self._net_type)
            asn = self._origin(rte.attrs, roa)
            finer: dict[int, list[bytes]] = {}
            for mask, keys in groups.items():
                for state, alike in records.divide(keys, asn).items():
                    finer[mask | state << bit] = alike
            groups = finer
        return groups

    def _origin(self, attrs: AttributeSet, roa: RoaTest) -> int:
        """The AS number that a `roa_check` is about."""
        if roa.asn is not None:
            return roa.asn
        path: AsPath = self._pool.value(attrs, "bgp_path", EMPTY_PATH)
        return path.last if roa.method == "last" else path.last_nonaggregated

    # running --------------------------------------------------------------

    def forget(self) -> None:
        """Empty the memo: it may hold the last references to attribute sets and sources."""
        self._epoch = self._pool.epoch
        self._memo.clear()
        self._refusals.clear()

    def _memo_key(self, rte: Rte, mask: int) -> Any:
        memo_key: Any = (rte.attrs, rte.preference, mask)
        if not self._by_more:
            return memo_key
        source = rte.source
        return (
            memo_key,
            (source.kind, source.name, source.address) if self._by_source else None,
            (rte.hop, rte.hop.version) if self._by_hop else None,
            self.generation,
        )

    def _remembered(self, rte: Rte, key: bytes, mask: int, wanted: Wanted | None) -> FilterOutcome | None:
        memo_key = self._memo_key(rte, mask)
        self.failed = False
        memo = self._memo
        if memo_key in memo:
            return memo[memo_key]
        if self._epoch != self._pool.epoch or len(memo) >= MOST_MEMOS:
            self.forget()
        outcome = self._run(rte, key, mask, wanted)
        if not self.failed:
            memo[memo_key] = outcome
        return outcome

    def _run(self, rte: Rte, key: bytes, mask: int, wanted: Wanted | None) -> FilterOutcome | None:
        self.failed = False
        if self._inside is not None and not self._is_inside(key):
            return None
        compiled = self._compiled
        if compiled is None:
            return FilterOutcome(rte.attrs, None, rte.preference)
        if not self._decide(compiled, rte, key, mask, wanted):
            self.failed = self._subject.failed
            return None
        return self._made(compiled, rte)

    def _decide(
        self, compiled: CompiledFilter, rte: Rte, key: bytes, mask: int, wanted: Wanted | None
    ) -> bool:
        """Run the code; returns its verdict. What it set is in `_subject` then."""
        subject = self._subject
        subject.load(rte, key, wanted)
        return compiled.run_masked(subject, mask) if self.kind == MASKED else compiled.run(subject)

    def _made(self, compiled: CompiledFilter, rte: Rte) -> FilterOutcome | None:
        """The values that the code has set; None: an attribute is too long."""
        try:
            return self._written(rte)
        except AttributeTooLongError as error:
            self._subject.fail(f"filter {compiled.name}: {error}")
            self.failed = True
            return None

    def _written(self, rte: Rte) -> FilterOutcome:
        """The values that the last run has set. Raises AttributeTooLongError."""
        subject = self._subject
        attrs = self._pool.edit(rte.attrs, subject.changes)
        hop = self._resolve(subject.hop) if subject.hop is not None else None
        return FilterOutcome(attrs, hop, subject.preference)

    def _refused(self, rte: Rte, key: bytes, mask: int) -> Rte:
        """A rejected route as the filter left it; memoised unless an error rejected it.

        The filter runs once more for this, so that it costs nothing where rejected routes are not kept.
        """
        if self.failed:
            return self._left(rte, key).applied(rte)
        memo_key = self._memo_key(rte, mask)
        found = self._refusals.get(memo_key)
        if found is None:
            self._run(rte, key, mask, self._wanted)
            found = self._refusals[memo_key] = self._left(rte, key)
        return found.applied(rte)

    def _left(self, rte: Rte, key: bytes) -> FilterOutcome:
        """The values of a route after the run that has just rejected it."""
        came = FilterOutcome(rte.attrs, None, rte.preference)
        if self._compiled is None or (self._inside is not None and not self._is_inside(key)):
            return came
        try:
            return self._written(rte)
        except AttributeTooLongError:
            return came

    def _is_inside(self, key: bytes) -> bool:
        net = net_of(self._net_type, key)
        return isinstance(net, Prefix) and self._inside is not None and self._inside.covers(net)


class PathPolicy(Policy):
    """A policy that is asked about paths: a path id stands before each network."""

    def mask(self, rte: Rte, key: bytes) -> int:
        return super().mask(rte, key[PATH_ID:])

    def judge(self, rte: Rte, key: bytes) -> Rte | None:
        return super().judge(rte, key[PATH_ID:])

    def export(self, rte: Rte, key: bytes, mask: int) -> tuple[Rte | None, tuple[str, ...]]:
        return super().export(rte, key[PATH_ID:], mask)
