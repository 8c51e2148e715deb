"""Converts routes of a table to routes of the kernel."""

from __future__ import annotations

from collections.abc import Hashable

from pybird.core.export.exporter import ExportMode
from pybird.proto.kernel.attributes import METRIC, PREFSRC, for_the_kernel
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.kernel.fib import KernelPath, sorted_hops
from pybird.values.address import Address
from pybird.values.attributes import AttributePool, AttributeSet
from pybird.values.route import Dest, NextHop, Rte

_IPV6_DEFAULT_METRIC = 1024  # the kernel replaces metric 0 by it


class KernelExporter:
    """Converts the routes of one address family, with the metric that is configured."""

    def __init__(self, config: KernelConfig, v4: bool, pool: AttributePool) -> None:
        self._metric = config.metric
        self._most = config.merge_paths
        self._v4 = v4
        self._pool = pool
        self.key: Hashable = ("kernel", v4, config.metric, config.merge_paths)
        self.mode = ExportMode.MERGED if config.merge_paths else ExportMode.OPTIMAL

    def admit(self, rte: Rte) -> bool:
        """True: every kind of route may be exported to the kernel."""
        return True

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> KernelPath | None:
        """The route in the kernel's form; None if the kernel could not forward by it."""
        hop = rte.hop
        if hop.dest is Dest.NONE:
            return None
        hops: tuple[NextHop, ...] = ()
        if hop.dest is Dest.UNICAST:
            hops = sorted_hops(hop.nexthops, self._most)
            if not hops or not all(self._usable(one) for one in hops):
                return None
        view = self._pool.view(rte.attrs)
        prefsrc = view.get(PREFSRC)
        if not isinstance(prefsrc, Address) or prefsrc.is_v4 != self._v4:
            prefsrc = None
        metric = self._metric or int(view.get(METRIC, 0))
        if not metric and not self._v4:
            metric = _IPV6_DEFAULT_METRIC
        return KernelPath(hop.dest, hops, metric, prefsrc, for_the_kernel(view))

    def _usable(self, hop: NextHop) -> bool:
        """Whether the kernel can use this next hop: with an interface, and no IPv4 gateway for IPv6."""
        return hop.ifindex != 0 and (self._v4 or hop.gateway is None or not hop.gateway.is_v4)

    def leads_to(self, form: KernelPath) -> tuple[Hashable, ...]:
        """Empty: the kernel is no receiver that a next hop could point back to."""
        return ()

    def kept_back(self, rte: Rte) -> str:
        return ""

    def pack(
        self, announce: dict[KernelPath, list[bytes]], withdraw: list[bytes]
    ) -> tuple[dict[KernelPath, list[bytes]], list[bytes]]:
        """The routes unchanged: the kernel port takes routes, not octets."""
        return dict(announce), list(withdraw)
