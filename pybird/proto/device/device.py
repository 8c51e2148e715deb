"""Device: learns the interfaces and their addresses from the kernel.

The protocol reads links and addresses when it starts, follows the kernel's
events, and scans again every `scan time` seconds and whenever events were
lost. It records what it learns in `services.interfaces`; it has no channel and
no routes.
"""

from __future__ import annotations

from pybird.core.forwarding.interfaces import Interface, matches
from pybird.core.guard import GuardedEvents
from pybird.core.life import StopReason
from pybird.core.ports import AddressKey, KernelRoute, Link, LinkAddress, Timer
from pybird.core.protocol import Instance, InstanceOwner
from pybird.proto.device.config import DeviceConfig

AGAIN = 1  # seconds until we repeat a scan that a change interrupted


class Device(Instance[DeviceConfig]):
    """The one device protocol."""

    def __init__(self, config: DeviceConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self._timer_scan: Timer | None = None
        self._events = GuardedEvents(self)

    def start(self) -> None:
        """Read everything once, then follow events."""
        self.services.kernel.watch(self._events)
        self.scan()
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        """Stop following events; other protocols keep the interfaces that are known."""
        self.trace("events", "Flushing interfaces")
        self.services.kernel.unwatch(self._events)
        if self._timer_scan is not None:
            self._timer_scan.cancel()
        self.stopped()

    def accepts(self, old: DeviceConfig, new: DeviceConfig) -> bool:
        """True: every option can change without a restart."""
        return True

    def reconfigure(self, new: DeviceConfig) -> bool:
        """Restart the scan timer with the new scan time, and apply `preferred` now."""
        self._arm(new.scan_time)
        for interface in self.services.interfaces:
            self._prefer(interface, new)
        return True

    def _arm(self, seconds: int) -> None:
        if self._timer_scan is not None:
            self._timer_scan.cancel()
            self._timer_scan = None
        if seconds:
            clock = self.services.clock
            self._timer_scan = clock.call_at(clock.now() + seconds, self.scan)

    def scan(self) -> None:
        """Read the kernel's links and addresses, and update the interfaces that differ."""
        self.trace("events", "Scanning interfaces")
        interfaces = self.services.interfaces
        try:
            links = {link.index: link for link in self.services.kernel.links()}
            found = self.services.kernel.addresses()
        except InterruptedError:  # the answer has holes: what it lacks may still exist
            self._arm(AGAIN)
            return
        addresses: dict[int, dict[AddressKey, LinkAddress]] = {}
        for address in found:
            addresses.setdefault(address.ifindex, {})[address.key] = address
        for index in list(interfaces.by_index):
            if index not in links:
                interfaces.link_removed(index)
        for link in links.values():
            self._learn(link)
            theirs = addresses.get(link.index, {})
            for key, known in list(interfaces.by_index[link.index].addresses.items()):
                if key not in theirs:
                    interfaces.address_removed(known)
            for address in theirs.values():
                interfaces.address_changed(address)
        self._arm(self.config.scan_time)

    def _prefer(self, interface: Interface, config: DeviceConfig) -> None:
        interface.preferred_first = ()
        for block in config.interfaces:
            if matches(block.patterns, interface):
                interface.preferred_first = block.preferred
                return

    # events from the kernel -----------------------------------------------

    def link_changed(self, link: Link) -> None:
        """A link appeared or changed."""
        self.guarded(self._learn, link)

    def _learn(self, link: Link) -> None:
        self.services.interfaces.link_changed(link)
        self._prefer(self.services.interfaces.by_index[link.index], self.config)

    def link_removed(self, index: int) -> None:
        """A link is gone."""
        self.guarded(self.services.interfaces.link_removed, index)

    def address_changed(self, address: LinkAddress) -> None:
        """An address appeared, or is no longer tentative."""
        self.guarded(self.services.interfaces.address_changed, address)

    def address_removed(self, address: LinkAddress) -> None:
        """An address is gone."""
        self.guarded(self.services.interfaces.address_removed, address)

    def route_changed(self, route: KernelRoute, removed: bool) -> None:
        """Routes are the business of the kernel protocol."""

    def overflow(self) -> None:
        """Events were lost: read everything again."""
        self.guarded(self.scan)
