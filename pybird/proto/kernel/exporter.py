"""How routes of a table become routes of the kernel."""

from __future__ import annotations

from collections.abc import Hashable

from pybird.core.channel import ExportMode
from pybird.proto.kernel.attributes import METRIC, PREFSRC, for_the_kernel
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.kernel.fib import KernelPath, sorted_hops
from pybird.values.address import Address
from pybird.values.attributes import AttributePool, AttributeSet
from pybird.values.route import Dest, NextHop, Rte

_IPV6_DEFAULT_METRIC = 1024  # what the kernel makes of 0


class KernelExporter:
    """The routes of one address family for one kernel metric."""

    def __init__(self, config: KernelConfig, v4: bool, pool: AttributePool) -> None:
        self._metric = config.metric
        self._most = config.merge_paths
        self._v4 = v4
        self._pool = pool
        self.key: Hashable = ("kernel", v4, config.metric, config.merge_paths)
        self.mode = ExportMode.MERGED if config.merge_paths else ExportMode.OPTIMAL

    def admit(self, rte: Rte) -> bool:
        """Every kind of route may go to the kernel."""
        return True

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> KernelPath | None:
        """The way for the kernel; None: nothing it could forward by."""
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
        """An interface is needed; IPv6 packets cannot go to an IPv4 gateway."""
        return hop.ifindex != 0 and (self._v4 or hop.gateway is None or not hop.gateway.is_v4)

    def leads_to(self, form: KernelPath) -> tuple[Hashable, ...]:
        """Nobody: there is no receiver that could be a next hop."""
        return ()

    def kept_back(self, rte: Rte) -> str:
        return ""

    def pack(
        self, announce: dict[KernelPath, list[bytes]], withdraw: list[bytes]
    ) -> tuple[dict[KernelPath, list[bytes]], list[bytes]]:
        """As it comes: the kernel takes routes, not octets."""
        return dict(announce), list(withdraw)
