"""Where a neighbor is: its interface, our address there, and whether a session is possible.

No session is possible before the router has an ID: an OPEN without one is an error
(RFC 6286, 2.2). Both addresses must be of one family. A direct neighbor needs an
interface that is up (with `check link`: that has carrier): the configured one, or the
one whose connected network contains the address. A link-local connection also needs a
link-local address of ours there that has passed duplicate address detection. A neighbor
behind other routers always counts as reachable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pybird.core.ports import Stream
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.session.parameters import is_direct
from pybird.values.address import Address

if TYPE_CHECKING:
    from pybird.core.forwarding.interfaces import Interface, InterfaceEvent
    from pybird.core.services import Services

LOST: Final = "Neighbor lost"
LINK_DOWN: Final = "Link down"
NO_ID: Final = "No router ID"
TWO_FAMILIES: Final = "Local and neighbor address are of different families"


class Reach:
    """Follows the interface of one neighbor.

    `changed(reason)` is called when the neighbor becomes reachable (the reason is empty
    then) or unreachable, when its interface changes, or when an address of ours does.
    """

    def __init__(
        self,
        config: BgpConfig,
        services: Services,
        guarded: Callable[..., Any],
        changed: Callable[[str], None],
        ifindex: int = 0,
    ) -> None:
        """`guarded` is the peer's method; `ifindex` is where a dynamic child had its neighbor before."""
        self.guarded = guarded  # `Interfaces` calls `interface_event` through it
        self.usable = False
        self.obstacle = ""  # why it is not, as users see it
        self.ifindex = ifindex
        self.ifname = config.interface or ""
        self.local_address: Address | None = None
        self._config = config
        self._services = services
        self._interfaces = services.interfaces
        self._changed = changed

    def adapt(self, config: BgpConfig) -> None:
        """Apply a changed `check link` or interface name."""
        self._config = config
        self.recheck()

    def watch(self) -> None:
        """Check now, and at every change of interfaces from now on."""
        self._evaluate()
        self._interfaces.listen(self)

    def unwatch(self) -> None:
        """Stop following the interfaces."""
        self._interfaces.unlisten(self)

    def interface_event(self, event: InterfaceEvent) -> None:
        """Check again: an interface or an address changed."""
        self.recheck(address=event.address is not None)

    def recheck(self, address: bool = False) -> None:
        """Check again and report a change; `address`: an address of ours was added or removed."""
        before = self.usable, self.ifindex, self.local_address
        reason = self._evaluate()
        if address or (self.usable, self.ifindex, self.local_address) != before:
            self._changed(reason)

    def accepts(self, stream: Stream) -> bool:
        """True unless the connection came over another interface than the neighbor's."""
        return not stream.ifindex or not self.ifindex or stream.ifindex == self.ifindex

    def _evaluate(self) -> str:
        """Check everything again; why the neighbor is not reachable, empty if it is."""
        interface = self._interface()
        reason = self._judge(interface)
        self.obstacle = self._obstacle(interface) if reason else ""
        return reason

    def _obstacle(self, interface: Interface | None) -> str:
        config = self._config
        if not self._has_id:
            return "no router ID; write `router id`, or give an interface an IPv4 address"
        if has_mixed_families(config):
            return f"local address {config.local_address} cannot reach {config.remote_address}"
        if interface is not None:
            return f"{interface.name} is down"
        if config.interface is not None and self._interfaces.named(config.interface) is None:
            return f"no interface {config.interface}"
        vrf = config.vrf
        if vrf not in (None, "default") and self._interfaces.named(vrf) is None:
            return f"no VRF {vrf}"
        where = f"the networks of {config.interface}" if config.interface else "the network of any interface"
        where += f" in VRF {vrf}" if vrf is not None else ""
        return f"{config.remote_address} is not in {where}"

    def _judge(self, interface: Interface | None) -> str:
        config = self._config
        self.local_address = config.local_address
        if interface is not None:
            self.ifindex, self.ifname = interface.index, interface.name
        if not self._has_id:
            self.usable = False
            return NO_ID
        if has_mixed_families(config):
            self.usable = False
            return TWO_FAMILIES
        if not is_direct(config):
            self.usable = True
            return ""
        if interface is None:
            self.usable = False
            return LOST
        if config.remote_address is not None and config.remote_address.is_link_local:
            self.local_address = self._own_address(interface)
        self.usable = interface.up or (config.check_link is False and interface.link.admin_up)
        if self.usable:
            return ""
        return LINK_DOWN if interface.link.admin_up else LOST

    @property
    def _has_id(self) -> bool:
        return bool(self._config.router_id or self._services.router_id)

    def _interface(self) -> Interface | None:
        config = self._config
        remote = config.remote_address
        assert remote is not None
        if config.parent is not None and self.ifindex and remote.is_link_local:
            return self._interfaces.by_index.get(self.ifindex)  # it may have been renamed
        if config.interface is not None:
            interface = self._interfaces.named(config.interface)
            fits = interface is not None and (config.onlink or interface.on_link(remote))
            return interface if fits or not is_direct(config) else None
        if remote.is_link_local or not is_direct(config):
            return None
        links = self._interfaces
        return next((i for i in links if i.on_link(remote) and links.enslaved(i, config.vrf)), None)

    def _own_address(self, interface: Interface) -> Address | None:
        """Our address: the configured one if it is on that interface, else its link-local one."""
        written = self._config.local_address
        if written is not None and interface.has(written):
            return written
        return interface.link_local()


def has_mixed_families(config: BgpConfig) -> bool:
    """True if the local address is IPv4 and the neighbor's IPv6, or the reverse: no session is possible."""
    local, remote = config.local_address, config.remote_address
    return local is not None and remote is not None and local.is_v4 != remote.is_v4
