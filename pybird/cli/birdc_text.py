"""Replies as the text of BIRD's control socket, byte for byte.

Dialect 2 writes what BIRD 2.19 writes, dialect 3 what BIRD 3.3 writes; they
differ in the columns of `Route change stats`, the labels of protocols and the
names of route attributes. Each reply becomes lines of (code, text); `LineCoder`
puts the codes in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pybird.cli.times import Times
from pybird.core import replies as r
from pybird.core.protocol import Detail
from pybird.values.attributes import UNKNOWN_PREFIX

Line = tuple[int, str]

_LABEL: Final = {2: 16, 3: 20}  # width of the labels at the top of a protocol
_CHANNEL_LABEL: Final = 16
_BLOCK: Final = 22  # the column of values in a protocol's own block
# A line that is this long gets no further community: BIRD breaks lines here.
_COMMUNITY, _EXT_COMMUNITY, _LARGE_COMMUNITY = 477, 437, 436


@dataclass(frozen=True, slots=True)
class View:
    """How one session's text replies look: dialect, time formats, names of route attributes."""

    dialect: int
    times: Times
    v2_attributes: bool = False

    @property
    def old_attributes(self) -> bool:
        """Whether route attributes are written under BIRD 2's names."""
        return self.dialect == 2 or self.v2_attributes


class LineCoder:
    """Puts reply codes before lines: `NNNN-`, or a blank if the code repeats; `NNNN ` before the last."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = -1

    def more(self, code: int, text: str) -> str:
        """A line that is not the last."""
        if code == self._last:
            return f" {text}\n"
        self._last = code
        return f"{code:04d}-{text}\n"

    def last(self, code: int, text: str) -> str:
        """The line that ends the reply."""
        self._last = -1
        return f"{code:04d} {text}\n"


def lines(reply: r.Reply, view: View) -> Iterator[Line]:
    """The lines of one reply."""
    match reply:
        case r.Note(code, text) | r.FailureReply(code, text):
            for line in text.split("\n"):
                yield code, line
        case r.Done():
            yield 0, ""
        case r.RouteRow():
            yield from _route(reply, view)
        case r.RouteHeading(table, first):
            if not first:
                yield 1007, ""
            yield 1007, f"Table {table}:"
        case r.RouteCount():
            yield 1007, f"{_count(reply)} in table {reply.table}"
        case r.RouteTotal():
            yield 14, f"Total: {_count(reply)} in {reply.tables} tables"
        case r.ProtocolHeading():
            yield 2002, "Name       Proto      Table      State  Since         Info"
        case r.ProtocolRow():
            yield from _protocol(reply, view)
        case r.ConfigProblem():
            message = f"{reply.file}:{reply.line}:{reply.column} {reply.message}"
            for line in (*reply.shown, message) if reply.last else (message, *reply.shown):
                yield 8002, line
        case _:
            yield from _listing(reply, view)


def _listing(reply: r.Reply, view: View) -> Iterator[Line]:
    match reply:
        case r.Status():
            yield from _status(reply, view)
        case r.Version():
            form = "compiled" if reply.compiled else "pure Python"
            yield 1000, f"{reply.program} {reply.version}"
            yield 1000, f"Python {reply.python}, {form}"
            yield 1000, f"Speaks dialect {reply.dialect}"
        case r.MemoryUse():
            yield from _memory(reply)
        case r.InterfaceRow():
            yield from _interface(reply)
        case r.InterfaceHeading():
            yield 2005, "Interface  State  IPv4 address       IPv6 address"
        case r.InterfaceSummary():
            yield 1005, f"{reply.name:<10} {reply.state:<6} {reply.v4:<18} {reply.v6}"
        case r.SymbolRow():
            yield 1010, f"{reply.name:<8}\t{reply.kind}"
        case r.LabelDomainRanges():
            yield from _label_ranges(reply)
        case r.StaticRow():
            yield 1009, reply.net if reply.hops else f"{reply.net}\t{reply.target}"
            for hop in reply.hops:
                yield 1009, f"\t{hop}"
        case r.PeerHeading():
            yield (
                2030,
                f"{'Address':<28} {'Interface':<10} {'Since':<12}  {'Expires':>8}  {'Session':<12} State",
            )
        case r.PeerRow():
            yield 1030, _peer(reply, view)
        case r.RefusedHeading():
            yield 2032, f"{'Network':<20} {'Since':<12}  {'Channel':<16} Reason"
        case r.RefusedRow():
            yield 1032, _refused(reply, view)
        case r.HelpRow():
            yield 1031, help_line(reply.syntax, reply.text)
        case _:
            raise AssertionError(f"no text for {reply!r}")


def _label_ranges(reply: r.LabelDomainRanges) -> Iterator[Line]:
    if not reply.first:
        yield 1026, ""
    yield 1026, f"MPLS domain {reply.domain}:"
    yield 1026, f"{'Range':<11} {'Start':>7} {'Length':>7} {'End':>7} {'Labels':>7} {'Last':>7}"
    for row in reply.ranges:
        yield (
            1026,
            f"{row.name:<11} {row.start:>7} {row.length:>7} {row.end:>7} {row.labels:>7} {row.last:>7}",
        )


def help_line(syntax: str, text: str) -> str:
    """One line of the reply to `help`."""
    return f"{syntax:<45}  {text}"


def _status(status: r.Status, view: View) -> Iterator[Line]:
    text = view.times.text
    yield 1000, status.version
    yield 1011, f"Router ID is {status.router_id}"
    yield 1011, f"Hostname is {status.hostname}"
    yield 1011, f"Current server time is {text(status.server_time)}"
    yield 1011, f"Last reboot on {text(status.last_reboot)}"
    yield 1011, f"Last reconfiguration on {text(status.last_reconfiguration)}"
    for line in status.recovery:
        yield 24, line
    yield 13, status.state


def _memory(memory: r.MemoryUse) -> Iterator[Line]:
    yield 1018, "BIRD memory usage"
    yield 1018, "                  Effective    Overhead"
    effective = overhead = 0
    for row in memory.rows:
        effective += row.effective
        overhead += row.overhead
        yield 1018, _memory_line(row.name, row.effective, row.overhead)
    yield 1018, _memory_line("Total", effective, overhead)
    if memory.resident is not None:
        yield 1018, ""
        yield 1018, f"{'Active pages:':<17} {_size(memory.resident)}"


def _memory_line(name: str, effective: int, overhead: int) -> str:
    return f"{name + ':':<17} {_size(effective)}   {_size(overhead)}"


def _size(octets: int) -> str:
    """A size with at most four digits before the point, as BIRD writes it."""
    value, unit = float(octets), " B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 9999.5:
            break
        value, unit = value / 1024, larger
    return f"{value:6.1f} {unit}"


def _interface(row: r.InterfaceRow) -> Iterator[Line]:
    master = f" master={row.master}" if row.master else ""
    yield 1001, f"{row.name} {'up' if row.up else 'down'} (index={row.index}{master})"
    yield 1004, f"\t{' '.join(row.flags)} MTU={row.mtu}"
    for address in row.addresses:
        inside = "Preferred, " if address.preferred else ""
        inside += "Secondary, " if address.secondary else ""
        inside += f"opposite {address.opposite}, " if address.opposite else ""
        yield 1003, f"\t{address.address}/{address.length} ({inside}scope {address.scope})"


def _peer(row: r.PeerRow, view: View) -> str:
    expires = "never" if row.expires is None else f"{row.expires:.1f}"
    since = view.times.text(row.since)
    names = f"{row.system} {row.port}".strip()
    at = f"[{names}]" if names else ""
    state = " ".join(word for word in (row.state, row.why.strip(), at) if word)
    return (
        f"{row.address:<28} {row.interface:<10} {since:<12}  {expires:>8}  {row.child or '---':<12} {state}"
    )


def _refused(row: r.RefusedRow, view: View) -> str:
    reason = row.reason if row.direction == "import" else f"not sent: {row.reason}"
    return f"{row.net:<20} {view.times.text(row.since):<12}  {row.protocol + '.' + row.channel:<16} {reason}"


# -------------------------------------------------------------------- routes


def _count(reply: r.RouteCount | r.RouteTotal) -> str:
    return f"{reply.shown} of {reply.routes} routes for {reply.networks} networks"


def _route(row: r.RouteRow, view: View) -> Iterator[Line]:
    gateway = row.hops[0].gateway if row.hops else ""
    sender = f" from {row.sender}" if row.sender and row.sender != gateway else ""
    mark = " !" if row.kernel_error else " *" if row.primary else ""
    metric = "" if row.metric is None else _METRICS.get(row.metric) or f"/{row.metric}"
    preference = f"{row.preference}s" if row.stale else row.preference
    info = f" {row.info}" if row.info else ""
    flow = view.dialect == 3 and row.net.startswith("flow")
    dest = row.dest or ("unknown" if flow else "")  # ROA routes have none in any dialect
    if flow and dest == "unreachable":
        dest = "invalid"
    head = f"{_net(row):<20} {dest} [{row.protocol} {view.times.text(row.since)}{sender}]"
    yield 1007, f"{head}{mark} ({preference}{metric}){info}"
    for hop in row.hops:
        yield 1007, f"\t{_via(hop)}"
    if row.all is not None:
        yield from _old_attributes(row.all, view) if view.old_attributes else _attributes(row, row.all, view)


def _net(row: r.RouteRow) -> str:
    """The network; for a second route only if it has a label."""
    if row.label is not None:
        return f"{row.net} mpls {row.label}"
    return "" if row.again else row.net


_METRICS: Final = {-1: "/?", -2: "/-"}


def _via(hop: r.Via) -> str:
    text = f"via {hop.gateway} on {hop.interface}" if hop.gateway else f"dev {hop.interface}"
    if hop.labels:
        text += " mpls " + "/".join(map(str, hop.labels))
    if hop.onlink:
        text += " onlink"
    return text if hop.weight is None or not hop.gateway else f"{text} weight {hop.weight}"


def _old_attributes(found: r.RouteAttributes, view: View) -> Iterator[Line]:
    yield 1008, f"\tType: {found.origin}"
    for attribute in found.attributes:
        yield from _wrapped(f"\t{attribute.label or attribute.name}: ", attribute.text, view)


def _attributes(row: r.RouteRow, found: r.RouteAttributes, view: View) -> Iterator[Line]:
    if found.hostentry:
        yield 1012, f"\thostentry: {found.hostentry}"
    if row.preference or not row.net.isdigit():  # the routes of labels have none
        yield 1012, f"\tpreference: {row.preference}"
    rest = sorted(found.attributes, key=lambda attribute: _group(attribute.name))
    if rest and rest[0].name == "igp_metric":
        yield 1012, f"\tigp_metric: {rest.pop(0).text}"
    if found.local_metric:
        yield 1012, f"\tlocal_metric: {found.local_metric}"
    if row.sender:
        yield 1012, f"\tfrom: {row.sender}"
    yield 1012, f"\tsource: {found.source}"
    for attribute in rest:
        text = attribute.text
        if attribute.name.startswith(UNKNOWN_PREFIX):  # BIRD 3 shows their flags, not their octets
            text = "(transitive)"
        elif attribute.name == "mpls_policy":  # it has no text for this type
            text = "<type 35>"
        yield from _wrapped(f"\t{attribute.name}: ", text, view)


def _group(name: str) -> int:
    """Sort key of an attribute in BIRD 3: most of the kernel's come before BGP's."""
    if name == "igp_metric":
        return 0
    if name in _LABEL_ATTRIBUTES:
        return 1 + _LABEL_ATTRIBUTES.index(name)
    if name.startswith("krt_") and name not in ("krt_metric", "krt_source"):
        return 5
    return 6 if name.startswith("bgp_") else 7


_LABEL_ATTRIBUTES: Final = ("mpls_policy", "mpls_class", "mpls_label")


def _wrapped(head: str, text: str, view: View) -> Iterator[Line]:
    """The lines of an attribute; long lists of communities are broken where BIRD breaks them.

    Continuation lines begin with two tabs.
    """
    most = _line_limit(text)
    if not most or len(head) + len(text) <= most:
        yield 1012, head + text
        return
    line, width = "", len(head) - (view.dialect == 2)  # BIRD 3 counts the tab before the name
    for item in text.replace(") (", ")\n(").split("\n"):
        if line and width + len(line) >= most:
            yield 1012, head + line
            line, head, width = "", "\t\t", 0
        line += f" {item}" if line else item
    yield 1012, head + line


def _line_limit(text: str) -> int:
    """The length from which a line of these communities is broken; 0 if `text` is no list of communities."""
    if not text.startswith("(") or not text.endswith(")"):
        return 0
    first = text[1 : text.index(")")]
    if ", " not in first:
        return _COMMUNITY if "," in first else 0
    return _LARGE_COMMUNITY if first[0].isdigit() else _EXT_COMMUNITY


# ----------------------------------------------------------------- protocols


def _protocol(row: r.ProtocolRow, view: View) -> Iterator[Line]:
    since = view.times.text(row.since)
    yield (
        1002,
        f"{row.name:<10} {row.proto:<10} {row.table or '---':<10} {row.state:<6} {since:<12}  {row.info}",
    )
    if row.detail is None:
        return
    for text in _head(row.detail, view):
        yield 1006, text
    for detail in row.detail.details:
        if detail.label in _ONLY_IN_JSON:
            continue
        for text in block(_for_dialect(detail, view.dialect), 2):
            yield 1006, text
    if row.detail.pair is not None:
        for text in _pair(row.detail.pair, view.dialect):
            yield 1006, text
    for channel in row.detail.channels:
        for text in _channel(channel, view.dialect):
            yield 1006, text
    yield 1006, ""


def _head(detail: r.ProtocolDetail, view: View) -> Iterator[str]:
    width = _LABEL[view.dialect]
    rows = [
        ("Description", detail.description),
        ("Message", detail.message),
        ("Created", view.times.text(detail.created) if view.dialect == 3 else ""),
        ("Router ID", detail.router_id),
        ("VRF", detail.vrf),
        ("Orphan since", "" if detail.orphan_since is None else view.times.text(detail.orphan_since)),
        ("Autoprune at", "" if detail.prune_at is None else view.times.text(detail.prune_at)),
    ]
    for label, text in rows:
        if text:
            yield f"  {label + ':':<{width}}{text}"


_ONLY_IN_JSON: Final = frozenset({"Kernel table", "Installed routes"})  # BIRD's text has no such lines
_ONLY_IN_3: Final = frozenset({"TX pending"})


def _for_dialect(detail: Detail, dialect: int) -> Detail:
    """A protocol's block without the lines that this dialect does not have."""
    if dialect == 3:
        return detail
    below = tuple(_for_dialect(item, 2) for item in detail.below if item.label not in _ONLY_IN_3)
    return Detail(detail.label, detail.text, below)


def block(detail: Detail, indent: int, aligned: bool = False) -> Iterator[str]:
    """A line of a protocol's own block and the lines below it.

    Values are aligned in one column down to the second level, and below a heading that ends with a
    colon; other deeper ones follow after one blank.
    """
    label = detail.label
    if detail.text:
        label += "" if label.endswith(":") else ":"
        width = _BLOCK - indent if indent < 6 or aligned else 0
        yield f"{' ' * indent}{(label + ' ').ljust(width)}{detail.text}"
    else:
        yield " " * indent + label
    for below in detail.below:
        yield from block(below, indent + 2, not detail.text and label.endswith(":"))


def _channel(channel: r.ChannelDetail, dialect: int) -> Iterator[str]:
    yield f"  Channel {channel.name}"
    rows = [("State", channel.state)]
    if dialect == 3:
        rows += [("Import state", channel.import_state), ("Export state", channel.export_state)]
    rows += [
        ("Table", channel.table),
        ("Preference", str(channel.preference)),
        ("Input filter", channel.input_filter),
        ("Output filter", channel.output_filter),
    ]
    if channel.recovery is not None:
        rows.append(("GR recovery", channel.recovery))
    for label, text in rows:
        yield _labelled(label, text)
    yield from _limit("Receive limit", channel.receive_limit, dialect)
    yield from _limit("Import limit", channel.import_limit, dialect)
    yield from _limit("Export limit", channel.export_limit, dialect)
    if channel.imported is not None:
        yield _labelled("Routes", _routes(channel))
        yield from _changes(channel, 4, dialect)
    for detail in channel.details:
        yield _labelled(detail.label, detail.text) if detail.text else f"    {detail.label}"
        for below in detail.below:
            yield from block(below, 6)


def _pair(pair: r.PairDetail, dialect: int) -> Iterator[str]:
    yield "  Channel main"
    rows = [
        ("Table", pair.table),
        ("Peer table", pair.peer_table),
        ("Import state", pair.import_state if dialect == 3 else pair.state.lower()),
        ("Export state", pair.export_state if dialect == 3 else pair.state.lower()),
        ("Import filter", pair.import_filter),
        ("Export filter", pair.export_filter),
    ]
    for label, text in rows:
        yield _labelled(label, text)
    yield from _limit("Import limit", pair.import_limit, dialect)
    yield from _limit("Export limit", pair.export_limit, dialect)
    if pair.imported is not None:
        yield f"  {'Routes:':<{_CHANNEL_LABEL}}{pair.imported} imported, {pair.exported} exported"
        yield from _changes(pair, 2, "pair")


def _labelled(label: str, text: str) -> str:
    return f"    {label + ':':<{_CHANNEL_LABEL}}{text}"


def _limit(label: str, limit: r.LimitState | None, dialect: int) -> Iterator[str]:
    if limit is None:
        return
    hit = limit.hit and (dialect == 2 or limit.action != "warn")  # BIRD 3: only limits that act
    yield _labelled(label, f"{limit.count}{' [HIT]' if hit else ''}")
    yield f"      {'Action:':<{_CHANNEL_LABEL - 2}}{limit.action}"


def _routes(channel: r.ChannelDetail) -> str:
    filtered = "" if channel.filtered is None else f"{channel.filtered} filtered, "
    return (
        f"{channel.imported} imported, {filtered}{channel.exported} exported, {channel.preferred} preferred"
    )


# The columns of each dialect, or of a pair; and those of them that are `---` in a line.
_COLUMNS: Final[dict[int | str, tuple[str, ...]]] = {
    "pair": ("received", "rejected", "filtered", "ignored", "accepted"),
    2: ("received", "rejected", "filtered", "ignored", "accepted"),
    3: ("received", "rejected", "filtered", "ignored", "RX limit", "limit", "accepted"),
}
_WITHOUT: Final[dict[tuple[int | str, str], tuple[str, ...]]] = {
    (2, "Import withdraws"): ("filtered",),
    (2, "Export updates"): ("ignored",),
    (2, "Export withdraws"): ("rejected", "filtered", "ignored"),
    (3, "Import withdraws"): ("filtered", "RX limit", "limit"),
    (3, "Export updates"): ("RX limit",),
    (3, "Export withdraws"): ("rejected", "filtered", "RX limit", "limit"),
    ("pair", "Import withdraws"): ("filtered",),
    ("pair", "Export withdraws"): ("filtered",),
}


def _changes(found: r.ChannelDetail | r.PairDetail, indent: int, form: int | str) -> Iterator[str]:
    """`Route change stats`, with the columns of a dialect or of a pair."""
    space = " " * indent
    first, *others = _COLUMNS[form]
    yield f"{space}Route change stats:{first:>13}" + "".join(f"{name:>11}" for name in others)
    for label, changes in (
        ("Import updates", found.import_updates),
        ("Import withdraws", found.import_withdraws),
        ("Export updates", found.export_updates),
        ("Export withdraws", found.export_withdraws),
    ):
        if changes is not None:
            yield f"{space}  {label + ':':<19}{_change_columns(label, changes, form)}"


def _count_of(changes: r.RouteChanges, name: str, form: int | str, label: str) -> int:
    if form != 3:  # no columns for limits: routes they stopped count as ignored, exported ones as rejected
        if name == "ignored":
            return changes.ignored + changes.rx_limit + changes.limit
        if name == "rejected" and label == "Export updates":
            return changes.rejected + changes.limit
    found: int = getattr(changes, name.lower().replace(" ", "_"))
    return found


def _change_columns(label: str, changes: r.RouteChanges, form: int | str) -> str:
    missing = _WITHOUT.get((form, label), ())
    text = ""
    for name in _COLUMNS[form]:
        text += f"{'---' if name in missing else _count_of(changes, name, form, label):>11}"
    return text
