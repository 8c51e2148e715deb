"""The route that a compiled filter works on, and the router's services for filters.

A `RouteContext` is made once per channel and loaded for each run. `view` has the
current attributes; code that writes copies it first (`own`), and records each
write in `changes`. The `Rte` is never modified.
A next hop that a filter sets is a new `hop` without a key: the core resolves
its gateway or interface name. (Hot code, also compiled by mypyc.)
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
        """The state of a network by table key: ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 (RFC 6811)."""

    def divide(self, keys: list[bytes], asn: int) -> dict[int, list[bytes]]:
        """The networks grouped by their states."""


class Lookup(Protocol):
    """Look-ups in tables and interfaces for filters; implemented by the core."""

    def roa_check(self, table: str, net: Net, asn: int) -> int:
        """ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 (RFC 6811)."""

    def roa_states(self, table: str, net_type: NetType) -> RoaStates:
        """The records of a ROA table, to check many IPv4 or IPv6 networks in one call."""

    def aspa_check(self, table: str, path: Any, upstream: bool) -> int:
        """ASPA_UNKNOWN 0, ASPA_VALID 1, ASPA_INVALID 2."""

    def neighbor(self, address: Address) -> tuple[int, str] | None:
        """(index, name) of the interface on whose link an address is; None without one."""

    def interface(self, name: str) -> int:
        """The index of the interface with this name; 0 without one."""


_FIXED: Final[dict[int, Hop]] = {
    Dest.BLACKHOLE: BLACKHOLE,
    Dest.UNREACHABLE: UNREACHABLE,
    Dest.PROHIBIT: PROHIBIT,
}
IMPLICIT_NULL: Final = 3
_NO_NEXTHOP: Final = NextHop(None, 0, "")


class RouteContext:
    """One route in a filter run."""

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
        self.complain = complain  # called with run-time errors, instead of `log`
        self.asserted = asserted  # called with each `AssertionResult`
        self.rte: Rte
        self.key = b""
        self.view: dict[str, Any] = {}  # the current attributes
        self.changes: dict[str, Any] = {}
        self.preference = 0
        self.hop: Hop | None = None  # a next hop that the filter set
        self.mask = 0  # in a masked run: answers to the filter's questions about the network
        self.failed = False  # the run ended in an error or without a decision, which was logged
        self._net: Net | None = None
        self._owned = False  # `view` is not shared with others
        self._line = ""  # the line that `printn` began

    def load(self, rte: Rte, key: bytes, wanted: Wanted | None = None) -> None:
        """Prepare a run for this route of the network `key`.

        `wanted`: which attributes to read; None: all, and the pool caches them for
        other routes with the same set.
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
        """Log a line; without `newline` it waits for the rest of the line."""
        self._line += text
        if newline:
            self.log(self._line)
            self._line = ""

    # attributes of the set ------------------------------------------------

    def own(self) -> dict[str, Any]:
        """The attributes as a dict of this run's own, which may be modified."""
        if not self._owned:
            self.view = self.view.copy()
            self._owned = True
        return self.view

    def unset(self, name: str) -> None:
        """Remove an attribute."""
        self.changes[name] = None
        self.view.pop(name, None)

    def bits(self, name: str, mask: int) -> bool | None:
        """True if one of these bits of an attribute is set; None without the attribute."""
        field = self.view.get(name)
        return None if field is None else field & mask != 0

    def set_bits(self, name: str, mask: int, value: bool) -> None:
        """Set or clear bits of an attribute."""
        field = self.view.get(name, 0)
        if value or field:
            self.view[name] = self.changes[name] = field | mask if value else field & ~mask

    # attributes of the route ------------------------------------------------

    def origin(self) -> Any:
        """`from`: the address of the router that announced the route; None without one."""
        set_value = self.view.get("from")
        if set_value is not None or "from" in self.changes:  # set, or unset
            return set_value
        return self.rte.source.address

    def local_metric(self) -> Any:
        """`local_metric`: as a filter has set it, else the IGP metric of the next hop; None if unknown."""
        if "local_metric" in self.view or "local_metric" in self.changes:
            return self.view.get("local_metric")
        metric = self._hop().igp_metric
        return None if metric == UNKNOWN_METRIC else metric

    # the next hop ---------------------------------------------------------------

    def _hop(self) -> Hop:
        return self.hop if self.hop is not None else self.rte.hop

    def _first_nexthop(self) -> NextHop:
        ways = self._hop().nexthops
        return ways[0] if ways else _NO_NEXTHOP

    def _set_nexthop(self, way: NextHop) -> None:
        self.hop = Hop(Dest.UNICAST, (way,))

    def gateway(self) -> Any:
        """`gw`: the gateway of the first next hop; `::` without one."""
        return self._first_nexthop().gateway or UNSPECIFIED_V6

    def dest(self) -> int:
        """`dest`: an RTD_* number."""
        return int(self._hop().dest)

    def ifname(self) -> str:
        """`ifname`: the interface of the first next hop, or ""."""
        return self._interface()[1]

    def ifindex(self) -> int:
        """`ifindex`: the interface index of the first next hop, or 0."""
        return self._interface()[0]

    def _interface(self) -> tuple[int, str]:
        """(index, name) of the interface of the first next hop, also if the filter has set it."""
        way = self._first_nexthop()
        if self.hop is None or way.ifindex or self.lookup is None:
            return way.ifindex, way.ifname
        if way.gateway is not None:
            return self.lookup.neighbor(way.gateway) or (0, "")
        return (self.lookup.interface(way.ifname), way.ifname) if way.ifname else (0, "")

    def weight(self) -> int:
        """`weight`: that of the first next hop."""
        return self._first_nexthop().weight

    def onlink(self) -> bool:
        """`onlink`: that of the first next hop."""
        return self._first_nexthop().onlink

    def label(self) -> Any:
        """`gw_mpls`: the outermost label of the first next hop; implicit null without one (RFC 3032, 2.1)."""
        labels = self._first_nexthop().labels
        return labels[0] if labels else IMPLICIT_NULL

    def set_gateway(self, value: Address) -> None:
        """Send packets to a neighbor; the interface follows from the address."""
        self._set_nexthop(NextHop(value, 0, ""))

    def set_ifname(self, value: str) -> None:
        """Send packets to an interface, without a gateway."""
        self._set_nexthop(NextHop(None, 0, value))

    def set_dest(self, value: int) -> None:
        """Drop packets. Raises FilterRuntimeError unless it is blackhole, unreachable or prohibit."""
        if value not in _FIXED:
            raise FilterRuntimeError("destination can be changed only to blackhole, unreachable or prohibit")
        self.hop = _FIXED[value]

    def set_weight(self, value: int) -> None:
        """Set the weight of all next hops. Raises FilterRuntimeError unless it is 1 to 256."""
        if not 1 <= value <= 256:
            raise FilterRuntimeError(f"weight {value} is not between 1 and 256")
        self._change(lambda way: way._replace(weight=value), every=True)

    def set_onlink(self, value: bool) -> None:
        """Treat all gateways as on the link, whatever the interface addresses say."""
        self._change(lambda way: way._replace(onlink=value), every=True)

    def set_label(self, value: int) -> None:
        """Push one MPLS label at the first next hop. Raises FilterRuntimeError above 20 bits."""
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
    """A context without a route, for expressions that need none (`define`, `eval`)."""
    return RouteContext(AttributePool(()), NetType.IP4, log)


__all__ = ["Lookup", "RouteContext", "constant_subject"]
