"""The actions that lead from one configuration to another.

`plan` is pure: two configs in, an ordered tuple of frozen actions out. Nothing
is changed, so `configure check` can print it, and a test is two texts and a
list. `core/reload/reconfiguration.py` carries it out.

A protocol keeps running if its name, type and VRF are the same, none of its
tables is recreated, the protocol accepts the difference (`Instance.accepts`),
and it is enabled or disabled as the new config says: what commands, limits and
errors changed there holds only until the next configuration. Filters are
compared by what they do: a changed constant or a changed function that is called
counts, a name or a comment does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Protocol

from pybird.conf.model import ChannelConfig, Config, LabelChannelConfig, NotRun, ProtocolConfig, TableConfig
from pybird.filter.nodes import Block, Filter, Node


@dataclass(frozen=True, slots=True)
class SetOptions:
    """Global options change; `names` are the fields of `Config`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"set {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class AddTable:
    """A table is created, or recreated."""

    name: str

    def __str__(self) -> str:
        return f"add table {self.name}"


@dataclass(frozen=True, slots=True)
class RemoveTable:
    """A table is removed with its routes."""

    name: str

    def __str__(self) -> str:
        return f"remove table {self.name}"


@dataclass(frozen=True, slots=True)
class StopProtocol:
    """A protocol is not in the new configuration."""

    name: str

    def __str__(self) -> str:
        return f"stop {self.name}"


@dataclass(frozen=True, slots=True)
class RestartProtocol:
    """A protocol cannot take over its new config while it runs.

    `hindrances`: log lines about channels that cannot be changed, added or removed.
    """

    name: str
    reason: str
    hindrances: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"restart {self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class AdaptProtocol:
    """A protocol takes over its new config and keeps running."""

    name: str

    def __str__(self) -> str:
        return f"adapt {self.name}"


@dataclass(frozen=True, slots=True)
class ReloadChannel:
    """A channel's routes go through its changed filters again."""

    protocol: str
    channel: str
    imports: bool
    exports: bool

    def __str__(self) -> str:
        what = [word for word, wanted in (("import", self.imports), ("export", self.exports)) if wanted]
        return f"reload {self.protocol}.{self.channel} {' and '.join(what)}"


@dataclass(frozen=True, slots=True)
class StartProtocol:
    """A protocol is new."""

    name: str

    def __str__(self) -> str:
        return f"start {self.name}"


Action = (
    SetOptions
    | AddTable
    | RemoveTable
    | StopProtocol
    | RestartProtocol
    | AdaptProtocol
    | ReloadChannel
    | StartProtocol
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions in the order in which they are carried out."""

    actions: tuple[Action, ...] = ()

    def of_kind(self, kind: type[Any]) -> list[Any]:
        """The actions of one kind."""
        return [action for action in self.actions if isinstance(action, kind)]

    def __str__(self) -> str:
        return "\n".join([str(action) for action in self.actions])


class Judgement(Protocol):
    """What the planner asks a protocol instance; asking changes nothing."""

    def accepts(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        """True if it can keep running with the new config."""

    def reloads(self, old: ChannelConfig, new: ChannelConfig) -> tuple[bool, bool]:
        """(imports?, exports?): which to reload for changed options of the channel."""

    def refeeds(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        """True if changed options of the protocol change what its channels export."""

    def forces_restart(self, old: ChannelConfig | None, new: ChannelConfig | None) -> bool:
        """True if a channel cannot be changed, added (`old` None) or removed (`new` None) while it runs."""

    @property
    def is_down(self) -> bool:
        """True in state DOWN: there is nothing to keep running."""

    @property
    def enabled(self) -> bool:
        """True unless it is disabled now, by the config, a command, a limit or an error."""


Meaning = Callable[[Filter], str]

_SCOPES = frozenset({"path", "tables", "protocols", "symbols", "filters", "functions", "warnings"})
# The core applies changes of these itself, so they never restart a protocol.
_LIVE = ("description", "debug", "span", "restart_time", "channels", "disabled")
_CHANNEL_LIVE = ("import_filter", "export_filter", "span")


Run = Callable[[ProtocolConfig], bool]


def runs(config: ProtocolConfig) -> bool:
    """False for protocols that this program never runs: the plan ignores them."""
    return not isinstance(config, NotRun)


class Comparisons:
    """Compares the old and new config of each protocol; memoised, since configs may be large."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self._equal: dict[str, bool] = {}
        self._alike: dict[str, bool] = {}

    def equal(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        """True if all options are equal; filters are compared by what they do."""
        found = self._equal.get(new.name)
        if found is None:
            found = self._equal[new.name] = _equal(old, new, self.meaning)
        return found

    def same_but_live(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        """True if they differ only in what the core applies itself."""
        found = self._alike.get(new.name)
        if found is None:
            found = self._alike[new.name] = _same_but_live(old, new)
        return found


def compare(running: Config, wanted: Config, meaning: Meaning, run: Run) -> Comparisons:
    """Make in advance the comparisons that `plan` needs; slow for large configs, changes nothing else."""
    known = Comparisons(meaning)
    kept = {id(each) for each in running.protocols} & {id(each) for each in wanted.protocols}
    for whole in (running, wanted):  # what was not read again is the same object in both
        settle_digests([each for each in whole.protocols if id(each) not in kept], meaning)
    before = {config.name: config for config in running.protocols if run(config)}
    for config in wanted.protocols:
        if config.name in before and run(config):
            old, new = _effective(before[config.name], running), _effective(config, wanted)
            if type(old) is type(new) and not known.equal(old, new):
                known.same_but_live(old, new)
    return known


def plan(
    running: Config,
    wanted: Config,
    judges: Mapping[str, Judgement],
    meaning: Meaning,
    run: Run = runs,
    known: Comparisons | None = None,
) -> Plan:
    """The plan from `running` to `wanted`; `judges` are the running instances by name.

    `run` says which protocols this version runs; the others are ignored.
    `known` is the result of `compare` for these two.
    """
    if known is None:
        known = compare(running, wanted, meaning, run)
    old_tables = {table.name: table for table in running.tables}
    new_tables = {table.name: table for table in wanted.tables}
    renewed = {name for name, table in old_tables.items() if not _kept(table, new_tables.get(name))}
    old = {config.name: config for config in running.protocols if run(config)}
    new = {config.name: config for config in wanted.protocols if run(config)}
    stops: list[Action] = [StopProtocol(name) for name in old if name not in new]
    changes: list[Action] = []
    for name, config in new.items():
        if name in old:
            before, after = _effective(old[name], running), _effective(config, wanted)
            judge = judges.get(name)
            if _switches(before, after, judge):
                changes.append(RestartProtocol(name, "disabled" if config.disabled else "enabled"))
            else:
                changes += change(before, after, judge, known, renewed)
    restarts: list[Action] = [action for action in changes if isinstance(action, RestartProtocol)]
    others = [action for action in changes if not isinstance(action, RestartProtocol)]
    names_of = [f.name for f in fields(Config) if f.name not in _SCOPES]
    names = tuple([name for name in names_of if getattr(running, name) != getattr(wanted, name)])
    options: list[Action] = [SetOptions(names)] if names else []
    removed: list[Action] = [RemoveTable(name) for name in old_tables if name in renewed]
    added: list[Action] = [AddTable(n) for n in new_tables if n in renewed or n not in old_tables]
    starts: list[Action] = [StartProtocol(name) for name in new if name not in old]
    return Plan((*options, *stops, *restarts, *removed, *added, *others, *starts))


def _switches(old: ProtocolConfig, new: ProtocolConfig, judge: Judgement | None) -> bool:
    """True if it is disabled now and the new config enables it, or the other way round."""
    enabled = judge.enabled if judge is not None else not old.disabled
    return enabled == new.disabled


def change(
    old: ProtocolConfig,
    new: ProtocolConfig,
    judge: Judgement | None,
    known: Comparisons,
    renewed: set[str] = frozenset(),  # type: ignore[assignment]
) -> list[Action]:
    """The actions for a protocol that is in both configurations; `disabled` is ignored."""
    name = new.name
    old = replace(old, disabled=new.disabled)
    for channel in old.channels:
        if channel.table in renewed:
            hindrances = _hindrances(old, new, judge, renewed)
            return [RestartProtocol(name, f"table {channel.table} is recreated", hindrances)]
    if known.equal(old, new):
        return []
    reason = _obstacle(old, new, judge, known)
    if reason is not None:
        return [RestartProtocol(name, reason, _hindrances(old, new, judge, renewed))]
    assert judge is not None
    actions: list[Action] = [AdaptProtocol(name)]
    before = {channel.name: channel for channel in old.channels}
    refeeds = judge.refeeds(old, new)
    meaning = known.meaning
    for channel in new.channels:
        was = before.get(channel.name)
        if was is None:
            continue
        imports, exports = judge.reloads(was, channel)
        exports |= refeeds
        imports |= meaning(was.import_filter) != meaning(channel.import_filter)
        if isinstance(channel, LabelChannelConfig):
            imports |= channel.relabels(was)
        imports |= was.preference != channel.preference or was.import_in != channel.import_in
        exports |= meaning(was.export_filter) != meaning(channel.export_filter)
        exports |= was.export_in != channel.export_in or was.export_limit != channel.export_limit
        if imports or exports:
            actions.append(ReloadChannel(name, channel.name, imports, exports))
    return actions


def _obstacle(
    old: ProtocolConfig, new: ProtocolConfig, judge: Judgement | None, known: Comparisons
) -> str | None:
    """Why the protocol must restart; None: it can keep running."""
    if old.type_name != new.type_name or type(old) is not type(new):
        return "another type"
    if old.vrf != new.vrf:
        return "another VRF"
    if judge is None or judge.is_down:
        return "it is down"
    before = {channel.name: channel for channel in old.channels}
    for channel in new.channels:
        was = before.get(channel.name)
        if was is None:
            continue
        for option in ("table", "net_type"):
            if getattr(was, option) != getattr(channel, option):
                return f"channel {channel.shown} has another {option.replace('_', ' ')}"
        if isinstance(channel, LabelChannelConfig) and channel.moves(was):
            return f"channel {channel.shown} has another domain"
    if not known.same_but_live(old, new) and not judge.accepts(old, new):
        return "options that cannot change while it runs"
    return None


def _hindrances(
    old: ProtocolConfig, new: ProtocolConfig, judge: Judgement | None, renewed: set[str]
) -> tuple[str, ...]:
    """The channels that cannot be changed, added or removed while it runs, in BIRD's words."""
    if judge is None or judge.is_down or type(old) is not type(new) or old.vrf != new.vrf:
        return ()
    before = {channel.name: channel for channel in old.channels}
    found: list[str] = []
    for channel in new.channels:
        was = before.pop(channel.name, None)
        if was is not None and was.table in renewed:
            was = replace(was, table="")  # the new table is another one with that name
        if judge.forces_restart(was, channel):
            found.append(
                f"Cannot {'add' if was is None else 'reconfigure'} channel {new.name}.{channel.shown}"
            )
    found += [
        f"Cannot remove channel {new.name}.{channel.shown}"
        for channel in before.values()
        if judge.forces_restart(channel, None)
    ]
    return tuple(found)


def _same_but_live(old: ProtocolConfig, new: ProtocolConfig) -> bool:
    """True if they differ only in what the core applies itself: filters, limits, debug, description."""
    if [channel.name for channel in old.channels] != [channel.name for channel in new.channels]:
        return False
    live: dict[str, Any] = {name: getattr(new, name) for name in _LIVE}
    if replace(old, **live) != new:
        return False
    core = [f.name for f in fields(ChannelConfig)]
    for before, after in zip(old.channels, new.channels, strict=True):
        same: dict[str, Any] = {name: getattr(after, name) for name in core}
        if type(before) is not type(after) or replace(before, **same) != after:
            return False
    return True


def _equal(old: ProtocolConfig, new: ProtocolConfig, meaning: Meaning) -> bool:
    """True if all options are equal; filters are compared by what they do."""
    if type(old) is not type(new) or len(old.channels) != len(new.channels):
        return False
    if replace(old, channels=new.channels, disabled=new.disabled) != new:
        return False
    for before, after in zip(old.channels, new.channels, strict=True):
        if type(before) is not type(after):
            return False
        same: dict[str, Any] = {name: getattr(after, name) for name in _CHANNEL_LIVE}
        if replace(before, **same) != after:
            return False
        if meaning(before.import_filter) != meaning(after.import_filter):
            return False
        if meaning(before.export_filter) != meaning(after.export_filter):
            return False
    return True


def _kept(old: TableConfig, new: TableConfig | None) -> bool:
    return new is not None and (old.net_type, old.sorted, old.trie) == (new.net_type, new.sorted, new.trie)


def _effective(config: ProtocolConfig, whole: Config) -> ProtocolConfig:
    """The config with the router id and hostname that it inherits from the global options."""
    router_id = config.router_id if config.router_id is not None else whole.router_id
    hostname = config.hostname if config.hostname is not None else whole.hostname
    return replace(config, router_id=router_id, hostname=hostname)


def settle_digests(protocols: Iterable[ProtocolConfig], meaning: Meaning) -> None:
    """Compute the digest of every function that filter code in some option calls.

    Calls are compared by digest; without one a changed function would not be noticed.
    """
    kinds: dict[type, tuple[str, ...] | None] = {}
    for protocol in protocols:
        for f in fields(protocol):
            if f.name != "channels":
                _settle(getattr(protocol, f.name), meaning, kinds)


def _settle(value: Any, meaning: Meaning, kinds: dict[type, tuple[str, ...] | None]) -> None:
    kind = type(value)
    if kind not in kinds:
        kinds[kind] = _parts(kind)
    parts = kinds[kind]
    if parts is None:
        return
    if isinstance(value, Node):
        meaning(Filter(None, value if isinstance(value, Block) else Block((value,))))
    elif isinstance(value, tuple):
        for item in value:
            _settle(item, meaning, kinds)
    for name in parts:
        _settle(getattr(value, name), meaning, kinds)


def _parts(kind: type) -> tuple[str, ...] | None:
    """The fields of this type that may hold filter code; None: values of it never hold any."""
    if issubclass(kind, (Node, tuple)):
        return ()
    if not is_dataclass(kind) or kind.__module__.startswith("pybird.values."):
        return None
    return tuple([f.name for f in fields(kind)])
