"""Prefix sets as BIRD prints them.

BIRD shows the nodes of its trie, four bits per level, and at each the lengths
that match below it, as an address with bit (width - length) set. What one
pattern becomes therefore depends on where its prefix ends: at a multiple of
four bits it is one node; elsewhere it is an entry inside the node above and,
for longer lengths, all the nodes below.
"""

from __future__ import annotations

from pybird.values.address import Address
from pybird.values.prefixset import PrefixSet


def show_prefix_set(prefixes: PrefixSet) -> str:
    """`[10.0.0.0/8{1.255.255.255}, …]`."""
    return f"[{', '.join(_Trie(prefixes).texts())}]"


class _Node:
    """`lengths` that match below the node's prefix, and prefixes that end inside its four bits."""

    __slots__ = ("bits", "children", "inner", "lengths", "value")

    def __init__(self, value: int, bits: int) -> None:
        self.value = value
        self.bits = bits
        self.lengths = 0
        self.inner: dict[tuple[int, int], None] = {}  # (bits, value), 0 to 3 bits longer
        self.children: list[_Node] = []


class _Trie:
    def __init__(self, prefixes: PrefixSet) -> None:
        self._width = prefixes.bits
        self._root = _Node(0, 0)
        for prefix, low, high in prefixes:
            self._add(prefix.address.value, prefix.length, low, high)

    def _add(self, value: int, bits: int, low: int, high: int) -> None:
        if high < bits:
            bits = high
            value = value >> (self._width - bits) << (self._width - bits)
        end = bits | 3 if bits & 3 else bits
        if bits & 3:
            self._add_inner(value, bits, low, min(high, end))
            if high > end:
                self._add_below(value, bits, max(low, end + 1), high)
            return
        self._insert(value, bits, low, high)

    def _add_below(self, value: int, bits: int, low: int, high: int) -> None:
        step = (bits | 3) + 1
        for at in range(1 << (step - bits)):
            self._insert(value | at << (self._width - step), step, low, high)

    def _add_inner(self, value: int, bits: int, low: int, high: int) -> None:
        node = self._insert(
            value >> (self._width - (bits & ~3)) << (self._width - (bits & ~3)) if bits & ~3 else 0,
            bits & ~3,
            1,
            0,
        )
        for length in range(max(low, bits & ~3), high + 1):
            if length <= bits:
                cut = self._width - length
                node.inner[length, value >> cut << cut if length else 0] = None
            else:
                for at in range(1 << (length - bits)):
                    node.inner[length, value | at << (self._width - length)] = None
        if low < bits & ~3:
            self._insert(node.value, node.bits, low, min(high, node.bits))

    def _insert(self, value: int, bits: int, low: int, high: int) -> _Node:
        mask = (2 << high) - (1 << low) if high >= low else 0
        node = self._root
        while True:
            if node is self._root:
                for length in range(low, min(high, 3, bits) + 1):
                    cut = self._width - length
                    node.inner[length, value >> cut << cut if length else 0] = None
                    if length == 0:
                        node.lengths |= 1
            if node.bits == bits:
                node.lengths |= mask
                return node
            node.lengths |= mask & ((2 << node.bits) - 1) if node is not self._root else 0
            found = next(
                (child for child in node.children if self._common(child, value, bits) > node.bits), None
            )
            if found is None:
                return self._attach(node, value, bits, mask)
            common = self._common(found, value, bits) & ~3
            if common == found.bits:
                node = found
                continue
            if common <= node.bits:
                return self._attach(node, value, bits, mask)
            middle = _Node(value >> (self._width - common) << (self._width - common), common)
            middle.lengths = found.lengths & ((2 << common) - 1)
            middle.children = [found]
            node.children[node.children.index(found)] = middle
            node = middle

    def _attach(self, node: _Node, value: int, bits: int, mask: int) -> _Node:
        new = _Node(value, bits)
        new.lengths = mask
        node.children.append(new)
        return new

    def _common(self, node: _Node, value: int, bits: int) -> int:
        """How many leading bits a node shares with a prefix."""
        differ = (node.value ^ value) >> (self._width - min(node.bits, bits)) if min(node.bits, bits) else 0
        return min(node.bits, bits) - differ.bit_length()

    def texts(self) -> list[str]:
        """The entries in BIRD's order."""
        out: list[str] = []
        if self._root.lengths & 1:
            out.append(f"{self._address(0)}/0")
        self._show(self._root, out)
        return out

    def _show(self, node: _Node, out: list[str]) -> None:
        longer = node.lengths & ~1
        if longer:
            out.append(self._entry(node.value, node.bits, longer))
        covered = node.lengths
        self._show_inner(node, covered, out)
        for child in sorted(node.children, key=lambda item: item.value):
            self._show(child, out)

    def _show_inner(self, node: _Node, covered: int, out: list[str]) -> None:
        inner = {
            key: None for key in node.inner if key[0] and not (key[0] >= node.bits and covered >> key[0] & 1)
        }
        done: dict[tuple[int, int], None] = {}
        for bits, value in sorted(inner):
            if (bits, value) in done:
                continue
            lengths = 0
            for length in range(bits, (bits | 3) + 1):
                below = [(length, value | at << (self._width - length)) for at in range(1 << (length - bits))]
                if any(key not in inner or key in done for key in below):
                    break
                lengths |= 1 << length
                done.update(dict.fromkeys(below))
                if node is self._root and length == bits and (length + 1, value) in inner:
                    wide = all(
                        key in inner
                        for key in [
                            (length + 1, value),
                            (length + 1, value | 1 << (self._width - length - 1)),
                        ]
                    )
                    if not wide:
                        break
            out.append(self._entry(value, bits, lengths))

    def _entry(self, value: int, bits: int, lengths: int) -> str:
        shown = 0
        for length in range(1, self._width + 1):
            if lengths >> length & 1:
                shown |= 1 << (self._width - length)
        return f"{self._address(value)}/{bits}{{{self._address(shown)}}}"

    def _address(self, value: int) -> Address:
        return Address(value.to_bytes(self._width // 8, "big"))
