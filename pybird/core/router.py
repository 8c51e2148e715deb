"""The router: what operators, reloads and the daemon do with what runs.

Everything that lives hangs here, nothing is global. The router is given its
ports and the protocol types it may run; `configure` loads the first
configuration, `reconfigure` changes it while it runs (core/reload/reconfiguration.py).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from pybird.conf.model import Config, ProtocolConfig
from pybird.core.instances import Instances
from pybird.core.life import ProtocolState, StopReason
from pybird.core.ports import Ports
from pybird.core.protocol import Instance, ProtocolType
from pybird.core.reload.reconfiguration import Reconfiguration, ReloadOutcome, adapt_child
from pybird.core.reload.study import Study


class Answer(Enum):
    """What an operator's command did; the CLI turns it into BIRD's reply."""

    ENABLED = "enabled"
    ALREADY_ENABLED = "already enabled"
    DISABLED = "disabled"
    ALREADY_DISABLED = "already disabled"
    RESTARTED = "restarted"
    RELOADING = "reloading"
    NOT_UP = "is not UP"
    CANNOT_RELOAD = "reload failed"


class Router(Instances):
    """One router. Two in one process do not know of each other."""

    def __init__(
        self,
        ports: Ports,
        types: tuple[ProtocolType, ...],
        asserted: Callable[[Any], None] | None = None,
    ) -> None:
        """`asserted` hears what came of assertions in filters; without it they are not evaluated."""
        super().__init__(ports, types, asserted)
        self.reconfiguration = Reconfiguration(self)

    # configuration ------------------------------------------------------------

    def configure(self, config: Config) -> None:
        """Load the first configuration and start its protocols, phase by phase."""
        self.adopt(config)
        for table in config.tables:
            self.add_table(table)
        for protocol in config.protocols:
            self.create(protocol)
        self.begin(list(self.protocols.values()))
        if not self.router_id:
            self.log("error", "Cannot determine router ID, please configure it manually")

    def reconfigure(
        self, wanted: Config, soft: bool = False, timeout: float | None = None, study: Study | None = None
    ) -> ReloadOutcome:
        """Go to a new configuration while running (`reconfiguration` knows how far it is).

        `study` of this configuration, made beforehand, saves time here.
        """
        return self.reconfiguration.request(wanted, soft, timeout, study)

    @property
    def reconfiguring(self) -> bool:
        """Protocols still stop for a new configuration."""
        return self.reconfiguration.busy

    def adapt(self, instance: Instance, config: ProtocolConfig) -> None:
        """Give a dynamic child a new config, as a reload does for written protocols.

        Its channels are reconfigured, added and removed alike; what it does not
        accept restarts it (StopReason.RECONFIGURED), as the same object.
        """
        adapt_child(self.reconfiguration, instance, config)

    # operations -----------------------------------------------------------------

    def enable(self, instance: Instance, message: str = "") -> Answer:
        """Let a disabled protocol run again; one that runs and waits tries again now."""
        instance.guarded(instance.retry_now)
        if instance.enabled and not instance.failure:
            return Answer.ALREADY_ENABLED
        self.log("info", f"Enabling protocol {instance.name}")
        instance.enabled = True
        instance.message = message
        instance.begin_when_down()
        return Answer.ENABLED

    def disable(self, instance: Instance, message: str = "") -> Answer:
        """Stop until it is enabled."""
        if not instance.enabled:
            return Answer.ALREADY_DISABLED
        self.log("info", f"Disabling protocol {instance.name}")
        instance.enabled = False
        instance.message = message
        instance.halt(StopReason.DISABLED)
        return Answer.DISABLED

    def restart(self, instance: Instance, message: str = "") -> Answer:
        """Stop and start again."""
        if not instance.enabled:
            return Answer.ALREADY_DISABLED
        self.log("info", f"Restarting protocol {instance.name}")
        instance.message = message
        instance.halt(StopReason.RESTARTED, begins=True)
        return Answer.RESTARTED

    def reload(self, instance: Instance, imports: bool, exports: bool) -> Answer:
        """Bring routes through the filters again; nothing is exported again where imports fail."""
        if instance.state is not ProtocolState.UP:
            return Answer.NOT_UP
        self.log("info", f"Reloading protocol {instance.name}")
        channels = list(instance.channels.values())
        if imports or instance.pair() is not None:  # what flows out of one is what the other imports
            for channel in channels:
                if not channel.reload_imports():
                    return Answer.CANNOT_RELOAD
        if exports:
            for channel in channels:
                channel.refeed()
        return Answer.RELOADING

    def shutdown(self, after: Callable[[], None], graceful: bool = False) -> None:
        """Stop every protocol; `after` is called when all are down."""
        self.shutting_down = True
        reason = StopReason.GRACEFUL if graceful else StopReason.SHUTDOWN
        for instance in self.protocols.values():
            instance.enabled = False
        waiting = [
            instance for instance in self.protocols.values() if instance.state is not ProtocolState.DOWN
        ]
        left = [len(waiting)]

        def one_down() -> None:
            left[0] -= 1
            if left[0] == 0:
                after()

        if not waiting:
            self.clock.call_soon(after)
        for instance in reversed(waiting):
            instance.halt(reason, one_down)
