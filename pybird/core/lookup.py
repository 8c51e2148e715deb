"""Questions that filters ask tables: RPKI origin (RFC 6811) and ASPA validation.

ROA tables are indexed by prefix; the index follows the table's journal and is
brought up to date when a question comes. ASPA follows the verification draft
of the SIDROPS group (upstream and downstream paths).
"""

from __future__ import annotations

from typing import Any, Final

from pybird.core.table import Reader, Table
from pybird.values.aspath import SEQUENCE, AsPath
from pybird.values.attributes import AttributePool
from pybird.values.net import Net, NetType, prefix_key

ROA_UNKNOWN: Final = 0
ROA_VALID: Final = 1
ROA_INVALID: Final = 2
ASPA_UNKNOWN: Final = 0
ASPA_VALID: Final = 1
ASPA_INVALID: Final = 2

NO_ATTESTATION: Final = 0
PROVIDER: Final = 1
NOT_PROVIDER: Final = 2


class RoaIndex:
    """The records of one ROA table by prefix: (longest length, AS number)."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._reader = Reader(_asleep)
        self._records: dict[bytes, dict[tuple[int, int], None]] = {}
        self._lengths: dict[int, int] = {}  # how many prefixes of each length
        table.readers.append(self._reader)
        for key in table.keys():  # noqa: SIM118  a method of the table
            self._add(key)

    def check(self, net: Any, asn: int) -> int:
        """The state of a prefix announced by this AS."""
        self._catch_up()
        found = False
        for length in range(net.length + 1):
            if length not in self._lengths:
                continue
            records = self._records.get(prefix_key(net.address.masked(length), length))
            if not records:
                continue
            found = True
            for longest, origin in records:
                if origin == asn and asn and net.length <= longest:
                    return ROA_VALID
        return ROA_INVALID if found else ROA_UNKNOWN

    def _catch_up(self) -> None:
        pending, self._reader.pending = self._reader.pending, {}
        for key in pending:
            self._remove(key)
            if self.table.get(key):
                self._add(key)

    def _add(self, key: bytes) -> None:
        prefix, record = _split(key)
        records = self._records.get(prefix)
        if records is None:
            records = self._records[prefix] = {}
            self._lengths[prefix[0]] = self._lengths.get(prefix[0], 0) + 1
        records[record] = None

    def _remove(self, key: bytes) -> None:
        prefix, record = _split(key)
        records = self._records.get(prefix)
        if records is None:
            return
        records.pop(record, None)
        if not records:
            del self._records[prefix]
            self._lengths[prefix[0]] -= 1
            if not self._lengths[prefix[0]]:
                del self._lengths[prefix[0]]


def _asleep() -> None:
    """The index looks when it is asked, not when the table changes."""


def _split(key: bytes) -> tuple[bytes, tuple[int, int]]:
    """A ROA key as prefix key and (longest length, AS number)."""
    return key[:-5], (key[-5], int.from_bytes(key[-4:], "big"))


class TableLookup:
    """`filter.subject.Lookup` on the router's tables."""

    def __init__(self, tables: dict[str, Table], pool: AttributePool) -> None:
        self._tables = tables
        self._pool = pool
        self._indexes: dict[str, RoaIndex] = {}

    def roa_check(self, table: str, net: Net, asn: int) -> int:
        """ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 (RFC 6811)."""
        found = self._tables.get(table)
        wanted = NetType.ROA4 if net.type is NetType.IP4 else NetType.ROA6
        if found is None or found.net_type is not wanted:
            return ROA_UNKNOWN
        index = self._indexes.get(table)
        if index is None or index.table is not found:
            index = self._indexes[table] = RoaIndex(found)
        return index.check(net, asn)

    def aspa_check(self, table: str, path: Any, upstream: bool) -> int:
        """ASPA_UNKNOWN 0, ASPA_VALID 1, ASPA_INVALID 2."""
        found = self._tables.get(table)
        if found is None or found.net_type is not NetType.ASPA:
            return ASPA_UNKNOWN
        numbers = _collapsed(path)
        if not numbers:  # a path with sets, or an empty one
            return ASPA_INVALID
        numbers.reverse()  # the origin first
        up = [self._relation(found, numbers[at], numbers[at + 1]) for at in range(len(numbers) - 1)]
        if upstream:
            if NOT_PROVIDER in up:
                return ASPA_INVALID
            return ASPA_UNKNOWN if NO_ATTESTATION in up else ASPA_VALID
        down = [self._relation(found, numbers[at], numbers[at - 1]) for at in range(len(numbers) - 1, 0, -1)]
        size = len(numbers)
        if _ramp(up, (NOT_PROVIDER,)) + _ramp(down, (NOT_PROVIDER,)) < size:
            return ASPA_INVALID
        unsure = (NOT_PROVIDER, NO_ATTESTATION)
        return ASPA_UNKNOWN if _ramp(up, unsure) + _ramp(down, unsure) < size else ASPA_VALID

    def _relation(self, table: Table, customer: int, provider: int) -> int:
        """Does the customer's record name this provider?"""
        routes = table.get(customer.to_bytes(4, "big"))
        if not routes:
            return NO_ATTESTATION
        for rte in routes:
            providers = self._pool.view(rte.attrs).get("aspa_providers")
            if providers is not None and provider in providers.items:
                return PROVIDER
        return NOT_PROVIDER


def _collapsed(path: AsPath) -> list[int] | None:
    """The AS numbers without repetitions, the neighbour first; None when there is a set."""
    numbers: list[int] = []
    for kind, part in path.segments:
        if kind != SEQUENCE:
            return None
        for asn in part:
            if not numbers or numbers[-1] != asn:
                numbers.append(asn)
    return numbers


def _ramp(relations: list[int], ends: tuple[int, ...]) -> int:
    """How many ASes a ramp has before a relation that ends it."""
    for at, relation in enumerate(relations):
        if relation in ends:
            return at + 1
    return len(relations) + 1
