"""What TAB offers: a pure function of the typed text, the commands and the router's current names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from pybird.client.words import ROOT, CommandWord, candidates

_TOKEN = re.compile(r'"[^"]*"?|\'[^\']*\'?|[^\s"\']+')
_PLACE = re.compile(r"<([a-z]+)>")
_OPTION = re.compile(r"(?<![<\w-])([a-z]{2,})(?![\w>-])")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")

# The kind of names that a placeholder in a command's syntax stands for.
_KINDS = {
    "protocol": "protocols",
    "p": "protocols",
    "table": "tables",
    "t": "tables",
    "f": "filters",
    "interface": "interfaces",
    "symbol": "symbols",
}
# Options of `show route` and other commands, and the kind of names that follows them.
_AFTER = {
    "table": "tables",
    "protocol": "protocols",
    "export": "protocols",
    "preexport": "protocols",
    "noexport": "protocols",
    "exported": "protocols",
    "filter": "filters",
}
_QUOTED = ("interfaces",)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that the router has now, by kind."""

    protocols: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """A word that TAB offers; `help` says what it is."""

    text: str
    help: str = ""


def complete(text: str, names: KnownNames, root: CommandWord = ROOT) -> tuple[str, list[Candidate]]:
    """(the unfinished last word of the text, the words that it may become)."""
    words = _TOKEN.findall(text)
    begun = words.pop() if words and not text[-1:].isspace() else ""
    node, at = root, 0
    while node.below and at < len(words):
        found = candidates(node, words[at])
        if len(found) != 1:
            break
        node, at = found[0], at + 1
    if at < len(words) and not node.syntax:
        return begun, []
    offered = [] if at < len(words) else [_keyword(below) for below in node.below.values()]
    if node.syntax:
        offered += _arguments(node, words[at:], names)
    return begun, _fitting(offered, begun)


def insertions(found: list[Candidate]) -> list[str]:
    """The text to insert for each candidate; if there is only one, the word is complete: a space follows."""
    if len(found) == 1:
        return [f"{found[0].text} "]
    return [candidate.text for candidate in found]


def _keyword(node: CommandWord) -> Candidate:
    if node.syntax:
        return Candidate(node.path[-1], node.help)
    return Candidate(node.path[-1], "...")


def _fitting(offered: list[Candidate], begun: str) -> list[Candidate]:
    kept: dict[str, Candidate] = {}
    for candidate in offered:
        if candidate.text.startswith(begun) or candidate.text.strip("'\"").startswith(begun or "\0"):
            kept.setdefault(candidate.text, candidate)
    return list(kept.values())


def _arguments(node: CommandWord, given: list[str], names: KnownNames) -> list[Candidate]:
    """The options and names in a command's syntax that may follow; alternatives are not told apart."""
    syntax = " ".join(node.syntax.split()[len(node.path) :])
    last = given[-1] if given else ""
    options = list(dict.fromkeys(_OPTION.findall(re.sub(r'<[^>]*>|"[^"]*"', "", syntax))))
    if last in options and re.search(rf"\b{last} <prefix", syntax):
        return []  # a network follows
    if last in _AFTER and last in options:
        more = [Candidate("all", "every table")] if last == "table" else []
        return _named(_AFTER[last], names) + more
    found = [Candidate(word) for word in options if word not in given or word == "table"]
    for place in dict.fromkeys(_PLACE.findall(syntax)):
        kind = _KINDS.get(place)
        if kind is not None and place not in ("t", "p", "f") and not _is_name(last, kind, names):
            found += _named(kind, names)
    return found


def _is_name(word: str, kind: str, names: KnownNames) -> bool:
    return word in getattr(names, kind)


def _named(kind: str, names: KnownNames) -> list[Candidate]:
    described = kind.removesuffix("s")
    return [Candidate(quoted(name, kind), described) for name in getattr(names, kind)]


def quoted(name: str, kind: str) -> str:
    """A name as it must be written in a command."""
    if kind in _QUOTED:
        return f'"{name}"'
    return name if _PLAIN.match(name) else f"'{name}'"
