"""The names of a configuration and what they mean here: symbols, tables, attributes.

The second floor of the builder. Names must be declared before use: only the
declarations above a place count there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pybird.conf.diagnostics import Diagnostics
from pybird.conf.errors import ConfigError, SilencedError
from pybird.conf.include import Sources
from pybird.conf.model import Symbol, SymbolKind, TableConfig
from pybird.conf.scope import Scope
from pybird.conf.tree import Item, Token
from pybird.filter.nodes import Span
from pybird.filter.spelling import closest
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import ENUMS
from pybird.values.net import NetType

PEERS = "peers"  # the table of a file that declares no peer table
MAX_HINTS = 20  # looking for what was meant takes a while among many names


class Names(Diagnostics):
    """What names mean at this place of the text."""

    def __init__(self, sources: Sources, scope: Scope, attributes: Mapping[str, AttributeDecl]) -> None:
        super().__init__(sources)
        self.scope = scope
        self.attributes: dict[str, AttributeDecl] = dict(attributes)
        self.enum_types = ENUMS
        self.declared: Mapping[str, Token] = {}  # every name that is declared anywhere in the file
        self.begin = 0  # the offset of the statement that is being built
        self.tables: dict[str, TableConfig] = {}
        self.default_peers = PEERS
        self.peers_asked = False  # the default peer table was used
        self.begin_unit()

    def begin_unit(self) -> None:
        """Begin a unit (`rereading.py`): record what it depends on."""
        self.always_reread = False  # it depends on more than its text and its names
        self.defaults_given: list[tuple[NetType, TableConfig]] = []  # the default tables that it used
        self.replaced: list[str] = []  # implicit tables that it declares

    def undefined(
        self, name: Token, scope: Scope, *, extra: Iterable[str] = (), what: str = ""
    ) -> ConfigError:
        """The error about an unknown name; silenced if the name's own declaration has an error."""
        if name in self.declared and self.scope.find(name) is None:
            declared = self.declared[name]
            if self.begin <= declared.start < name.start:
                text = f"`{name}` cannot be used in its own definition"
                return self.error(text, name)
            if declared.start < name.start:
                return SilencedError(f"{name} was declared in a broken statement", self.span(name))
            text = f"`{name}` is declared only later; names must be declared before use"
            error = self.error(text, name)
            error.related = ("declared here", self.sources.span(declared.start, declared.end))
            return error
        if name.end - name.start > len(name):
            return self.unquoted(name)
        hint = self.closest_name(name, {*scope.every(), *extra})
        text = f"{what} `{name}` is not defined" if what else f"`{name}` is not defined"
        return self.error(text, name, hint=hint)

    def unquoted(self, name: Token, hint: str = "") -> ConfigError:
        """The error about an undefined name that is probably a text without quotes."""
        text = f"`{name}` is not defined; a text must be in double quotes"
        return self.error(text, name, hint=hint or f'"{name}"')

    def closest_name(self, name: Token, names: Iterable[str]) -> str:
        """The name that was probably meant; empty if there is none, or after many errors."""
        return closest(name, names) if len(self.errors) < MAX_HINTS else ""

    def declare(self, name: Token, kind: SymbolKind, value: object = None, type_: str = "") -> Symbol:
        """Declare a name of the file."""
        known = self.scope.here(name)
        if isinstance(known, Symbol):
            raise self.error(f"Symbol '{name}' already defined", name, symbol=known)
        symbol = Symbol(str(name), kind, value, type_, self.span(name))
        self.scope.add(str(name), symbol)
        return symbol

    def symbol(self, name: Token, kind: SymbolKind) -> Symbol:
        """The symbol of this kind that a name stands for."""
        found = self.scope.find(name)
        if found is None:
            same = [n for n, s in self.scope.names.items() if isinstance(s, Symbol) and s.kind == kind]
            raise self.undefined(name, Scope(), extra=same, what=kind)
        if not isinstance(found, Symbol) or found.kind != kind:
            what = found.kind if isinstance(found, Symbol) else "variable"
            symbol = found if isinstance(found, Symbol) else None
            hint = f"where {name}()" if (what, kind) == ("function", "filter") else ""
            raise self.error(f"`{name}` is a {what}, not a {kind}", name, symbol=symbol, hint=hint)
        return found

    def table(self, name: Token) -> TableConfig:
        """The table of that name."""
        return self.tables[self.symbol(name, "routing table").name]

    def default_table(self, net_type: NetType, item: Item | Span) -> TableConfig:
        """The first table of this type; for peers an implicit one if there is none."""
        table = self.peer_table() if net_type is NetType.PEER else self.default_of(net_type)
        if table is None:
            raise self.error("Routing table not specified", item)
        self.defaults_given.append((net_type, table))
        return table

    def default_of(self, net_type: NetType) -> TableConfig | None:
        """The first table of this type, if there is one."""
        if net_type is NetType.PEER:
            return self.tables.get(self.default_peers)
        for table in self.tables.values():
            if table.net_type is net_type:
                return table
        return None

    def peer_table(self) -> TableConfig:
        """The first peer table of the file, wherever it stands, else the implicit `peers`."""
        name = self.default_peers
        self.peers_asked = True
        if name not in self.tables:
            self.always_reread = True
            self.tables[name] = TableConfig(name, NetType.PEER, implicit=True)
            if self.scope.here(name) is None:
                self.scope.add(name, Symbol(name, "routing table", name))
        return self.tables[name]

    def bgp_attribute(self, code: int) -> AttributeDecl | None:
        """The known attribute that has this code in BGP."""
        for decl in self.attributes.values():
            if decl.code == code and decl.field is None:
                return decl
        return None

    def attribute_type(self, name: str) -> str | None:
        """The type of a route attribute."""
        decl = self.attributes.get(name)
        return decl.type if decl is not None else None
