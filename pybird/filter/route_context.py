"""The route that a compiled filter works on, and what it may ask of the router.

A `RouteContext` is made once per channel and loaded per run. `view` has the
attributes as they are now; code that writes makes it a copy first (`own`), and
notes each write in `changes`. Nothing is written to the `Rte`.
A next hop that a filter sets is a new `hop` without a key: the core resolves
its gateway or interface name. (Compiled by mypyc when the wheel is.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from pybird.filter.errors import FilterRuntimeError
from pybird.filter.runtime import net_length
from pybird.values.address import UNSPECIFIED_V6, Address
from pybird.values.attributes import AttributePool, Wanted
from pybird.values.net import Net, NetType, net_of
from pybird.values.route import (
    BLACKHOLE,
    PROHIBIT,
    UNKNOWN_METRIC,
    UNREACHABLE,
    Dest,
    Hop,
    NextHop,
    Rte,
)


class RoaStates(Protocol):
    """The records of a ROA table."""

    def state(self, key: bytes, asn: int) -> int:
        """ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 of the network with this table key (RFC 6811)."""

    def divide(self, keys: list[bytes], asn: int) -> dict[int, list[bytes]]:
        """The networks by their states."""


class Lookup(Protocol):
    """Tables as filters see them; implemented by the core."""

    def roa_check(self, table: str, net: Net, asn: int) -> int:
        """ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 (RFC 6811)."""

    def roa_states(self, table: str, net_type: NetType) -> RoaStates:
        """What answers `roa_check` for many IPv4 or IPv6 networks at once."""

    def aspa_check(self, table: str, path: Any, upstream: bool) -> int:
        """ASPA_UNKNOWN 0, ASPA_VALID 1, ASPA_INVALID 2."""

    def neighbor(self, address: Address) -> tuple[int, str] | None:
        """Index and name of the interface on whose link an address is."""

    def interface(self, name: str) -> int:
        """The index of an interface; 0 when there is none of this name."""


_FIXED: Final[dict[int, Hop]] = {
    Dest.BLACKHOLE: BLACKHOLE,
    Dest.UNREACHABLE: UNREACHABLE,
    Dest.PROHIBIT: PROHIBIT,
}
IMPLICIT_NULL: Final = 3
_NO_WAY: Final = NextHop(None, 0, "")


class RouteContext:
    """One route under a filter."""

    __slots__ = (
        "_line",
        "_net",
        "_owned",
        "asserted",
        "changes",
        "complain",
        "failed",
        "hop",
        "key",
        "log",
        "lookup",
        "mask",
        "net_type",
        "pool",
        "preference",
        "rte",
        "view",
    )

    def __init__(
        self,
        pool: AttributePool,
        net_type: NetType,
        log: Callable[[str], None],
        lookup: Lookup | None = None,
        asserted: Callable[[Any], None] | None = None,
        complain: Callable[[str], None] | None = None,
    ) -> None:
        self.pool = pool
        self.net_type = net_type
        self.log = log
        self.lookup = lookup
        self.complain = complain  # hears of errors, where they are not for `log`
        self.asserted = asserted  # hears what came of `bt_assert` (`claims.Checked`)
        self.rte: Rte
        self.key = b""
        self.view: dict[str, Any] = {}  # the attributes as they are now
        self.changes: dict[str, Any] = {}
        self.preference = 0
        self.hop: Hop | None = None  # a next hop that the filter set
        self.mask = 0  # answers to the filter's questions about the network, in a masked run
        self.failed = False  # the run ended in an error or without a decision, which was logged
        self._net: Net | None = None
        self._owned = False  # `view` is nobody else's
        self._line = ""  # what `printn` began

    def load(self, rte: Rte, key: bytes, wanted: Wanted | None = None) -> None:
        """Begin with this route of the network `key`.

        `wanted`: which attributes to read; None: all, which the pool remembers
        for others that come with the same set.
        """
        self.rte = rte
        self.key = key
        self.view = self.pool.view(rte.attrs) if wanted is None else self.pool.part(rte.attrs, wanted)
        self._owned = wanted is not None
        self.changes = {}
        self.preference = rte.preference
        self.hop = None
        self.failed = False
        self._net = None

    @property
    def net(self) -> Net:
        """The network as a rich value."""
        if self._net is None:
            self._net = net_of(self.net_type, self.key)
        return self._net

    def length(self) -> int:
        """`net.len`."""
        return self.key[0] if self.net_type <= NetType.IP6 else net_length(self.net)

    def fail(self, text: str) -> None:
        """Log why the filter could not decide."""
        self.failed = True
        (self.complain or self.log)(text)

    def print(self, text: str, newline: bool) -> None:
        """Log a line, or the beginning of one."""
        self._line += text
        if newline:
            self.log(self._line)
            self._line = ""

    # attributes of the set ------------------------------------------------

    def own(self) -> dict[str, Any]:
        """The attributes, to be written to."""
        if not self._owned:
            self.view = self.view.copy()
            self._owned = True
        return self.view

    def unset(self, name: str) -> None:
        """Remove an attribute."""
        self.changes[name] = None
        self.view.pop(name, None)

    def bits(self, name: str, mask: int) -> bool | None:
        """Are these bits of an attribute set? None when it is absent."""
        field = self.view.get(name)
        return None if field is None else field & mask != 0

    def set_bits(self, name: str, mask: int, value: bool) -> None:
        """Set or clear bits of an attribute."""
        field = self.view.get(name, 0)
        if value or field:
            self.view[name] = self.changes[name] = field | mask if value else field & ~mask

    # attributes of the route ------------------------------------------------

    def origin(self) -> Any:
        """`from`: the router that announced the route; None when none did."""
        set_value = self.view.get("from")
        if set_value is not None or "from" in self.changes:  # set, or unset
            return set_value
        return self.rte.source.address

    def local_metric(self) -> Any:
        """What a filter has set, else the distance of the next hop; None when it is unknown."""
        if "local_metric" in self.view or "local_metric" in self.changes:
            return self.view.get("local_metric")
        metric = self._hop().igp_metric
        return None if metric == UNKNOWN_METRIC else metric

    # the next hop ---------------------------------------------------------------

    def _hop(self) -> Hop:
        return self.hop if self.hop is not None else self.rte.hop

    def _way(self) -> NextHop:
        ways = self._hop().nexthops
        return ways[0] if ways else _NO_WAY

    def _set_way(self, way: NextHop) -> None:
        self.hop = Hop(Dest.UNICAST, (way,))

    def gateway(self) -> Any:
        """`gw`: unspecified (`::`) without one."""
        return self._way().gateway or UNSPECIFIED_V6

    def dest(self) -> int:
        """`dest`, an RTD_* number."""
        return int(self._hop().dest)

    def ifname(self) -> str:
        """`ifname`: the interface of the first next hop, or ""."""
        return self._interface()[1]

    def ifindex(self) -> int:
        """`ifindex`: of the first next hop, or 0."""
        return self._interface()[0]

    def _interface(self) -> tuple[int, str]:
        """Index and name of the first next hop's interface, also of one that the filter has set."""
        way = self._way()
        if self.hop is None or way.ifindex or self.lookup is None:
            return way.ifindex, way.ifname
        if way.gateway is not None:
            return self.lookup.neighbor(way.gateway) or (0, "")
        return (self.lookup.interface(way.ifname), way.ifname) if way.ifname else (0, "")

    def weight(self) -> int:
        """`weight` of the first next hop."""
        return self._way().weight

    def onlink(self) -> bool:
        """`onlink` of the first next hop."""
        return self._way().onlink

    def label(self) -> Any:
        """`gw_mpls`: the outermost label, implicit null without one (RFC 3032, 2.1)."""
        labels = self._way().labels
        return labels[0] if labels else IMPLICIT_NULL

    def set_gateway(self, value: Address) -> None:
        """Send packets to a neighbor; the interface follows from the address."""
        self._set_way(NextHop(value, 0, ""))

    def set_ifname(self, value: str) -> None:
        """Send packets to an interface, without a gateway."""
        self._set_way(NextHop(None, 0, value))

    def set_dest(self, value: int) -> None:
        """Drop packets. Raises FilterRuntimeError for anything but the three ways to."""
        if value not in _FIXED:
            raise FilterRuntimeError("destination can be changed only to blackhole, unreachable or prohibit")
        self.hop = _FIXED[value]

    def set_weight(self, value: int) -> None:
        """Raises FilterRuntimeError unless it is 1 to 256."""
        if not 1 <= value <= 256:
            raise FilterRuntimeError(f"weight {value} is not between 1 and 256")
        self._change(lambda way: way._replace(weight=value), every=True)

    def set_onlink(self, value: bool) -> None:
        """Take the gateway to be on the link, whatever the addresses say."""
        self._change(lambda way: way._replace(onlink=value), every=True)

    def set_label(self, value: int) -> None:
        """Push one MPLS label. Raises FilterRuntimeError above 20 bits."""
        if not 0 <= value < 1 << 20:
            raise FilterRuntimeError(f"label {value} does not fit into 20 bits")
        self._change(lambda way: way._replace(labels=(value,)), every=False)

    def _change(self, change: Callable[[NextHop], NextHop], *, every: bool) -> None:
        ways = self._hop().nexthops
        if self._hop().dest is not Dest.UNICAST or not ways:
            raise FilterRuntimeError("the route has no next hop to change")
        changed = tuple([change(way) if every or at == 0 else way for at, way in enumerate(ways)])
        self.hop = Hop(Dest.UNICAST, changed)


def constant_subject(log: Callable[[str], None]) -> RouteContext:
    """A subject without a route, for expressions that need none (`define`, `eval`)."""
    return RouteContext(AttributePool(()), NetType.IP4, log)


__all__ = ["Lookup", "RouteContext", "constant_subject"]
