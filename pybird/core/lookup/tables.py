"""Tables and interfaces as filters look them up: RPKI origin (RFC 6811) and ASPA validation.

ROA tables have an index (`roa.py`). ASPA follows the verification draft
of the SIDROPS group (upstream and downstream paths).
"""

from __future__ import annotations

from typing import Any, Final

from pybird.core.forwarding.interfaces import Interfaces
from pybird.core.forwarding.neighbors import Neighbors
from pybird.core.lookup.roa import ROA_UNKNOWN, RoaIndex
from pybird.core.table import Table
from pybird.filter.route_context import RoaStates
from pybird.values.address import Address
from pybird.values.aspath import SEQUENCE, AsPath
from pybird.values.attributes import AttributePool
from pybird.values.net import Net, NetType

ASPA_UNKNOWN: Final = 0
ASPA_VALID: Final = 1
ASPA_INVALID: Final = 2

NO_ATTESTATION: Final = 0
PROVIDER: Final = 1
NOT_PROVIDER: Final = 2


class NoRecords:
    """Stands for a table that does not exist or is not a ROA table: nothing is known."""

    def state(self, key: bytes, asn: int) -> int:
        """Always ROA_UNKNOWN."""
        return ROA_UNKNOWN

    def divide(self, keys: list[bytes], asn: int) -> dict[int, list[bytes]]:
        """All networks are ROA_UNKNOWN."""
        return {ROA_UNKNOWN: keys}


class TableLookup:
    """`filter.route_context.Lookup` on the router's tables and interfaces."""

    def __init__(
        self, tables: dict[str, Table], pool: AttributePool, interfaces: Interfaces, neighbors: Neighbors
    ) -> None:
        self._tables = tables
        self._pool = pool
        self._interfaces = interfaces
        self._neighbors = neighbors
        self._indexes: dict[str, RoaIndex] = {}

    def roa_check(self, table: str, net: Net, asn: int) -> int:
        """ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 (RFC 6811)."""
        if net.type not in (NetType.IP4, NetType.IP6):
            return ROA_UNKNOWN
        return self.roa_states(table, net.type).state(net.key, asn)

    def roa_states(self, table: str, net_type: NetType) -> RoaStates:
        """The index that answers `roa_check` for networks of this type."""
        found = self._tables.get(table)
        wanted = NetType.ROA4 if net_type is NetType.IP4 else NetType.ROA6
        if found is None or found.net_type is not wanted:
            return NoRecords()
        index = self._indexes.get(table)
        if index is None or index.table is not found:
            index = self._indexes[table] = RoaIndex(found)
        return index

    def forget(self, table: str) -> None:
        """Drop the index of a table that was removed."""
        self._indexes.pop(table, None)

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

    def neighbor(self, address: Address) -> tuple[int, str] | None:
        """(index, name) of the interface on whose link an address is; None: there is none."""
        found = self._neighbors.find(address)
        return (found.index, found.name) if found is not None else None

    def interface(self, name: str) -> int:
        """The index of an interface; 0: no interface has this name."""
        found = self._interfaces.named(name)
        return found.index if found is not None else 0

    def _relation(self, table: Table, customer: int, provider: int) -> int:
        """PROVIDER or NOT_PROVIDER, by the customer's record; NO_ATTESTATION if it has none."""
        routes = table.get(customer.to_bytes(4, "big"))
        if not routes:
            return NO_ATTESTATION
        for rte in routes:
            providers = self._pool.view(rte.attrs).get("aspa_providers")
            if providers is not None and provider in providers.items:
                return PROVIDER
        return NOT_PROVIDER


def _collapsed(path: AsPath) -> list[int] | None:
    """The AS numbers without repetitions, the neighbor's first; None if there is a set."""
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
