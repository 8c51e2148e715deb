from dataclasses import replace

import pytest

from pybird.conf.model import Limit, TableConfig
from pybird.core.life import ProtocolState, StopReason
from pybird.core.reload.reconfiguration import ReloadOutcome
from pybird.filter.nodes import REJECT
from pybird.values.net import NetType
from tests.conf.loading import language
from tests.core.world import MASTER4, MASTER6, World, config, ipv4, key, peer

A, B, C = peer("a"), peer("b"), peer("c")


def fed_world() -> World:
    world = World().load(A, B)
    world["a"].announce("10.0.0.0/8", "10.1.0.0/16")
    world.clock.run()
    return world


def test_an_unchanged_protocol_keeps_its_since():
    world = fed_world()
    a, b, since = world["a"], world["b"], world["a"].since
    world.clock.run(5)
    assert world.router.reconfigure(config(A, B, C)) is ReloadOutcome.DONE
    world.clock.run()
    assert (world["a"], world["b"]) == (a, b)
    assert a.since == since
    assert list(world["c"].got) == [key("10.0.0.0/8"), key("10.1.0.0/16")]


def test_a_removed_protocol_takes_its_routes_along():
    world = fed_world()
    world.router.reconfigure(config(B))
    world.clock.run()
    assert list(world.router.protocols) == ["b"]
    assert world["b"].got == {}


def test_an_export_filter_change_withdraws_exactly_what_was_sent():
    world = fed_world()
    world.router.reconfigure(config(A, peer("b", ipv4(export_filter=REJECT))))
    world.clock.run()
    b = world["b"]
    assert (b.got, b.spurious, b.channel.exported, b.feeds) == ({}, 0, 0, 1)
    world.router.reconfigure(config(A, B))
    world.clock.run()
    assert len(b.got) == b.channel.exported == 2


def test_soft_only_tells():
    world = fed_world()
    world.router.reconfigure(config(A, peer("b", ipv4(export_filter=REJECT))), soft=True)
    world.clock.run()
    assert len(world["b"].got) == 2
    assert "<info> Channel b.ipv4 changed export" in world.log.lines


def test_a_group_whose_members_all_get_another_filter_by_a_soft_reload_is_gone():
    world = fed_world()
    rejecting = [peer(name, ipv4(export_filter=REJECT)) for name in "ab"]
    world.router.reconfigure(config(*rejecting), soft=True)
    world.clock.run()
    table = world.router.tables["master4"]
    assert [len(group.members) for group in table.groups.values()] == [2]
    assert table.readers == [group.reader for group in table.groups.values()]


def said(world):
    """The log's lines of class info since the last call."""
    lines, world.log.lines = world.log.lines, []
    return [line.removeprefix("<info> ") for line in lines if line.startswith("<info>")]


def test_the_log_names_what_a_reload_does():
    """The words are BIRD's."""
    world = fed_world()
    said(world)
    steps = (
        (config(A, B), []),
        (config(A, B, peer("c")), ["Adding protocol c"]),
        (config(A, B), ["Removing protocol c"]),
        (config(A, peer("b", restarts_on="x")), ["Restarting protocol b"]),
        (config(A, peer("b", disabled=True)), ["Disabling protocol b"]),
        (config(A, peer("b", disabled=True, restarts_on="y")), []),
        (config(A, B), ["Enabling protocol b"]),
        (config(A, peer("b", ipv4(export_filter=REJECT))), ["Reloading channel b.ipv4 for export"]),
        (
            config(A, peer("b", ipv4(import_filter=REJECT))),
            ["Reloading channel b.ipv4 for import", "Reloading channel b.ipv4 for export"],
        ),
    )
    for wanted, lines in steps:
        world.router.reconfigure(wanted)
        world.clock.run()
        assert said(world) == ["Reconfiguring", *lines, "Reconfigured"]
    world["b"].refreshable = False
    world.router.reconfigure(config(A, B))
    world.clock.run()
    lines = ["Cannot reconfigure channel b.ipv4", "Restarting protocol b"]
    assert said(world) == ["Reconfiguring", *lines, "Reconfigured"]


def test_the_log_names_the_channels_that_a_protocol_restarts_for():
    other = TableConfig("other", NetType.IP4)
    tables = (MASTER4, MASTER6, other)
    world = World()
    world.router.configure(config(A, B, tables=tables))
    world.clock.run()
    said(world)
    moved = replace(B, channels=(replace(ipv4(), table="other"),), restarts_on="x")
    lines = ["Cannot reconfigure channel b.ipv4", "Restarting protocol b"]
    world.router.reconfigure(config(A, moved, tables=tables))
    world.clock.run()
    assert said(world) == ["Reconfiguring", *lines, "Reconfigured"]
    world.router.reconfigure(config(A, moved, tables=(MASTER4, MASTER6, replace(other, sorted=True))))
    world.clock.run()
    assert said(world) == ["Reconfiguring", *lines, "Reconfigured"]
    world.router.reconfigure(config(A, replace(B, disabled=True), tables=(MASTER4, MASTER6)))
    assert "Cannot reconfigure channel b.ipv4" not in said(world)


def test_the_log_says_nothing_of_channels_that_are_not_up():
    off = peer("b", disabled=True)
    world = World().load(A, off)
    said(world)
    world.router.reconfigure(config(A, replace(off, channels=(ipv4(export_filter=REJECT),))))
    assert said(world) == ["Reconfiguring", "Reconfigured"]


def test_an_import_filter_change_asks_for_a_refresh_or_restarts():
    world = fed_world()
    world.router.reconfigure(config(peer("a", ipv4(import_filter=REJECT)), B))
    assert world["a"].refreshes == 1
    assert world["a"].stops == []
    a = world["a"]
    a.refreshable = False
    world.router.reconfigure(config(A, B))
    world.clock.run()
    assert a.stops == [StopReason.RECONFIGURED]
    assert world["a"] is not a
    assert world["a"].state is ProtocolState.UP


def test_a_table_made_anew_restarts_its_protocols():
    world = fed_world()
    a, table = world["a"], world.router.tables["master4"]
    world.router.reconfigure(config(A, B, tables=(replace(MASTER4, sorted=True), MASTER6)))
    world.clock.run()
    assert world.router.tables["master4"] is not table
    assert world["a"] is not a
    assert world["a"].channel.table is world.router.tables["master4"]


def test_undo_goes_back_once():
    world = fed_world()
    world.router.reconfigure(config(A, B, C))
    world.clock.run()
    assert world.router.reconfiguration.undo() is ReloadOutcome.DONE
    world.clock.run()
    assert list(world.router.protocols) == ["a", "b"]
    assert world.router.reconfiguration.undo() is ReloadOutcome.NOTHING


def test_an_undo_that_waits_goes_back_once_too():
    world = fed_world()
    world.router.reconfigure(config(B))
    assert world.router.reconfiguration.undo() is ReloadOutcome.QUEUED
    world.clock.run()
    assert list(world.router.protocols) == ["a", "b"]
    assert world.router.reconfiguration.undo() is ReloadOutcome.NOTHING


def test_a_protocol_that_is_restarting_does_not_outlive_its_removal():
    world = fed_world()
    a = world["a"]
    world.router.restart(a)
    assert a.state is ProtocolState.FLUSH
    world.router.reconfigure(config(B))
    world.clock.run()
    assert list(world.router.protocols) == ["b"]
    assert a.state is ProtocolState.DOWN


def test_a_child_that_is_restarting_does_not_outlive_its_removal():
    world = fed_world()
    child = world.router.spawn(peer("child"), world["b"])
    world.clock.run()
    child.announce("10.9.0.0/16")
    world.router.adapt(child, peer("child", restarts_on="x"))
    assert child.state is ProtocolState.FLUSH
    world.router.remove(child)
    world.clock.run()
    assert child.state is ProtocolState.DOWN
    assert list(world.router.protocols) == ["a", "b"]


def test_a_child_that_restarts_with_a_config_restarts_with_the_last_one():
    world = fed_world()
    child = world.router.spawn(peer("child"), world["b"])
    world.clock.run()
    child.announce("10.9.0.0/16")
    world.router.adapt(child, peer("child", restarts_on="x"))
    world.router.adapt(child, peer("child", restarts_on="y"))
    world.router.restart(child)  # it is on its way already
    world.clock.run()
    assert (child.config.restarts_on, child.state) == ("y", ProtocolState.UP)
    assert child.stops == [StopReason.RECONFIGURED]


def test_a_reconfiguration_that_ends_in_a_shutdown_starts_nothing():
    world = fed_world()
    world.router.reconfigure(config(B, C))
    ended = []
    world.router.shutdown(lambda: ended.append({name: p.state for name, p in world.router.protocols.items()}))
    world.clock.run()
    assert [set(states.values()) for states in ended] == [{ProtocolState.DOWN}]
    assert all(instance.state is ProtocolState.DOWN for instance in world.router.protocols.values())


def test_a_timeout_undoes_unless_confirmed():
    world = fed_world()
    world.router.reconfigure(config(A, B, C), timeout=30)
    world.clock.run(31)
    assert list(world.router.protocols) == ["a", "b"]
    world.router.reconfigure(config(A, B, C), timeout=30)
    assert world.router.reconfiguration.confirm() is ReloadOutcome.CONFIRMED
    assert world.router.reconfiguration.confirm() is ReloadOutcome.NOTHING
    world.clock.run(31)
    assert list(world.router.protocols) == ["a", "b", "c"]


def test_the_undo_of_a_soft_reload_is_soft():
    world = fed_world()
    world.router.reconfigure(config(A, peer("b", ipv4(export_filter=REJECT))), soft=True)
    world.clock.run()
    world.log.lines.clear()
    world.router.reconfiguration.undo()
    world.clock.run()
    assert "<info> Channel b.ipv4 changed export" in world.log.lines
    assert "<info> Reloading channel b.ipv4 for export" not in world.log.lines


def test_a_second_request_waits_for_the_first():
    world = fed_world()
    assert world.router.reconfigure(config(B)) is ReloadOutcome.IN_PROGRESS  # routes of a must go
    assert world.router.reconfigure(config(B, C)) is ReloadOutcome.QUEUED
    assert world.router.reconfiguration.busy
    world.clock.run()
    assert not world.router.reconfiguration.busy
    assert list(world.router.protocols) == ["b", "c"]
    assert world.router.reconfiguration.status() is ReloadOutcome.DONE


OFF = replace(B, disabled=True)


@pytest.mark.parametrize("wanted", [config(A, OFF), config(replace(A, group="h"), replace(OFF, group="h"))])
def test_a_reload_ends_what_commands_said_of_disabled(wanted):
    world = World().load(A, OFF)
    world.router.disable(world["a"], "for lunch")
    world.router.enable(world["b"])
    world.clock.run()
    assert [world[name].state for name in "ab"] == [ProtocolState.DOWN, ProtocolState.UP]
    said(world)
    world.router.reconfigure(wanted)
    world.clock.run()
    assert [world[name].state for name in "ab"] == [ProtocolState.UP, ProtocolState.DOWN]
    assert [world[name].message for name in "ab"] == ["", ""]
    assert said(world) == ["Reconfiguring", "Enabling protocol a", "Disabling protocol b", "Reconfigured"]


def test_what_commands_and_the_file_agree_on_is_not_touched():
    world = World().load(A, OFF)
    world.router.disable(world["a"], "for lunch")
    world.router.enable(world["b"])
    world.clock.run()
    a, b, since = world["a"], world["b"], world["b"].since
    world.clock.run(5)
    world.router.reconfigure(config(replace(A, disabled=True), replace(B, description="x")))
    world.clock.run()
    assert (world["a"], world["b"]) == (a, b)
    assert (a.state, a.message, b.since, b.config.disabled) == (ProtocolState.DOWN, "", since, False)


def test_an_undo_ends_what_commands_said_of_disabled():
    world = fed_world()
    world.router.reconfigure(config(A, B, C))
    for name in "abc":
        world.router.disable(world[name])
    world.clock.run()
    world.router.reconfiguration.undo()
    world.clock.run()
    assert {name: p.state for name, p in world.router.protocols.items()} == {
        "a": ProtocolState.UP,
        "b": ProtocolState.UP,
    }


def test_what_a_limit_disabled_runs_again_after_a_reload():
    limited = peer("a", ipv4(import_limit=Limit(1, "disable")))
    world = World().load(limited, B)
    world["a"].announce("10.0.0.0/8", "10.1.0.0/16")
    world.clock.run()
    assert (world["a"].state, world["a"].last_error) == (
        ProtocolState.DOWN,
        "Automatic shutdown: Route limit exceeded",
    )
    world.router.reconfigure(config(limited, B))
    world.clock.run()
    assert (world["a"].state, world["a"].last_error) == (ProtocolState.UP, "")


def test_a_command_while_a_protocol_stops_for_a_reload_holds():
    world = fed_world()
    world.router.reconfigure(config(replace(A, restarts_on="x"), B))
    assert world["a"].state is ProtocolState.FLUSH
    world.router.disable(world["a"], "for lunch")
    world.clock.run()
    assert (world["a"].state, world["a"].message) == (ProtocolState.DOWN, "for lunch")


def test_disabled_in_the_config_stops_as_a_removal_does():
    world = fed_world()
    a = world["a"]
    world.router.reconfigure(config(replace(A, disabled=True), B))
    world.clock.run()
    assert a.stops == [StopReason.REMOVED]
    assert world["a"].state is ProtocolState.DOWN


def test_traces_say_what_is_disabled_when_it_is_made():
    traced = replace(A, debug=frozenset({"states"}))
    off = replace(traced, disabled=True)
    world = World().load(off, B)
    assert "<trace> a: Initializing [disabled]" in world.log.lines
    world.router.reconfigure(config(traced, B))
    assert "<trace> a: Initializing" in world.log.lines
    world.log.lines.clear()
    world.router.reconfigure(config(off, B))
    world.clock.run()
    assert "<trace> a: Initializing [disabled]" in world.log.lines


def test_a_child_that_is_disabled_stays_so_when_its_config_comes_anew():
    world = fed_world()
    child = world.router.spawn(peer("child"), world["b"])
    world.router.disable(child)
    world.clock.run()
    for wanted in (peer("child"), peer("child", restarts_on="x")):
        world.router.adapt(child, wanted)
        world.clock.run()
        assert (world["child"], child.state) == (child, ProtocolState.DOWN)


def test_a_child_follows_its_parent_as_the_same_object():
    world = fed_world()
    child = world.router.spawn(peer("child"), world["b"])
    world.clock.run()
    world.router.adapt(child, peer("child", ipv4(export_filter=REJECT)))
    world.clock.run()
    assert child.got == {}
    assert child.spurious == 0
    world.router.adapt(child, peer("child", restarts_on="x"))
    world.clock.run()
    assert child.stops == [StopReason.RECONFIGURED]
    assert world["child"] is child
    assert len(child.got) == 2


def test_children_go_with_their_parent():
    world = fed_world()
    child = world.router.spawn(peer("child"), world["b"])
    world.clock.run()
    world.router.disable(world["b"])
    world.clock.run()
    assert child.stops == [StopReason.DISABLED]
    assert list(world.router.protocols) == ["a", "b"]


def test_a_crash_stops_only_the_instance_that_crashed():
    world = fed_world()
    b = world["b"]
    b.transmit = lambda *_: 1 // 0
    world["a"].announce("10.2.0.0/16")
    world.clock.run()
    assert b.state is ProtocolState.DOWN
    assert b.failure.startswith("ZeroDivisionError")
    assert b.stops == [StopReason.FAILED]
    assert world["a"].state is ProtocolState.UP
    assert any("ZeroDivisionError" in line for line in world.log.lines)


def test_a_filter_that_cannot_be_compiled_is_refused_before_anything_changes(monkeypatch):
    def too_deep(*_arguments, **_options):
        raise RecursionError

    world = fed_world()
    running = world.router.config
    wanted = language().read("protocol static { ipv4 { import where preference > 7; }; }", "nested.conf")
    monkeypatch.setattr("pybird.filter.compile.filter_code", too_deep)
    assert world.router.reconfigure(wanted) is ReloadOutcome.REFUSED
    assert "nested.conf:1:" in world.router.reconfiguration.refusal
    assert "nested too deeply" in world.router.reconfiguration.refusal
    assert world.router.config is running
    assert world.router.reconfigure(wanted, timeout=30) is ReloadOutcome.REFUSED
    world.clock.run(31)
    assert not [line for line in world.log.lines if "timeout" in line]  # nothing is there to be undone
    assert world.router.reconfigure(config(B)) is ReloadOutcome.IN_PROGRESS  # and the next one is taken
