"""Carrying out a plan while the router runs.

Protocols that can adapt and channels that reload do so immediately. The others
stop; when the last one is down, tables are removed and added, and the restarted
and new protocols start, phase by phase. One request can wait for the end of a
running one (the latest wins). The previous configuration is kept for one
`undo`; `configure timeout` undoes by itself unless it is confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import Config, ProtocolConfig
from pybird.core.channel import Channel, ChannelState, soften
from pybird.core.instances import Instances
from pybird.core.life import ProtocolState, StopReason
from pybird.core.ports import Timer
from pybird.core.protocol import Instance
from pybird.core.reload.plan import (
    Action,
    AdaptProtocol,
    AddTable,
    Comparisons,
    Plan,
    ReloadChannel,
    RemoveTable,
    RestartProtocol,
    SetOptions,
    StartProtocol,
    StopProtocol,
    change,
    plan,
)
from pybird.core.reload.study import Study


class ReloadOutcome(Enum):
    """The outcome of a request, as the CLI replies it."""

    DONE = "Reconfigured"  # 0003
    IN_PROGRESS = "Reconfiguration in progress"  # 0004
    QUEUED = "Reconfiguration already in progress, queueing new config"  # 0005
    SHUTDOWN = "Reconfiguration ignored, shutting down"  # 0006
    CONFIRMED = "Reconfiguration confirmed"  # 0018
    UNQUEUED = "Reconfiguration already in progress, removing queued config"  # 0017
    NOTHING = "Nothing to do"  # 0019
    UNDO = "Undo requested"  # 0021
    REFUSED = "Reconfiguration refused"  # 8002


class Queued(NamedTuple):
    """A request that waits for the end of the running one; the timeout is in seconds."""

    config: Config
    soft: bool = False
    timeout: float | None = None
    study: Study | None = None
    undo: bool = False


class Reconfiguration:
    """Reconfigurations of one router: the running one, the waiting one, the undo."""

    def __init__(self, router: Instances) -> None:
        self._router = router
        self._previous: Config | None = None
        self._was_soft = False  # `_previous` was left by `configure soft`, so an undo is soft, too
        self._soft: list[Channel] | None = None  # while a soft one runs: channels with changed exports
        self._queued: Queued | None = None
        self._waiting = 0
        self._wanted: Config | None = None  # by the running reconfiguration
        self._plan = Plan()
        self._timer: Timer | None = None
        self.undo_at: float | None = None  # when the timeout will undo, on the router's clock
        self.refusal = ""  # why the last one was refused
        self.expiry_observers: dict[Callable[[str], None], None] = {}  # called at a timeout

    @property
    def busy(self) -> bool:
        """True while protocols are still stopping for a new configuration."""
        return self._wanted is not None

    def plan(self, wanted: Config) -> Plan:
        """What a reconfiguration would do; changes nothing."""
        router = self._router
        known = router.compared(wanted)
        return plan(router.config, wanted, router.protocols, router.policies.meaning, router.runs, known)

    def request(
        self, wanted: Config, soft: bool = False, timeout: float | None = None, study: Study | None = None
    ) -> ReloadOutcome:
        """Apply a new configuration; undo it after `timeout` seconds unless it is confirmed."""
        if self._router.shutting_down:
            return ReloadOutcome.SHUTDOWN
        self._disarm()
        if self.busy:
            self._drop_queued()
            self._queued = Queued(wanted, soft, timeout, study)
            return ReloadOutcome.QUEUED
        if timeout is not None:
            clock = self._router.clock
            self.undo_at = clock.now() + timeout
            self._timer = clock.call_at(self.undo_at, self._time_out)
        return self._carry_out(wanted, soft, study)

    def undo(self) -> ReloadOutcome:
        """Return to the configuration before the last one."""
        if self._router.shutting_down:
            return ReloadOutcome.SHUTDOWN
        self._disarm()
        if self._queued is not None:
            self._drop_queued()
            return ReloadOutcome.UNQUEUED
        if self._previous is None:
            return ReloadOutcome.NOTHING
        wanted, self._previous = self._previous, None
        if self.busy:
            self._queued = Queued(wanted, self._was_soft, undo=True)
            return ReloadOutcome.QUEUED
        outcome = self._carry_out(wanted, self._was_soft)
        self._previous = None  # one level
        return outcome

    def confirm(self) -> ReloadOutcome:
        """Keep the new configuration: the timeout does not undo."""
        if self._timer is None:
            return ReloadOutcome.NOTHING
        self._disarm()
        return ReloadOutcome.CONFIRMED

    def status(self) -> ReloadOutcome:
        """The state, as `configure status` replies it."""
        if self._router.shutting_down:
            return ReloadOutcome.SHUTDOWN
        if self._queued is not None:
            return ReloadOutcome.QUEUED
        return ReloadOutcome.IN_PROGRESS if self.busy else ReloadOutcome.DONE

    def _time_out(self) -> None:
        self._timer = None
        text = "Config timeout expired, starting undo"
        self._router.log("info", text)
        for observer in list(self.expiry_observers):
            observer(text)
        self.undo()

    def _drop_queued(self) -> None:
        if self._queued is not None and self._queued.study is not None:
            self._queued.study.drop()
        self._queued = None

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self.undo_at = None

    # carrying out -----------------------------------------------------------

    def _carry_out(self, wanted: Config, soft: bool, study: Study | None = None) -> ReloadOutcome:
        router = self._router
        try:
            router.prepare(wanted, study)
        except ConfigErrors as errors:
            self.refusal = str(errors.errors[0])
            router.log("error", f"Reconfiguration refused: {self.refusal}")
            self._disarm()
            return ReloadOutcome.REFUSED
        router.log("info", "Reconfiguring")
        self._plan = self.plan(wanted)
        self._previous = router.config
        self._was_soft = soft
        self._soft = [] if soft else None
        self._wanted = wanted
        self._waiting = 1
        router.services.recovery.hold("", ["configure"])  # who takes over from whom is not known yet
        router.adopt(wanted)
        for option in self._plan.of_kind(SetOptions):
            self._set_options(option)
        for stop in self._plan.of_kind(StopProtocol):
            router.log("info", f"Removing protocol {stop.name}")
            self._stop(stop.name, StopReason.REMOVED)
        for restart in self._plan.of_kind(RestartProtocol):
            config = wanted.protocol(restart.name)
            assert config is not None
            self._log_restart(restart.name, config, restart.hindrances)
            self._apply_enabled(restart.name, config)
            self._stop(restart.name, _reason(config))
        for start in self._plan.of_kind(StartProtocol):
            router.log("info", f"Adding protocol {start.name}")
        fresh = dict.fromkeys([action.name for action in self._plan.of_kind(RemoveTable)])
        for table in self._plan.of_kind(AddTable):
            if table.name not in fresh:
                self._add_table(table.name)
        self._take_over(wanted)
        for action in self._plan.of_kind(AdaptProtocol):
            self._adapt(action.name)
        for action in self._plan.of_kind(ReloadChannel):
            self._reload(action)
        self._soften()
        self._one_down()
        return ReloadOutcome.IN_PROGRESS if self.busy else ReloadOutcome.DONE

    def _set_options(self, action: SetOptions) -> None:
        if "router_id" in action.names or "router_id_from" in action.names:
            self._router.forget_router_id()

    def _log_restart(self, name: str, config: ProtocolConfig, hindrances: tuple[str, ...] = ()) -> None:
        """Log what happens to a protocol that restarts, in BIRD's words; nothing if it stays disabled."""
        instance = self._router.protocols.get(name)
        if instance is None:
            return
        if instance.enabled == config.disabled:
            word = "Disabling" if config.disabled else "Enabling"
        elif instance.enabled:
            word = "Restarting"
        else:
            return
        for text in (*hindrances, f"{word} protocol {name}"):
            self._router.log("info", text)

    def _apply_enabled(self, name: str, config: ProtocolConfig) -> None:
        """Enable or disable a protocol as the new config says, whatever disabled it before."""
        instance = self._router.protocols.get(name)
        if instance is not None and (config.disabled or not instance.enabled):
            instance.enabled = not config.disabled
            instance.message = instance.last_error = ""

    def _stop(self, name: str, reason: StopReason) -> None:
        instance = self._router.protocols.get(name)
        if instance is None:
            return
        self._waiting += 1
        instance.leave(reason, self._one_down)

    def _one_down(self) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            self._finish()

    def _finish(self) -> None:
        """All that had to stop is down: replace tables, start protocols, then run a queued request."""
        router = self._router
        wanted = self._wanted
        assert wanted is not None
        held = {name: _held(router.protocols.get(name)) for name in router.protocols}
        for action in (*self._plan.of_kind(StopProtocol), *self._plan.of_kind(RestartProtocol)):
            router.forget(action.name)
        removed = self._plan.of_kind(RemoveTable)
        for table in removed:
            router.remove_table(table.name)
        for table in self._plan.of_kind(AddTable):
            if table.name not in router.tables:
                self._add_table(table.name)
        names = [
            action.name
            for action in (*self._plan.of_kind(RestartProtocol), *self._plan.of_kind(StartProtocol))
        ]
        begins: list[Instance] = []
        for name in names:
            config = wanted.protocol(name)
            assert config is not None
            instance = router.create(config)
            if instance is not None:
                hold = held.get(name)
                if hold is not None:
                    hold.restore(instance)
                begins.append(instance)
        router.order()
        self._wanted = None
        if not router.shutting_down:
            router.begin(begins)
        router.drop_unused_code()
        router.log("info", "Reconfigured")
        for instance in list(router.protocols.values()):
            router.set_debug(instance)
            if instance not in begins:
                instance.trace_reconfigured()
            instance.guarded(instance.reconfiguration_done)
        self._soften()  # dynamic children have followed
        self._soft = None
        if self._queued is not None:
            queued, self._queued = self._queued, None
            self.request(queued.config, queued.soft, queued.timeout, queued.study)
            if queued.undo:
                self._previous = None  # one level
        if not self.busy:
            router.services.recovery.release("", "configure")

    def _add_table(self, name: str) -> None:
        assert self._wanted is not None
        config = self._wanted.table(name)
        assert config is not None
        self._router.add_table(config)

    def _take_over(self, wanted: Config) -> None:
        """Give tables and protocols that stay their part of the new config."""
        router = self._router
        for config in wanted.tables:
            table = router.tables.get(config.name)
            if table is not None and RemoveTable(config.name) not in self._plan.actions:
                table.config = config
                router.set_table_debug(table)
        changed = {a.name for a in self._plan.actions if isinstance(a, (RestartProtocol, AdaptProtocol))}
        for protocol in wanted.protocols:
            instance = router.protocols.get(protocol.name)
            if instance is None or protocol.name in changed:
                continue
            self._apply_enabled(protocol.name, protocol)
            instance.config = protocol
            for channel in protocol.channels:
                known = instance.channels.get(channel.name)
                if known is not None:
                    known.reconfigure(channel)

    def _adapt(self, name: str) -> None:
        assert self._wanted is not None
        config = self._wanted.protocol(name)
        instance = self._router.protocols[name]
        assert config is not None
        if not adapt(instance, config):
            self._restart(name)

    def _reload(self, action: ReloadChannel) -> None:
        instance = self._router.protocols.get(action.protocol)
        if instance is None or instance.state is ProtocolState.STOP:
            return
        if not self.reload(instance, action):
            self._router.log("info", f"Cannot reconfigure channel {action.protocol}.{action.channel}")
            self._restart(action.protocol)

    def reload(self, instance: Instance, action: ReloadChannel) -> bool:
        """Run a channel's routes through its new filters, or with `configure soft` new routes only.

        False: the channel cannot reload its imports.
        """
        channel = instance.channels.get(action.channel)
        if channel is None:
            return True
        up = channel.state is ChannelState.UP
        if self._soft is None:
            if action.exports:
                channel.reload_exports()
            if action.imports and not channel.reload_imports():
                return False
        elif action.exports:
            self._soft.append(channel)
        if up:
            self._log_reload(f"{instance.name}.{channel.name}", action)
        return True

    def _log_reload(self, channel: str, action: ReloadChannel) -> None:
        for word, changed in (("import", action.imports), ("export", action.exports)):
            if changed and self._soft is None:
                self._router.log("info", f"Reloading channel {channel} for {word}")
            elif changed:
                self._router.log("info", f"Channel {channel} changed {word}")

    def _soften(self) -> None:
        if self._soft:
            channels, self._soft = self._soft, []
            soften(channels)

    def _restart(self, name: str) -> None:
        """Restart a protocol that was planned to adapt or reload, but could not."""
        action = RestartProtocol(name, "it could not adapt")
        self._plan = replace(self._plan, actions=(*self._plan.actions, action))
        self._log_restart(name, self._router.protocols[name].config)
        self._stop(name, StopReason.RECONFIGURED)


def adapt(instance: Instance, config: ProtocolConfig) -> bool:
    """Give a running instance a new config that it accepts; False: it did not."""
    instance.config = replace(instance.config, disabled=config.disabled)  # no difference to accept
    if not instance.guarded(instance.reconfigure, config):
        return False
    instance.config = config
    instance.owner.set_debug(instance)
    wanted = {channel.name: channel for channel in config.channels}
    for name in list(instance.channels):
        if name not in wanted:
            channel = instance.channels.pop(name)
            instance.guarded(instance.channel_removed, channel)
            instance.services.recovery.release(instance.name, name)
            channel.close()
    for name, channel_config in wanted.items():
        known = instance.channels.get(name)
        if known is not None:
            known.reconfigure(channel_config)
            continue
        fresh = instance.channels[name] = instance.make_channel(channel_config)
        instance.guarded(instance.channel_added, fresh)
    return True


def adapt_child(reconfiguration: Reconfiguration, instance: Instance, config: ProtocolConfig) -> None:
    """Adapt a dynamic child to a new config, or restart it with that."""
    actions: list[Action] = change(
        instance.config, config, instance, Comparisons(instance.services.policies.meaning)
    )
    if not actions:
        instance.config = config
        return
    if isinstance(actions[0], RestartProtocol) or not adapt(instance, config):
        if isinstance(actions[0], RestartProtocol):
            for text in actions[0].hindrances:
                instance.services.log("info", text)
        instance.services.log("info", f"Restarting protocol {instance.name}")
        instance.halt(StopReason.RECONFIGURED, lambda: instance.guarded(instance.renew, config), begins=True)
        return
    for action in actions:
        if isinstance(action, ReloadChannel) and not reconfiguration.reload(instance, action):
            instance.services.log("info", f"Restarting protocol {instance.name}")
            instance.halt(StopReason.RECONFIGURED, begins=True)
            return


def _reason(config: ProtocolConfig) -> StopReason:
    """The reason with which a protocol stops for its new config."""
    return StopReason.REMOVED if config.disabled else StopReason.RECONFIGURED


class _Held(NamedTuple):
    """The effect of commands given while a protocol stops for a reload; its successor gets it."""

    enabled: bool
    message: str
    last_error: str

    def restore(self, instance: Instance) -> None:
        """Apply it to the successor."""
        instance.enabled = self.enabled
        if not self.enabled:
            instance.message, instance.last_error = self.message, self.last_error


def _held(instance: Instance | None) -> _Held | None:
    if instance is None:
        return None
    return _Held(instance.enabled, instance.message, instance.last_error)
