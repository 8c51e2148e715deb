"""What handlers take, and how it is read from the parse tree of a command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pybird.core.replies import ARGUMENT_ERROR, PARSE_ERROR, CommandError
from pybird.filter.nodes import Filter
from pybird.values.address import Address
from pybird.values.net import Net


@dataclass(frozen=True, slots=True)
class Which:
    """Which protocols: one by name, all that match a pattern, or all."""

    name: str | None = None
    pattern: str | None = None


ALL = Which()


@dataclass(frozen=True, slots=True)
class ShowProtocols:
    """`show protocols [all] [NAME|"PATTERN"]`."""

    which: Which = ALL
    all: bool = False


@dataclass(frozen=True, slots=True)
class ChannelName:
    """`PROTOCOL.CHANNEL`; without a channel all of them."""

    protocol: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class ShowRoute:
    """`show route ...`.

    `mode` is one of export, preexport, noexport, exported, import table,
    export table, filtered or "" for what the tables hold. `match` says how
    `net` selects: exact, for, in.
    """

    net: Net | Address | None = None
    match: str = "exact"
    tables: tuple[str, ...] = ()
    every_table: bool = False
    filter: Filter | None = None
    mode: str = ""
    channel: ChannelName | None = None
    protocol: str | None = None
    all: bool = False
    primary: bool = False
    count: bool = False
    stats: bool = False


@dataclass(frozen=True, slots=True)
class ShowRefused:
    """`show route refused [PROTOCOL[.CHANNEL]] [NET | for NET | in NET]`; `match` as in `ShowRoute`."""

    by: ChannelName | None = None
    net: Net | Address | None = None
    match: str = "exact"


@dataclass(frozen=True, slots=True)
class ShowPeers:
    """`show peers [table T] ["INTERFACE"]`."""

    table: str | None = None
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class ShowSymbols:
    """`show symbols [KIND|NAME]`."""

    kind: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Configure:
    """`configure [soft] ["FILE"] [timeout [N]]`; the timeout is seconds."""

    soft: bool = False
    file: str | None = None
    timeout: int | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """`enable|disable|restart WHICH ["MESSAGE"]`."""

    which: Which
    message: str = ""


@dataclass(frozen=True, slots=True)
class Reload:
    """`reload [in|out] WHICH`: which directions."""

    which: Which
    imports: bool = True
    exports: bool = True
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Debug:
    """`debug WHICH[.CHANNEL] FLAGS`; flags None means all."""

    which: Which
    channel: str | None = None
    flags: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Echo:
    """`echo CLASSES [LIMIT]`; the limit is octets that may wait unread, more is dropped."""

    classes: frozenset[str]
    limit: int


@dataclass(frozen=True, slots=True)
class Dump:
    """`dump KIND ["FILE"]`; without a file to the log."""

    kind: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """`timeformat [USE] ...`: the formats of which uses, and which format."""

    uses: tuple[str, ...]
    format: str
    limit: int = 0
    old: str = ""


class Parts:
    """The children of a command's tree by rule, with the prefix of imports taken off."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for child in self.tree.children:
            yield (rule_of(child), child)

    def has(self, rule: str) -> bool:
        """Is there a part of this rule?"""
        return any(name == rule for name, _ in self)

    def first(self, *rules: str) -> Any:
        """The first part of one of these rules, or None."""
        return next((child for name, child in self if name in rules), None)

    def text(self, *rules: str) -> str | None:
        """What the quoted text in the first such part says."""
        found = self.first(*rules)
        return None if found is None else word(found)


def rule_of(node: Any) -> str:
    """The rule of a tree, the type of a token."""
    name = str(getattr(node, "data", None) or getattr(node, "type", ""))
    return name.rpartition("__")[2] if name.islower() else name


def tokens(node: Any) -> list[Any]:
    """All tokens of a tree, in order."""
    if not hasattr(node, "children"):
        return [node]
    return [token for child in node.children for token in tokens(child)]


def words(node: Any) -> str:
    """The tokens of a tree with one blank between them."""
    return " ".join(str(token) for token in tokens(node))


def word(node: Any) -> str:
    """The first token of a tree."""
    found = tokens(node)
    return str(found[0]) if found else ""


def named(node: Any) -> str:
    """The first token as a name."""
    return word(node)


def number(node: Any) -> int:
    """The first token as a number.

    Raises:
        CommandError: it is none.
    """
    text = word(node)
    try:
        return int(text, 0) if text.lower().startswith("0x") else int(text)
    except ValueError:
        raise CommandError(ARGUMENT_ERROR, f"{text} is not a number") from None


def which(parts: Parts) -> Which:
    """Which protocols a command is about; all when it does not say."""
    name = parts.first("protocol_name")
    if name is not None:
        return Which(name=named(name))
    pattern = parts.text("protocol_pattern")
    return ALL if pattern is None else Which(pattern=pattern)


# One function per command: tree and session to arguments.


def show_protocols(tree: Any, _session: Any) -> ShowProtocols:
    """`show protocols`."""
    parts = Parts(tree)
    return ShowProtocols(which(parts), parts.has("all"))


def show_static(tree: Any, _session: Any) -> Which:
    """`show static`."""
    return which(Parts(tree))


def show_peers(tree: Any, _session: Any) -> ShowPeers:
    """`show peers`."""
    parts = Parts(tree)
    table = parts.first("peer_table")
    return ShowPeers(None if table is None else named(table), parts.text("peer_interface"))


def show_symbols(tree: Any, _session: Any) -> ShowSymbols:
    """`show symbols`."""
    parts = Parts(tree)
    kind, name = parts.first("symbol_kind"), parts.first("symbol_name")
    return ShowSymbols(None if kind is None else word(kind), None if name is None else named(name))


def configure(tree: Any, _session: Any) -> Configure:
    """`configure` and `configure check`; a timeout of 0 is none, as in BIRD."""
    parts = Parts(tree)
    timeout = parts.first("timeout")
    seconds = None if timeout is None else number(timeout) if tokens(timeout) else DEFAULT_TIMEOUT
    return Configure(parts.has("soft"), parts.text("file"), seconds or None)


DEFAULT_TIMEOUT = 300


def switch(tree: Any, _session: Any) -> Switch:
    """`enable`, `disable`, `restart`."""
    parts = Parts(tree)
    return Switch(which(parts), parts.text("message") or "")


def reload(tree: Any, _session: Any) -> Reload:
    """`reload` in its three forms."""
    parts = Parts(tree)
    return Reload(
        which(parts),
        imports=not parts.has("direction_out"),
        exports=not parts.has("direction_in"),
        partial=parts.has("partial"),
    )


def debug(tree: Any, _session: Any) -> Debug:
    """`debug`."""
    parts = Parts(tree)
    chosen = parts.first("debug_flags")
    inside = Parts(chosen)
    flags: frozenset[str] | None = frozenset(words(c) for name, c in inside if name == "debug_flag")
    if inside.has("every"):
        flags = None
    channel = parts.first("debug_channel")
    if channel is not None:
        chosen_channel = channel_name(channel)
        return Debug(Which(name=chosen_channel.protocol), chosen_channel.channel, flags)
    return Debug(which(parts), None, flags)


def channel_name(tree: Any) -> ChannelName:
    """`PROTOCOL` or `PROTOCOL.CHANNEL` inside a tree."""
    inside = Parts(tree).first("channel_of")
    names = [named(child) for rule, child in Parts(inside or tree) if rule == "NAME"]
    if not names:
        raise CommandError(PARSE_ERROR, "a protocol is expected")
    return ChannelName(names[0], " ".join(names[1:]) or None)


def timeformat(tree: Any, _session: Any) -> TimeChoice:
    """`timeformat`."""
    uses: tuple[str, ...] = ("base", "protocol", "route")
    parts = Parts(tree)
    written = [str(child) for _, child in parts if not hasattr(child, "data")]
    if written:
        uses = (written[0],)
    iso = parts.first("time_iso")
    if iso is not None:
        return TimeChoice(uses, words(iso))
    texts = tokens(parts.first("time_text"))
    pattern = str(texts[0])
    if len(texts) < 3:
        return TimeChoice(uses, pattern)
    return TimeChoice(uses, pattern, number(texts[1]), str(texts[2]))


def dump(tree: Any, _session: Any) -> Dump:
    """`dump`: what, and to which file."""
    parts = Parts(tree)
    return Dump(words(parts.first("dump_kind")), parts.text("file"))


def echo(tree: Any, _session: Any) -> Echo:
    """`echo`: the classes to echo, and how much may wait for the client."""
    parts = Parts(tree)
    found = words(parts.first("echo_classes")).split()
    classes = LOG_CLASSES if found == ["all"] else frozenset(w for w in found if w in LOG_CLASSES)
    limit = parts.first("NUMBER")
    return Echo(classes, DEFAULT_ECHO if limit is None else number(limit))


DEFAULT_ECHO = 64 * 1024
LOG_CLASSES = frozenset(("debug", "trace", "info", "remote", "warning", "error", "auth", "fatal", "bug"))
