"""The router: owner of tables, protocol instances, configuration and time.

(Contract; the implementation replaces this text.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybird.conf.model import Config, ProtocolConfig
from pybird.core.ports import Ports
from pybird.core.protocol import StopReason
from pybird.values.attributes import AttributePool

if TYPE_CHECKING:
    from pybird.core.protocol import Instance, ProtocolType
    from pybird.core.table import Table


class Router:
    """One router. Two in one process do not know of each other."""

    def __init__(self, ports: Ports, types: tuple[ProtocolType, ...]) -> None:
        self.ports = ports
        self.clock = ports.clock
        self.network = ports.network
        self.kernel = ports.kernel
        self.random = ports.random
        self.types = {t.name: t for t in types}
        self.pool: AttributePool
        self.config: Config
        self.router_id: int
        self.hostname: str
        self.tables: dict[str, Table] = {}
        self.protocols: dict[str, Instance] = {}  # in config order, children last
        self.interfaces: Any  # core.interfaces.Interfaces
        self.hops: Any  # core.nexthop.HopTable
        self.shared: dict[str, Any] = {}  # what the instances of one type share (listeners), by type name

    def spawn(self, config: ProtocolConfig, parent: Instance) -> Instance:
        """Start a dynamic child; it lives until `remove`d or its parent goes."""
        raise NotImplementedError

    def remove(self, instance: Instance, after: Any = None, reason: StopReason = StopReason.REMOVED) -> None:
        """Stop a dynamic child for this reason and forget it when it is down."""
        raise NotImplementedError

    def adapt(self, instance: Instance, config: ProtocolConfig) -> None:
        """Give a dynamic child a new config, as a reload does for written protocols.

        Its channels are reconfigured, added and removed alike; what it does not
        accept restarts it (StopReason.RECONFIGURED).
        """
        raise NotImplementedError

    def disable(self, instance: Instance, message: str = "") -> None:
        """Disable as the operator would; for protocols that give up (`disable after error`)."""
        raise NotImplementedError

    def free_name(self, prefix: str, digits: int) -> str:
        """`prefix` and the lowest number, of at least that many digits, that no protocol has."""
        raise NotImplementedError
