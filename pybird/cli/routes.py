"""`show route`: which routes, in slices, and a route as a reply.

A walk never holds more than a few hundred networks, and pauses between them,
so that a table of a million routes neither delays keepalives nor costs memory;
what changes meanwhile is shown as it is when its turn comes.
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
from pybird.values.address import Address
from pybird.values.net import Net, NetType, Prefix, net_of
from pybird.values.route import Dest, Hop, Rte

if TYPE_CHECKING:
    from pybird.core.channel import Channel
    from pybird.core.policy import Policy
    from pybird.core.router import Router
    from pybird.core.table import Table

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
    """One table to show: where its networks come from, and its name in the output."""

    table: Table
    channel: Channel | None = None  # of modes that look at one
    title: str = ""

    @property
    def name(self) -> str:
        """What stands after `Table`."""
        return self.title or self.table.name

    @property
    def of(self) -> str:
        """The channel, as commands write it."""
        return "" if self.channel is None else f"{self.channel.protocol.name}.{self.channel.name}"

    @property
    def channel_keeps(self) -> bool:
        """The channel keeps what it received."""
        return self.channel is not None and self.channel.keep_received


def show_route(router: Router, arguments: ShowRoute, session: Any) -> Iterator[Reply]:
    """Show routing table."""
    if arguments.mode == "filtered" and (arguments.primary or arguments.channel):
        raise CommandError(PARSE_ERROR, "Incompatible show route options")
    listings = chosen(router, arguments)
    one_net = arguments.net is not None and arguments.match != "in"
    terse = one_net and session.dialect == 2  # of one network BIRD 2 counts nothing, nor names other tables
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
    """Is a table named even when it has nothing to show?"""
    if arguments.count:
        return False
    asked = bool(arguments.tables or arguments.every_table) and arguments.protocol is None
    return arguments.stats or (asked and arguments.channel is None)


def _is_stored(arguments: ShowRoute, listings: list[Listing]) -> bool:
    """Is the network there, though no option leaves routes of it? Refused routes are not looked for."""
    return arguments.mode != "filtered" and any(next(_stored(arguments, x.table), None) for x in listings)


def _trace(router: Router, flag: str, text: str, listing: Listing | None) -> None:
    """`debug show route`, in the words of BIRD 3."""
    if flag in router.config.debug_show_route:
        of = "" if listing is None else f" {listing.table.name}.export-all"
        router.traces.write(f"cli.feeder: {text}{of}")


# ------------------------------------------------------------- which tables


def chosen(router: Router, arguments: ShowRoute) -> list[Listing]:
    """The tables to show, in order.

    Raises:
        CommandError: a name means nothing.
    """
    if arguments.channel is not None:
        return _of_channels(router, arguments)
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


def _of_channels(router: Router, arguments: ShowRoute) -> list[Listing]:
    assert arguments.channel is not None
    title = arguments.mode.partition(" ")[0] if arguments.mode.endswith("table") else ""
    there = channels(router, arguments.channel)
    for name in arguments.tables:
        if all(c.table.name != name for c in there):
            raise CommandError(PARSE_ERROR, f"No export channel for table {name}")
    found = [
        Listing(c.table, c, title)
        for c in there
        if (title or c.protocol.exporter(c) is not None or c.protocol.pair() is not None)
        and (not arguments.tables or c.table.name in arguments.tables)
    ]
    if not found:
        raise CommandError(PARSE_ERROR, "No valid tables")
    if title == "import" and not found[0].channel_keeps:
        raise CommandError(PARSE_ERROR, f"No import table in channel {found[0].of}")
    return [listing for listing in found if fits(listing.table, arguments.net)]


def default_tables(router: Router) -> list[Table]:
    """The first table of each net type; master4 and master6 come first of theirs."""
    first: dict[NetType, Table] = {}
    for name in ("master4", "master6"):
        if name in router.tables:
            first[router.tables[name].net_type] = router.tables[name]
    for found in router.tables.values():
        first.setdefault(found.net_type, found)
    return [first[net_type] for net_type in sorted(first)]


def fits(found: Table, net: Net | Address | None) -> bool:
    """May this table hold the network?"""
    if net is None:
        return True
    if isinstance(net, Address):
        return found.net_type is (NetType.IP4 if net.is_v4 else NetType.IP6)
    return net.type is found.net_type


# ------------------------------------------------------------- which routes


class Tally:
    """What was shown of a table, or would have been."""

    def __init__(self) -> None:
        self.headed = False
        self.shown = self.routes = self.networks = 0

    def add(self, other: Tally) -> None:
        """Sum up over tables."""
        self.shown += other.shown
        self.routes += other.routes
        self.networks += other.networks


def _one_table(
    router: Router, arguments: ShowRoute, listing: Listing, first: bool, tally: Tally, session: Any
) -> Iterator[RouteRow | RouteHeading | Pause]:
    """The rows of one table; the filter of a command lives no longer than this."""
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
    # BIRD stars all of an export table, BIRD 2 also all of an import table.
    starred = listing.title == "export" or (listing.title == "import" and session.dialect == 2)
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
            row = route_row(router, listing.name, net, fine, number > 0, best or starred, arguments.all)
            if best and failed:
                row = replace(row, kernel_error=True)
            reason = _reason(key, rte) if arguments.mode == "filtered" else ""
            yield replace(row, reason=reason) if reason else row


def _reason(key: bytes, rte: Rte) -> str:
    """Why the protocol refused this route; empty when the import filter did."""
    channel: Channel | None = rte.source.owner
    return "" if channel is None else channel.refusal(key, rte)


def _leader(arguments: ShowRoute, listing: Listing, key: bytes, routes: tuple[Rte, ...]) -> Rte | None:
    """The route that gets the asterisk: the best one; of filtered ones the first, if they are alone."""
    if not arguments.mode:
        return routes[0]
    best = listing.table.best(key)
    if arguments.mode == "filtered":
        return routes[0] if best is None else None
    return best


def _wanted(arguments: ShowRoute, policy: Policy | None) -> Callable[[bytes, Rte], Rte | None]:
    """What the filter and the protocol leave of a route."""
    name = arguments.protocol

    def wanted(key: bytes, rte: Rte) -> Rte | None:
        if name is not None and rte.source.name != name:
            return None
        return rte if policy is None else policy.judge(rte, key)

    return wanted


def _networks(router: Router, arguments: ShowRoute, listing: Listing) -> Iterator[Found | None]:
    """Networks with their routes; None now and then: time to pause."""
    match arguments.mode:
        case "filtered":
            source = _filtered(router, arguments, listing)
        case "import table":
            assert listing.channel is not None
            source = _kept(listing.channel.received_routes(), arguments, listing.table.net_type)
        case "exported" | "export table":
            assert listing.channel is not None
            source = _each(arguments, listing, listing.channel.exported_routes)
        case "export" | "preexport" | "noexport":
            assert listing.channel is not None
            source = _each(arguments, listing, _judge(arguments, listing.channel))
        case _:
            source = _stored(arguments, listing.table)
    for count, found in enumerate(source, 1):
        yield found
        if found is not None and count % STEP == 0:
            yield None


def _stored(arguments: ShowRoute, found: Table) -> Iterator[Found | None]:
    """What the table holds of the networks asked for, by address.

    Empty routes keep the pace of long walks, None says that one may pause at once.
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
    """An address as the prefix that holds only it."""
    return Prefix(net, net.bits) if isinstance(net, Address) else net


def _filtered(router: Router, arguments: ShowRoute, listing: Listing) -> Iterator[Found | None]:
    """Refused routes of all channels, network by network, the newest first."""
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


def _each(
    arguments: ShowRoute, listing: Listing, look: Callable[[bytes], tuple[Rte, ...]]
) -> Iterator[Found | None]:
    """The networks asked for, with other routes than those that are stored."""
    for found in _stored(arguments, listing.table):
        yield None if found is None else (found[0], look(found[0]))


def _judge(arguments: ShowRoute, channel: Channel) -> Callable[[bytes], tuple[Rte, ...]]:
    """What the channel would send, has as candidates, or refuses by its filter."""
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
    """The exported form of the best route, with the next hops of those that are as good."""
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
        if one_net or arguments.by is not None:  # else that is a walk through a table for each channel
            yield from _kept_back_rows(router, arguments, channel)
    yield Done()


def _refused_rows(router: Router, arguments: ShowRefused, channel: Channel) -> Iterator[RefusedRow]:
    """The last networks of a channel, the oldest first."""
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
    """Networks that are sent, but not with all that they have; looked for now, as nothing notes them."""
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
    """The networks of the channel's table that a command is about, in slices."""
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
    """One route as data."""
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
        hops=vias(hop),
        all=attributes_of(router, rte) if everything else None,
    )


def vias(hop: Hop) -> tuple[Via, ...]:
    """The next hops as data; weights only where there are several."""
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
