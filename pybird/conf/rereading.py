"""Reading a configuration again: what has not changed is not read a second time.

The file is read in units: a statement, or a few of them, up to a place where
the file could end. For each unit `ReadUnits` keeps its text, the meaning that
each of its words had before it (a name of the user's or none), the default
tables that it used, and its effects: the symbols, tables, protocols, warnings
and so on that it added. If its text is at the same column of the same file
again, and its words have the same meanings, its effects are added without
reading it; its spans follow it to its new line (`filter.nodes.Anchor`). A name
whose statement was read anew has a new meaning, so that every unit that uses it
is read anew. If there is an `include` in a unit, it must find the same files
with the same text.

Units that use the protocols before them or get a name by counting
(`Builder.always_reread`) are read each time. A file with an error is not read in
this way at all: the caller reads it as a whole and finds every error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from pybird.conf.builder import Builder
from pybird.conf.errors import Warning  # noqa: A004
from pybird.conf.include import Brought, SourceText
from pybird.conf.lexer import Lexer
from pybird.conf.model import TableConfig
from pybird.conf.names import PEERS
from pybird.conf.parser import Parser
from pybird.conf.scope import Meaning
from pybird.conf.toplevel import TopLevel
from pybird.conf.tree import Tree
from pybird.filter.nodes import Anchor
from pybird.values.net import NetType

HEAD = re.compile(r"[^;{\[\n]*")  # no unit ends before one of these
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|'[A-Za-z0-9_.:-]+'")

T = TypeVar("T")

# What units add to: fields of `Builder` and of `TopLevel`.
BUILDER_DICTIONARIES = ("tables", "label_domains", "bases", "attributes", "warnings", "template_refusals")
BUILDER_LISTS = ("made", "refusals")
TOP_DICTIONARIES = ("filters", "functions")
TOP_LISTS = ("logs", "sockets", "attributes", "tests")


@dataclass(slots=True)
class Effects:
    """What a unit added, in the order of the text: to fields of `Builder` and `TopLevel`, and names."""

    builder: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    symbols: dict[str, Meaning] = field(default_factory=dict)
    names: tuple[str, ...] = ()  # that the lexer knows from here on
    keyword_warnings: tuple[Warning, ...] = ()  # names that hide a keyword
    peers: str | None = None  # the first peer table


@dataclass(slots=True)
class Unit:
    """One unit of a reading without errors."""

    text: str
    column: int
    anchor: Anchor
    meanings: dict[str, Meaning | None]
    defaults: tuple[tuple[NetType, TableConfig], ...]
    effects: Effects
    brought: tuple[Brought, ...] = ()  # by an `include` inside

    def fits(self, source: SourceText, at: int, builder: Builder) -> bool:
        """True if the unit's text is here again and means the same."""
        if not source.text.startswith(self.text, at) or source.place(at)[1] != self.column:
            return False
        names = builder.scope.names
        same = all(names.get(word) is meaning for word, meaning in self.meanings.items())
        same = same and all(builder.default_of(kind) == table for kind, table in self.defaults)
        return same and builder.sources.includes_unchanged(self.brought)


class ReadUnits:
    """The units of the last reading, by file and first words."""

    def __init__(self) -> None:
        self._units: dict[tuple[str, str], list[Unit]] = {}
        self.read = 0  # units of the last reading that were read
        self.kept = 0  # and those that were not

    def candidates(self, source: SourceText, at: int) -> list[Unit]:
        """The units whose text may be here again."""
        return self._units.get(_key(source.file, source.text, at), [])

    def replace(self, units: Iterable[Unit]) -> None:
        """Keep the units of a reading without errors, and no others."""
        self._units = {}
        for unit in units:
            self._units.setdefault(_key(unit.anchor.file, unit.text, 0), []).append(unit)


def _key(file: str, text: str, at: int) -> tuple[str, str]:
    found = HEAD.match(text, at)
    return file, found[0] if found is not None else ""


class Rereading:
    """One reading that reuses the units of the last one."""

    def __init__(
        self, memory: ReadUnits, lexer: Lexer, parser: Parser, builder: Builder, top: TopLevel
    ) -> None:
        self._memory = memory
        self._lexer = lexer
        self._parser = parser
        self._builder = builder
        self._top = top
        self._units: list[Unit] = []
        self._used: set[int] = set()
        self._keyword_warnings: list[Warning] = []
        self._peers: str | None = None
        self._read = 0

    def run(self, build: Callable[[Tree], None]) -> bool:
        """Read everything; `build` carries out a statement. False if there is an error."""
        while (place := self._lexer.next_statement()) is not None:
            unit = self._find_unit(*place)
            right = self._reuse(unit, *place) if unit is not None else self._read_unit(*place, build)
            if not right:
                return False
        if self._has_errors():
            return False
        self._builder.warnings = {**dict.fromkeys(self._keyword_warnings), **self._builder.warnings}
        self._memory.replace(self._units)
        self._memory.read, self._memory.kept = self._read, len(self._used)
        return True

    def _has_errors(self) -> bool:
        return bool(self._lexer.errors or self._lexer.wrong or self._builder.errors)

    def _set_first_peers(self, name: str | None) -> bool:
        """Make the first peer table the default one; False if another default was used before it."""
        if name is None or self._peers is not None:
            return True
        self._peers = self._builder.default_peers = name
        return name == PEERS or not self._builder.peers_asked

    # ------------------------------------------------------------ from memory

    def _find_unit(self, source: SourceText, at: int) -> Unit | None:
        for unit in self._memory.candidates(source, at):
            if id(unit) not in self._used and unit.fits(source, at, self._builder):
                return unit
        return None

    def _reuse(self, unit: Unit, source: SourceText, at: int) -> bool:
        """Add the effects of a unit without reading it; False if its peer table comes too late."""
        self._used.add(id(unit))
        self._units.append(unit)
        unit.anchor.line = source.place(at)[0]
        effects, builder = unit.effects, self._builder
        self._lexer.skip_to(source, at + len(unit.text), effects.names)
        _add(builder, effects.builder)
        _add(self._top, effects.top)
        builder.scope.names.update(effects.symbols)
        builder.peers_asked |= any(kind is NetType.PEER for kind, _ in unit.defaults)
        self._keyword_warnings += effects.keyword_warnings
        return self._set_first_peers(effects.peers)

    # --------------------------------------------------------------- from text

    def _read_unit(self, source: SourceText, at: int, build: Callable[[Tree], None]) -> bool:
        """Read a unit, carry it out, and remember it if it depends on nothing but its text and names."""
        self._read += 1
        builder, lexer, sources = self._builder, self._lexer, self._builder.sources
        brought, declared, hiding = len(sources.brought), len(lexer.names), len(lexer.overrides)
        tree = self._parser.unit()
        if tree is None or self._has_errors():
            return False
        end = tree.end - source.base
        whole = sources.is_reading(source) and source.position == end
        anchor = Anchor(source.file, source.place(at)[0])
        sources.anchor, sources.strayed = (source, anchor) if whole else None, False
        names = tuple([str(name) for name in lexer.names[declared:] if name in lexer.known])
        texts = [source.text[at:end]] if whole else []
        if len(sources.brought) > brought:
            texts += sources.texts(tree.start, tree.end)
        words = {word.strip("'") for text in texts for word in WORD.findall(text)}
        meanings = {word: builder.scope.names.get(word) for word in words}
        before = _Before(builder, self._top)
        keyword_warnings = tuple([builder.keyword_warning(token) for token in lexer.overrides[hiding:]])
        peers = first_peer_table(tree)
        right = self._set_first_peers(peers)
        for statement in tree.trees():
            build(statement)
        effects = before.effects()
        sources.anchor = None
        self._keyword_warnings += keyword_warnings
        if not right or self._has_errors():
            return False
        if whole and not builder.always_reread and not sources.strayed:
            effects.names, effects.keyword_warnings, effects.peers = names, keyword_warnings, peers
            column = source.place(at)[1]
            defaults = tuple(builder.defaults_given)
            included = tuple(sources.brought[brought:])
            unit = Unit(source.text[at:end], column, anchor, meanings, defaults, effects, included)
            self._units.append(unit)
        return True


class _Before:
    """How much there was before a unit, to tell what it adds."""

    def __init__(self, builder: Builder, top: TopLevel) -> None:
        self._builder = builder
        self._top = top
        builder.begin_unit()
        self._builder_sizes = _sizes(builder, (*BUILDER_DICTIONARIES, *BUILDER_LISTS))
        self._top_sizes = _sizes(top, (*TOP_DICTIONARIES, *TOP_LISTS))
        self._names = len(builder.scope.names)
        self._values, top.values = top.values, {}

    def effects(self) -> Effects:
        """End the unit and return what it added."""
        builder, top = self._builder, self._top
        made = Effects(_added(builder, self._builder_sizes), _added(top, self._top_sizes))
        made.symbols = _beyond(builder.scope.names, self._names)
        for name in builder.replaced:
            made.symbols[name] = builder.scope.names[name]
            made.builder.setdefault("tables", {})[name] = builder.tables[name]
        if top.values:
            made.top["values"] = top.values
        top.values = {**self._values, **top.values}
        return made


def _sizes(target: object, fields: Iterable[str]) -> dict[str, int]:
    return {name: len(getattr(target, name)) for name in fields}


def _added(target: object, sizes: Mapping[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, size in sizes.items():
        held = getattr(target, name)
        if len(held) > size:
            found[name] = _beyond(held, size) if isinstance(held, dict) else held[size:]
    if "warnings" in found:  # their hashes change with their lines
        found["warnings"] = tuple(found["warnings"])
    return found


def _beyond(held: dict[str, T], size: int) -> dict[str, T]:
    """The items of a dictionary beyond its first `size`, in their order."""
    return dict(reversed(list(islice(reversed(held.items()), len(held) - size))))


def _add(target: object, values: Mapping[str, Any]) -> None:
    for name, added in values.items():
        held = getattr(target, name)
        if isinstance(held, list):
            held += added
        else:
            held.update(added if isinstance(added, dict) else dict.fromkeys(added))


def first_peer_table(tree: Tree) -> str | None:
    """The name of the first peer table that these statements declare, if any."""
    for statement in tree.trees():
        if statement.data == "table" and statement.trees()[0].text() in ("peer", "neighbor"):
            return str(statement.words()[0])
    return None
