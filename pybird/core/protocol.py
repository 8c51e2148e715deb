"""Protocols: the type that a folder in `proto/` declares, and one running instance.

The state machine of an instance is its `Life` (core/life.py): each event goes
there, and the instance carries out the step that comes back. The core calls
`start`; the protocol calls `went_up` when it works; the core calls
`stop(reason)` and the protocol calls `stopped` when it has closed what it
opened. The core flushes the channels. Whatever a protocol's code raises is
caught: the instance stops with an error and the router goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic

from pybird.conf.model import ChannelConfig, ProtocolConfig
from pybird.core.channel import Channel
from pybird.core.export.exporter import Exporter
from pybird.core.life import BY_ITSELF, WHILE_THERE, Act, Life, LifeStep, ProtocolState, StopReason
from pybird.core.ports import Timer
from pybird.core.selection import Selection
from pybird.core.services import Services
from pybird.values.attributes import AttributeDecl

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # where Python has no defaults yet

    C = TypeVar("C", bound=ProtocolConfig, default=Any)  # the protocol's config
else:
    from typing import TypeVar

    C = TypeVar("C", bound=ProtocolConfig)


@dataclass(frozen=True, slots=True)
class Offence:
    """A message from outside that broke the rules, and what became of it; `octets` may be its first ones.

    `length` is that of the whole message in octets.
    """

    time: float
    action: str
    reason: str
    length: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Detail:
    """A line of `show protocols all`, as data: label, text, lines below it."""

    label: str
    text: str = ""
    below: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class ProtocolType(Generic[C]):
    """Everything the rest of PyBIRD needs to know about a protocol.

    `title` is the word in `show protocols`; `kind` the `RTS_*` number of its
    routes; `phase` orders the start (lower first: device 0, others 1).
    `build(builder, tree)` makes the config from the parse tree of
    `grammar/NAME.lark`. `instance` creates a running instance; None: this
    version parses the protocol but does not run it.
    """

    name: str
    title: str
    kind: int
    preference: int
    config: type[C]
    build: Callable[..., C]
    instance: Callable[[C, InstanceOwner], Instance[C]] | None = None
    attributes: tuple[AttributeDecl, ...] = ()
    selection: Selection = field(default_factory=Selection)
    phase: int = 1
    shows_table: bool = False  # `show protocols` names the table of its first channel
    commands: tuple[Any, ...] = ()  # core.commands.Command


class Instance(Generic[C]):
    """Base of every running protocol instance.

    `C` is the type of its config, before and after a reload.
    """

    type: ProtocolType[Any]  # set on the class by the protocol's package

    def __init__(self, config: C, owner: InstanceOwner) -> None:
        self.config = config
        self.owner = owner
        self.services: Services = owner.services
        self.life = Life(not config.disabled)
        self.since = self.services.clock.now()
        self.created = self.since
        self.message = ""  # given with enable, disable or restart
        self.remote_reason = ""  # the text with which the other side ended the session
        self.last_error = ""  # why it is down or waits, for people
        self.debug: frozenset[str] = config.debug
        self.channels: dict[str, Channel] = {}
        self.parent: Instance | None = None  # of a dynamic child
        self.failure = ""  # what its code raised
        self._waiting: list[Callable[[], None]] = []  # called once it is down
        self._restart: Timer | None = None
        self._make_channels(config)

    @property
    def name(self) -> str:
        """The config's name."""
        return self.config.name

    @property
    def state(self) -> ProtocolState:
        """Where it is in its life."""
        return self.life.state

    @property
    def enabled(self) -> bool:
        """True unless the config, an operator, a limit or an error disabled it."""
        return self.life.enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.life.enabled = enabled

    @property
    def stop_reason(self) -> StopReason | None:
        """Why it stopped or is stopping; None once it has started again."""
        return self.life.reason

    # what a protocol implements -----------------------------------------

    def start(self) -> None:
        """Begin to work; call `went_up()` now or later."""
        raise NotImplementedError

    def stop(self, reason: StopReason) -> None:
        """Close everything; call `stopped()` now or later."""
        raise NotImplementedError

    def reconfigure(self, new: C) -> bool:
        """Adapt to a changed config without a restart; False: a restart is needed.

        Called before `self.config` and the channels' configs are replaced.
        Must not change anything before it is sure to return True.
        """
        return self.accepts(self.config, new)

    def accepts(self, old: C, new: C) -> bool:
        """True if `reconfigure` would succeed; changes nothing (the planner and `configure check` ask).

        Both configs are complete. The core handles filters, limits, preference,
        debug and description itself: where only these differ it does not ask. Returning True for a
        different set of channels is a promise to implement `channel_added` and
        `channel_removed`.
        """
        return False

    def channel_added(self, channel: Channel) -> None:
        """A reload added this channel to the running instance; opens it if the instance is up."""
        if self.state is ProtocolState.UP:
            channel.open()

    def channel_removed(self, channel: Channel) -> None:
        """A reload removed this channel; the core closes it after this call."""

    def renew(self, config: C) -> None:
        """Replace the config and the channels of an instance that is down; its next start uses them."""
        self.config = config
        self.debug = config.debug
        self.discard()
        self._make_channels(config)
        self.owner.set_debug(self)

    def discard(self) -> None:
        """Break reference cycles, once the instance is down and will not run again."""
        for channel in self.channels.values():
            channel.discard()
        self.channels = {}

    def _make_channels(self, config: C) -> None:
        self.channels = {each.name: self.make_channel(each) for each in config.channels}

    @property
    def is_down(self) -> bool:
        """True in state DOWN."""
        return self.state is ProtocolState.DOWN

    @property
    def gave_up(self) -> bool:
        """True if a limit or an error disabled it, and not an operator."""
        return not self.enabled and self.stop_reason in BY_ITSELF

    def reloads(self, old: ChannelConfig, new: ChannelConfig) -> tuple[bool, bool]:
        """(imports?, exports?): which to reload for changed options of the channel; filters do not count."""
        return False, False

    def forces_restart(self, old: ChannelConfig | None, new: ChannelConfig | None) -> bool:
        """True if this change of a channel cannot be made while the instance runs (logged at the restart).

        The channel is added if `old` is None, and removed if `new` is None.
        """
        return old is not None and new is not None and old.table != new.table

    def refeeds(self, old: C, new: C) -> bool:
        """True if changed options of the protocol change what its channels export: they must be refed."""
        return False

    def follows_interfaces(self, address: bool) -> bool:
        """True if the protocol follows interfaces, or with `address` their addresses (for traces)."""
        return False

    def reconfiguration_done(self) -> None:
        """A reconfiguration is complete: other protocols may have been added, removed or changed."""

    def retry_now(self) -> None:
        """An operator wants it to try again now: end any wait after an error."""

    def keeps_routes(self, channel: Channel) -> bool:
        """True if the channel's routes stay while the protocol is not up: what it talks to restarts."""
        return False

    def keeps_stale(self, channel: Channel) -> bool:
        """True if of the routes that `keeps_routes` keeps, those that were stale already stay, too."""
        return False

    def recovers(self, channel: Channel) -> bool:
        """True if the channel exports nothing until a recovery is over (core/recovery.py)."""
        return False

    def make_channel(self, config: ChannelConfig) -> Channel:
        """Make the channel object; a protocol with more state per channel overrides this."""
        return Channel(config, self)

    def exporter(self, channel: Channel) -> Exporter | None:
        """How this channel turns routes into messages; None: it exports nothing."""
        return None

    def transmit(self, channel: Channel, packed: Any) -> None:
        """Send what the exporter packed."""

    def feed_done(self, channel: Channel) -> None:
        """The first full feed of an opened or refed channel was transmitted (End-of-RIB)."""

    def request_refresh(self, channel: Channel) -> bool:
        """Ask for all routes of this channel again (route refresh, rescan); False: it cannot."""
        return False

    def pair(self) -> tuple[Channel, Channel] | None:
        """The two channels of a protocol between two tables (pipe), which are shown as one; else None."""
        return None

    def info(self) -> str:
        """The Info column of `show protocols`, in BIRD's words: tools read it."""
        return ""

    def trouble(self) -> str:
        """What keeps it from working, for people, where the Info column has no word for it."""
        return ""

    def offence(self) -> Offence | None:
        """The last message from outside that broke the rules, what became of it; None: there was none."""
        return None

    def details(self) -> Iterator[Detail]:
        """The protocol's block in `show protocols all`."""
        yield from ()

    def channel_details(self, channel: Channel) -> Iterator[Detail]:
        """The protocol's own lines in a channel's block of `show protocols all`."""
        yield from ()

    def refusal(self, key: bytes) -> str | None:
        """Why an exported route is not in use, e.g. the kernel refused it; None: it is in use."""
        return None

    # what the core provides ---------------------------------------------

    def went_up(self) -> None:
        """Enter `up`."""
        self._carry_out(self.life.went_up())

    def went_down(self) -> None:
        """Fall back from `up` to `start`.

        The channels close and their routes are flushed, except those that the protocol `keeps_routes` of.
        """
        self._carry_out(self.life.went_down())

    def stopped(self) -> None:
        """Everything is closed: enter `flush`, then `down`."""
        self._carry_out(self.life.stopped())

    def restart_limited(self, reason: StopReason) -> None:
        """Restart because of a route limit; disable instead if the last time was within `restart time`."""
        if self.life.limited(self.services.clock.now(), self.config.restart_time):
            self.log("error", "too frequent restarts, disabling")
            self.enabled = False
        self.halt(reason, begins=True)

    def give_up(self) -> None:
        """Disable itself after an error; the caller has written it to `last_error`."""
        if self.enabled:
            self.enabled = False
            self.halt(StopReason.ERROR)

    def limit_hit(self, direction: str, disable: bool) -> None:
        """A route limit with action disable or restart was exceeded."""
        reason = StopReason.EXPORT_LIMIT if direction == "export" else StopReason.LIMIT
        self.services.clock.call_soon(lambda: self._limit(reason, disable))

    def _limit(self, reason: StopReason, disable: bool) -> None:
        if self.state not in (ProtocolState.START, ProtocolState.UP):
            return
        self.last_error = "Automatic shutdown: Route limit exceeded"
        if disable:
            self.enabled = False
            self.halt(reason)
        else:
            self.restart_limited(reason)

    def log(self, level: str, text: str) -> None:
        """Write `NAME: text` in one of BIRD's log classes."""
        self.services.log(level, f"{self.name}: {text}")

    def trace(self, flag: str, text: str, *arguments: object) -> None:
        """Write a `<TRACE>` line if this debug flag is on.

        Each `{}` stands for an argument (`str.format`); the text is not built while the flag is off.
        """
        if flag in self.debug:
            self.services.traces.write(f"{self.name}: {text.format(*arguments) if arguments else text}")

    def trace_reconfigured(self) -> None:
        """Trace that a new configuration is in force."""
        for channel in self.channels.values():
            channel.trace("states", "Reconfigured")
        self.trace("states", "Reconfigured")

    def set_debug(self, flags: frozenset[str]) -> None:
        """Set the debug flags; those for routes and filters act on its channels, too."""
        self.debug = flags
        for channel in self.channels.values():
            channel.set_debug(channel.debug)

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call the protocol's code; an exception stops this instance only, and None is returned."""
        clock = self.services.clock
        before, clock.current = clock.current, self
        try:
            return call(*arguments)
        except Exception as error:
            self.crashed(error)
            return None
        finally:
            clock.current = before

    # what the router calls ----------------------------------------------

    def begin(self) -> None:
        """Start, unless it runs already or is disabled."""
        self._carry_out(self.life.begin())

    def begin_when_down(self) -> None:
        """Start now; if it is still stopping, once it is down and if it is enabled then."""
        self._carry_out(self.life.begin_when_down())

    def halt(self, reason: StopReason, then: Callable[[], None] | None = None, begins: bool = False) -> None:
        """Stop for this reason; `then` is called once the instance is down.

        With `begins` the instance starts again after that.
        """
        if then is not None:
            self._waiting.append(then)
        self._carry_out(self.life.halt(reason, begins))

    def leave(self, reason: StopReason, then: Callable[[], None]) -> None:
        """Stop for good: a restart that was asked for is dropped. `then` is called once it is down."""
        self._waiting.append(then)
        self._carry_out(self.life.leave(reason))

    def crashed(self, error: Exception) -> None:
        """The instance's code raised: log it, stop the instance, remember why.

        Running out of memory is not the code's fault and could have hit any
        instance: this one starts again later.
        """
        short = isinstance(error, MemoryError)
        if short:
            self.services.release_reserve()
        self.failure = "out of memory" if short else f"{type(error).__name__}: {error}"
        self.services.log_crash(self.name, error)
        self._carry_out(self.life.crashed(self.services.clock.now(), out_of_memory=short))

    # what the life asks for -----------------------------------------------

    def _carry_out(self, step: LifeStep | None) -> None:
        if step is None:
            return
        for act in step.acts:
            if act not in WHILE_THERE or self.life.state is step.to:
                _ACTS[act](self)

    def _enter(self) -> None:
        self.since = self.services.clock.now()
        self.owner.state_changed(self)

    def _trace_state(self) -> None:
        self.trace("states", "State changed to {}", self.state.value)

    def _forget_failure(self) -> None:
        self.failure = ""

    def _forget_error(self) -> None:
        self.last_error = self.remote_reason = ""

    def _call_stop(self) -> None:
        self.guarded(self.stop, self.life.reason)

    def _trace_interfaces(self) -> None:
        self.owner.trace_interfaces(self)

    def _close_channels(self) -> None:
        for channel in self.channels.values():
            channel.close()

    def _leave_channels(self) -> None:
        for channel in self.channels.values():
            if self.keeps_routes(channel):
                channel.suspend(self.keeps_stale(channel))
            else:
                channel.close()

    def _wait_for_parts(self) -> None:
        for channel in self.channels.values():
            self.life.wait_for_one()
            channel.when_flushed(self._one_done)
        for child in self.owner.children(self):
            self.life.wait_for_one()
            self.owner.remove(child, self._one_done, self.stop_reason or StopReason.REMOVED)
        self._one_done()

    def _one_done(self) -> None:
        self._carry_out(self.life.one_done())

    def _call_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def _arm_retry(self) -> None:
        clock = self.services.clock
        self._restart = clock.call_at(clock.now() + self.life.consume_retry(), self.begin)

    def _cancel_retry(self) -> None:
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None


_ACTS: Final[dict[Act, Callable[[Instance], None]]] = {
    Act.ENTER: Instance._enter,
    Act.TRACE_STATE: Instance._trace_state,
    Act.TRACE_STARTING: lambda instance: instance.trace("states", "Starting"),
    Act.TRACE_STOPPING: lambda instance: instance.trace("states", "Shutting down"),
    Act.RESERVE_MEMORY: lambda instance: instance.services.keep_reserve(),
    Act.FORGET_FAILURE: Instance._forget_failure,
    Act.FORGET_ERROR: Instance._forget_error,
    Act.CALL_START: lambda instance: instance.guarded(instance.start),
    Act.CALL_STOP: Instance._call_stop,
    Act.TRACE_INTERFACES: Instance._trace_interfaces,
    Act.CLOSE_CHANNELS: Instance._close_channels,
    Act.LEAVE_CHANNELS: Instance._leave_channels,
    Act.FLUSH: Instance._wait_for_parts,
    Act.FINISH: lambda instance: instance.stopped(),
    Act.CALL_WAITING: Instance._call_waiting,
    Act.GO_ON: lambda instance: instance._carry_out(instance.life.go_on()),
    Act.LOG_RETRY: lambda instance: instance.log("info", f"starts again in {instance.life.retry:g} s"),
    Act.ARM_RETRY: Instance._arm_retry,
    Act.CANCEL_RETRY: Instance._cancel_retry,
}


class InstanceOwner:
    """What creates and removes instances, as an instance sees it (`Instances` and `Router` implement it)."""

    services: Services
    protocols: dict[str, Instance]  # in config order, children last
    shutting_down: bool

    @property
    def reconfiguring(self) -> bool:
        """True while protocols are still stopping for a new configuration."""
        raise NotImplementedError

    def state_changed(self, instance: Instance) -> None:
        """An instance entered another state: notify the observers."""
        raise NotImplementedError

    def trace_interfaces(self, instance: Instance) -> None:
        """Trace the interfaces and addresses that an instance learns of at its start."""
        raise NotImplementedError

    def set_debug(self, instance: Instance) -> None:
        """Give an instance the debug flags of its config, or the global ones."""
        raise NotImplementedError

    def tidy(self) -> None:
        """Many routes were removed: free what only they used, once exports have followed."""
        raise NotImplementedError

    def children(self, parent: Instance) -> list[Instance]:
        """The dynamic children of an instance."""
        raise NotImplementedError

    def spawn(self, config: ProtocolConfig, parent: Instance) -> Instance:
        """Start a dynamic child; it lives until it is `remove`d or its parent stops."""
        raise NotImplementedError

    def remove(
        self,
        instance: Instance,
        after: Callable[[], None] | None = None,
        reason: StopReason = StopReason.REMOVED,
    ) -> None:
        """Stop a dynamic child for this reason, forget it once it is down, then call `after`."""
        raise NotImplementedError

    def adapt(self, instance: Instance, config: ProtocolConfig) -> None:
        """Give a dynamic child a new config, as a reload does for configured protocols."""
        raise NotImplementedError

    def enable(self, instance: Instance) -> object:
        """Let a disabled protocol run again; a running one that waits tries again now."""
        raise NotImplementedError

    def free_name(self, prefix: str, digits: int) -> str:
        """An unused protocol name: `prefix` and the lowest free number, padded to `digits` digits."""
        raise NotImplementedError
