"""The channels of an Established session: UPDATEs to routes and routes to UPDATEs.

For every negotiated family there is one open channel. The reader turns an UPDATE
into networks with an attribute set, and the family's resolver finds the forwarding
next hop. In the other direction the export group delivers whole messages. When the
neighbor reads slowly, the channels pause until the socket has drained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from pybird.core.channel import Channel
from pybird.core.export.exporter import ExportMode
from pybird.core.ports import Timer
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.family import AfiSafi, Family, numbered
from pybird.proto.bgp.routes.defaults import (
    aigp_mode,
    base_table,
    igp_tables,
    is_recursive,
    next_hop_keep,
)
from pybird.proto.bgp.routes.export import BgpExporter, ExportClass, end_of_rib
from pybird.proto.bgp.routes.flow import WITHOUT_DESTINATION, flow_hop
from pybird.proto.bgp.routes.nexthop import Resolver, own_next_hop
from pybird.proto.bgp.routes.selection import PeerIdentity
from pybird.proto.bgp.session.connection import HIGH_MARK, Connection
from pybird.proto.bgp.session.parameters import is_direct
from pybird.proto.bgp.session.reach import Reach
from pybird.proto.bgp.wire.capabilities import Negotiated
from pybird.proto.bgp.wire.errors import BgpError
from pybird.proto.bgp.wire.messages import (
    REFRESH_BEGIN,
    REFRESH_END,
    REFRESH_REQUEST,
    Open,
    RouteRefresh,
    Update,
)
from pybird.proto.bgp.wire.roles import NO_ROLE, ROLES
from pybird.proto.bgp.wire.updates import ECHOES, Announced, ReceiveTerms, UpdateReader, Withdrawn
from pybird.values.address import Address
from pybird.values.attributes import AttributeSet
from pybird.values.flow import FlowNet
from pybird.values.net import Prefix, net_of
from pybird.values.route import UNREACHABLE, RouteSource, Rte

if TYPE_CHECKING:
    from pybird.core.services import Services

REFRESH_PATIENCE: Final = 30.0  # seconds until the answer to a ROUTE-REFRESH should begin
MAX_LOGGED: Final = 20  # log lines about bad routes in one session


class ChannelsOwner(Protocol):
    """The owner of these channels: a peer."""

    config: BgpConfig
    services: Services
    channels: dict[str, Channel]
    reach: Reach

    @property
    def router_id(self) -> int:
        """Our BGP identifier."""

    @property
    def neighbor(self) -> str:
        """The neighbor's address in log lines."""

    def offended(self, octets: bytes, action: str, reason: str) -> None:
        """Keep a message of the neighbor that breaks the rules."""

    def log(self, level: str, text: str) -> None:
        """Write a line under the protocol's name."""

    def trace(self, flag: str, text: str) -> None:
        """Log a line if this debug flag is on."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call it; an exception stops this peer only."""

    def end_of_rib(self, family: AfiSafi) -> None:
        """The neighbor has sent all routes of this family."""


class SessionChannel:
    """One family of the running session."""

    __slots__ = (
        "answering",
        "awaited",
        "base",
        "channel",
        "end_of_rib_sent",
        "family",
        "refreshing",
        "resolver",
    )

    def __init__(self, channel: Channel, family: Family, resolver: Resolver) -> None:
        self.channel = channel
        self.family = family
        self.resolver = resolver
        self.base: str | None = None  # the table that flows are validated with
        self.answering = False  # we sent BoRR, and not EoRR yet
        self.refreshing = False  # they did
        self.end_of_rib_sent = False
        self.awaited: Timer | None = None  # runs from our ROUTE-REFRESH until BoRR arrives

    def stop_waiting(self) -> None:
        """Stop the timer: the neighbor has begun to answer, or the session is over."""
        if self.awaited is not None:
            self.awaited.cancel()
            self.awaited = None


class SessionChannels:
    """The open channels of one peer; empty while there is no session."""

    def __init__(self, peer: ChannelsOwner) -> None:
        self._peer = peer
        self._open: dict[Family, SessionChannel] = {}
        self._connection: Connection | None = None
        self._negotiated = Negotiated()
        self._reader: UpdateReader | None = None
        self._logged: dict[str, None] = {}
        self._paused = self._size_warned = False

    # ---------------------------------------------------------- life cycle

    def open(self, connection: Connection) -> None:
        """The session is Established: open the channels of its families."""
        self._connection = connection
        self._negotiated = connection.session.negotiated
        self._logged.clear()
        self._paused = self._size_warned = False
        self._reader = UpdateReader(self._peer.services.pool, self._receive_terms())
        identity = self._identity()
        for channel, config in self._channels():
            family = config.family
            if family.numbers in self._negotiated.families:
                for source in channel.sources:
                    source.peer = identity
                    source.address = self._peer.config.remote_address
                channel.needs_hops = True
                channel.neighbor = identity.address.octets
                channel.keep_received = config.import_table
                opened = self._open[family] = SessionChannel(channel, family, self._resolver(config))
                opened.base = base_table(self._peer.config, config) if config.validate else None
                channel.open()

    def close(self) -> None:
        """The session is over; the core closes the channels."""
        for found in self._open.values():
            found.stop_waiting()
        self._open.clear()
        self._connection = None
        self._reader = None

    def carries(self, family: Family) -> bool:
        """True if the session exchanges routes of this family."""
        return family in self._open

    def _channels(self) -> Iterator[tuple[Channel, BgpChannelConfig]]:
        for channel in self._peer.channels.values():
            if isinstance(channel.config, BgpChannelConfig):
                yield channel, channel.config

    @property
    def _keeps_for_long(self) -> bool:
        """True if long-lived stale routes are the last choice of the neighbor, too (RFC 9494, 3)."""
        found = self._remote_open().capabilities
        return found.long_lived is not None and found.graceful_restart is not None

    def _remote_open(self) -> Open:
        assert self._connection is not None
        remote = self._connection.session.remote
        assert remote is not None
        return remote

    def _remote_as(self) -> int:
        return self._remote_open().asn

    def _receive_terms(self) -> ReceiveTerms:
        config, negotiated = self._peer.config, self._negotiated
        router_id = self._peer.router_id
        return ReceiveTerms(
            local_as=config.local_as,
            remote_as=self._remote_as(),
            router_id=router_id,
            families=tuple(numbered(each) for each in negotiated.families),
            as4=negotiated.as4,
            extended_next_hop=frozenset(numbered(each) for each in negotiated.extended_next_hop),
            cluster_id=self._cluster_id,
            allow_local_as=config.allow_local_as,
            allow_as_sets=config.allow_as_sets,
            allow_local_pref=config.allow_local_pref,
            enforce_first_as=config.enforce_first_as,
            default_local_pref=config.default_local_pref,
            add_path=frozenset(numbered(each) for each in negotiated.add_path_rx),
            aigp=frozenset(
                channel.family for _, channel in self._channels() if aigp_mode(channel, self._inside) != "no"
            ),
            confederation=config.confederation or 0,
            member=self._member,
            role=self._role,
        )

    @property
    def _internal(self) -> bool:
        return self._remote_as() == self._peer.config.local_as

    @property
    def _member(self) -> bool:
        """True if the neighbor is in another AS of our confederation."""
        return self._peer.config.confederation_member and not self._internal

    @property
    def _inside(self) -> bool:
        return self._internal or self._member

    @property
    def _role(self) -> int:
        """What we are to the neighbor, as we announced it."""
        role = self._peer.config.local_role
        return NO_ROLE if role is None else ROLES[role]

    @property
    def _cluster_id(self) -> int:
        return self._peer.config.rr_cluster_id or self._peer.router_id

    def _identity(self) -> PeerIdentity:
        config, remote = self._peer.config, self._remote_open()
        assert config.remote_address is not None
        return PeerIdentity(
            router_id=remote.router_id,
            address=config.remote_address,
            local_as=config.local_as,
            remote_as=remote.asn,
            rr_client=config.rr_client,
            path_metric=config.path_metric,
            med_metric=config.med_metric,
            igp_metric=config.igp_metric,
            prefer_older=config.prefer_older,
            default_med=config.default_med,
            default_local_pref=config.default_local_pref,
            deterministic_med=config.deterministic_med,
            cluster_id=self._cluster_id,
            ifindex=self._ifindex,
            member=self._member,
        )

    @property
    def _ifindex(self) -> int:
        """The link of a direct session, 0 for others."""
        return self._peer.reach.ifindex if is_direct(self._peer.config) else 0

    def _networks(self) -> tuple[Prefix, ...]:
        """The connected networks on the link of a direct session."""
        link = self._peer.services.interfaces.by_index.get(self._ifindex)
        if link is None:
            return ()
        nets = {own.prefix for own in link.ready_addresses() if not own.address.is_link_local}
        return tuple(sorted(nets, key=str))

    def _resolver(self, config: BgpChannelConfig) -> Resolver:
        peer = self._peer
        services = peer.services
        own = frozenset(a.address for i in services.interfaces for a in i.ready_addresses())
        remote = peer.config.remote_address
        link_local = remote is not None and remote.is_link_local
        tables = igp_tables(peer.config, config) if is_recursive(peer.config, config) else None
        return Resolver(
            services.hops,
            self._ifindex,
            tables,
            own,
            config.next_hop_prefer,
            peer.config.onlink,
            config.cost,
            link_local,
            self._warn_of_own_next_hop,
        )

    def _warn_of_own_next_hop(self, address: Address) -> None:
        """Warn of a next hop that is our own address: its routes are unresolved, perhaps on purpose."""
        self._warn_once(f"Next hop address {address} is one of our own")

    def _warn_once(self, text: str) -> None:
        if text not in self._logged and len(self._logged) <= MAX_LOGGED:
            self._logged[text] = None
            self._peer.log("warning", text)

    # ------------------------------------------------------------ receiving

    def receive(self, updates: list[Update]) -> None:
        """Apply UPDATEs.

        Raises:
            BgpError: one is so broken that the session must be reset.
        """
        reader = self._reader
        if reader is None:
            return
        now = self._peer.services.clock.now()
        for update in updates:
            try:
                received = reader.read(update)
            except BgpError as error:
                self._peer.offended(update.encode(), "session reset", str(error))
                raise
            if received.discarded:
                self._peer.offended(update.encode(), "attribute discarded", ", ".join(received.discarded))
            for discarded in received.discarded:
                self._log_once("Attribute discarded", discarded)
            if received.ignored is not None:
                afi, safi = received.ignored
                self._log_once("", f"Unexpected AF <{afi}/{safi}> in UPDATE")
            for withdrawn in received.withdrawn:
                if withdrawn.malformed:
                    self._peer.offended(update.encode(), "routes withdrawn", withdrawn.reason)
                self._withdraw(withdrawn)
            for announced in received.announced:
                self._announce(announced, now)
            if received.end_of_rib is not None:
                self._peer.trace("packets", "Got END-OF-RIB")
                self._peer.end_of_rib(received.end_of_rib.numbers)

    def _withdraw(self, withdrawn: Withdrawn) -> None:
        keys, reason = withdrawn.keys, withdrawn.reason
        if withdrawn.malformed:
            net = net_of(withdrawn.family.net_type, keys[0])
            self._log_once(f"Malformed UPDATE, {net} withdrawn", reason)
        found = self._open.get(withdrawn.family)
        if found is None:
            return
        channel = found.channel
        source = channel.path(withdrawn.path_id)
        if reason and not withdrawn.malformed:
            self._refuse(found, source, keys, withdrawn.attrs, withdrawn.next_hop, reason)
        else:
            channel.withdraw(keys, source)
            if reason:
                channel.explain(keys, f"malformed UPDATE: {reason}")
        channel.release(source)

    def _refuse(
        self,
        found: SessionChannel,
        source: RouteSource,
        keys: list[bytes],
        attrs: AttributeSet | None,
        next_hop: bytes,
        reason: str,
    ) -> None:
        """Report routes that we do not accept to the channel, with the reason."""
        channel, rte = found.channel, None
        if attrs is not None:
            hop = found.resolver.resolve(next_hop) or UNREACHABLE
            rte = Rte(attrs, source, hop, channel.config.preference, self._peer.services.clock.now())
        channel.refused(keys, rte, reason, echo=reason in ECHOES)

    def _announce(self, announced: Announced, now: float) -> None:
        found = self._open.get(announced.family)
        if found is None:
            return
        channel = found.channel
        source = channel.path(announced.path_id)
        hop = found.resolver.resolve(announced.next_hop, announced.labels)
        if hop is None:
            reason = found.resolver.why_invalid(announced.next_hop)
            self._refuse(found, source, announced.keys, announced.attrs, announced.next_hop, reason)
        else:
            rte = Rte(announced.attrs, source, hop, channel.config.preference, now)
            if found.base is None:
                channel.announce(announced.keys, rte)
            else:
                self._announce_flows(found, announced.keys, rte)
            if announced.discarded:
                channel.explain(announced.keys, f"attribute discarded: {announced.discarded}")
        channel.release(source)

    def _announce_flows(self, found: SessionChannel, keys: list[bytes], rte: Rte) -> None:
        """Announce flows, each as valid as the base table makes it (RFC 8955, 6)."""
        channel, base = found.channel, found.base
        assert base is not None
        for key in keys:
            flow = net_of(found.family.net_type, key)
            assert isinstance(flow, FlowNet)
            hop = flow_hop(self._peer.services.hops, base, flow, rte)
            channel.announce([key], Rte(rte.attrs, rte.source, hop, rte.preference, rte.time))
            if hop is WITHOUT_DESTINATION:
                channel.explain([key], "a flow without a destination is not valid")

    def _log_once(self, what: str, reason: str) -> None:
        """Log each kind of bad route or attribute once per session (RFC 7606, 8)."""
        logged = self._logged
        if reason in logged or len(logged) > MAX_LOGGED:
            return
        logged[reason] = None
        if len(logged) > MAX_LOGGED:
            self._peer.log("remote", "More errors of other kinds in UPDATEs, they are not logged")
        else:
            self._peer.log("remote", f"{what}: {reason}" if what else reason)

    def refresh(self, message: RouteRefresh) -> None:
        """ROUTE-REFRESH (RFC 2918) and its begin and end marks (RFC 7313).

        Without enhanced refresh the octet of the subtype is reserved, and ignored.
        """
        found = self._find_by_numbers((message.afi, message.safi))
        if found is None:
            family = f"{message.afi}.{message.safi}"
            self._warn_once(f"Got ROUTE-REFRESH subtype {message.subtype} for AF {family}, ignoring")
            return
        channel = found.channel
        enhanced = self._negotiated.enhanced_refresh
        if message.subtype == REFRESH_REQUEST or not enhanced:
            if enhanced and not found.answering:
                found.answering = True
                self._send_refresh_mark(found, REFRESH_BEGIN)
            channel.refeed()
        elif message.subtype == REFRESH_BEGIN:
            found.stop_waiting()
            found.refreshing = True
            channel.begin_refresh()
        elif message.subtype == REFRESH_END:
            self._end_refresh(found)
        else:
            self._warn_once(f"Got ROUTE-REFRESH message with unknown subtype {message.subtype}, ignoring")

    def _end_refresh(self, found: SessionChannel) -> None:
        """End of their routes: what did not come again goes; without a begin it is ignored (RFC 7313, 4)."""
        if not found.refreshing:
            self._warn_once("END-OF-RR received without prior BEGIN-OF-RR, ignoring")
            return
        found.refreshing = False
        found.channel.end_refresh()

    def _find_by_numbers(self, numbers: AfiSafi) -> SessionChannel | None:
        """The open channel of a family that a message names."""
        return next((each for each in self._open.values() if each.family.numbers == numbers), None)

    def request_refresh(self, channel: Channel) -> bool:
        """Request all routes of a channel again; False if the neighbor does not support that."""
        connection, config = self._connection, channel.config
        if connection is None or not isinstance(config, BgpChannelConfig):
            return False
        found = self._open.get(config.family)
        if found is None or not self._negotiated.route_refresh:
            return False
        found.base = base_table(self._peer.config, config) if config.validate else None
        found.resolver = self._resolver(config)  # a reload may have changed how it resolves
        self._renew_reader()
        connection.perform(connection.session.refresh(*found.family.numbers))
        if self._negotiated.enhanced_refresh and found.awaited is None:
            self._expect_answer(found)
        return True

    def _renew_reader(self) -> None:
        """Apply changed options to the reading of UPDATEs."""
        terms = self._receive_terms()
        if self._reader is not None and self._reader.terms != terms:
            self._reader = UpdateReader(self._peer.services.pool, terms)

    def _expect_answer(self, found: SessionChannel) -> None:
        """Warn if BoRR does not arrive. (Without enhanced refresh an answer cannot be recognized.)"""
        peer, channel = self._peer, found.channel

        def late() -> None:
            found.awaited = None
            peer.log(
                "warning",
                f"{peer.neighbor} has not answered the ROUTE-REFRESH of channel {channel.name} within "
                f"{REFRESH_PATIENCE:.0f} s: its routes are still those that passed the old import filter. "
                "FRR answers at once with `enable enhanced route refresh off`",
            )

        clock = peer.services.clock
        found.awaited = clock.call_at(clock.now() + REFRESH_PATIENCE, lambda: peer.guarded(late))

    # -------------------------------------------------------------- sending

    def exporter(self, config: BgpChannelConfig) -> BgpExporter | None:
        """The exporter of what the session sends in this family; None while there is no session."""
        if self._connection is None:
            return None
        peer, negotiated = self._peer.config, self._negotiated
        family = config.family
        terms = ExportClass(
            family=family,
            local_as=peer.shown_as,
            internal=self._internal,
            member=self._member,
            own=self.own_next_hop(config),
            ifindex=self._ifindex,
            networks=self._networks(),
            as4=negotiated.as4,
            extended_next_hop=family.numbers in negotiated.extended_next_hop,
            max_length=negotiated.max_length,
            rr_client=peer.rr_client,
            rs_client=peer.rs_client,
            cluster_id=self._cluster_id if peer.rr_client else 0,
            next_hop_self=config.next_hop_self,
            next_hop_keep=next_hop_keep(peer, config),
            link_local_format="single" if negotiated.link_local_next_hop else config.link_local_format,
            interpret_communities=peer.interpret_communities,
            allow_local_pref=peer.allow_local_pref,
            allow_med=peer.allow_med,
            default_local_pref=peer.default_local_pref,
            aigp=aigp_mode(config, self._inside),
            long_lived=self._keeps_for_long,
            paths=family.numbers in negotiated.add_path_tx,
            role=self._role,
        )
        mode = ExportMode.ACCEPTED if config.secondary else ExportMode.OPTIMAL
        if terms.paths:
            mode = ExportMode.ALL
        return BgpExporter(terms, mode, self._warn)

    @property
    def _warn(self) -> Callable[[str], None]:
        """Logs for an exporter, which many sessions share: it must not name or keep this one."""
        services = self._peer.services
        return lambda text: services.log("warning", text)

    def own_next_hop(self, config: BgpChannelConfig) -> bytes:
        """Our next hop in this family, canonical; empty when there is none."""
        connection = self._connection
        if connection is None or connection.stream is None:
            return b""
        source = connection.stream.local[0]
        direct = is_direct(self._peer.config)
        interfaces = self._peer.services.interfaces
        ifindex = self._peer.reach.ifindex
        vrf = self._peer.config.vrf
        link = interfaces.by_index.get(ifindex) if ifindex else interfaces.owner_of(source, vrf)
        v4 = link.preferred(True) if link is not None else None
        v6 = link.preferred(False) if link is not None else None
        return own_next_hop(
            config.family,
            source,
            config.family.numbers in self._negotiated.extended_next_hop,
            config.next_hop_address,
            v4.address if v4 is not None else None,
            v6.address if v6 is not None else None,
            link.link_local() if link is not None and direct else None,
        )

    def addresses_changed(self) -> None:
        """Our addresses changed: resolve next hops anew, and export again where our own next hop changed."""
        for found in self._open.values():
            channel = found.channel
            if not isinstance(channel.config, BgpChannelConfig):
                continue
            found.resolver = self._resolver(channel.config)
            exporter, member = self.exporter(channel.config), channel.member
            if exporter is not None and member is not None and member.group.exporter.key != exporter.key:
                channel.reload_exports()

    def transmit(self, packed: list[bytes]) -> None:
        """Send what an export group packed; pause when the neighbor does not keep up."""
        connection = self._connection
        if connection is None:
            return
        connection.write(b"".join(packed), len(packed))
        if size := self._peer.config.tx_size_warning:
            self._warn_of_size(connection.unsent, size)
        if connection.unsent > HIGH_MARK and not self._paused:
            self._paused = True
            for found in self._open.values():
                found.channel.pause()

    def _warn_of_size(self, waiting: int, size: int) -> None:
        """Warn once when so many octets wait for the neighbor, and again when they have been less."""
        if waiting >= size and not self._size_warned:
            self._peer.log("warning", f"Used {waiting} memory")
        self._size_warned = waiting >= size

    def drained(self) -> None:
        """The neighbor keeps up again."""
        self._size_warned = False
        if self._paused:
            self._paused = False
            for found in list(self._open.values()):
                found.channel.resume()

    def feed_done(self, channel: Channel) -> None:
        """A whole feed was sent: End-of-RIB after the first, EoRR after a refresh.

        End-of-RIB is a part of graceful restart: with `graceful restart off` none is sent, as by BIRD.
        """
        for found in self._open.values():
            if found.channel is not channel or self._connection is None:
                continue
            if not found.end_of_rib_sent:
                found.end_of_rib_sent = True
                if self._connection.session.terms.capabilities.graceful_restart is not None:
                    self._connection.write(end_of_rib(found.family))
            if found.answering:
                found.answering = False
                self._send_refresh_mark(found, REFRESH_END)

    def _send_refresh_mark(self, found: SessionChannel, subtype: int) -> None:
        if self._connection is not None:
            self._connection.perform(self._connection.session.refresh(*found.family.numbers, subtype))


def _addresses_text(octets: bytes) -> str:
    if len(octets) == 32:
        return f"{Address(octets[:16])} {Address(octets[16:])}"
    return str(Address(octets)) if len(octets) in (4, 16) else octets.hex()


def next_hop_text(octets: bytes) -> str:
    """`BGP Next hop` of `show protocols all`."""
    return _addresses_text(octets) if octets else ""
