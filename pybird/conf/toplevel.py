"""The statements of a configuration file, a method for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from pybird.conf.builder import Builder
from pybird.conf.channels import NET_TYPES
from pybird.conf.draft import Draft
from pybird.conf.model import (
    DEBUG_FLAGS,
    CustomAttribute,
    LogConfig,
    LogKind,
    SameMeaning,
    SocketConfig,
    Suite,
    Symbol,
    TableConfig,
    TimeFormat,
)
from pybird.conf.mpls import domain
from pybird.conf.options import Ignored, Refused, Taken, checked_number
from pybird.conf.protocols import build_protocol
from pybird.conf.statements import StatementBuilder, filter_of, type_name
from pybird.conf.tree import Item, Token, Tree
from pybird.filter import nodes
from pybird.filter.digest import digest
from pybird.filter.nodes import Filter, FunctionRef
from pybird.values.attributes import UNKNOWN_PREFIX
from pybird.values.net import NetType

LOG_CLASSES = ("debug", "trace", "info", "remote", "warning", "error", "auth", "fatal", "bug")
WITH_TRIE = frozenset(NetType) - {
    NetType.FLOW4, NetType.FLOW6, NetType.ETH, NetType.MPLS, NetType.ASPA, NetType.EVPN, NetType.PEER,
}  # fmt: skip
LOG_LIMIT = 16384  # octets; smaller files are not rotated

# Options of the whole router that are not acted on.
GLOBAL_OPTIONS: Mapping[str, Taken | Ignored | Refused] = {
    "debug_latency": Ignored("slow steps of the event loop are not logged"),
    "debug_latency_limit": Ignored("slow steps of the event loop are not logged"),
    "watchdog_warning": Ignored("slow steps of the event loop are not logged"),
    "watchdog_timeout": Ignored("a router that hangs does not end itself"),
    "mrtdump_file": Ignored("MRT dumps are not written"),
    "mrtdump_protocols": Ignored("MRT dumps are not written"),
    "threads": Taken("one thread does the work"),
    "thread_group_statement": Taken("one thread does the work"),
    "filter_stacks": Taken("filters have no stacks of a fixed size"),
}


def _cork(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    low, high = (builder.number(child) for child in tree.children)
    if low >= high:
        text = "Cork low threshold must be lower than the high threshold."
        raise builder.error(text, tree.children[0])


# Options of a table that are not acted on.
TABLE_OPTIONS: Mapping[str, Taken | Ignored | Refused] = {
    "table_gc_threshold": Ignored("what is not used is freed immediately", checked_number()),
    "table_gc_period": Ignored("what is not used is freed immediately"),
    "table_cork": Ignored("imports are slowed down by TCP alone", _cork),
    "table_settle": Ignored("changes are passed on immediately"),
    "table_refresh_settle": Ignored("changes are passed on immediately"),
    "table_digest_settle": Ignored("changes of ROA and ASPA tables settle for 1 s, 20 s at most"),
    "table_min_settle": Ignored("changes of ROA and ASPA tables settle for 1 s, 20 s at most"),
    "table_max_settle": Ignored("changes of ROA and ASPA tables settle for 1 s, 20 s at most"),
    "table_thread_group": Taken("one thread does the work"),
}


class TopLevel:
    """What the statements of one file have set."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.values: dict[str, Any] = {}
        self.logs: list[LogConfig] = []
        self.sockets: list[SocketConfig] = []
        self.attributes: list[CustomAttribute] = []
        self.filters: dict[str, Filter] = {}
        self.functions: dict[str, nodes.Function] = {}
        self.tests: list[Suite | SameMeaning] = []

    def statement(self, tree: Tree) -> None:
        """Carry out one statement; errors are collected by the builder."""
        self.builder.begin = tree.start
        handler = STATEMENTS.get(tree.data)
        if handler is not None:
            handler(self, tree)
            return
        unmet = GLOBAL_OPTIONS.get(tree.data)
        if unmet is None:
            self.builder.unreachable(tree)
        unmet.apply(self.builder, tree)

    # ----------------------------------------------------------- definitions

    def define(self, tree: Tree) -> None:
        name, value = tree.children
        assert isinstance(name, Token)
        node = self.builder.node(value)
        literal = self.builder.evaluated(node, value)
        self.builder.declare(name, "constant", literal, literal.type)

    def attribute(self, tree: Tree) -> None:
        kind, name = tree.children
        assert isinstance(name, Token)
        made = CustomAttribute(str(name), type_name(self.builder, kind))
        self.builder.declare(name, "custom attribute", made.name, made.type)
        self.attributes.append(made)
        self.builder.attributes[made.name] = made.declaration

    def attribute_bgp(self, tree: Tree) -> None:
        """Another name for the BGP attribute with this code, which PyBIRD may know or not."""
        number, kind, name = tree.children
        assert isinstance(name, Token)
        code = self.builder.number(number, 1, 255)
        known = self.builder.bgp_attribute(code)
        type_, wanted = type_name(self.builder, kind), known.type if known is not None else "bytestring"
        if type_ != wanted:
            raise self.builder.error(f"Attribute {code} type must be {wanted}, not {type_}", kind)
        named = known.name if known is not None else f"{UNKNOWN_PREFIX}{code:02x}"
        self.builder.declare(name, "custom attribute", named, type_)

    def filter(self, tree: Tree) -> None:
        name, locals_, block = tree.children
        assert isinstance(name, Token)
        assert isinstance(locals_, Tree)
        assert isinstance(block, Tree)
        symbol = self.builder.declare(name, "filter")
        made = self.builder.checked(filter_of(self.builder, str(name), locals_, block))
        self.filters[str(name)] = made
        self._set_value(symbol, made)

    def function(self, tree: Tree) -> None:
        name = tree.children[0]
        assert isinstance(name, Token)
        parameters, *kinds, locals_, block = tree.trees()
        code = StatementBuilder(self.builder, self.builder.scope, in_function=True)
        declared = code.parameters(parameters)
        returns = type_name(self.builder, kinds[0]) if kinds else None
        reference = FunctionRef(str(name), declared, returns)
        symbol = self.builder.declare(name, "function", reference.within(), returns or "")
        body = code.body(locals_, block)
        made = nodes.Function(str(name), declared, body, returns, span=self.builder.span(tree))
        reference.function = made
        self.builder.checked(made)
        digest(reference)
        self._set_value(symbol, reference)
        self.functions[str(name)] = made

    def _set_value(self, symbol: Symbol, value: Any) -> None:
        self.builder.scope.add(symbol.name, replace(symbol, value=value))

    def eval(self, tree: Tree) -> None:
        if self.builder.constant(tree.children[0]).type != "int":
            raise self.builder.error("Expression of type int expected", tree.children[0])

    def table(self, tree: Tree) -> None:
        kind, name, *options = tree.children
        assert isinstance(kind, Tree)
        assert isinstance(name, Token)
        net_type = NET_TYPES[kind.text()]
        known = self.builder.tables.get(name)
        if known is None or not known.implicit:
            self.builder.declare(name, "routing table", str(name))
        elif known.net_type is not net_type:
            raise self.builder.error(f"Symbol '{name}' already defined", name)
        else:
            self.builder.replaced.append(str(name))
            self._set_value(
                Symbol(str(name), "routing table", str(name), span=self.builder.span(name)), str(name)
            )
        values = self._table_options(net_type, options)
        self.builder.tables[str(name)] = TableConfig(
            str(name), net_type, span=self.builder.span(name), **values
        )

    def _table_options(self, net_type: NetType, options: list[Item]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for option in options:
            assert isinstance(option, Tree)
            name = option.data.removeprefix("table_")
            if name == "in_order":  # `sorted` before the block
                values["sorted"] = True
            elif name in ("sorted", "trie"):
                values[name] = self.builder.switch(option.children[0])
            elif name == "debug":
                values["debug"] = self.builder.flags(option.children[0], DEBUG_FLAGS)
            else:
                TABLE_OPTIONS[option.data](self.builder, Draft(TableConfig), option)
            if name == "trie" and net_type not in WITH_TRIE:
                raise self.builder.error("Trie option not supported for this table type", option)
        return values

    # ------------------------------------------------------------------ globals

    def router_id(self, tree: Tree) -> None:
        self.values["router_id"] = self.builder.router_id(tree.children[0])

    def router_id_from(self, tree: Tree) -> None:
        self.values["router_id_from"] = self.builder.interface_patterns(tree.children[0])

    def hostname(self, tree: Tree) -> None:
        self.values["hostname"] = self.builder.text(tree.children[0])

    def graceful_restart_wait(self, tree: Tree) -> None:
        self.values["graceful_restart_wait"] = self.builder.number(tree.children[0])

    def debug(self, tree: Tree) -> None:
        self.values[tree.data] = self.builder.flags(tree.children[0], DEBUG_FLAGS)

    def debug_commands(self, tree: Tree) -> None:
        self.values["debug_commands"] = self.builder.number(tree.children[0])

    def mpls_domain(self, tree: Tree) -> None:
        domain(self.builder, tree)

    def thread_group(self, tree: Tree) -> None:
        """Declare the group and check its options; they change nothing, one thread does the work."""
        name, *options = tree.children
        assert isinstance(name, Token)
        if self.builder.protocols or any(not table.implicit for table in self.builder.tables.values()):
            text = "Put `threads` block before any protocol or table definition."
            raise self.builder.error(text, name)
        self.builder.declare(name, "thread group")
        for option in options:
            assert isinstance(option, Tree)
            self.builder.check_values(option)

    def filter_stacks(self, tree: Tree) -> None:
        for child in tree.children:
            self.builder.number(child, 16, message="Filter stack values lesser than 16 not supported")

    def timeformat(self, tree: Tree) -> None:
        use, spec = tree.children
        assert isinstance(spec, Tree)
        found = self._time_format(spec)
        if found.flaw:
            raise self.builder.error(found.flaw, spec)
        self.values[f"timeformat_{use}"] = found

    def _time_format(self, spec: Tree) -> TimeFormat:
        if spec.data == "timeformat_text":
            words = spec.words()
            if len(words) == 1:
                return TimeFormat(str(words[0]))
            return TimeFormat(str(words[0]), self.builder.number(words[1]), str(words[2]))
        texts = [str(word) for word in spec.words()]
        fraction = {"ms": ".%3f", "us": ".%6f"}.get(texts[-1], "")
        if texts[1] == "short":
            return TimeFormat("%T" + fraction, 72000, "%F")
        return TimeFormat("%F %T" + fraction)

    def log(self, tree: Tree) -> None:
        *values, classes = tree.children
        kind = tree.data.removeprefix("log_")
        found = self.builder.flags(classes, LOG_CLASSES)
        match kind:
            case "rotated" | "fixed":
                path, limit = self.builder.text(values[0]), self.builder.number(values[1])
                backup = self.builder.text(values[2]) if kind == "rotated" else ""
                if kind == "rotated" and limit < LOG_LIMIT:
                    self.builder.warn(
                        f"Log file limit must be at least {LOG_LIMIT}; that value is used", values[1]
                    )
                    limit = LOG_LIMIT
                log = LogConfig("file" if backup else "fixed", found, path, limit, backup)
            case "udp":
                host = self.builder.constant(values[0], "string", "ip")
                port = self.builder.number(values[1], 1, 65535) if len(values) > 1 else 514
                log = LogConfig(kind, found, str(host.value), port=port)
            case _:
                log = LogConfig(cast("LogKind", kind), found, self.builder.text(values[0]) if values else "")
        self.logs.append(replace(log, span=self.builder.span(tree)))

    def cli(self, tree: Tree) -> None:
        path = self.builder.text(tree.children[0])
        items = {item.data: item for item in tree.children[1:] if isinstance(item, Tree)}
        dialect = (
            self.builder.number(items["cli_dialect"].children[0], 2, 3) if "cli_dialect" in items else None
        )
        self.sockets.append(SocketConfig(path, "cli_restrict" in items, dialect, "cli_attributes" in items))

    def bt_test_suite(self, tree: Tree) -> None:
        name, text = tree.children
        function = self._function(name)
        if function.parameters:
            raise self.builder.error("the function of a test suite takes no arguments", name)
        self.tests.append(Suite(function, self.builder.text(text), self.builder.span(tree)))

    def bt_test_same(self, tree: Tree) -> None:
        first, second, same = tree.children
        wanted = bool(self.builder.number(same, 0, 1))
        self.tests.append(
            SameMeaning(self._function(first), self._function(second), wanted, self.builder.span(tree))
        )

    def _function(self, name: Item) -> FunctionRef:
        assert isinstance(name, Token)
        found = self.builder.symbol(name, "function").value
        assert isinstance(found, FunctionRef)
        return found

    def protocol(self, tree: Tree) -> None:
        build_protocol(self.builder, tree)


STATEMENTS: dict[str, Callable[[TopLevel, Tree], None]] = {
    "define": TopLevel.define,
    "attribute": TopLevel.attribute,
    "attribute_bgp": TopLevel.attribute_bgp,
    "eval": TopLevel.eval,
    "filter": TopLevel.filter,
    "function": TopLevel.function,
    "table": TopLevel.table,
    "router_id": TopLevel.router_id,
    "router_id_from": TopLevel.router_id_from,
    "hostname": TopLevel.hostname,
    "graceful_restart_wait": TopLevel.graceful_restart_wait,
    "debug_protocols": TopLevel.debug,
    "debug_channels": TopLevel.debug,
    "debug_tables": TopLevel.debug,
    "debug_show_route": TopLevel.debug,
    "debug_commands": TopLevel.debug_commands,
    "timeformat": TopLevel.timeformat,
    "mpls_domain": TopLevel.mpls_domain,
    "thread_group_statement": TopLevel.thread_group,
    "filter_stacks": TopLevel.filter_stacks,
    "log_file": TopLevel.log,
    "log_rotated": TopLevel.log,
    "log_fixed": TopLevel.log,
    "log_syslog": TopLevel.log,
    "log_stderr": TopLevel.log,
    "log_udp": TopLevel.log,
    "cli": TopLevel.cli,
    "protocol_statement": TopLevel.protocol,
    "template_statement": TopLevel.protocol,
    "bt_test_suite": TopLevel.bt_test_suite,
    "bt_test_same": TopLevel.bt_test_same,
}
