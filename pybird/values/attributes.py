"""Attribute sets, which many routes share; interned.

A set has two parts: the BGP path attributes in canonical bytes (ascending
type, shortest length form, AS_PATH with 4-octet numbers, MP_UNREACH and
duplicates dropped, MP_REACH reduced to AFI, SAFI and next hop) and the
attributes that have no BGP code (`krt_prefsrc`, `radv_lifetime`, custom ones)
as sorted name-value pairs. Equal sets are one object: compare them by identity,
and use them as keys of memos. A set holds only what was received or set: no
resolved next hop, no source, no preference, no time.

Which attributes exist is declared by the protocols (`AttributeDecl`) and
collected once, in the `AttributePool`. One router has one pool.

Unused sets are dropped in rounds. A round begins when the sets take twice the
memory that the last round left (plus `FREE_GROWTH`), and checks a few sets for
each new one; so a neighbor that keeps sending new sets cannot fill the memory.
Each round increments `epoch`: memos keyed by sets must then be emptied, because
they would keep the sets alive.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final


@dataclass(frozen=True, slots=True)
class AttributeDecl:
    """One attribute that filters, the CLI and protocols know by name.

    `type` is a type of the filter language (`"int"`, `"bgppath"`, `"enum rts"`).
    An attribute with a BGP `code` lives in the wire bytes and has `flags`,
    `decode` and `encode`; `decode` is only called on values that passed the
    protocol's own checks. `label` is the name that dialect 2 prints
    (`BGP.local_pref`); `text` formats the value where `str` is not right. An
    attribute with a `field` (attribute, bit mask) is a bool: one of these bits
    of that attribute is set.
    """

    name: str
    type: str
    code: int | None = None
    flags: int = 0
    decode: Callable[[bytes], Any] | None = None
    encode: Callable[[Any], bytes] | None = None
    writable: bool = True
    label: str = ""
    hidden: bool = False
    text: Callable[[Any], str] | None = None
    field: tuple[str, int] | None = None


@final
class AttributeSet:
    """An interned set; compare with `is`. Made only by an `AttributePool`.

    `compared`: what selection compares of it, as a number that the protocol makes when
    it first needs it (-1 before).
    """

    __slots__ = ("compared", "other", "wire")

    def __init__(self, wire: bytes, other: tuple[tuple[str, Any], ...]) -> None:
        self.wire: Final = wire
        self.other: Final = other
        self.compared = -1

    def __repr__(self) -> str:
        return f"AttributeSet({self.wire.hex()}, {self.other})"


def split(wire: bytes) -> Iterable[tuple[int, int, bytes]]:
    """The (flags, code, value) of each attribute in canonical bytes."""
    at, end = 0, len(wire)
    while at < end:
        flags, code = wire[at], wire[at + 1]
        if flags & 0x10:
            start = at + 4
            length = wire[at + 2] << 8 | wire[at + 3]
        else:
            start = at + 3
            length = wire[at + 2]
        at = start + length
        yield flags, code, wire[start:at]


def pieces(wire: bytes) -> dict[int, bytes]:
    """The attributes of canonical bytes by code, each with its header."""
    found: dict[int, bytes] = {}
    at, end = 0, len(wire)
    while at < end:
        extended = wire[at] & 0x10
        stop = at + (4 + (wire[at + 2] << 8 | wire[at + 3]) if extended else 3 + wire[at + 2])
        found[wire[at + 1]] = wire[at:stop]
        at = stop
    return found


def find(wire: bytes, code: int) -> bytes | None:
    """The value of one attribute of canonical bytes; None without it."""
    at, end = 0, len(wire)
    while at < end:
        if wire[at] & 0x10:
            start = at + 4
            stop = start + (wire[at + 2] << 8 | wire[at + 3])
        else:
            start = at + 3
            stop = start + wire[at + 2]
        if wire[at + 1] == code:
            return wire[start:stop]
        at = stop
    return None


def value_of(octets: bytes) -> bytes:
    """The value of an attribute as `pieces` returns it, without the header."""
    return octets[4:] if octets[0] & 0x10 else octets[3:]


Wanted = dict[int, tuple[str, Callable[[bytes], Any]]]  # attributes to read, by code: (name, decoder)


class AttributeTooLongError(ValueError):
    """An attribute value is too long for any message."""


UNKNOWN_PREFIX: Final = "bgp_unknown_0x"
# The attribute that every BGP route has, and attribute flags (RFC 4271, 4.3).
ORIGIN: Final = 1
OPTIONAL_TRANSITIVE: Final = 0xC0
PARTIAL: Final = 0x20
MOST_OCTETS: Final = 65000  # of a value that `edit` writes: it shares a message of 65535 octets
CHECKED_PER_NEW_SET: Final = 4  # sets that a running round checks for each new set
SET_SIZE: Final = 2048  # octets that a set costs besides its wire form, with memos
MOST_VIEWED: Final = 2 << 20  # octets of the sets whose views are cached; the views take several times that
FREE_GROWTH: Final = 8 << 20  # octets by which the sets may grow in any case before a round begins


class AttributePool:
    """Interns sets and keeps a bounded cache of their parsed views."""

    def __init__(self, declarations: Iterable[AttributeDecl], views: int = 20000) -> None:
        self.by_name: Final[dict[str, AttributeDecl]] = {}
        self.by_code: Final[dict[int, AttributeDecl]] = {}
        self.places: Final[dict[str, int]] = {}  # by name: position in the order of declaration
        self._writers: dict[str, tuple[int, int, Callable[[Any], bytes]]] = {}  # results of `_writer`
        self._sets: dict[tuple[bytes, tuple[tuple[str, Any], ...]], AttributeSet] = {}
        self._views: dict[AttributeSet, dict[str, Any]] = {}
        self._most_views: Final = views
        self._viewed = 0  # octets of the sets whose views were parsed
        self.epoch = 0  # memos keyed by sets must be emptied when it changes
        self._size = 0  # octets of all sets
        self._ceiling = FREE_GROWTH  # a round begins when `_size` is above it
        self._fresh = 0  # octets of the sets made since the last round began
        self._round: list[tuple[bytes, tuple[tuple[str, Any], ...]]] = []  # keys still to be checked
        self._unused = 0  # reference count of a set that only the pool refers to
        self._calibrate()
        for decl in declarations:
            self.declare(decl)
        self.empty: Final = self.intern(b"")

    def declare(self, decl: AttributeDecl) -> None:
        """Add an attribute; custom attributes of the configuration are added like this too."""
        self._writers.clear()
        self.by_name[decl.name] = decl
        self.places.setdefault(decl.name, len(self.places))
        if decl.code is not None:
            self.by_code[decl.code] = decl

    def intern(self, wire: bytes, other: tuple[tuple[str, Any], ...] = ()) -> AttributeSet:
        """The one set with these canonical bytes and these sorted pairs."""
        key = (wire, other)
        found = self._sets.get(key)
        if found is None:
            self._size += len(wire) + SET_SIZE
            self._fresh += len(wire) + SET_SIZE
            if self._round or self._size > self._ceiling:
                self.sweep(CHECKED_PER_NEW_SET)
            found = self._sets[key] = AttributeSet(wire, other)
        return found

    # unused sets --------------------------------------------------------

    def begin_round(self) -> None:
        """Let the next `sweep` begin with all sets again; for when many have just become unused."""
        self._round = []

    def sweep(self, most: int) -> bool:
        """Check this many sets of the round (or of a new one), drop unused ones; False at its end."""
        waiting = self._round
        if not waiting:
            self.epoch += 1
            self._fresh = 0
            self._views.clear()
            waiting = self._round = list(self._sets)
        sets, unused = self._sets, self._unused
        for _ in range(min(most, len(waiting))):
            key = waiting.pop()
            found = sets.get(key)
            if found is not None and sys.getrefcount(found) <= unused:
                del sets[key]
                self._size -= len(found.wire) + SET_SIZE
        if waiting:
            return True
        self._ceiling = FREE_GROWTH + 2 * max(self._size - self._fresh, 0)
        return False

    def _calibrate(self) -> None:
        """Measure the reference count that `sweep` sees on an unused set; compiled code holds fewer."""
        self.intern(b"")
        while self._sets:
            self._unused += 1
            self.sweep(1)

    # reading and editing ------------------------------------------------

    def view(self, attrs: AttributeSet) -> dict[str, Any]:
        """All attributes of the set by name, as filter values. Cached: do not modify it."""
        found = self._views.get(attrs)
        if found is None:
            if len(self._views) >= self._most_views or self._viewed > MOST_VIEWED:
                self._views.clear()
                self._viewed = 0
            self._viewed += len(attrs.wire)
            found = self._views[attrs] = self._parse(attrs)
        return found

    def _parse(self, attrs: AttributeSet) -> dict[str, Any]:
        view: dict[str, Any] = {}
        by_code = self.by_code
        wire = attrs.wire
        at, end = 0, len(wire)
        while at < end:
            code = wire[at + 1]
            if wire[at] & 0x10:
                start = at + 4
                length = wire[at + 2] << 8 | wire[at + 3]
            else:
                start = at + 3
                length = wire[at + 2]
            at = start + length
            decl = by_code.get(code)
            if decl is None or decl.decode is None:
                view[f"{UNKNOWN_PREFIX}{code:02x}"] = wire[start:at]
            else:
                view[decl.name] = decl.decode(wire[start:at])
        view.update(attrs.other)
        return view

    def value(self, attrs: AttributeSet, name: str, default: Any = None) -> Any:
        """The value of one attribute of the set, or `default`."""
        found = self._views.get(attrs)
        if found is not None:
            return found.get(name, default)
        decl = self.by_name.get(name)
        if decl is None or decl.code is None or decl.decode is None:
            return self.view(attrs).get(name, default)
        octets = find(attrs.wire, decl.code)
        return default if octets is None else decl.decode(octets)

    def part(self, attrs: AttributeSet, wanted: Wanted) -> dict[str, Any]:
        """The wanted BGP attributes and all others of the set, in a new dict that the caller may modify."""
        view: dict[str, Any] = dict(attrs.other) if attrs.other else {}
        wire = attrs.wire
        at, end = 0, len(wire)
        while at < end:
            row = wanted.get(wire[at + 1])
            if wire[at] & 0x10:
                start = at + 4
                at = start + (wire[at + 2] << 8 | wire[at + 3])
            else:
                start = at + 3
                at = start + wire[at + 2]
            if row is not None:
                view[row[0]] = row[1](wire[start:at])
        return view

    def wanted(self, names: Iterable[str]) -> Wanted:
        """Those of the names that are BGP attributes, prepared for `part`."""
        found: Wanted = {}
        for name in names:
            code = self._writer(name)[0]
            if code >= 0:
                decl = self.by_code.get(code)
                if decl is None or decl.decode is None:
                    found[code] = (f"{UNKNOWN_PREFIX}{code:02x}", bytes)
                else:
                    found[code] = (decl.name, decl.decode)
        return found

    def edit(self, attrs: AttributeSet, changes: Mapping[str, Any]) -> AttributeSet:
        """The set with these attributes changed; a value of None removes one.

        An optional transitive attribute that is added to a BGP route (one that has ORIGIN)
        gets the Partial bit: the originator did not attach it (RFC 4271, 5).

        Raises:
            AttributeTooLongError: a value has more octets than fit into a message.
        """
        if not changes:
            return attrs
        wire = pieces(attrs.wire)
        other: dict[str, Any] | None = None
        writers = self._writers
        for name, value in changes.items():
            writer = writers.get(name)
            if writer is None:
                writer = writers[name] = self._writer(name)
            code, flags, encode = writer
            if code < 0:
                if other is None:
                    other = dict(attrs.other)
                if value is None:
                    other.pop(name, None)
                else:
                    other[name] = value
            elif value is None:
                wire.pop(code, None)
            else:
                octets = encode(value)
                length = len(octets)
                if flags & OPTIONAL_TRANSITIVE == OPTIONAL_TRANSITIVE:
                    old = wire.get(code)
                    flags |= old[0] & PARTIAL if old is not None else PARTIAL if ORIGIN in wire else 0
                if length <= 255:
                    wire[code] = bytes((flags, code, length)) + octets
                elif length <= MOST_OCTETS:
                    wire[code] = bytes((flags | 0x10, code, length >> 8, length & 255)) + octets
                else:
                    raise AttributeTooLongError(f"{name} has {length} octets, no message could carry it")
        pairs = attrs.other if other is None else tuple(sorted(other.items()))
        return self.intern(b"".join([wire[code] for code in sorted(wire)]), pairs)

    def _writer(self, name: str) -> tuple[int, int, Callable[[Any], bytes]]:
        """(code, flags, encoder) of an attribute; the code is -1 if it is not a BGP attribute."""
        decl = self.by_name.get(name)
        if decl is not None:
            code = -1 if decl.code is None else decl.code
        else:
            code = int(name[len(UNKNOWN_PREFIX) :], 16) if name.startswith(UNKNOWN_PREFIX) else -1
        row = self.by_code.get(code)
        flags = decl.flags & 0xEF if decl is not None else 0xC0
        return code, flags, row.encode if row is not None and row.encode is not None else bytes

    def __len__(self) -> int:
        return len(self._sets)
