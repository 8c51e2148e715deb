"""Attribute sets: what many routes share, interned.

A set is two things: the BGP path attributes in canonical bytes (ascending
type, shortest length form, AS_PATH with 4-octet numbers, MP_UNREACH and
duplicates dropped, MP_REACH reduced to AFI, SAFI and next hop) and the
attributes that have no BGP code (`krt_prefsrc`, `radv_lifetime`, custom ones)
as sorted name-value pairs. Equal sets are one object, so identity compares
them and a memo can be keyed by them. A set holds only what was received or
set: no next hop that was resolved, no source, no preference, no time.

Which attributes exist is declared by the protocols (`AttributeDecl`) and
collected once, in the `AttributePool`. One router has one pool.

A set that nobody uses any more is dropped again, in rounds through all sets
that begin when they have doubled, so a neighbor that always sends
something new cannot fill the memory. With each round `epoch` rises: memos that
are keyed by sets are emptied then, or they would hold them for ever.
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
    (`BGP.local_pref`); `text` makes the printed value where `str` does not. An
    attribute with a `field` is a truth value: these bits of that attribute.
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
    """An interned set; compare with `is`. Made only by an `AttributePool`."""

    __slots__ = ("other", "wire")

    def __init__(self, wire: bytes, other: tuple[tuple[str, Any], ...]) -> None:
        self.wire: Final = wire
        self.other: Final = other

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
    """Each attribute of canonical bytes with its header, by code."""
    found: dict[int, bytes] = {}
    at, end = 0, len(wire)
    while at < end:
        extended = wire[at] & 0x10
        stop = at + (4 + (wire[at + 2] << 8 | wire[at + 3]) if extended else 3 + wire[at + 2])
        found[wire[at + 1]] = wire[at:stop]
        at = stop
    return found


def find(wire: bytes, code: int) -> bytes | None:
    """The value of one attribute of canonical bytes."""
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
    """The value of one attribute that `pieces` found."""
    return octets[4:] if octets[0] & 0x10 else octets[3:]


Wanted = dict[int, tuple[str, Callable[[bytes], Any]]]  # attributes by code: name, and how to read it


class AttributeTooLongError(ValueError):
    """A value that no message could carry."""


UNKNOWN_PREFIX: Final = "bgp_unknown_0x"
# The attribute that every route of BGP has, and flags of attributes (RFC 4271, 4.3).
ORIGIN: Final = 1
OPTIONAL_TRANSITIVE: Final = 0xC0
PARTIAL: Final = 0x20
MOST_OCTETS: Final = 65000  # of a value made here: it goes into a message of 65535 with all else
CHECKED_PER_NEW_SET: Final = 4  # sets of a round that are looked at for each new one
SET_SIZE: Final = 2048  # octets of a set besides its wire form, with what memos keep of it
MOST_VIEWED: Final = 2 << 20  # octets of sets whose views are kept, which weigh several times that
FREE_GROWTH: Final = 8 << 20  # octets by which sets may always grow before a round begins


class AttributePool:
    """Interns sets and keeps a bounded cache of their parsed views."""

    def __init__(self, declarations: Iterable[AttributeDecl], views: int = 20000) -> None:
        self.by_name: Final[dict[str, AttributeDecl]] = {}
        self.by_code: Final[dict[int, AttributeDecl]] = {}
        self.places: Final[dict[str, int]] = {}  # in the order of declaration
        self._writers: dict[str, tuple[int, int, Callable[[Any], bytes]]] = {}  # what `_writer` told
        self._sets: dict[tuple[bytes, tuple[tuple[str, Any], ...]], AttributeSet] = {}
        self._views: dict[AttributeSet, dict[str, Any]] = {}
        self._most_views: Final = views
        self._viewed = 0  # octets of the sets whose views were parsed
        self.epoch = 0  # memos keyed by sets are to be emptied when it has changed
        self._size = 0  # octets of all sets
        self._ceiling = FREE_GROWTH  # of the size: above it a round begins
        self._fresh = 0  # octets of the sets made since the round began
        self._round: list[tuple[bytes, tuple[tuple[str, Any], ...]]] = []  # still to look at
        self._unused = 0  # references to a set that only the pool has
        self._calibrate()
        for decl in declarations:
            self.declare(decl)
        self.empty: Final = self.intern(b"")

    def declare(self, decl: AttributeDecl) -> None:
        """Make one attribute known; a custom attribute of a config does this too."""
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

    # sets that nobody uses ----------------------------------------------

    def begin_round(self) -> None:
        """The next `sweep` looks at every set again: many may have just become unused."""
        self._round = []

    def sweep(self, most: int) -> bool:
        """Go on with a round, or begin one, and look at this many sets; False at its end."""
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
        """Find how many references `sweep` sees of an unused set; compiled code holds fewer."""
        self.intern(b"")
        while self._sets:
            self._unused += 1
            self.sweep(1)

    # what a set says ----------------------------------------------------

    def view(self, attrs: AttributeSet) -> dict[str, Any]:
        """Every attribute of the set by name, as filter values. Do not change it."""
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
        """One attribute of the set."""
        found = self._views.get(attrs)
        if found is not None:
            return found.get(name, default)
        decl = self.by_name.get(name)
        if decl is None or decl.code is None or decl.decode is None:
            return self.view(attrs).get(name, default)
        octets = find(attrs.wire, decl.code)
        return default if octets is None else decl.decode(octets)

    def part(self, attrs: AttributeSet, wanted: Wanted) -> dict[str, Any]:
        """The wanted BGP attributes of the set and all others, in a dictionary of the caller's own."""
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
        """The BGP attributes of these names, for `part`."""
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

        An optional transitive one that is new on a route of BGP, which has ORIGIN,
        was not attached by its originator: Partial (RFC 4271, 5).

        Raises:
            AttributeTooLongError: a value has more octets than a message.
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
        """Code, flags and octets of an attribute; -1 as the code of one that is not BGP's."""
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
