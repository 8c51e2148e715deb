"""Prefix sets as BIRD prints them.

BIRD shows the nodes of its trie, which has four bits per level. Each node shows the
lengths that match below it as an address with bit (width - length) set. How a
pattern is shown therefore depends on where its prefix ends: at a multiple of four
bits it is a node; elsewhere it is an entry inside the node above and, for longer
lengths, all the nodes below. A node that other patterns pass through has entries
for those of their lengths that end inside it.
"""

from __future__ import annotations

from typing import Final

from pybird.values.address import Address
from pybird.values.prefixset import PrefixSet

_STEP: Final = 4


def show_prefix_set(prefixes: PrefixSet) -> str:
    """`[10.0.0.0/8{1.255.255.255}, …]`."""
    return f"[{', '.join(_Trie(prefixes).texts())}]"


class _Node:
    """A node of the trie: `lengths` that match below its prefix, prefixes that end inside its four bits."""

    __slots__ = ("bits", "children", "inner", "lengths", "value")

    def __init__(self, value: int, bits: int, lengths: int) -> None:
        self.value = value
        self.bits = bits
        self.lengths = lengths
        self.inner: dict[tuple[int, int], None] = {}  # (bits, value), 1 to 3 bits longer
        self.children: list[_Node] = []


class _Trie:
    def __init__(self, prefixes: PrefixSet) -> None:
        self._width = prefixes.bits
        self._root = _Node(0, 0, 0)
        for prefix, low, high in prefixes:
            self._add(prefix.address.value, prefix.length, low, high)

    def _cut(self, value: int, bits: int) -> int:
        drop = self._width - bits
        return value >> drop << drop

    def _add(self, value: int, bits: int, low: int, high: int) -> None:
        bits = min(bits, high)
        lengths = (2 << high) - (1 << low)
        value = self._cut(value, bits)
        above = bits & ~(_STEP - 1)
        if above == bits:
            self._insert(value, bits, lengths)
            return
        node = self._insert(self._cut(value, above), above, lengths & ((2 << above) - 1))
        self._add_inner(node, value, bits, lengths)
        below = above + _STEP
        if lengths >> below:
            for at in range(1 << (below - bits)):
                self._insert(value | at << (self._width - below), below, lengths >> below << below)

    def _add_inner(self, node: _Node, value: int, bits: int, lengths: int) -> None:
        """Add the prefixes of these lengths that end inside a node: up to `bits` one each, beyond it all."""
        for length in range(node.bits + 1, node.bits + _STEP):
            if not lengths >> length & 1:
                continue
            if length <= bits:
                node.inner[length, self._cut(value, length)] = None
            else:
                for at in range(1 << (length - bits)):
                    node.inner[length, value | at << (self._width - length)] = None

    def _insert(self, value: int, bits: int, lengths: int) -> _Node:
        """Find or make the node of this prefix; add these lengths to it and to the nodes above it."""
        node = self._root
        while node.bits < bits:
            node.lengths |= lengths & ((2 << node.bits) - 1)
            self._add_inner(node, value, bits, lengths)
            found = next(
                (child for child in node.children if self._common(child, value, bits) > node.bits), None
            )
            if found is None:
                new = _Node(value, bits, lengths)
                node.children.append(new)
                return new
            common = self._common(found, value, bits)
            if common < found.bits:
                middle = _Node(self._cut(value, common), common, found.lengths & ((2 << common) - 1))
                self._add_inner(middle, found.value, found.bits, found.lengths)
                middle.children.append(found)
                node.children[node.children.index(found)] = middle
                found = middle
            node = found
        node.lengths |= lengths
        return node

    def _common(self, node: _Node, value: int, bits: int) -> int:
        """How many leading bits a node shares with a prefix, in whole steps."""
        most = min(node.bits, bits)
        differ = (node.value ^ value) >> (self._width - most)
        return most - differ.bit_length() & ~(_STEP - 1)

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
        self._show_inner(node, out)
        for child in sorted(node.children, key=lambda item: item.value):
            self._show(child, out)

    def _show_inner(self, node: _Node, out: list[str]) -> None:
        """Show the entries inside a node; one covers longer ones down to the first incomplete length."""
        left = {key: None for key in sorted(node.inner) if not node.lengths >> key[0] & 1}
        while left:
            bits, value = next(iter(left))
            lengths = 0
            for length in range(bits, node.bits + _STEP):
                below = [(length, value | at << (self._width - length)) for at in range(1 << (length - bits))]
                if any(key not in left for key in below):
                    break
                lengths |= 1 << length
                for key in below:
                    del left[key]
            out.append(self._entry(value, bits, lengths))

    def _entry(self, value: int, bits: int, lengths: int) -> str:
        shown = 0
        for length in range(1, self._width + 1):
            if lengths >> length & 1:
                shown |= 1 << (self._width - length)
        return f"{self._address(value)}/{bits}{{{self._address(shown)}}}"

    def _address(self, value: int) -> Address:
        return Address(value.to_bytes(self._width // 8, "big"))
