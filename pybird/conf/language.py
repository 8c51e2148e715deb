"""The language as one object: files, commands and expressions in, values out.

`Language(PROTOCOLS)` reads the parser's tables once (from the cache folder if
one is given) and can then load any number of configurations. The caller says which
protocols there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Final, TypeVar

from pybird.conf.builder import Builder, ProtocolTypeLike
from pybird.conf.errors import ConfigError, ConfigErrors, SilencedError
from pybird.conf.expressions import BUILTINS
from pybird.conf.include import ConfigFiles, DiskFiles, Sources, SourceText
from pybird.conf.lexer import Lexer
from pybird.conf.model import Config, Symbol, TableConfig
from pybird.conf.names import PEERS
from pybird.conf.nets import net_literal
from pybird.conf.parser import Parser
from pybird.conf.rereading import ReadUnits, Rereading, first_peer_table
from pybird.conf.scope import Scope, predefined
from pybird.conf.tables import load as load_tables
from pybird.conf.toplevel import TopLevel
from pybird.conf.tree import Item, Tree
from pybird.conf.unfilled_tables import refuse_unfilled
from pybird.filter.attributes import declarations_of
from pybird.filter.budget import Budget
from pybird.filter.depth import is_deep, with_enough_stack
from pybird.filter.nodes import Filter, Node, Span
from pybird.values.attributes import AttributeDecl
from pybird.values.net import Net, NetType

# iproute2's default names (rt_protos, rt_scopes, rt_tables, rt_realms).
NUMBERS: Mapping[str, int] = {
    "ipp_redirect": 1, "ipp_kernel": 2, "ipp_boot": 3, "ipp_static": 4, "ipp_gated": 8, "ipp_ra": 9,
    "ipp_mrt": 10, "ipp_zebra": 11, "ipp_bird": 12, "ipp_dhcp": 16,
    "ips_global": 0, "ips_nowhere": 255, "ips_host": 254, "ips_link": 253, "ips_site": 200,
    "ipt_default": 253, "ipt_main": 254, "ipt_local": 255, "ipr_cosmos": 0,
}  # fmt: skip

MOST_ERRORS: Final = 200  # shown of one configuration
T = TypeVar("T")

IMPLICIT_TABLES = (("master4", NetType.IP4), ("master6", NetType.IP6))


@dataclass(frozen=True, slots=True)
class Reading:
    """A configuration with its parse tree and its texts, for tools that check how it is written."""

    config: Config
    tree: Tree
    sources: Sources


class Language:
    """The language of PyBIRD's configurations and commands, with these protocols."""

    def __init__(
        self,
        protocols: Iterable[ProtocolTypeLike],
        *,
        cache: str | PurePath | None = None,
        numbers: Mapping[str, int] | None = None,
        attributes: Iterable[AttributeDecl] = (),
    ) -> None:
        self._types = {each.name: each for each in protocols}
        self._tables = load_tables(cache)
        self.numbers: Final = {**NUMBERS, **(numbers or {})}
        self._attributes = declarations_of(tuple(attributes))
        for each in self._types.values():
            self._attributes.update({decl.name: decl for decl in each.attributes})
        self._outer = predefined(self._attributes, self.numbers)
        self._implicit = [
            (TableConfig(name, net_type, implicit=True), Symbol(name, "routing table", name))
            for name, net_type in IMPLICIT_TABLES
        ]
        self._names = frozenset((*self._outer.names, *BUILTINS, *(name for name, _ in IMPLICIT_TABLES)))

    # ---------------------------------------------------------------- a file

    def load(self, path: str, files: ConfigFiles | None = None, memory: ReadUnits | None = None) -> Config:
        """Read a file and all it includes; with the `memory` of the last reading, only what changed.

        Raises:
            ConfigErrors: with every independent error.
            OSError: the file cannot be read.
        """
        if memory is not None:
            try:
                config = self._reload(path, Sources(files or DiskFiles()), memory)
            except RecursionError:  # the whole file is read below, on a larger stack
                config = None
            if config is not None:
                return config
        return self.examine(path, files).config

    def read(self, text: str, path: str = "<text>", files: ConfigFiles | None = None) -> Config:
        """Read a configuration given as text.

        Raises:
            ConfigErrors: with every independent error.
        """
        return self.examine_text(text, path, files).config

    def examine(self, path: str, files: ConfigFiles | None = None) -> Reading:
        """Like `load`, with the tree that the configuration was made from."""

        def reading() -> Reading:
            sources = Sources(files or DiskFiles())
            return self._load(sources, path, sources.open(path))

        return with_enough_stack(reading)

    def examine_text(self, text: str, path: str = "<text>", files: ConfigFiles | None = None) -> Reading:
        """Like `read`, with the tree that the configuration was made from."""

        def reading() -> Reading:
            sources = Sources(files or DiskFiles())
            return self._load(sources, path, sources.add(path, text))

        return with_enough_stack(reading)

    def _reload(self, path: str, sources: Sources, memory: ReadUnits) -> Config | None:
        """The configuration, with unchanged units from memory; None if there is an error in it."""
        lexer = Lexer(self._tables, sources, self._names)
        lexer.open(sources.open(path))
        builder = self._builder(sources)
        top = TopLevel(builder)

        def build(statement: Tree) -> None:
            with builder.collecting():
                _within_depth(builder, statement, partial(top.statement, statement))

        parser = Parser(self._tables, lexer, "config", recover=False)
        if not Rereading(memory, lexer, parser, builder, top).run(build) or not builder.made:
            return None
        return _finish(builder, top, path, [])

    def _load(self, sources: Sources, path: str, source: SourceText) -> Reading:
        lexer = Lexer(self._tables, sources, self._names)
        lexer.open(source)
        parser = Parser(self._tables, lexer, "config")
        tree = parser.parse()
        builder = self._builder(sources)
        builder.declared = lexer.declared
        builder.warnings.update(dict.fromkeys(builder.keyword_warning(token) for token in lexer.overrides))
        top = TopLevel(builder)
        if tree is not None:
            builder.default_peers = first_peer_table(tree) or PEERS
            for statement in tree.trees():
                if not any(statement.start <= place < statement.end for place in parser.broken):
                    with builder.collecting():
                        _within_depth(builder, statement, partial(top.statement, statement))
        config = _finish(builder, top, path, parser.errors)
        assert tree is not None
        return Reading(config, tree, sources)

    def _builder(self, sources: Sources, config: Config | None = None) -> Builder:
        builder = Builder(sources, self._types, Scope(self._outer), self._attributes)
        if config is None:
            for table, symbol in self._implicit:
                builder.tables[table.name] = table
                builder.scope.add(table.name, symbol)
            return builder
        builder.budget, builder.of_command = Budget(whole=True), True
        builder.tables = {table.name: table for table in config.tables}
        for name, symbol in config.symbols.items():
            builder.scope.add(name, symbol)
        for attribute in config.attributes:
            builder.attributes[attribute.name] = attribute.declaration
        return builder

    # -------------------------------------------------- commands, expressions

    def parse_command(self, text: str) -> Tree:
        """A line of the control socket, as the tree of `grammar/commands.lark`.

        Words are keywords where one fits: the names of no configuration are known here.

        Raises:
            ConfigError: the line is no command.
        """
        return self._parse_line(text, "command")

    def expression(self, text: str, config: Config) -> Node:
        """An expression for `eval` and tools, with the names of this configuration.

        Raises:
            ConfigError: it is no expression, or a name is not defined.
        """
        return self.expression_of(self._parse_line(text, "expression").children[0], config)

    def filter_of(self, tree: Tree, config: Config) -> Filter:
        """The filter of a `policy` in a command (`filter NAME`, `filter { }`, `where EXPR`).

        Raises:
            ConfigError: at its place in the command.
        """
        return self._build(tree, config, lambda reader: reader.policy(tree))

    def expression_of(self, item: Item, config: Config) -> Node:
        """The node of an expression in a command.

        Raises:
            ConfigError: at its place in the command.
        """
        return self._build(item, config, lambda reader: reader.node(item))

    def net_of(self, tree: Tree, config: Config) -> Net:
        """The value of a network literal (`net`) in a command.

        Raises:
            ConfigError: at its place in the command.
        """
        return self._build(tree, config, lambda reader: net_literal(reader, tree))

    def reader(self, item: Item, config: Config) -> Builder:
        """A builder to read values (`prefix`, `address`, `table`, `text`) out of a command's tree.

        Its methods raise `ConfigError`.
        """
        return self._builder(item.sources, config)

    def _build(self, item: Item, config: Config, make: Callable[[Builder], T]) -> T:
        def reading() -> T:
            reader = self.reader(item, config)
            made = _within_depth(reader, item, lambda: make(reader))
            if reader.errors:
                raise reader.errors.pop(0)
            return made

        return with_enough_stack(reading)

    def _parse_line(self, text: str, start: str) -> Tree:
        sources = Sources(DiskFiles())
        lexer = Lexer(self._tables, sources, includes=False)
        lexer.open(sources.add(f"<{start}>", text))
        parser = Parser(self._tables, lexer, start, recover=False)
        tree = parser.parse()
        if parser.errors or tree is None:
            raise parser.errors.pop(0)  # a list that keeps it would be a cycle
        for item in tree.walk():
            item.sources = parser.sources
        return tree


def _within_depth(builder: Builder, item: Item, make: Callable[[], T]) -> T:
    """The result of `make`.

    Raises:
        ConfigError: nested too deeply even for the larger stack.
        RecursionError: nested too deeply for the ordinary stack.
    """
    try:
        return make()
    except RecursionError:
        if not is_deep():
            raise
        raise builder.error("this is nested too deeply", item) from None


def _one_per_place(refusals: Iterable[ConfigError]) -> list[ConfigError]:
    """One refusal per place: several protocols may use one template."""
    found: dict[tuple[str, int, int], ConfigError] = {}
    for each in refusals:
        found.setdefault((each.file, each.line, each.column), each)
    return list(found.values())


def _sorted_errors(sources: Sources, errors: list[ConfigError]) -> list[ConfigError]:
    """Each error once (a file may be included again), in the order of the text, at most `MOST_ERRORS`."""
    once = list({(error.file, error.line, error.column, error.message): error for error in errors}.values())
    once.sort(key=lambda error: sources.offset(error.span))
    found = once[:MOST_ERRORS]
    if len(once) > len(found):
        found.append(sources.error(f"{len(once) - len(found)} more errors", once[MOST_ERRORS].span))
    sources.redact(found)
    return found


def _finish(builder: Builder, top: TopLevel, path: str, errors: list[ConfigError]) -> Config:
    """The finished configuration, or its errors raised in the order of the text."""
    found = [*errors, *(error for error in builder.errors if not isinstance(error, SilencedError))]
    found = found or list(builder.errors)  # silenced errors count where no other was reported
    if not found and not builder.made:
        text = "No protocol is specified in the config file"
        found.append(builder.sources.error(text, Span(path, 1, 1, 1, 1)))
    if found:
        raise ConfigErrors(_sorted_errors(builder.sources, found), tuple(builder.warnings))
    refuse_unfilled(builder, top.filters, top.functions)
    refusals = _one_per_place(builder.refusals)
    builder.sources.redact(refusals)
    symbols = {name: each for name, each in builder.scope.names.items() if isinstance(each, Symbol)}
    return Config(
        path=path,
        tables=tuple(builder.tables.values()),
        label_domains=tuple(builder.label_domains.values()),
        protocols=tuple(builder.made),
        logs=tuple(top.logs),
        sockets=tuple(top.sockets),
        attributes=tuple(top.attributes),
        symbols=symbols,
        filters=top.filters,
        functions=top.functions,
        tests=tuple(top.tests),
        warnings=tuple(builder.warnings),
        refusals=tuple(refusals),
        **top.values,
    )
