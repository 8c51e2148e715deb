"""The filters of one router: compiled once per body, and compared by what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

from pybird.core.forwarding.nexthop import HopTable
from pybird.core.loglimit import LogLimit
from pybird.core.lookup.tables import TableLookup
from pybird.core.policy import Judge, PathPolicy, Policy
from pybird.core.ports import Clock
from pybird.core.table import Table
from pybird.filter.budget import Budget
from pybird.filter.compile import CompiledFilter, compile_filter
from pybird.filter.digest import digest
from pybird.filter.nodes import Filter
from pybird.values.attributes import AttributePool
from pybird.values.net import NetType, Prefix

Meanings = dict[int, tuple[Filter, str]]  # digest by the filter's id()
Code = dict[int, tuple[Filter, CompiledFilter]]  # by the id() of the filter's body
MOST_PRINTED: Final = 1000  # log lines that the filter of one command may write
MOST_LINE: Final = 1000  # characters of each


class Policies:
    """Compiled filters and their digests.

    `follow` is called with the tables that a filter looks into, so that routes
    can be filtered again when those change.
    """

    def __init__(
        self,
        pool: AttributePool,
        tables: dict[str, Table],
        lookup: TableLookup,
        hops: HopTable,
        clock: Clock,
        log: Callable[[str, str], None],
        asserted: Callable[[Any], None] | None,
    ) -> None:
        self.follow: Callable[[tuple[str, ...]], None] = _ignore_tables
        self._pool = pool
        self._tables = tables
        self._clock = clock
        self._log = log
        self._errors = LogLimit()
        self._compiled: Code = {}
        self._prepared: Code = {}  # for the config to be applied next
        self._code: list[CompiledFilter] = []
        self._meanings: Meanings = {}
        self._judge = Judge(
            pool,
            self.compile,
            self._print,
            lookup,
            hops.entry_for,
            self._generation,
            asserted,
            self._complain,
        )

    def policy(
        self,
        filter: Filter,  # noqa: A002
        net_type: NetType,
        inside: Prefix | None = None,
        paths: bool = False,
    ) -> Policy:
        """A policy that runs this filter, for one channel or group; compiled code is shared."""
        kind = PathPolicy if paths else Policy
        policy = kind(filter, net_type, self._judge, inside)
        self.follow(policy.tables)
        return policy

    def trial(self, filter: Filter, net_type: NetType) -> Policy:  # noqa: A002
        """A policy for one command; it shares no code, so call `compiled.clear()` after use.

        It raises `TooManyStepsError` if one route takes too many steps. Of the lines
        that it prints, the first `MOST_PRINTED` are logged.
        """
        printed = count(1)

        def log(text: str) -> None:
            number = next(printed)
            if number <= MOST_PRINTED:
                self._print(text[:MOST_LINE])
            elif number == MOST_PRINTED + 1:
                self._print("... this command prints more")

        judge = self._judge._replace(
            log=log, compile=lambda found: compile_filter(found, self._pool.by_name, Budget())
        )
        return Policy(filter, net_type, judge)

    def meaning(self, filter: Filter) -> str:  # noqa: A002
        """The filter's digest; two filters that do the same have the same one."""
        known = self._meanings.get(id(filter))
        if known is None:
            known = self._meanings[id(filter)] = (filter, digest(filter))
        return known[1]

    @property
    def meanings(self) -> Meanings:
        """A copy of all known digests."""
        return dict(self._meanings)

    def compile(self, filter: Filter) -> CompiledFilter:  # noqa: A002
        """The compiled form, cached by filter body."""
        known = self._compiled.get(id(filter.body))
        if known is None:
            compiled = compile_filter(filter, self._pool.by_name)
            known = self._compiled[id(filter.body)] = (filter, compiled)
            self._code.append(compiled)
        return known[1]

    def prepare(self, meanings: Meanings, compiled: Code) -> None:
        """Keep the digests and code of a config until `adopt`."""
        self._meanings.update(meanings)
        self._prepared = compiled
        self._code += [code for _, code in compiled.values()]

    def adopt(self, filters: Iterable[Filter]) -> None:
        """A config with these filters takes effect: forget what only the previous one needed."""
        self._compiled, self._prepared = self._prepared, {}
        used = {id(found): None for found in filters}
        self._meanings = {key: known for key, known in self._meanings.items() if key in used}

    def drop_unused(self, running: list[Policy]) -> None:
        """Break the reference cycles of compiled filters that no config or `running` policy uses.

        The daemon runs without the garbage collector, so a dropped
        configuration must be freed by reference counts alone.
        """
        used = {id(code): None for _, code in self._compiled.values()}
        for policy in running:
            used[id(policy.compiled)] = None
        kept: list[CompiledFilter] = []
        for code in self._code:
            if id(code) in used:
                kept.append(code)
            else:
                code.clear()
        self._code = kept

    def _print(self, text: str) -> None:
        self._log("info", text)

    def _complain(self, text: str) -> None:
        line = self._errors.allowed(text, self._clock.now())
        if line is not None:
            self._log("error", line)

    def _generation(self, names: tuple[str, ...]) -> int:
        total = 0
        for name in names:
            table = self._tables.get(name)
            total += table.generation if table is not None else 0
        return total


def _ignore_tables(names: tuple[str, ...]) -> None:
    """The default of `follow`: nothing is filtered again when a table changes."""
