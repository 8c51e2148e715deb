"""Texts that hypothesis makes: derived from the grammar, and seeds with pieces moved about."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st
from lark import Lark

from pybird.conf.tables import grammar_folder
from pybird.values.text import to_octets, to_text
from tests.fuzz.seeds import Seed, all_seeds
from tests.oracle.choices import Draw, Drawn
from tests.oracle.compare import HEAD
from tests.oracle.programs import Writer

PIECES = re.compile(r'"[^"\n]*"|[A-Za-z_0-9.:/]+|[ \t]+|\n|.', re.DOTALL)
WINDOW = 400  # pieces of a seed that are looked at at once: large ones are cut
WIRE = ("update", "stream", "advertisement", "lldpdu")  # octets, and no text
STEPS = 250  # rules of one derivation before it only ends

NAMES = ("a", "b", "c", "passive", "x1", "'q-1'")
VALUES: dict[str, tuple[str, ...]] = {
    "NAME": (*NAMES, "bgp_path", "bgp_community", "net", "gw", "bgp_med", "master4", "true", "RTS_BGP"),
    "NEW_NAME": NAMES,
    "NEW_LOCAL": NAMES,
    "PARAMETER": NAMES,
    "NUMBER": ("0", "1", "8", "24", "65000", "0xffffffff", "4294967296", "16", "3600"),
    "TEXT": ('"eth*"', '""', '"a"', '"/tmp/x"', '"\udcff"'),
    "ADDRESS": ("192.0.2.1", "fe80::1", "::", "10.0.0.300", "0.0.0.0"),
    "PREFIX": ("10.0.0.0/8", "2001:db8::/32", "::/0", "10.0.0.1/8", "fe80::/10", "192.0.2.0/24"),
    "PREFIX_LONGER": ("10.0.0.0/8+", "2001:db8::/32+"),
    "PREFIX_SHORTER": ("10.0.0.0/8-", "2001:db8::/32-"),
    "RD": ("1:2", "0:1:2", "2:70000:1", "1.2.3.4:5"),
    "MAC": ("02:00:00:00:00:01",),
    "BYTES": ("hex:01:02", "0102030405060708090a", "hex:"),
    "ELSE_COLON": ("else:",),
    "PREFIX_SET": ("[10.0.0.0/8+, 192.0.2.0/24{25,32}]", "[::/0]"),
    "NUMBER_SET": ("[1, 2..5]",),
}  # fmt: skip
GARBAGE = (
    "\0", "\r", "\ufeff", "\udc80", "\xe9", "/*", "*/", '"', "'", "#", "\n", 'include "a";',
    '\ninclude "bird.conf";', "{", "}", "[", "]", "(", ")", "<", ">", ";", "$", "\\", "::", "99999999999",
    "a" * 70, "-", "%", "\u2028", "\x0b",
)  # fmt: skip


class Grammar:
    """The rules of `grammar/`, and the shortest way to end each."""

    def __init__(self) -> None:
        with open(grammar_folder() / "bird.lark", encoding="utf-8") as file:
            lark = Lark(
                file, parser="earley", start=["config", "command", "expression"],
                maybe_placeholders=False,
            )  # fmt: skip
        self.words: dict[str, tuple[str, ...]] = dict(VALUES)
        for terminal in lark.terminals:
            if terminal.pattern.type == "str" and terminal.name not in self.words:
                self.words[terminal.name] = (terminal.pattern.value,)
        self.rules: dict[str, list[list[tuple[str, bool]]]] = {}
        for rule in lark.rules:
            parts = [(symbol.name, symbol.is_term) for symbol in rule.expansion]
            self.rules.setdefault(rule.origin.name, []).append(parts)
        self._depths = self._measure()
        for options in self.rules.values():
            options.sort(key=self._depth)

    def _measure(self) -> dict[str, int]:
        depths: dict[str, int] = {}
        changed = True
        while changed:
            changed = False
            for name, options in self.rules.items():
                for parts in options:
                    if all(term or part in depths for part, term in parts):
                        found = 1 + max((0 if term else depths[part] for part, term in parts), default=0)
                        if found < depths.get(name, 1 << 30):
                            depths[name] = found
                            changed = True
        return depths

    def _depth(self, parts: list[tuple[str, bool]]) -> int:
        return max((0 if term else self._depths[part] for part, term in parts), default=0)

    def derive(self, start: str, choose: Callable[[int], int], steps: int = STEPS) -> str:
        """A text of this rule; `choose(n)` gives a number below n."""
        found: list[str] = []
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            name, is_word = waiting.pop()
            if is_word:
                options = self.words[name]
                found.append(options[choose(len(options))])
                continue
            steps -= 1
            rules = self.rules[name]
            shortest = self._depth(rules[0])
            ending = [rule for rule in rules if self._depth(rule) == shortest]
            rule = rules[choose(len(rules))] if steps > 0 else ending[choose(len(ending))]
            waiting.extend(reversed(rule))
        return " ".join(found)


@cache
def grammar() -> Grammar:
    """The grammar, read once."""
    return Grammar()


def rearranged(items: Any, way: int, first: int, last: int, to: Callable[[int], int]) -> None:
    """Drop (0), double (1) or move (2) a part of a list or of octets; `to(n)` says where among n."""
    part = items[first:last]
    match way:
        case 0:
            del items[first:last]
        case 1:
            items[first:first] = part
        case _:
            del items[first:last]
            at = to(len(items))
            items[at:at] = part


@st.composite
def changed(draw: Any, seeds: list[Seed]) -> Seed:
    """The octets of a seed with some of them flipped, dropped, doubled or replaced."""
    octets = bytearray(to_octets(draw(st.sampled_from(seeds)).text))
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, len(octets)))
        last = min(first + draw(st.integers(0, 8)), len(octets))
        match draw(st.integers(0, 5)):
            case 0 | 1 as way:
                rearranged(octets, way, first, last, lambda _: 0)
            case 2:
                octets[first:last] = draw(st.binary(max_size=8))
            case 3 if first < len(octets):
                octets[first] = draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF, len(octets) & 0xFF)))
            case 4 if first < len(octets):
                octets[first] = (octets[first] + draw(st.sampled_from((1, -1, 4, 16)))) & 0xFF
            case _:
                other = to_octets(draw(st.sampled_from(seeds)).text)
                start = draw(st.integers(0, len(other)))
                octets[first:last] = other[start : start + draw(st.integers(1, 40))]
    return Seed(to_text(bytes(octets)), {})


@st.composite
def derived(draw: Any, start: str) -> str:
    """A text that the grammar allows, whatever its names mean."""
    return grammar().derive(start, lambda size: draw(st.integers(0, size - 1)) if size > 1 else 0)


def _cut(text: str, at: float) -> tuple[str, list[str], str]:
    pieces = PIECES.findall(text)
    start = int(at * max(len(pieces) - WINDOW, 0))
    return "".join(pieces[:start]), pieces[start : start + WINDOW], "".join(pieces[start + WINDOW :])


@st.composite
def mutated(draw: Any, seeds: list[Seed]) -> Seed:
    """A seed with some pieces dropped, doubled, moved or replaced, in its text or in one of its files."""
    seed = draw(st.sampled_from(seeds))
    names = ["", *sorted(seed.files)]
    name = names[draw(st.integers(0, len(names) - 1))]
    head, pieces, tail = _cut(seed.files.get(name, seed.text), draw(st.floats(0, 1)))
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, len(pieces)))
        last = min(first + draw(st.integers(0, 12)), len(pieces))
        match draw(st.integers(0, 5)):
            case 0 | 1 | 2 as way:
                rearranged(pieces, way, first, last, lambda size: draw(st.integers(0, size)))
            case 3:
                pieces[first:last] = [draw(st.sampled_from(GARBAGE))]
            case 4:
                words = sorted(word for options in grammar().words.values() for word in options)
                pieces[first : first + 1] = [" ", draw(st.sampled_from(words)), " "]
            case _:
                other = draw(st.sampled_from(seeds))
                _, others, _ = _cut(other.text, draw(st.floats(0, 1)))
                start = draw(st.integers(0, len(others)))
                pieces[first:last] = others[start : start + draw(st.integers(1, 40))]
    text = head + "".join(pieces) + tail
    if not name:
        return Seed(text, seed.files)
    return Seed(seed.text, {**seed.files, name: text})


def every(*, corpus: bool = True) -> dict[str, st.SearchStrategy[Seed]]:
    """What each target is given; texts of the corpus among the seeds, where it is."""
    found = {}
    starts = {"config": "config", "layout": "config", "command": "command", "expression": "expression"}
    for name, seeds in all_seeds(corpus=corpus).items():
        if name in WIRE:
            found[name] = st.one_of(changed(seeds), st.binary(max_size=200).map(to_text).map(_alone))
            continue
        ways = [mutated(seeds)]
        if name in starts:
            ways.append(derived(starts[name]).map(_alone))
        if name in ("command", "expression"):
            ways.append(st.text(max_size=40).map(_alone))
        found[name] = st.one_of(*ways)
    found["filter"] = filters()
    return found


def _alone(text: str) -> Seed:
    return Seed(text, {})


@st.composite
def filters(draw: Draw) -> Seed:
    """Whole programs, as the oracle of filters gets them."""
    return Seed(HEAD + Writer(Drawn(draw)).program("tested"), {})
