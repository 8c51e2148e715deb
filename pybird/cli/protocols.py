"""Commands about protocols: show, enable, disable, restart, reload, debug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pybird.cli.arguments import Debug, Reload, ShowProtocols, Switch
from pybird.cli.selection import ask_protocol, channel_of, moment, orphaned, with_not_run
from pybird.conf.model import DEBUG_FLAGS, Limit, ProtocolConfig
from pybird.core.channel import Channel, ChannelState
from pybird.core.command_targets import NOT_RUN, not_run, protocols
from pybird.core.replies import (
    RELOAD_FAILED,
    ChannelDetail,
    Done,
    LimitState,
    Moment,
    Note,
    OffenceDetail,
    PairDetail,
    ProtocolDetail,
    ProtocolHeading,
    ProtocolRow,
    Reply,
    RouteChanges,
)
from pybird.core.router import Answer
from pybird.filter.nodes import Filter
from pybird.values.address import Address
from pybird.values.net import NetType

if TYPE_CHECKING:
    from pybird.core.protocol import Instance, Offence
    from pybird.core.router import Router
    from pybird.core.statistics import RouteCounters


def show_protocols(router: Router, arguments: ShowProtocols, session: Any) -> Iterator[Reply]:
    """Show routing protocols."""
    found = with_not_run(router, arguments.which)
    yield ProtocolHeading()
    for each in found:
        if isinstance(each, ProtocolConfig):
            yield not_run_row(router, each, arguments.all)
        else:
            yield protocol_row(router, each, arguments.all)
    yield Done()


def not_run_row(router: Router, config: ProtocolConfig, everything: bool) -> ProtocolRow:
    """The row of a protocol that is read from the configuration and not run."""
    since = moment(router, router.not_run[config.name])
    return ProtocolRow(
        name=config.name,
        proto=router.types[config.type_name].title,
        table="",
        state="down",
        since=since,
        info=NOT_RUN,
        detail=_not_run_detail(config, since) if everything else None,
    )


def _not_run_detail(config: ProtocolConfig, since: Moment) -> ProtocolDetail:
    return ProtocolDetail(
        created=since,
        description=config.description,
        router_id=_router_id(config),
        vrf=config.vrf or "",
        channels=tuple(
            ChannelDetail(
                name=channel.name,
                state=ChannelState.DOWN.value,
                import_state=ChannelState.DOWN.value,
                export_state=ChannelState.DOWN.value,
                table=channel.table,
                preference=channel.preference,
                input_filter=filter_name(channel.import_filter),
                output_filter=filter_name(channel.export_filter),
                receive_limit=_limit(channel.receive_limit, None),
                import_limit=_limit(channel.import_limit, None),
                export_limit=_limit(channel.export_limit, None),
            )
            for channel in config.channels
        ),
    )


def _router_id(config: ProtocolConfig) -> str:
    return "" if config.router_id is None else str(Address.from_v4(config.router_id))


def protocol_row(router: Router, instance: Instance, everything: bool) -> ProtocolRow:
    """The row of a running protocol; `everything`: with the details of `all`."""
    table = ""
    if instance.type.shows_table:
        tables = [c.table for c in instance.channels.values() if c.net_type is not NetType.PEER]
        table = tables[0].name if tables else ""
    return ProtocolRow(
        name=instance.name,
        proto=instance.type.title,
        table=table,
        state=instance.state.value,
        since=moment(router, instance.since),
        info=info(instance),
        trouble=ask_protocol(instance, instance.trouble) or "",
        detail=protocol_detail(router, instance) if everything else None,
    )


def info(instance: Instance) -> str:
    """The Info column: the protocol's own text, why it is down, or the exception that stopped it."""
    if instance.failure:
        return f"Error: {instance.failure}"
    said = ask_protocol(instance, instance.info) or ""
    return instance.last_error if instance.is_down and not said else said


def protocol_detail(router: Router, instance: Instance) -> ProtocolDetail:
    """The details that `show protocols all` adds."""
    config = instance.config
    pair = ask_protocol(instance, instance.pair)
    orphan = orphaned(instance)
    return ProtocolDetail(
        created=moment(router, instance.created),
        description=config.description,
        message=instance.remote_reason or instance.message,
        router_id=_router_id(config),
        vrf=config.vrf or "",
        orphan_since=None if orphan is None else moment(router, orphan.since),
        prune_at=None if orphan is None or orphan.prune_at is None else moment(router, orphan.prune_at),
        details=tuple(ask_protocol(instance, instance.details) or ()),
        channels=()
        if pair is not None
        else tuple(channel_detail(channel) for channel in instance.channels.values()),
        pair=pair_detail(*pair) if pair is not None else None,
        offence=_offence(router, ask_protocol(instance, instance.offence)),
    )


def _offence(router: Router, found: Offence | None) -> OffenceDetail | None:
    if found is None:
        return None
    since = moment(router, found.time)
    return OffenceDetail(since, found.action, found.reason, found.length, found.octets.hex())


def pair_detail(main: Channel, peer: Channel) -> PairDetail:
    """The details of a pipe, which connects two tables, as data."""
    counts: dict[str, Any] = {}
    if main.state is not ChannelState.DOWN:
        counts = {
            "imported": main.imported,
            "exported": peer.imported,
            "import_updates": changes(main.statistics.import_updates),
            "import_withdraws": changes(main.statistics.import_withdraws),
            "export_updates": changes(peer.statistics.import_updates),
            "export_withdraws": changes(peer.statistics.import_withdraws),
        }
    return PairDetail(
        table=main.table.name,
        peer_table=peer.table.name,
        state=main.state.value,
        import_state=peer.export_state.value,
        export_state=main.export_state.value,
        import_filter=filter_name(main.config.import_filter),
        export_filter=filter_name(peer.config.import_filter),
        import_limit=_limit(main.config.import_limit, main.import_limit),
        export_limit=_limit(peer.config.import_limit, peer.import_limit),
        **counts,
    )


def channel_detail(channel: Channel) -> ChannelDetail:
    """One channel as data."""
    config = channel.config
    counts: dict[str, Any] = {}
    if channel.state is not ChannelState.DOWN:
        statistics = channel.statistics
        counts = {
            "imported": channel.imported,
            "filtered": channel.filtered if config.keep_filtered else None,
            "exported": channel.exported,
            "preferred": channel.preferred,
            "import_updates": changes(statistics.import_updates),
            "import_withdraws": changes(statistics.import_withdraws),
            "export_updates": changes(statistics.export_updates),
            "export_withdraws": changes(statistics.export_withdraws),
        }
    return ChannelDetail(
        name=channel.name,
        state=channel.state.value,
        import_state=channel.import_state,
        export_state=channel.export_state.value,
        table=channel.table.name,
        preference=config.preference,
        input_filter=filter_name(config.import_filter),
        output_filter=filter_name(config.export_filter),
        recovery=channel.services.recovery.state_of(channel.protocol.name, channel.name),
        receive_limit=_limit(config.receive_limit, channel.receive_limit),
        import_limit=_limit(config.import_limit, channel.import_limit),
        export_limit=_limit(config.export_limit, channel.export_limit),
        details=tuple(ask_protocol(channel.protocol, channel.protocol.channel_details, channel) or ()),
        **counts,
    )


def filter_name(found: Filter) -> str:
    """A filter's name as BIRD shows it."""
    return found.name or "(unnamed)"


def changes(counters: RouteCounters) -> RouteChanges:
    """A copy of the counters as they are now."""
    c = counters
    return RouteChanges(c.received, c.rejected, c.filtered, c.ignored, c.rx_limit, c.limit, c.accepted)


def _limit(config: Limit | None, state: Any) -> LimitState | None:
    if config is None:
        return None
    return LimitState(config.count, config.action, bool(getattr(state, "hit", False)))


# ------------------------------------------------------------------ control

_CODES: Final = {
    Answer.ALREADY_DISABLED: 8,
    Answer.DISABLED: 9,
    Answer.ALREADY_ENABLED: 10,
    Answer.ENABLED: 11,
    Answer.RESTARTED: 12,
    Answer.RELOADING: 15,
    Answer.NOT_UP: 8,
    Answer.CANNOT_RELOAD: RELOAD_FAILED,
}


def enable(router: Router, arguments: Switch, session: Any) -> Iterator[Reply]:
    """Enable protocol."""
    for instance in protocols(router, arguments.which):
        yield answered(instance, router.enable(instance, arguments.message))
    yield Done()


def disable(router: Router, arguments: Switch, session: Any) -> Iterator[Reply]:
    """Disable protocol."""
    left_out = not_run(router, arguments.which.name)
    if left_out is not None:
        yield Note(8, f"{left_out.name}: {Answer.ALREADY_DISABLED.value}", left_out.name)
        yield Done()
        return
    for instance in protocols(router, arguments.which):
        yield answered(instance, router.disable(instance, arguments.message))
    yield Done()


def restart(router: Router, arguments: Switch, session: Any) -> Iterator[Reply]:
    """Restart protocol."""
    for instance in protocols(router, arguments.which):
        yield answered(instance, router.restart(instance, arguments.message))
    yield Done()


def answered(instance: Instance, answer: Answer) -> Note:
    """The reply to a command about one protocol, in BIRD's words."""
    return Note(_CODES[answer], f"{instance.name}: {answer.value}", instance.name)


def reload(router: Router, arguments: Reload, session: Any) -> Iterator[Reply]:
    """Reload protocol."""
    for instance in protocols(router, arguments.which):
        yield _reloaded(router, instance, arguments)
    yield Done()


def reload_filters(router: Router, arguments: Reload, session: Any) -> Iterator[Reply]:
    """Reload protocol filters."""
    for instance in protocols(router, arguments.which):
        if arguments.partial:
            yield Note(15, f"{instance.name}: partial reload is not supported, reloading all", instance.name)
        yield _reloaded(router, instance, arguments)
    yield Done()


def _reloaded(router: Router, instance: Instance, arguments: Reload) -> Note:
    if not instance.enabled:
        return answered(instance, Answer.ALREADY_DISABLED)
    return answered(instance, router.reload(instance, arguments.imports, arguments.exports))


def debug(router: Router, arguments: Debug, session: Any) -> Iterator[Reply]:
    """Control protocol debugging via the log."""
    flags = frozenset(DEBUG_FLAGS) if arguments.flags is None else arguments.flags
    for instance in protocols(router, arguments.which):
        if arguments.channel is None:
            instance.set_debug(flags)
            continue
        channel_of(instance, arguments.channel).set_debug(flags)
    yield Done()
