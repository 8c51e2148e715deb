"""The router: what operators, reloads and the daemon do with running protocols.

All running objects belong to a `Router`; nothing is global. It is given its
ports and the protocol types that it may run; `configure` loads the first
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
    """The result of an operator's command; the CLI turns it into BIRD's reply."""

    ENABLED = "enabled"
    ALREADY_ENABLED = "already enabled"
    DISABLED = "disabled"
    ALREADY_DISABLED = "already disabled"
    RESTARTED = "restarted"
    RELOADING = "reloading"
    NOT_UP = "is not UP"
    CANNOT_RELOAD = "reload failed"


class Router(Instances):
    """One router. Several in one process share nothing."""

    def __init__(
        self,
        ports: Ports,
        types: tuple[ProtocolType, ...],
        asserted: Callable[[Any], None] | None = None,
    ) -> None:
        """`asserted` gets the result of each assertion in a filter; without it they are not evaluated."""
        super().__init__(ports, types, asserted)
        self.reconfiguration = Reconfiguration(self)

    # configuration ------------------------------------------------------------

    def configure(self, config: Config, recovers: bool = False) -> None:
        """Load the first configuration and start its protocols, phase by phase.

        `recovers`: the last run ended for a graceful restart, or unexpectedly (`-R`).
        """
        self.adopt(config)
        if recovers:
            self.services.recovery.begin(config.graceful_restart_wait)
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
        """Apply a new configuration while running (`reconfiguration` has the progress).

        A `study` of this configuration, made beforehand, saves time here.
        """
        return self.reconfiguration.request(wanted, soft, timeout, study)

    @property
    def reconfiguring(self) -> bool:
        """True while protocols are still stopping for a new configuration."""
        return self.reconfiguration.busy

    def adapt(self, instance: Instance, config: ProtocolConfig) -> None:
        """Give a dynamic child a new config, as a reload does for configured protocols.

        Its channels are reconfigured, added and removed as well. A change that it
        does not accept restarts it (StopReason.RECONFIGURED); the object stays the same.
        """
        adapt_child(self.reconfiguration, instance, config)

    # operations -----------------------------------------------------------------

    def enable(self, instance: Instance, message: str = "") -> Answer:
        """Let a disabled protocol run again; a running one that waits tries again now."""
        instance.guarded(instance.retry_now)
        if instance.enabled and not instance.failure:
            return Answer.ALREADY_ENABLED
        self.log("info", f"Enabling protocol {instance.name}")
        instance.enabled = True
        instance.message = message
        instance.begin_when_down()
        return Answer.ENABLED

    def disable(self, instance: Instance, message: str = "") -> Answer:
        """Stop a protocol until it is enabled again."""
        if not instance.enabled:
            return Answer.ALREADY_DISABLED
        self.log("info", f"Disabling protocol {instance.name}")
        instance.enabled = False
        instance.message = message
        instance.halt(StopReason.DISABLED)
        return Answer.DISABLED

    def restart(self, instance: Instance, message: str = "") -> Answer:
        """Stop a protocol and start it again."""
        if not instance.enabled:
            return Answer.ALREADY_DISABLED
        self.log("info", f"Restarting protocol {instance.name}")
        instance.message = message
        instance.halt(StopReason.RESTARTED, begins=True)
        return Answer.RESTARTED

    def reload(self, instance: Instance, imports: bool, exports: bool) -> Answer:
        """Run routes through the filters again; if reloading imports fails, exports are not reloaded."""
        if instance.state is not ProtocolState.UP:
            return Answer.NOT_UP
        self.log("info", f"Reloading protocol {instance.name}")
        channels = list(instance.channels.values())
        if imports or instance.pair() is not None:  # a pipe imports what it exports
            for channel in channels:
                if not channel.reload_imports():
                    return Answer.CANNOT_RELOAD
        if exports:
            for channel in channels:
                channel.refeed()
        return Answer.RELOADING

    def shutdown(self, after: Callable[[], None], graceful: bool = False) -> None:
        """Stop every protocol; `after` is called once all are down."""
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
