"""The configuration as frozen values: what the builder makes and the planner compares.

Equal meaning is equal value: templates, defines and defaults are resolved, and
spans do not take part in equality. A protocol's own options are a subclass of
`ProtocolConfig` in its folder (`proto/*/config.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pybird.conf.errors import ConfigError, ConfigErrors, Warning  # noqa: A004
from pybird.filter.nodes import ACCEPT, NO_SPAN, REJECT, Filter, Function, FunctionRef, Span
from pybird.values.address import Address
from pybird.values.attributes import AttributeDecl
from pybird.values.net import NetType, Prefix

LimitAction: TypeAlias = Literal["warn", "block", "restart", "disable"]
LabelPolicy: TypeAlias = Literal["static", "prefix", "aggregate", "vrf"]
LogKind: TypeAlias = Literal["file", "fixed", "syslog", "stderr", "udp"]
SymbolKind: TypeAlias = Literal[
    "constant",
    "function",
    "filter",
    "protocol",
    "template",
    "routing table",
    "custom attribute",
    "attribute",  # of the core or a protocol, in the outermost scope
    "thread group",
    "MPLS domain",
    "MPLS label range",
]
DEBUG_FLAGS = ("states", "routes", "filters", "interfaces", "events", "packets")


@dataclass(frozen=True, slots=True)
class Limit:
    """`import limit N action A`."""

    count: int
    action: LimitAction = "disable"


@dataclass(frozen=True, slots=True)
class InterfacePattern:
    """`[-]"mask" [prefix]`; a mask is a shell pattern with * and ?, None matches any name."""

    mask: str | None = None
    prefix: Prefix | None = None
    negative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """`expect`: the names that a neighbor on some interfaces may have, as patterns with `*` and `?`.

    `interfaces` empty means all; with `enforce` another neighbor is refused.
    """

    names: tuple[str, ...]
    interfaces: tuple[InterfacePattern, ...] = ()
    enforce: bool = False


@dataclass(frozen=True, slots=True)
class TableConfig:
    """One routing table. `implicit` tables were not written (master4, master6, peers)."""

    name: str
    net_type: NetType
    sorted: bool = False
    trie: bool = False
    debug: frozenset[str] = frozenset()
    implicit: bool = field(default=False, compare=False)
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LabelRange:
    """`label range NAME { start N; length N; }`: labels from `start` to before `end`."""

    name: str
    start: int
    length: int

    @property
    def end(self) -> int:
        """The first label behind the range."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class LabelDomain:
    """`mpls domain NAME { ... }`: a space of labels, with the ranges `static` and `dynamic` in any case."""

    name: str
    ranges: tuple[LabelRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """What every channel has. `name` is the manual's ("ipv4", "ipv6 sadr", "peers")."""

    name: str
    net_type: NetType
    table: str
    import_filter: Filter = ACCEPT
    export_filter: Filter = REJECT
    import_in: Prefix | None = None
    export_in: Prefix | None = None
    import_limit: Limit | None = None
    receive_limit: Limit | None = None
    export_limit: Limit | None = None
    preference: int = 0
    keep_filtered: bool = False
    rpki_reload: bool = True
    debug: frozenset[str] = frozenset()
    span: Span = field(default=NO_SPAN, compare=False, repr=False)

    @property
    def shown(self) -> str:
        """Its name in replies and logs."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChannelConfig(ChannelConfig):
    """An `mpls` channel: where the labels of the protocol's other channels come from."""

    domain: LabelDomain
    label_range: str = "dynamic"
    label_policy: LabelPolicy = "prefix"

    def relabels(self, old: ChannelConfig) -> bool:
        """True if routes may get other labels than with the old config."""
        if not isinstance(old, LabelChannelConfig):
            return True
        return (old.label_range, old.label_policy, old.domain) != (
            self.label_range,
            self.label_policy,
            self.domain,
        )

    def moves(self, old: ChannelConfig) -> bool:
        """True if the labels are of another domain, or their routes go into another table."""
        return (
            not isinstance(old, LabelChannelConfig)
            or old.domain.name != self.domain.name
            or old.table != self.table
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolConfig:
    """What every protocol has. `type_name` is the manual's ("bgp", "radv")."""

    type_name: str
    name: str
    channels: tuple[ChannelConfig, ...] = ()
    disabled: bool = False
    description: str = ""
    router_id: int | None = None
    hostname: str | None = None
    vrf: str | None = None
    debug: frozenset[str] = frozenset()
    restart_time: float = 5.0
    span: Span = field(default=NO_SPAN, compare=False, repr=False)

    @property
    def copies(self) -> tuple[tuple[str, str], ...]:
        """(from, to): the tables that it copies routes between."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRun(ProtocolConfig):
    """A protocol of BIRD's that this version understands but does not run."""


@dataclass(frozen=True, slots=True)
class LogConfig:
    """One `log` statement; `fixed` is a ring file."""

    kind: LogKind
    classes: frozenset[str]
    path: str = ""  # file, or syslog name, or UDP host
    limit: int = 0
    backup: str = ""
    port: int = 514
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """strftime plus %f; beyond `limit` seconds `old` is used instead (0: never)."""

    format: str
    limit: int = 0
    old: str = ""

    @property
    def flaw(self) -> str:
        """Why no line of a log or a reply can have such times; empty if it can."""
        for text in (self.format, self.old):
            if _LINE_BREAK.search(text):
                return "a time format must not break the line"
            if _WIDE.search(text):
                return "a time format has fields of at most 99 characters"
        return ""


# `%n` of strftime with its flags and width, but not the n behind `%%`.
_LINE_BREAK = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|(?<!%)(?:%%)*%[-_0^#EO]*\d*n")
_WIDE = re.compile(r"(?<!%)(?:%%)*%[-_0^#EO]*\d{3}")


@dataclass(frozen=True, slots=True)
class SocketConfig:
    """`cli "path" { restrict; v2 attributes; }`."""

    path: str
    restrict: bool = False
    dialect: int | None = None
    v2_attributes: bool = False


ISO_SHORT_MS = TimeFormat("%T.%3f", 72000, "%F")
ISO_LONG_MS = TimeFormat("%F %T.%3f")


@dataclass(frozen=True, slots=True)
class CustomAttribute:
    """`attribute TYPE NAME;`."""

    name: str
    type: str

    @property
    def declaration(self) -> AttributeDecl:
        """Its declaration for filters and for the pool of attributes."""
        return AttributeDecl(self.name, self.type)


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name outside of filters and functions means."""

    name: str
    kind: SymbolKind
    value: Any = None
    type: str = ""
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Suite:
    """`bt_test_suite(FUNCTION, "text")`: a function of assertions that `pybird test` runs."""

    function: FunctionRef
    text: str
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SameMeaning:
    """`bt_test_same(A, B, N)`: two functions mean the same, or (`same` false) do not."""

    first: FunctionRef
    second: FunctionRef
    same: bool
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole configuration."""

    path: str = ""
    router_id: int | None = None
    router_id_from: tuple[InterfacePattern, ...] = ()
    hostname: str | None = None
    tables: tuple[TableConfig, ...] = ()
    label_domains: tuple[LabelDomain, ...] = ()
    protocols: tuple[ProtocolConfig, ...] = ()
    logs: tuple[LogConfig, ...] = ()
    sockets: tuple[SocketConfig, ...] = ()
    attributes: tuple[CustomAttribute, ...] = ()
    graceful_restart_wait: int = 240
    debug_protocols: frozenset[str] = frozenset()
    debug_channels: frozenset[str] = frozenset()
    debug_tables: frozenset[str] = frozenset()
    debug_show_route: frozenset[str] = frozenset()
    debug_commands: int = 0
    timeformat_route: TimeFormat = ISO_SHORT_MS
    timeformat_protocol: TimeFormat = ISO_SHORT_MS
    timeformat_base: TimeFormat = ISO_LONG_MS
    timeformat_log: TimeFormat = ISO_LONG_MS
    tests: tuple[Suite | SameMeaning, ...] = ()
    symbols: dict[str, Symbol] = field(default_factory=dict, compare=False, repr=False)
    filters: dict[str, Filter] = field(default_factory=dict, compare=False, repr=False)
    functions: dict[str, Function] = field(default_factory=dict, compare=False, repr=False)
    warnings: tuple[Warning, ...] = field(default=(), compare=False, repr=False)
    refusals: tuple[ConfigError, ...] = field(default=(), compare=False, repr=False)  # why not to run it

    def protocol(self, name: str) -> ProtocolConfig | None:
        """The protocol of that name."""
        return next((p for p in self.protocols if p.name == name), None)

    def table(self, name: str) -> TableConfig | None:
        """The table of that name."""
        return next((t for t in self.tables if t.name == name), None)


def must_run(config: Config) -> Config:
    """The same configuration, if a router may run it.

    Raises:
        ConfigErrors: it needs something that PyBIRD does not have yet and that is too important to leave out.
    """
    if config.refusals:
        raise ConfigErrors(list(config.refusals), config.warnings)
    return config


__all__ = [
    "ACCEPT",
    "DEBUG_FLAGS",
    "ISO_LONG_MS",
    "ISO_SHORT_MS",
    "REJECT",
    "Address",
    "ChannelConfig",
    "Config",
    "CustomAttribute",
    "InterfacePattern",
    "LabelChannelConfig",
    "LabelDomain",
    "LabelPolicy",
    "LabelRange",
    "Limit",
    "LogConfig",
    "NotRun",
    "ProtocolConfig",
    "SameMeaning",
    "SocketConfig",
    "Suite",
    "Symbol",
    "TableConfig",
    "TimeFormat",
    "must_run",
]
