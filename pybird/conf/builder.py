"""From parse trees to the configuration: what every part of it needs.

The builder walks the file in source order, names before use. It holds the
scope, reads literal values out of option trees, reports errors with their
place and collects them, so that one wrong option does not hide the next.
`top.py` has the statements of the file, `protocols.py` the frame of protocols,
`channels.py` that of channels; each protocol's own options are in its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol, TypeGuard, TypeVar, cast

from pybird.conf.draft import Draft
from pybird.conf.errors import ConfigError, bare, shortened
from pybird.conf.expressions import Expressions
from pybird.conf.include import Sources
from pybird.conf.model import (
    InterfacePattern,
    Limit,
    LimitAction,
    ProtocolConfig,
    Symbol,
    TableConfig,
    Warning,  # noqa: A004
)
from pybird.conf.options import Handlers
from pybird.conf.scope import Scope
from pybird.conf.secrets import hidden
from pybird.conf.statements import filter_of, merging, where
from pybird.conf.tree import Item, Token, Tree
from pybird.filter.budget import MOST_STEPS_READING, Budget, TooManyStepsError
from pybird.filter.check import check
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.fold import evaluate
from pybird.filter.nodes import ACCEPT, NO_SPAN, REJECT, Filter, Literal, Node, Span
from pybird.filter.spelling import closest
from pybird.values.address import Address
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import CONSTANTS, ENUMS
from pybird.values.net import NetType, Prefix
from pybird.values.text import printable, to_octets

PEERS = "peers"  # the table of a file that declares no peer table
MAX_HINTS = 20  # looking for what was meant takes a while among many names
VALUES = frozenset(("NUMBER", "TEXT", "ADDRESS", "PREFIX", "NAME"))

N = TypeVar("N", bound=Node)


class ProtocolTypeLike(Protocol):
    """What a configuration needs to know of a protocol type (`core.protocol.ProtocolType`)."""

    @property
    def name(self) -> str: ...
    @property
    def preference(self) -> int: ...
    @property
    def build(self) -> Callable[..., ProtocolConfig]: ...
    @property
    def instance(self) -> object | None: ...
    @property
    def attributes(self) -> tuple[AttributeDecl, ...]: ...


class Builder:
    """The state of one reading of a configuration."""

    def __init__(
        self,
        sources: Sources,
        types: Mapping[str, ProtocolTypeLike],
        scope: Scope,
        attributes: Mapping[str, AttributeDecl],
    ) -> None:
        self.sources = sources
        self.types = types
        self.scope = scope
        self.attributes: dict[str, AttributeDecl] = dict(attributes)
        self.enum_types = ENUMS
        self.errors: list[ConfigError] = []
        self.warnings: dict[Warning, None] = {}
        self.refusals: list[ConfigError] = []  # what is right, and too important not to be run
        self.waiting: dict[str, list[ConfigError]] = {}  # the same in templates, until a protocol uses them
        self.declared: Mapping[str, Token] = {}  # every name the lexer saw declared
        self.begin = 0  # of the statement that is built
        self.tables: dict[str, TableConfig] = {}
        self.made: list[ProtocolConfig] = []  # the protocols, in the order of the text
        self.bases: dict[str, ProtocolConfig] = {}  # what `from` may name
        self.default_peers = PEERS
        self.peers_asked = False  # somebody was given the default peer table
        self.begin_unit()
        self.template = False  # a template is being built
        self.building = ""  # its name
        self.mark = 0  # errors before the protocol being built
        self.budget = Budget(MOST_STEPS_READING, whole=True)  # of code that is run while this is read
        self.of_command = False  # what is read came from a client
        self.type: ProtocolTypeLike | None = None  # the protocol type being built

    def begin_unit(self) -> None:
        """What follows is one unit (`again.py`): note what it asks for."""
        self.unsettled = False  # it depends on more than its text and its names
        self.asked: list[tuple[NetType, TableConfig]] = []  # the default tables it was given
        self.replaced: list[str] = []  # implicit tables that it declares

    @property
    def protocols(self) -> list[ProtocolConfig]:
        """The protocols before this place. What looks at them depends on more than its own text."""
        self.unsettled = True
        return self.made

    # ----------------------------------------------------------------- errors

    def span(self, item: Item) -> Span:
        """Where this is in the text."""
        return self.sources.span(item.start, item.end)

    def error(
        self,
        message: str,
        item: Item | Span,
        *,
        symbol: Symbol | None = None,
        hint: str = "",
        expected: tuple[str, ...] = (),
    ) -> ConfigError:
        """An error at this place, to be raised; `symbol` is shown as the other place that matters."""
        span = item if isinstance(item, Span) else self.span(item)
        related = None
        if symbol is not None and symbol.span != NO_SPAN:
            related = (f"{symbol.kind} declared here".lstrip(), symbol.span)
        return self.sources.error(message, span, hint=hint, expected=expected, related=related)

    def end_error(self, message: str, tree: Tree, *, place: tuple[str, Span] | None = None) -> ConfigError:
        """An error that is known at the end of a block: at its closing brace, as BIRD says it.

        `place` is the other place that matters.
        """
        error = self.error(message, self.sources.span(tree.end - 1, tree.end))
        error.related = place
        return error

    def warn(self, text: str, item: Item | Span, code: str = "") -> None:
        """Tell the user something, once per place; `code` is that of docs/lint.md."""
        text = shortened(printable(text))
        self.warnings[Warning(text, item if isinstance(item, Span) else self.span(item), code)] = None

    def hides(self, name: Token) -> Warning:
        """What is said of a name that hides a keyword."""
        text = f"Symbol '{name}' overrides existing keyword"
        return Warning(text, self.span(name), "shadowed-keyword")

    def refuse(self, what: str, reason: str, item: Item) -> None:
        """Something that BIRD has and that must not be left out: the file is right, nobody may run it.

        In a template that holds as soon as a protocol uses it.
        """
        error = self.refusal(what, reason, item, used=not self.template)
        found = self.refusals
        if self.template:
            found = self.waiting.setdefault(self.building, [])
        found.append(error)

    def refusal(self, what: str, reason: str, item: Item | Span, *, used: bool) -> ConfigError:
        """Warn of what nobody may run; the error for who would run it. Not `used`: so far nobody would."""
        user = "it" if used else "a protocol that uses it"
        text = f"{what} is not run by this version ({reason}): PyBIRD refuses to start with {user}"
        self.warn(text, item, "refused")
        return self.error(f"BIRD has {what}, PyBIRD does not yet ({reason})", item)

    def inherit(self, base: str, user: Span) -> None:
        """A protocol or template takes over what its template has, and what is refused of that."""
        for refusal in self.waiting.get(base, ()):
            if self.template:
                self.waiting.setdefault(self.building, []).append(refusal)
                continue
            used = ("used here", user)
            again = ConfigError(refusal.message, refusal.span, related=used)
            self.refusals.append(again)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an error for later and go on."""
        try:
            yield
        except ConfigError as error:
            self.errors.append(bare(error))

    def phrase(self, tree: Tree) -> str:
        """The text of a short tree as it stands in the file."""
        source, start = self.sources.locate(tree.start)
        text = source.text[start : start + tree.end - tree.start]
        first = hidden(" ".join(text.split("{", 1)[0].split()))
        return first if len(first) <= 50 else first[:47] + "..."

    def undefined(
        self, name: Token, scope: Scope, *, extra: Iterable[str] = (), what: str = ""
    ) -> ConfigError:
        """An unknown name. One whose declaration is broken was reported there."""
        if name in self.declared and self.scope.find(name) is None:
            declared = self.declared[name]
            if self.begin <= declared.start < name.start:
                text = f"`{name}` is not there before its own definition is over"
                return self.error(text, name)
            if declared.start < name.start:
                return SilencedError(f"{name} was declared in a broken statement", self.span(name))
            related = Symbol(str(name), "", span=self.sources.span(declared.start, declared.end))
            text = f"`{name}` is declared only later; names must be declared before use"
            return self.error(text, name, symbol=related)
        if name.end - name.start > len(name):
            return self.unquoted(name)
        hint = self._near(name, {*scope.every(), *extra})
        text = f"{what} `{name}` is not defined" if what else f"`{name}` is not defined"
        return self.error(text, name, hint=hint)

    def _near(self, name: Token, names: Iterable[str]) -> str:
        return closest(name, names) if len(self.errors) < MAX_HINTS else ""

    def unquoted(self, name: Token, hint: str = "") -> ConfigError:
        """A name that means nothing, where it may well be a text."""
        text = f"`{name}` is not defined; a text stands in double quotes"
        return self.error(text, name, hint=hint or f'"{name}"')

    def silenced(self, message: str, item: Item) -> ConfigError:
        """The consequence of an error that was reported at its own place."""
        return SilencedError(message, self.span(item))

    @property
    def complete(self) -> bool:
        """A protocol is being built, and all its options were right: the whole can be checked."""
        return not self.template and len(self.errors) == self.mark

    # ---------------------------------------------------------------- symbols

    def declare(self, name: Token, kind: str, value: object = None, type_: str = "") -> Symbol:
        """Give a name of the file its meaning."""
        known = self.scope.here(name)
        if isinstance(known, Symbol):
            raise self.error(f"Symbol '{name}' already defined", name, symbol=known)
        symbol = Symbol(str(name), kind, value, type_, self.span(name))
        self.scope.add(str(name), symbol)
        return symbol

    def symbol(self, name: Token, kind: str) -> Symbol:
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
        """The first table of this type; peers get an implicit one."""
        table = self.peer_table() if net_type is NetType.PEER else self.default_of(net_type)
        if table is None:
            raise self.error("Routing table not specified", item)
        self.asked.append((net_type, table))
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
            self.unsettled = True
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

    # ----------------------------------------------------------------- values

    def node(self, item: Item) -> Node:
        """An expression outside of any filter."""
        return Expressions(self, self.scope).expr(item)

    def constant(self, item: Item, *types: str) -> Literal:
        """The value of an expression that must be known now, of one of these types."""
        if "string" in types and self._means_nothing(item):
            raise self.unquoted(item, self._near(item, self.scope.every()))
        literal = self.evaluated(self.node(item), item)
        if types and literal.type not in types:
            name = f"`{literal.name}`" if literal.name else "this"
            wanted = "a text in double quotes" if "string" in types else _article(types[0])
            raise self.error(f"{wanted} expected here, {name} is {_article(literal.type)}", item)
        return literal

    def _means_nothing(self, item: Item) -> TypeGuard[Token]:
        """This is a name that nobody declares, not even in vain or later."""
        return (
            isinstance(item, Token)
            and item.type == "NAME"
            and item not in self.declared
            and item not in self.attributes
            and self.scope.find(item) is None
        )

    def computed(self, node: Node, place: Span) -> Literal:
        """The value of a node that needs no route.

        Raises:
            FilterTypeError, FilterRuntimeError: it has none.
            TooManyStepsError: a command's takes too long.
            ConfigError: a configuration's does.
        """
        try:
            return evaluate(node, self.budget)
        except TooManyStepsError:
            if self.of_command:
                raise
            text = f"this takes more than {MOST_STEPS_READING} turns of loops and calls"
            raise self.error(text, place) from None

    def evaluated(self, node: Node, item: Item) -> Literal:
        """The value of a constant node, errors at their place."""
        if isinstance(node, Literal):
            return node
        try:
            return self.computed(node, self.span(item))
        except (FilterTypeError, FilterRuntimeError) as problem:
            place = problem.span if problem.span.line else self.span(item)
            hint = problem.hint if isinstance(problem, FilterTypeError) else ""
            raise self.error(problem.message, place, hint=hint) from None

    def number(self, item: Item, low: int = 0, high: int = 0xFFFFFFFF, message: str = "") -> int:
        """A whole number from low to high; `message` says what BIRD says when it is not."""
        literal = self.constant(item)
        if literal.type != "int":
            raise self.error(f"a number expected here, this is {_article(literal.type)}", item)
        value = int(literal.value)
        if not low <= value <= high:
            raise self.error(message or f"{value} is out of range, {low} to {high} are possible", item)
        return value

    def text(self, item: Item) -> str:
        """A text."""
        return str(self.constant(item, "string").value)

    def octets(self, item: Item) -> bytes:
        """A byte string."""
        literal = self.constant(item, "bytestring", "string")
        return literal.value if literal.type == "bytestring" else to_octets(str(literal.value))

    def address(self, item: Item) -> Address:
        """An IP address."""
        value = self.constant(item, "ip").value
        assert isinstance(value, Address)
        return value

    def prefix(self, item: Item) -> Prefix:
        """An IPv4 or IPv6 prefix."""
        value = self.constant(item, "prefix").value
        if not isinstance(value, Prefix):
            raise self.error("a plain prefix expected here", item)
        return value

    def router_id(self, item: Item) -> int:
        """A number or an IPv4 address."""
        literal = self.constant(item, "int", "ip", "quad")
        if literal.type != "ip":
            return int(literal.value)
        if not literal.value.is_v4:
            raise self.error("Router IDs must be hexadecimal numbers or IPv4 addresses", item)
        return int(literal.value.value)

    def switch(self, item: Item) -> bool:
        """On or off; nothing means on. Numbers are taken as BIRD takes them, with a warning."""
        assert isinstance(item, Tree)
        if not item.children:
            return True
        value = item.children[0]
        if isinstance(value, Token) and value.type != "NAME" and value in ("on", "yes", "off", "no"):
            return value in ("on", "yes")
        literal = self.constant(value, "bool", "int")
        if literal.type == "int":
            self.warn("a number as a switch is deprecated, write `on` or `off`", value, "deprecated")
        return bool(literal.value)

    def seconds(self, item: Item) -> float:
        """A time with a unit, or a plain number of seconds."""
        units = {"time_s": 1.0, "time_ms": 1e-3, "time_us": 1e-6}
        if isinstance(item, Tree) and item.data in units:
            return self.number(item.children[0]) * units[item.data]
        return float(self.number(item))

    def interface_name(self, item: Item) -> str:
        """`% eth0` or `% "eth0"`."""
        if isinstance(item, Token) and item.type == "NAME":
            return str(item)
        return self.text(item)

    def interface_patterns(self, tree: Item) -> tuple[InterfacePattern, ...]:
        """`[-]"mask" [prefix], ...`."""
        assert isinstance(tree, Tree)
        return tuple(self._pattern(child) for child in tree.trees())

    def interface_names(self, tree: Item) -> tuple[InterfacePattern, ...]:
        """Patterns that look at names only."""
        assert isinstance(tree, Tree)
        found = self.interface_patterns(tree)
        for child, pattern in zip(tree.trees(), found, strict=True):
            if pattern.prefix is not None:
                raise self.error("Interface name/mask expected, not IP prefix", child)
        return found

    def _pattern(self, tree: Tree) -> InterfacePattern:
        values = [c for c in tree.children if not (isinstance(c, Tree) and c.data == "negative")]
        negative = len(values) < len(tree.children)
        first = self.constant(values[0], "string", "prefix", "ip", "quad")
        if first.type != "string":
            if len(values) > 1:
                raise self.error("after a prefix no further prefix", values[1])
            return InterfacePattern(None, self._network(values[0]), negative)
        mask = str(first.value)
        if mask.startswith("-"):
            mask, negative = mask[1:], not negative
        prefix = self._network(values[1]) if len(values) > 1 else None
        return InterfacePattern(mask, prefix, negative)

    def _network(self, item: Item) -> Prefix:
        """A prefix; an address is one of itself alone."""
        if self.constant(item).type not in ("ip", "quad"):
            return self.prefix(item)
        address = self.address(item)
        return Prefix(address, address.bits)

    def flags(self, tree: Item, every: tuple[str, ...]) -> frozenset[str]:
        """`all`, `off` or `{ ... }`."""
        assert isinstance(tree, Tree)
        words = [word for word in tree.words() if word not in ("{", "}", ",")]
        if words == ["all"]:
            return frozenset(every)
        return frozenset(str(word) for word in words if word != "off")

    def limit(self, tree: Item) -> Limit | None:
        """`N [action A]` or `off`."""
        assert isinstance(tree, Tree)
        first = tree.children[0]
        if isinstance(first, Token) and first == "off" and first.type != "NAME":
            return None
        count = self.number(first)
        if len(tree.children) == 1:
            return Limit(count)
        return Limit(count, cast("LimitAction", str(tree.children[-1])))

    def policy(self, tree: Item) -> Filter:
        """`all`, `none`, `filter ...`, `where ...`."""
        assert isinstance(tree, Tree)
        match tree.data:
            case "policy_all":
                return ACCEPT
            case "policy_none":
                return REJECT
            case "policy_named":
                name = tree.children[0]
                assert isinstance(name, Token)
                found = self.symbol(name, "filter").value
                if not isinstance(found, Filter):  # it was declared, and then something was wrong in it
                    raise SilencedError(f"{name} was declared in a broken statement", self.span(name))
                return found
            case "policy_where":
                return self.checked(where(self, tree.children[0]))
        locals_, block = tree.trees()
        return self.checked(filter_of(self, None, locals_, block))

    def merging(self, block: Tree) -> Filter:
        """The code of a block that makes one of several `routes`."""
        return self.checked(merging(self, block))

    def checked(self, made: N) -> N:
        """A finished filter, function or block, after the filter language's checker looked at it."""
        for problem in check(made, self.attributes):
            self.errors.append(self.error(problem.message, problem.span, hint=problem.hint))
        return made

    def probe(self, tree: Tree) -> None:
        """Read the values of an option that is not acted on: what is wrong with it is still said."""
        for child in tree.children:
            if isinstance(child, Token):
                if child.type in VALUES:
                    self.constant(child)
            elif child.data == "switch":
                self.switch(child)
            elif child.data.startswith("time_"):
                self.seconds(child)

    # ---------------------------------------------------------------- options

    def each(self, items: Iterable[Item], draft: Draft[Any], handlers: Handlers) -> None:
        """Apply every option to the draft, collecting errors."""
        for item in items:
            if isinstance(item, Tree) and item.data in handlers:
                with self.collecting():
                    handlers[item.data](self, draft, item)

    def unreachable(self, tree: Tree) -> NoReturn:
        """A rule of the grammar that no code knows: a mistake of ours."""
        raise AssertionError(f"no handler for `{tree.data}`")


class SilencedError(ConfigError):
    """A consequence of an error that was reported already."""


def _article(noun: str) -> str:
    noun = {"int": "number", "string": "text", "ip": "IP address", "bool": "truth value"}.get(noun, noun)
    return f"an {noun}" if noun[0] in "aeiouIA" else f"a {noun}"


def predefined(attributes: Mapping[str, AttributeDecl], numbers: Mapping[str, int]) -> Scope:
    """The outermost scope: enumerations, `true`, `false`, iproute2's numbers, attributes."""
    scope = Scope()
    for name, (kind, value) in CONSTANTS.items():
        scope.add(name, Symbol(name, "constant", Literal(kind, value), kind))
    for name, truth in (("true", True), ("false", False)):
        scope.add(name, Symbol(name, "constant", Literal("bool", truth), "bool"))
    for name, number in numbers.items():
        scope.add(name, Symbol(name, "constant", Literal("int", number), "int"))
    for name, decl in attributes.items():
        scope.add(name, Symbol(name, "attribute", None, decl.type))
    return scope
