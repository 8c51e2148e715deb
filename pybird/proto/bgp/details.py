"""A BGP protocol's block of `show protocols all`, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from pybird.core.protocol import Detail
from pybird.filter.format import show_value
from pybird.proto.bgp.family import shown
from pybird.proto.bgp.routes.defaults import igp_tables
from pybird.proto.bgp.session.countdown import WaitKind
from pybird.proto.bgp.session.parameters import is_direct
from pybird.proto.bgp.session.session import Session, SessionState
from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.roles import NAMES
from pybird.values.address import Address

if TYPE_CHECKING:
    from pybird.core.ports import Stream
    from pybird.core.services import Services
    from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
    from pybird.proto.bgp.dynamic.orphan import Orphan
    from pybird.proto.bgp.routes.neighbor_restart import NeighborRestart
    from pybird.proto.bgp.session.connection import Connection
    from pybird.proto.bgp.session.countdown import Countdown
    from pybird.proto.bgp.session.listen_retry import LinkListening, Listening
    from pybird.proto.bgp.session.reach import Reach
    from pybird.proto.bgp.session.signatures import SignatureWatch

PORT: Final = 179
_ANNOUNCED: Final = {True: "is not advertised any more", False: "connected, and was never advertised"}
INFO_WIDTH: Final = 14  # columns of the state in the Info column


class ShownPeer(Protocol):
    """A protocol with one neighbor, as far as it is shown."""

    config: BgpConfig
    services: Services
    active: Connection | None
    countdown: Countdown
    reach: Reach
    restart: NeighborRestart
    listening: Listening
    signatures: SignatureWatch
    last_error: str
    cause: str
    orphan: Orphan | None

    @property
    def parent(self) -> object:
        """The dynamic protocol that it is a child of; None for a protocol in the file."""

    @property
    def bgp_state(self) -> str:
        """The state of the session, as BIRD words it."""

    @property
    def neighbor(self) -> str:
        """The address, with the interface of a link-local one."""

    @property
    def remote_as(self) -> int | None: ...

    @property
    def internal(self) -> bool:
        """True for iBGP."""


def info(state: str, error: str) -> str:
    """The Info column, as BIRD has it: the state and, unless Established, the last error.

    Monitoring exporters read the state from this column, so nothing else may stand here.
    """
    return f"{state:<{INFO_WIDTH}}{error if state != 'Established' else ''}"


def peer_details(peer: ShownPeer) -> Iterator[Detail]:
    """The lines of a protocol with one neighbor."""
    if peer.orphan is not None:
        yield Detail("Orphan", f"the neighbor {_ANNOUNCED[peer.orphan.announced]}")
    yield Detail("BGP state", peer.bgp_state, tuple(_lines(peer)))


def igp_lines(config: BgpConfig, channel: BgpChannelConfig) -> Iterator[Detail]:
    """The IGP tables in which next hops are looked up, if there are any."""
    tables = igp_tables(config, channel)
    if tables.v4 is not None:
        yield Detail("IGP IPv4 table", tables.v4)
    if tables.v6 is not None:
        yield Detail("IGP IPv6 table", tables.v6)


def _lines(peer: ShownPeer) -> Iterator[Detail]:
    config = peer.config
    yield Detail("Neighbor address", peer.neighbor)
    if config.remote_port != PORT:
        yield Detail("Neighbor port", str(config.remote_port))
    yield Detail("Neighbor AS", neighbor_as(config, peer.remote_as))
    yield Detail("Local AS", str(config.local_as))
    if peer.restart.active:
        yield Detail("Neighbor graceful restart active")
    yield from _waiting(peer)
    if (left := peer.restart.left) is not None:
        yield Detail("Restart timer", f"{left:.3f}/-")
    if peer.last_error and peer.active is None:
        yield Detail("Last error", peer.last_error)
        if peer.cause:
            yield Detail("Cause", peer.cause)
    if peer.reach.obstacle:
        yield Detail("Obstacle", peer.reach.obstacle)
    yield from troubles(peer.listening, peer.signatures)
    if peer.active is not None:
        yield from _session_lines(peer, peer.active.session)
        yield Detail("TX pending", f"{peer.active.unsent} bytes")
        yield from _timer(peer, peer.active.session, "Send hold", peer.active.session.send_hold_time)
        yield from _ao_lines(peer.active.stream)


def _ao_lines(stream: Stream | None) -> Iterator[Detail]:
    """The TCP-AO keys of a session, if it has any."""
    connection = None if stream is None else stream.ao
    if connection is None:
        return
    state = connection.state
    below = (
        Detail("Current key", str(state.current)),
        Detail("RNext key", str(state.following)),
        Detail("Good packets", str(state.good)),
        Detail("Bad packets", str(state.bad)),
    )
    yield Detail("TCP-AO:", "", below)


def neighbor_as(config: BgpConfig, asn: int | None) -> str:
    """The neighbor's AS number, while it is unknown the configured one or the set that it must be in."""
    if asn is None and config.remote_as_set is not None:
        return show_value(config.remote_as_set)
    return str(asn or config.remote_as or 0)


def troubles(listening: Listening | LinkListening, signatures: SignatureWatch) -> Iterator[Detail]:
    """What may keep neighbors from connecting; also shown for a protocol with a range."""
    if listening.error:
        yield Detail("Listening", listening.error)
    if suspicion := signatures.suspicion:
        yield Detail("Suspicion", suspicion)


def _waiting(peer: ShownPeer) -> Iterator[Detail]:
    countdown = peer.countdown
    if countdown.wait is not None and countdown.wait is not WaitKind.CONNECT_RETRY:
        yield Detail(countdown.wait.value, f"{countdown.left:.3f}/{countdown.length:g}")


def _session_lines(peer: ShownPeer, session: Session) -> Iterator[Detail]:
    remote, stream = session.remote, peer.active.stream if peer.active is not None else None
    if remote is not None:
        yield Detail("Neighbor ID", str(Address.from_v4(remote.router_id)))
        yield Detail("Local capabilities", "", tuple(capability_lines(session.terms.capabilities)))
        yield Detail("Neighbor capabilities", "", tuple(capability_lines(remote.capabilities)))
    yield Detail("Session", " ".join(session_words(peer, session)))
    if stream is not None:
        yield Detail("Source address", str(stream.local[0]))
    yield from _timer(peer, session, "Hold", session.hold_time)
    yield from _timer(peer, session, "Keepalive", session.keepalive_time)


def _timer(peer: ShownPeer, session: Session, name: str, length: float) -> Iterator[Detail]:
    left = session.timer(name.lower(), peer.services.clock.now())
    if left is not None:
        yield Detail(f"{name} timer", f"{left:.3f}/{length:.0f}")
    elif (not length or (session.deaf and name == "Hold")) and session.state is SessionState.ESTABLISHED:
        yield Detail(f"{name} timer", f"0.000/{length:.0f}")


def session_words(peer: ShownPeer, session: Session) -> Iterator[str]:
    """The words of the Session line, such as "external AS4"."""
    config = peer.config
    yield "internal" if peer.internal else "external"
    if not is_direct(config):
        yield "multihop"
    if config.rr_client:
        yield "route-reflector"
    if config.rs_client:
        yield "route-server"
    if session.negotiated.as4:
        yield "AS4"


# ------------------------------------------------------------- capabilities


def _names(families: Iterable[tuple[int, ...]]) -> str:
    return " ".join(shown((f[0], f[1])) for f in families)


def _list(label: str, families: Iterable[tuple[int, ...]]) -> Detail:
    text = _names(families)
    return Detail(label, text) if text else Detail(f"{label}:")


def capability_lines(found: Capabilities) -> Iterator[Detail]:
    """What one side announced, in BIRD's order; a role that nobody has is `?`, a domain is not shown."""
    if found.multiprotocol:
        yield Detail("Multiprotocol", "", (_list("AF announced", found.multiprotocol),))
    if found.route_refresh:
        yield Detail("Route refresh")
    if found.extended_next_hop:
        yield Detail("Extended next hop", "", (_list("IPv6 nexthop", found.extended_next_hop),))
    if found.extended_messages:
        yield Detail("Extended message")
    yield from _graceful_lines(found)
    if found.as4 is not None:
        yield Detail("4-octet AS numbers")
    if found.add_path:
        receive = [f for f in found.add_path if f[2] & 1]
        send = [f for f in found.add_path if f[2] & 2]
        yield Detail("ADD-PATH", "", (_list("RX", receive), _list("TX", send)))
    if found.enhanced_refresh:
        yield Detail("Enhanced refresh")
    yield from _long_lived_lines(found)
    if found.hostname is not None:
        yield Detail("Hostname", found.hostname)
    if found.role is not None:
        yield Detail("Role", NAMES.get(found.role, "?"))
    if found.link_local_next_hop:
        yield Detail("Link-local next hop")


def _ordered(found: Capabilities, families: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """These families in the order of the multiprotocol capability, as BIRD shows them."""
    order = {family: at for at, family in enumerate(found.multiprotocol)}
    return sorted(families, key=lambda each: order.get((each[0], each[1]), len(order)))


def _graceful_lines(found: Capabilities) -> Iterator[Detail]:
    restart = found.graceful_restart
    if restart is None:
        return
    below: list[Detail] = []
    if restart.families:
        families = _ordered(found, restart.families)
        kept = [f for f in families if f[2] & 0x80]
        below = [
            Detail("Restart time", str(restart.time)),
            *([Detail("Restart recovery")] if restart.flags & 8 else []),
            _list("AF supported", families),
            _list("AF preserved", kept),
        ]
    yield Detail("Graceful restart", "", tuple(below))


def _long_lived_lines(found: Capabilities) -> Iterator[Detail]:
    families = found.long_lived
    if families is None:
        return
    below: tuple[Detail, ...] = ()
    if families:
        times = {(f[0], f[1]): f[3] for f in families}
        kept = _ordered(found, [f for f in families if f[3]])
        below = (
            Detail("LL stale time", str(max(times.values()))),
            _list("AF supported", kept),
            _list("AF preserved", [f for f in kept if f[2] & 0x80]),
        )
    yield Detail("Long-lived graceful restart", "", below)
