"""Next hops: where packets for a received next hop go, and which next hop of our own we send.

In direct mode (the default of direct sessions) the next hop is a neighbor on
the session's link, or on any link that it is on; in recursive mode (multihop)
a route of the IGP table leads to it (RFC 4271, 5.1.3). A link-local next hop
belongs to the session's link and to no other (RFC 2545, 2). In recursive mode,
a link-local next hop beside a global one belongs to the link of the global one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from pybird.proto.bgp.family import Family
from pybird.values.address import Address
from pybird.values.route import NO_HOP, UNREACHABLE, Hop

MEMO_SIZE: Final = 4096
IMPLICIT_NULL: Final = (3,)
MAPPED: Final = bytes(10) + b"\xff\xff"  # before an IPv4 address in an IPv6 one (RFC 4291, 2.5.5.2)


class Hops(Protocol):
    """The part of the core's next-hop table that BGP uses."""

    def gateway(
        self,
        address: Address,
        ifindex: int = 0,
        onlink: bool = False,
        table: str | None = None,
        metric: int = 0,
        otherwise: Address | None = None,
        labels: tuple[int, ...] = (),
    ) -> Hop:
        """The hop to a neighbor on this link (0: on any link), or else to its `otherwise` address."""

    def recursive(
        self, address: Address, table: str, labels: tuple[int, ...] = (), on_link: Address | None = None
    ) -> Hop:
        """The hop where a route of this table leads; `on_link` is the gateway if the route has none."""


class IgpTables(NamedTuple):
    """The IGP tables of a channel, one for next hops of each family; None: it has none."""

    v4: str | None = None
    v6: str | None = None


class Resolver:
    """Resolves the next hops that one channel of one session receives.

    `ifindex` is the link of a direct session, else 0. `tables` are the IGP tables of the
    recursive mode; None: direct mode, where `cost` is the IGP metric. `own` are our
    addresses: in direct mode such a next hop is invalid (RFC 4271, 6.3); in recursive
    mode it is unresolved, and `warn` is called with it.

    `prefer` is `next hop prefer`, None if not configured. Of a global and a link-local
    address, direct mode uses the global one, with `local` the link-local one. Recursive
    mode looks up the global one in the IGP table; if that route leads to a link without
    a gateway, the link-local one is the gateway, unless `prefer` is `global`. A session
    between link-local addresses (`link_local`) uses the global one if it is on the link,
    else the link-local one.
    """

    def __init__(
        self,
        hops: Hops,
        ifindex: int,
        tables: IgpTables | None,
        own: frozenset[Address] = frozenset(),
        prefer: str | None = None,
        onlink: bool = False,
        cost: int = 0,
        link_local: bool = False,
        warn: Callable[[Address], None] | None = None,
    ) -> None:
        self._link_local = link_local
        self._warn = warn
        self._cost = cost
        self._hops = hops
        self._ifindex = ifindex
        self._tables = tables
        self._own = own
        self._prefer = prefer
        self._onlink = onlink
        self._memo: dict[tuple[bytes, tuple[int, ...]], Hop | None] = {}

    def resolve(self, next_hop: bytes, labels: tuple[int, ...] = ()) -> Hop | None:
        """Where routes with this canonical next hop lead; None: it is invalid here.

        Packets go there with these labels; implicit null alone means none (RFC 3032, 2.1).
        Our own addresses are invalid in direct mode, and link-local ones on a session
        without a link. Routes with them are refused; `why_invalid` gives the reason.
        """
        try:
            return self._memo[next_hop, labels]
        except KeyError:
            if len(self._memo) >= MEMO_SIZE:
                self._memo.clear()
            pushed = () if labels == IMPLICIT_NULL else labels
            found = self._memo[next_hop, labels] = self._resolve(next_hop, pushed)
            return found

    def why_invalid(self, next_hop: bytes) -> str:
        """What is wrong with a next hop that is invalid here, as text."""
        address = self._address(next_hop) or Address(next_hop[-16:])
        if address in self._own:
            return f"next hop {address} is our own address"
        return f"next hop {address} is link-local, and the session is on no link"

    def forget(self) -> None:
        """Clear the memo: our addresses or links changed."""
        self._memo.clear()

    def _resolve(self, octets: bytes, labels: tuple[int, ...]) -> Hop | None:
        if not octets:
            return NO_HOP  # the family has none
        address = self._address(octets)
        if address is None:
            return None
        own = address in self._own
        if self._tables is not None and not address.is_link_local:
            if own and self._warn is not None:
                self._warn(address)
            return self._recursive(address, self._tables, self._on_link(octets), labels)
        if own:
            return None
        if address.is_link_local:
            return self._direct(address, self._ifindex, False, labels) if self._ifindex else None
        if self._link_local and len(octets) == 32:
            return self._direct(address, self._ifindex, False, labels, Address(octets[16:]))
        return self._direct(address, self._ifindex if self._onlink else 0, self._onlink, labels)

    def _recursive(
        self, address: Address, tables: IgpTables, on_link: Address | None, labels: tuple[int, ...]
    ) -> Hop:
        if tables.v4 is not None and address.octets[:-4] == MAPPED:
            address = Address(address.octets[-4:])
        table = tables.v4 if address.is_v4 else tables.v6
        return UNREACHABLE if table is None else self._hops.recursive(address, table, labels, on_link)

    def _direct(
        self,
        address: Address,
        ifindex: int,
        onlink: bool,
        labels: tuple[int, ...],
        otherwise: Address | None = None,
    ) -> Hop:
        return self._hops.gateway(
            address, ifindex, onlink, metric=self._cost, otherwise=otherwise, labels=labels
        )

    def _address(self, octets: bytes) -> Address | None:
        """The address that packets go to, of one or two; None: link-local, but the session has no link."""
        if len(octets) != 32:
            return Address(octets)
        if not any(octets[:16]):
            return Address(octets[16:]) if self._ifindex else None
        local = self._prefer == "local" and self._ifindex and self._tables is None
        return Address(octets[16:] if local else octets[:16])

    def _on_link(self, octets: bytes) -> Address | None:
        """The link-local address beside a global one; None: there is none, or `prefer` excludes it."""
        return None if len(octets) != 32 or self._prefer == "global" else Address(octets[16:])


def wire_next_hop(hop: bytes, link_local_format: str | None) -> bytes:
    """A canonical IPv6 next hop as MP_REACH carries it.

    The format matters only without a global address: by default and with `double` the
    link-local address is sent twice, `native` sends `::` before it, `single` sends it alone.
    """
    if len(hop) != 32 or any(hop[:16]):
        return hop
    link_local = hop[16:]
    if link_local_format == "native":
        return hop
    return link_local if link_local_format == "single" else link_local + link_local


def own_next_hop(
    family: Family,
    source: Address,
    extended: bool,
    configured: Address | None = None,
    v4: Address | None = None,
    v6: Address | None = None,
    link_local: Address | None = None,
) -> bytes:
    """Our next hop on a session, canonical; empty when we have none for the family.

    `source` is our address of the connection; `configured` is `next hop address`.
    `v4`, `v6` (a global address) and `link_local` are our addresses on the session's
    link, or None. `extended`: RFC 8950 was negotiated.
    """
    if configured is not None:
        if not configured.is_v4:
            return _own_v6(configured, link_local)
        return configured.octets if family.hop_version != 6 else b""
    if source.is_v4:
        return source.octets if family.hop_version != 6 else _own_v6(v6, link_local)
    if family.hop_version != 4 or extended:
        return _own_v6(source, link_local)
    return b"" if v4 is None else v4.octets


def _own_v6(address: Address | None, link_local: Address | None) -> bytes:
    if address is not None and address.is_link_local:
        return bytes(16) + address.octets
    if address is None:
        return b"" if link_local is None else bytes(16) + link_local.octets
    return address.octets + (b"" if link_local is None else link_local.octets)
