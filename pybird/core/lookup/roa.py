"""An index of ROA tables, for `roa_check` in filters (RFC 6811).

The index of the records by prefix follows the journal of the table, and is
updated before the next question is answered. As in a prefix set, the first
octets of a network give the lengths of the records that can cover it: the first
octet gives those of less than 16 bits (IPv6: 32), the first 2 (4) the others.

Hot code (also compiled); budget 1 microsecond per question.
"""

from __future__ import annotations

from typing import Final, final

from pybird.core.table import Table, TableReader
from pybird.values.net import NetType

ROA_UNKNOWN: Final = 0
ROA_VALID: Final = 1
ROA_INVALID: Final = 2

Record = tuple[int, int]  # longest length, AS number
Level = dict[int, dict[Record, None]]  # for one prefix length: bits of the prefix -> its records


@final
class RoaIndex:
    """The records of one ROA table."""

    __slots__ = ("_levels", "_long", "_octets", "_pivot", "_reader", "_short", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self._octets: Final = 2 if table.net_type is NetType.ROA4 else 4
        self._pivot: Final = 8 * self._octets
        self._levels: dict[int, Level] = {}
        # By the octets that networks under them begin with: length -> number of prefixes.
        self._short: dict[bytes, dict[int, int]] = {}
        self._long: dict[bytes, dict[int, int]] = {}
        self._reader = TableReader(_ignore_changes)
        table.readers.append(self._reader)
        for key in table.keys():  # noqa: SIM118  a method of the table
            self._add(key)

    @property
    def empty(self) -> bool:
        """True if the index holds nothing, as it must once all records are removed."""
        self._catch_up()
        return not (self._short or self._long)

    def state(self, key: bytes, asn: int) -> int:
        """The RFC 6811 state of a network (by its table key) with this origin AS."""
        if self._reader.pending:
            self._catch_up()
        short = self._short.get(key[1:2])
        long = self._long.get(key[1 : self._octets + 1])
        state = ROA_UNKNOWN if short is None else self._among(short, key, asn)
        if long is None or state == ROA_VALID:
            return state
        return self._among(long, key, asn) or state

    def _among(self, near: dict[int, int], key: bytes, asn: int) -> int:
        """The state by the records of the prefix lengths in `near`."""
        length = key[0]
        value = int.from_bytes(key[1:], "big") >> (-length & 7)
        state = ROA_UNKNOWN
        for shorter in near:
            if shorter <= length:
                records = self._levels[shorter].get(value >> (length - shorter))
                if records is not None:
                    if asn and _attests(records, length, asn):
                        return ROA_VALID
                    state = ROA_INVALID
        return state

    def divide(self, keys: list[bytes], asn: int) -> dict[int, list[bytes]]:
        """Networks of one origin AS, grouped by state; fast for the many that no record covers."""
        if self._reader.pending:
            self._catch_up()
        short, long = self._short, self._long
        end = self._octets + 1
        out: dict[int, list[bytes]] = {}
        for key in keys:
            near = long.get(key[1:end])
            if short and key[1:2] in short:
                state = self.state(key, asn)
            else:
                state = ROA_UNKNOWN if near is None else self._among(near, key, asn)
            alike = out.get(state)
            if alike is None:
                out[state] = [key]
            else:
                alike.append(key)
        return out

    def _catch_up(self) -> None:
        pending = self._reader.pending
        self._reader.pending = {}
        for key in pending:
            self._remove(key)
            if self.table.best(key) is not None:
                self._add(key)

    def _add(self, key: bytes) -> None:
        prefix, record = _split(key)
        length = prefix[0]
        level = self._levels.get(length)
        if level is None:
            level = self._levels[length] = {}
        value = _bits(prefix)
        records = level.get(value)
        if records is None:
            records = level[value] = {}
            for head in self._heads(prefix):
                index = self._short if length < self._pivot else self._long
                counts = index.get(head)
                if counts is None:
                    counts = index[head] = {}
                counts[length] = counts.get(length, 0) + 1
        records[record] = None

    def _remove(self, key: bytes) -> None:
        prefix, record = _split(key)
        length = prefix[0]
        level = self._levels.get(length)
        value = _bits(prefix)
        records = level.get(value) if level is not None else None
        if level is None or records is None:
            return
        records.pop(record, None)
        if records:
            return
        del level[value]
        for head in self._heads(prefix):
            index = self._short if length < self._pivot else self._long
            counts = index[head]
            counts[length] -= 1
            if not counts[length]:
                del counts[length]
                if not counts:
                    del index[head]

    def _heads(self, prefix: bytes) -> list[bytes]:
        """The first octets of all networks under a prefix; b"" is for the default network, which has none."""
        length = prefix[0]
        if length >= self._pivot:
            return [prefix[1 : self._octets + 1]]
        if length >= 8:
            return [prefix[1:2]]
        first = prefix[1] if length else 0
        heads = [bytes((octet,)) for octet in range(first, first + (1 << (8 - length)))]
        return [b"", *heads] if length == 0 else heads


def _attests(records: dict[Record, None], length: int, asn: int) -> bool:
    for longest, origin in records:  # noqa: SIM110  compiled code has no generator expressions
        if origin == asn and length <= longest:
            return True
    return False


def _bits(prefix: bytes) -> int:
    """The bits of a prefix key as a number."""
    return int.from_bytes(prefix[1:], "big") >> (-prefix[0] & 7)


def _ignore_changes() -> None:
    """The `wake` of the index: it reads changes when it is asked, not when they happen."""


def _split(key: bytes) -> tuple[bytes, Record]:
    """A ROA key as prefix key and (longest length, AS number)."""
    return key[:-5], (key[-5], int.from_bytes(key[-4:], "big"))
