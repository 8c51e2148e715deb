"""Suggestions for misspelled words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# Words of other languages and of BIRD 1, and units, with their replacements (with a space: several words).
WORDS: Final = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "elif": "else if",
    "elsif": "else if",
    "elseif": "else if",
    "ospfv2": "ospf v2",
    "ospfv3": "ospf v3",
    "ospf2": "ospf v2",
    "ospf3": "ospf v3",
    "ripng": "rip ng",
    "integer": "int",
    "boolean": "bool",
    "str": "string",
    "null": "blackhole",
    "discard": "blackhole",
    "deny": "reject",
    "permit": "accept",
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("usec", "usecs", "microsecond", "microseconds"), "us"),
}
AS_NUMBER: Final = re.compile(r"(?:AS|as|As)N?_?([0-9]+)\Z")


def closest(word: str, choices: Iterable[str]) -> str:
    """The word that the user may have meant, or ""."""
    known = {*choices} - {word}
    if word in WORDS and (" " in WORDS[word] or WORDS[word] in known or not WORDS[word].isalpha()):
        return WORDS[word]
    if number := AS_NUMBER.match(word):
        return number[1]
    ranked = sorted((_distance(word, choice), choice) for choice in known if _alike(word, choice))
    return ranked[0][1] if ranked else ""


def _alike(word: str, choice: str) -> bool:
    short, long = sorted((word, choice), key=len)
    if len(short) < 2:
        return False
    if len(short) * 2 >= len(long) and len(short) > 2 and long.startswith(short):
        return True
    most = max(len(long) // 3, 1)
    return len(long) - len(short) <= most and _distance(word, choice) <= most


def _distance(word: str, other: str) -> int:
    """Number of edits from one word to the other; swapped neighbors are one edit, case does not count."""
    word, other = word.lower(), other.lower()
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, char in enumerate(word, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (char != wanted))
            if i > 1 and j > 1 and char == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
