"""The arguments of command handlers, as values, and the functions that make them of parse trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pybird.core.command_parts import Parts, named, number, tokens, word, words
from pybird.core.command_targets import ALL, Which, which
from pybird.core.replies import PARSE_ERROR, CommandError
from pybird.filter.nodes import Filter
from pybird.values.address import Address
from pybird.values.net import Net


@dataclass(frozen=True, slots=True)
class ShowProtocols:
    """`show protocols [all] [NAME|"PATTERN"]`."""

    which: Which = ALL
    all: bool = False


@dataclass(frozen=True, slots=True)
class ChannelName:
    """`PROTOCOL.CHANNEL`; without a channel all channels of the protocol."""

    protocol: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class ShowRoute:
    """`show route ...`.

    `mode` is one of export, preexport, noexport, exported, import table,
    export table, filtered, or "" for the routes in the tables. `match` says how
    `net` selects networks: exact; for, those around it (of a table the longest
    match); in, those inside it.
    """

    net: Net | Address | None = None
    match: str = "exact"
    tables: tuple[str, ...] = ()
    every_table: bool = False
    filter: Filter | None = None
    mode: str = ""
    channel: ChannelName | None = None
    channel_first: bool = False  # before the table: its heading is shown though no route of it is
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
    """`configure [soft] ["FILE"] [timeout [N]]`; the timeout in seconds."""

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
    """`reload [in|out] WHICH`; without a direction both. `partial`: `partial PREFIXES` was given."""

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
    """`echo CLASSES [LIMIT]`; while `limit` octets wait unread, further messages are dropped."""

    classes: frozenset[str]
    limit: int


@dataclass(frozen=True, slots=True)
class Dump:
    """`dump KIND ["FILE"]`; without a file the dump goes to the log."""

    kind: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """`timeformat [USE] ...`: which uses get the format.

    `limit` is seconds: times longer ago are written in the format `old`; 0 is no limit.
    """

    uses: tuple[str, ...]
    format: str
    limit: int = 0
    old: str = ""


# One function per command: makes its arguments of the parse tree and the session.


def show_protocols(tree: Any, _session: Any) -> ShowProtocols:
    """`show protocols`."""
    parts = Parts(tree)
    return ShowProtocols(which(parts), parts.has("all"))


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
    """`configure` and `configure check`; a timeout of 0 means no timeout, as in BIRD."""
    parts = Parts(tree)
    timeout = parts.first("timeout")
    seconds = None if timeout is None else number(timeout) if tokens(timeout) else DEFAULT_TIMEOUT
    return Configure(parts.has("soft"), parts.text("file"), seconds or None)


DEFAULT_TIMEOUT = 300


def switch(tree: Any, _session: Any) -> Switch:
    """`enable`, `disable`, `restart`."""
    parts = Parts(tree)
    return Switch(which(parts), parts.text("message") or "")


def prune(tree: Any, _session: Any) -> Which:
    """`prune`."""
    return which(Parts(tree))


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
    """`dump`: the kind, and the file if one is named."""
    parts = Parts(tree)
    return Dump(words(parts.first("dump_kind")), parts.text("file"))


def echo(tree: Any, _session: Any) -> Echo:
    """`echo`: the classes to echo, and the octets that may wait for the client."""
    parts = Parts(tree)
    found = words(parts.first("echo_classes")).split()
    classes = LOG_CLASSES if found == ["all"] else frozenset(w for w in found if w in LOG_CLASSES)
    limit = parts.first("NUMBER")
    return Echo(classes, DEFAULT_ECHO if limit is None else number(limit))


DEFAULT_ECHO = 64 * 1024
LOG_CLASSES = frozenset(("debug", "trace", "info", "remote", "warning", "error", "auth", "fatal", "bug"))
