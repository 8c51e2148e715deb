"""`show route` and `show route refused`: which routes are shown, in slices, and a route as a reply.

A walk through a table holds at most a few hundred networks at a time and pauses
between slices, so that a table of a million routes neither delays keepalives nor
costs memory. A route that changes during the walk is shown as it is when the walk
gets to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pybird.cli.arguments import ShowRefused, ShowRoute
from pybird.cli.attribute_text import attributes_of
from pybird.cli.selection import channels, moment, table
from pybird.core.command_targets import protocol
from pybird.core.export.exporter import ExportMode
from pybird.core.export.single_group import may_join, united
from pybird.core.forwarding.nexthop import why_invalid
from pybird.core.labels.labeler import LABEL
from pybird.core.ordered import STILL_SORTING, by_runs, in_order
from pybird.core.refusals import MOST, Refusal
from pybird.core.replies import (
    NOT_FOUND,
    PARSE_ERROR,
    PAUSE,
    CommandError,
    Done,
    Note,
    Pause,
    RefusedHeading,
    RefusedRow,
    Reply,
    RouteCount,
    RouteHeading,
    RouteRow,
    RouteTotal,
    Via,
)
from pybird.core.selection import why_lost
from pybird.values.address import Address
from pybird.values.net import Net, NetType, Prefix, net_of
from pybird.values.route import Dest, Hop, Rte

if TYPE_CHECKING:
    from pybird.core.channel import Channel
    from pybird.core.policy import Policy
    from pybird.core.router import Router
    from pybird.core.table import Table

# BIRD 3's words where a protocol has no channel that exports.
NO_EXPORTS: Final = "Requested 'show route export' to protocols which aren't accepting exports at all."
STEP: Final = 200  # networks between two pauses
_DEST: Final = {
    Dest.NONE: "",
    Dest.UNICAST: "unicast",
    Dest.BLACKHOLE: "blackhole",
    Dest.UNREACHABLE: "unreachable",
    Dest.PROHIBIT: "prohibited",
}
Found = tuple[bytes, tuple[Rte, ...]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One table to show; `channel` for modes about a channel, `title` to name it other than the table."""

    table: Table
    channel: Channel | None = None
    title: str = ""

    @property
    def name(self) -> str:
        """The name that is shown after `Table`."""
        return self.title or self.table.name

    @property
    def channel_name(self) -> str:
        """`PROTOCOL.CHANNEL`, or "" without a channel."""
        return "" if self.channel is None else f"{self.channel.protocol.name}.{self.channel.name}"

    @property
    def channel_keeps(self) -> bool:
        """Whether there is a channel that keeps received routes (`import table`)."""
        return self.channel is not None and self.channel.keep_received


def show_route(router: Router, arguments: ShowRoute, session: Any) -> Iterator[Reply]:
    """Show routing table."""
    if arguments.mode == "filtered" and (arguments.primary or arguments.channel):
        raise CommandError(PARSE_ERROR, "Incompatible show route options")
    listings = chosen(router, arguments, session.dialect)
    one_net = arguments.net is not None and arguments.match != "in"
    terse = one_net and session.dialect == 2  # for one network BIRD 2 shows no counts and no empty tables
    counting = (arguments.count or arguments.stats) and not terse
    headings = 0
    total = Tally()
    for listing in listings:
        tally = Tally()
        if not terse and _headed(arguments):
            tally.headed = True
            yield RouteHeading(listing.name, headings == 0)
        _trace(router, "states", "Subscribed to exporter", listing)
        yield from _one_table(router, arguments, listing, headings == 0, tally, session)
        _trace(router, "routes", "Nothing more to feed", None)
        _trace(router, "states", "Unsubscribed from exporter", listing)
        headings += tally.headed
        if not arguments.mode and not arguments.primary and arguments.net is None:
            tally.routes, tally.networks = listing.table.route_count, listing.table.net_count
        if counting:
            yield RouteCount(listing.name, tally.shown, tally.routes, tally.networks)
        total.add(tally)
    if counting and len(listings) > 1:
        if arguments.stats:
            yield Note(1007, "")
        yield RouteTotal(len(listings), total.shown, total.routes, total.networks)
    elif one_net and not total.shown and not _is_stored(arguments, listings):
        raise CommandError(NOT_FOUND, "Network not found")
    else:
        yield Done()


def _headed(arguments: ShowRoute) -> bool:
    """Whether a table's heading is shown even if no route of it is."""
    if arguments.count:
        return False
    asked = bool(arguments.tables or arguments.every_table) and arguments.protocol is None
    return arguments.stats or (asked and (arguments.channel is None or arguments.channel_first))


def _is_stored(arguments: ShowRoute, listings: list[Listing]) -> bool:
    """Whether a table holds the network, even if the options left no route to show.

    Always False in mode `filtered`, which does not show the tables' routes.
    """
    return arguments.mode != "filtered" and any(next(_stored(arguments, x.table), None) for x in listings)


def _trace(router: Router, flag: str, text: str, listing: Listing | None) -> None:
    """Write a trace of the global option `debug show route`, in BIRD 3's words."""
    if flag in router.config.debug_show_route:
        of = "" if listing is None else f" {listing.table.name}.export-all"
        router.traces.write(f"cli.feeder: {text}{of}")


# ------------------------------------------------------------- which tables


def chosen(router: Router, arguments: ShowRoute, dialect: int) -> list[Listing]:
    """The tables to show, in order; the dialect is that of errors.

    Raises:
        CommandError: no such table, protocol or channel, or none that can hold the network.
    """
    if arguments.channel is not None:
        return _channel_listings(router, arguments, dialect)
    if arguments.every_table:
        tables = list(router.tables.values())
    elif arguments.tables:
        tables = [table(router, name) for name in arguments.tables]
        for found in tables:
            if not fits(found, arguments.net):
                raise CommandError(PARSE_ERROR, f"Incompatible type of prefix/ip for table {found.name}")
    elif arguments.protocol is not None:
        used = protocol(router, arguments.protocol).channels.values()
        tables = list({c.table.name: c.table for c in used}.values())
        if not tables:
            raise CommandError(PARSE_ERROR, "No valid tables")
    else:
        tables = default_tables(router)
    return [Listing(t) for t in tables if fits(t, arguments.net)]


def _channel_listings(router: Router, arguments: ShowRoute, dialect: int) -> list[Listing]:
    """Those of the channels to which routes are exported now, or of the one that is named."""
    assert arguments.channel is not None
    anyway = arguments.channel.channel is not None
    title = arguments.mode.partition(" ")[0] if arguments.mode.endswith("table") else ""
    there = channels(router, arguments.channel)
    for name in arguments.tables:
        if all(c.table.name != name for c in there):
            raise CommandError(PARSE_ERROR, f"No export channel for table {name}")
    found = [
        Listing(c.table, c, title)
        for c in there
        if (anyway or c.protocol.exporter(c) is not None or c.protocol.pair() is not None)
        and (not arguments.tables or c.table.name in arguments.tables)
    ]
    if not found:
        raise CommandError(PARSE_ERROR, "No valid tables" if dialect == 2 else NO_EXPORTS)
    if title == "import" and not found[0].channel_keeps:
        raise CommandError(PARSE_ERROR, f"No import table in channel {found[0].channel_name}")
    return [listing for listing in found if fits(listing.table, arguments.net)]


def default_tables(router: Router) -> list[Table]:
    """The first table of each net type; master4 and master6 count as the first of IPv4 and IPv6."""
    first: dict[NetType, Table] = {}
    for name in ("master4", "master6"):
        if name in router.tables:
            first[router.tables[name].net_type] = router.tables[name]
    for found in router.tables.values():
        first.setdefault(found.net_type, found)
    return [first[net_type] for net_type in sorted(first)]


def fits(found: Table, net: Net | Address | None) -> bool:
    """Whether a table of this net type can hold the network."""
    if net is None:
        return True
    if isinstance(net, Address):
        return found.net_type is (NetType.IP4 if net.is_v4 else NetType.IP6)
    return net.type is found.net_type


# ------------------------------------------------------------- which routes


class Tally:
    """Counts of one table: routes shown (or, with `count`, found), all routes, networks."""

    def __init__(self) -> None:
        self.headed = False
        self.shown = self.routes = self.networks = 0

    def add(self, other: Tally) -> None:
        """Add another table's counts."""
        self.shown += other.shown
        self.routes += other.routes
        self.networks += other.networks


def _one_table(
    router: Router, arguments: ShowRoute, listing: Listing, first: bool, tally: Tally, session: Any
) -> Iterator[RouteRow | RouteHeading | Pause]:
    """The rows of one table; the compiled filter of the command is freed at the end."""
    policy = None
    if arguments.filter is not None:
        policy = router.policies.trial(arguments.filter, listing.table.net_type)
    try:
        yield from _rows(router, arguments, listing, first, tally, policy, session)
    finally:
        if policy is not None and policy.compiled is not None:
            policy.compiled.clear()


def _rows(
    router: Router,
    arguments: ShowRoute,
    listing: Listing,
    first: bool,
    tally: Tally,
    policy: Policy | None,
    session: Any,
) -> Iterator[RouteRow | RouteHeading | Pause]:
    wanted = _wanted(arguments, policy)
    net_type = listing.table.net_type
    ranked = not listing.title
    # BIRD marks all routes of an export table with `*`, BIRD 2 the first of each network in an import table.
    starred = listing.title == "export"
    leading = listing.title == "import" and session.dialect == 2
    users = [
        p for p in router.protocols.values() if any(c.table is listing.table for c in p.channels.values())
    ]
    counting = arguments.count or arguments.stats
    for found in _networks(router, arguments, listing):
        if found is None:
            yield PAUSE
            continue
        key, routes = found
        if "routes" in router.config.debug_show_route:
            router.traces.write(f"cli.feeder: Feeding {net_of(net_type, key)}")
        if counting:
            there = routes if arguments.mode in ("", "filtered") else listing.table.get(key)
            tally.networks += 1 if there else 0
            tally.routes += min(len(there), 1) if arguments.primary else len(there)
        kept = [
            (rte, fine)
            for rte in (routes[:1] if arguments.primary else routes)
            if (fine := wanted(key, rte)) is not None
        ]
        if not kept:
            continue
        tally.shown += len(kept)
        if arguments.count:
            continue
        if not tally.headed:
            tally.headed = True
            yield RouteHeading(listing.name, first)
        net = str(net_of(net_type, key))
        leader = _leader(arguments, listing, key, routes) if ranked else None
        failed = leader is not None and any(user.refusal(key) is not None for user in users)
        for number, (rte, fine) in enumerate(kept):
            best = leader is not None and rte.source is leader.source
            marked = best or starred or (leading and rte is routes[0])
            row = route_row(router, listing.name, net, fine, number > 0, marked, arguments.all)
            if best and failed:
                row = replace(row, kernel_error=True)
            if arguments.mode == "filtered" and (reason := _reason(key, rte)):
                row = replace(row, reason=reason)
            elif ranked and not arguments.mode:
                row = replace(
                    row,
                    lost="" if best else why_lost(rte, routes),
                    reason=why_invalid(rte.hop, router.tables),
                )
            yield row


def _reason(key: bytes, rte: Rte) -> str:
    """Why the protocol refused this route; empty if the import filter refused it."""
    channel: Channel | None = rte.source.owner
    return "" if channel is None else channel.refusal(key, rte)


def _leader(arguments: ShowRoute, listing: Listing, key: bytes, routes: tuple[Rte, ...]) -> Rte | None:
    """The route that gets the `*`: the table's best; of filtered routes the first, if the table has none."""
    if not arguments.mode:
        return routes[0]
    best = listing.table.best(key)
    if arguments.mode == "filtered":
        return routes[0] if best is None else None
    return best


def _wanted(arguments: ShowRoute, policy: Policy | None) -> Callable[[bytes, Rte], Rte | None]:
    """A function that returns the route as the command's filter leaves it; None if it is not to be shown."""
    name = arguments.protocol

    def wanted(key: bytes, rte: Rte) -> Rte | None:
        if name is not None and rte.source.name != name:
            return None
        return rte if policy is None else policy.judge(rte, key)

    return wanted


def _networks(router: Router, arguments: ShowRoute, listing: Listing) -> Iterator[Found | None]:
    """Networks with their routes; None now and then, where the caller must pause."""
    match arguments.mode:
        case "filtered":
            source = _filtered(router, arguments, listing)
        case "import table":
            assert listing.channel is not None
            source = _kept(listing.channel.received_routes(), arguments, listing.table.net_type)
        case "exported" | "export table":
            assert listing.channel is not None
            source = _with_routes(arguments, listing, listing.channel.exported_routes)
        case "export" | "preexport" | "noexport":
            assert listing.channel is not None
            source = _with_routes(arguments, listing, _routes_by_mode(arguments, listing.channel))
        case _:
            source = _stored(arguments, listing.table)
    for count, found in enumerate(source, 1):
        yield found
        if found is not None and count % STEP == 0:
            yield None


def _stored(arguments: ShowRoute, found: Table) -> Iterator[Found | None]:
    """The requested networks of a table with their routes, in the order of addresses.

    A network whose routes are gone comes with an empty tuple, so that the caller's count
    of networks between pauses goes on; None: the caller may pause now.
    """
    net = arguments.net
    if net is None or arguments.match == "in":
        for key in in_order(found, None if net is None else whole(net)):
            yield None if key == STILL_SORTING else (key, found.get(key))
    elif arguments.match == "for":
        best = found.longest_match(whole(net))
        if best is not None:
            yield best
    else:
        key = whole(net).key
        routes = found.get(key)
        if routes:
            yield key, routes


def whole(net: Net | Address) -> Net:
    """A network as it is; an address as the host prefix (/32 or /128)."""
    return Prefix(net, net.bits) if isinstance(net, Address) else net


def _filtered(router: Router, arguments: ShowRoute, listing: Listing) -> Iterator[Found | None]:
    """The refused routes of the table's channels, by network; of each network the newest first."""
    refused: dict[bytes, list[Rte]] = {}
    for instance in router.protocols.values():
        for channel in instance.channels.values():
            if channel.table is not listing.table:
                continue
            for key, routes in channel.filtered_routes().items():
                refused.setdefault(key, []).extend(routes)
    for routes in refused.values():
        routes.reverse()
        routes.sort(key=_age)
    yield from _kept(refused, arguments, listing.table.net_type)


def _age(rte: Rte) -> float:
    return -rte.time


def _kept(routes: dict[bytes, list[Rte]], arguments: ShowRoute, net_type: NetType) -> Iterator[Found | None]:
    for key in by_runs(routes):
        if key == STILL_SORTING:
            yield None
        elif _inside(key, arguments, net_type):
            yield key, tuple(routes[key])


def _inside(key: bytes, arguments: ShowRoute | ShowRefused, net_type: NetType) -> bool:
    if arguments.net is None:
        return True
    wanted = whole(arguments.net)
    if arguments.match == "exact" or not isinstance(wanted, Prefix):
        return key == wanted.key
    net = net_of(net_type, key)
    if not isinstance(net, Prefix):
        return False
    return wanted.covers(net) if arguments.match == "in" else net.covers(wanted)


def _with_routes(
    arguments: ShowRoute, listing: Listing, routes_of: Callable[[bytes], tuple[Rte, ...]]
) -> Iterator[Found | None]:
    """The requested networks, each with the routes that `routes_of(key)` returns instead of the table's."""
    for found in _stored(arguments, listing.table):
        yield None if found is None else (found[0], routes_of(found[0]))


def _routes_by_mode(arguments: ShowRoute, channel: Channel) -> Callable[[bytes], tuple[Rte, ...]]:
    """For a mode, a function from network key to routes.

    preexport: the channel's candidates; export: those its filter accepts; noexport: those it refuses.
    """
    if arguments.mode == "preexport":
        return channel.candidates
    policy = channel.export_policy()
    exporter = channel.protocol.exporter(channel)
    merging = exporter is not None and exporter.mode is ExportMode.MERGED

    def refused(key: bytes) -> tuple[Rte, ...]:
        return tuple([rte for rte in channel.candidates(key) if policy.judge(rte, key) is None])

    def exported(key: bytes) -> tuple[Rte, ...]:
        offered = channel.candidates(key)
        kept = [out for rte in offered if (out := policy.judge(rte, key)) is not None]
        if merging and kept:
            return (_merged(kept[0], offered[0], channel.table.get(key), key, policy),)
        return tuple(kept)

    return refused if arguments.mode == "noexport" else exported


def _merged(out: Rte, best: Rte, routes: tuple[Rte, ...], key: bytes, policy: Policy) -> Rte:
    """The exported form of the best route, with the next hops of all equally good routes."""
    equal = [rte for rte in routes if rte is not best and may_join(best, rte)]
    parts = [best, *(rte for rte in equal if policy.judge(rte, key) is not None)]
    return united(out, parts) if len(parts) > 1 else out


# ------------------------------------------------------- what was refused


def show_route_refused(router: Router, arguments: ShowRefused, session: Any) -> Iterator[Reply]:
    """Show why networks were refused."""
    if arguments.by is None:
        asked = [channel for instance in router.protocols.values() for channel in instance.channels.values()]
    else:
        asked = channels(router, arguments.by)
    one_net = arguments.net is not None and arguments.match == "exact"
    yield RefusedHeading()
    for channel in asked:
        if not fits(channel.table, arguments.net):
            continue
        yield from _refused_rows(router, arguments, channel)
        yield PAUSE
        if one_net or arguments.by is not None:  # otherwise it would walk a whole table for every channel
            yield from _kept_back_rows(router, arguments, channel)
    yield Done()


def _refused_rows(router: Router, arguments: ShowRefused, channel: Channel) -> Iterator[RefusedRow]:
    """The last refused networks that the channel remembers, the oldest first."""
    known = channel.refusals
    if known is None:
        return
    unsent = {key: entry for key, entry in known.exports.items() if channel.exports(key) is None}
    for direction, there in (("import", known.imports), ("export", unsent)):
        for key, entry in list(there.items()):
            if _inside(key, arguments, channel.net_type):
                yield _refused_row(router, channel, key, direction, entry)


def _refused_row(router: Router, channel: Channel, key: bytes, direction: str, entry: Refusal) -> RefusedRow:
    return RefusedRow(
        net=str(net_of(channel.net_type, key)),
        protocol=channel.protocol.name,
        channel=channel.name,
        direction=direction,
        since=moment(router, entry.time, "route"),
        reason=entry.reason,
    )


def _kept_back_rows(router: Router, arguments: ShowRefused, channel: Channel) -> Iterator[RefusedRow | Pause]:
    """Rows for networks that are sent without some of their attributes.

    Nothing records these, so the table is searched now.
    """
    exporter = channel.protocol.exporter(channel)
    if exporter is None or channel.member is None:
        return
    policy = channel.export_policy()
    left = MOST
    for keys in _keys_asked(arguments, channel):
        for key in keys:
            for rte in channel.candidates(key):
                sent = policy.judge(rte, key)
                reason = exporter.kept_back(sent) if sent is not None else ""
                if reason:
                    yield _refused_row(router, channel, key, "export", Refusal(reason, rte.time))
                    left -= 1
            if left <= 0:
                return
        yield PAUSE


def _keys_asked(arguments: ShowRefused, channel: Channel) -> Iterator[list[bytes]]:
    """The keys of the requested networks in the channel's table, in slices of at most `STEP`."""
    if arguments.net is not None and arguments.match == "exact":
        yield [whole(arguments.net).key]
        return
    walk = channel.table.walk()
    while keys := walk.next_keys(STEP):
        yield [key for key in keys if _inside(key, arguments, channel.net_type)]


# ------------------------------------------------------- a route as a reply


def route_row(
    router: Router, name: str, net: str, rte: Rte, again: bool, primary: bool, everything: bool
) -> RouteRow:
    """One route as data; `again`: not the first of its network, `primary`: marked with `*`."""
    hop = rte.hop
    return RouteRow(
        table=name,
        net=net,
        again=again,
        dest=_DEST[hop.dest],
        protocol=rte.source.name,
        since=moment(router, rte.time, "route"),
        sender="" if rte.source.address is None else str(rte.source.address),
        primary=primary,
        preference=rte.preference,
        info=rte.source.type.shown_origin(rte, router.pool),
        metric=rte.source.type.shown_metric(rte, router.pool),
        stale=rte.source.type.stale(rte),
        hops=vias(hop),
        all=attributes_of(router, rte) if everything else None,
        label=_label(rte),
        path_id=rte.source.path_id,
    )


def _label(rte: Rte) -> int | None:
    """The MPLS label that we gave a route."""
    for name, value in rte.attrs.other:
        if name == LABEL:
            label: int = value
            return label
    return None


def vias(hop: Hop) -> tuple[Via, ...]:
    """The next hops as data; they have weights only if there are several."""
    several = len(hop.nexthops) > 1
    return tuple(
        Via(
            gateway="" if h.gateway is None else str(h.gateway),
            interface=h.ifname,
            weight=h.weight if several else None,
            onlink=h.onlink,
            labels=h.labels,
        )
        for h in hop.nexthops
    )
