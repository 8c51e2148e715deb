"""An exception in a protocol's code stops that instance, with the trace in the log; the router lives."""

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.core.life import ProtocolState
from pybird.proto import PROTOCOLS
from pybird.proto.static.static import Static
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import Lab, language, own4, read, unnumbered


class BrokenError(Exception):
    """What the tests make protocols raise."""


def broken(*arguments, **named):
    raise BrokenError("on purpose")


def joined():
    """Router a with automatic sessions to b and c on links of their own."""
    lab = Lab()
    lab.add("a", unnumbered(1))
    lab.add("b", unnumbered(2))
    lab.add("c", unnumbered(3))
    lab.link("a", "eth0", "b", "eth0")
    lab.link("a", "eth1", "c", "eth0")
    lab.expect(lambda: lab.knows("a", "b") and lab.knows("a", "c"), 8, "both have peered")
    lab.run(5)
    return lab


def towards(lab, name):
    """The session of a with another router."""
    (child,) = [
        c
        for c in lab.children("a")
        if c.config.remote_address == lab.nodes[name].host.nic("eth0").link_local()
    ]
    return child


def ask(lab, command):
    """What a control client of router a reads."""
    router = lab.nodes["a"].router
    console = Console(router, commands(PROTOCOLS), language(), read, lambda graceful: None)
    stream = FakeStream()
    session = console.open(stream)
    session.received(f"{command}\n".encode())
    lab.run(2)
    text = stream.taken()
    session.closed(None)
    return text


def timer(lab, victim):
    victim.services.clock.current = victim
    victim.services.clock.call_at(lab.clock.now() + 1, broken)
    victim.services.clock.current = None


def asked_of_files(lab, victim, ask):
    lab.nodes["a"].host.disk.put("/tmp/x", b"")
    victim.services.clock.current = victim
    ask(victim.services.files)
    victim.services.clock.current = None


def file_read(lab, victim):
    asked_of_files(lab, victim, lambda files: files.read("/tmp/x", 10, broken))


def file_written(lab, victim):
    asked_of_files(lab, victim, lambda files: files.write("/tmp/y", b"", 0o600, broken))


def file_changed(lab, victim):
    asked_of_files(lab, victim, lambda files: files.watch("/tmp/x", broken))
    lab.nodes["a"].host.disk.put("/tmp/x", b"more")


def stream_data(lab, victim):
    victim.session_channels.receive = broken
    lab.nodes["b"].router.protocols["own4"].channels["ipv4"].withdraw([own4(2)])


def stream_closed(lab, victim):
    victim.connection_lost = broken
    lab.nodes["b"].host.tcp.endpoints[-1].abort()


def stream_drained(lab, victim):
    victim.drained = broken
    victim.active.writable()


def interface_event(lab, victim):
    victim.reach.interface_event = broken
    lab.nodes["a"].host.add_address("eth0", "2001:db8:77::1/64")


def interface_decision(lab, victim):
    victim.reach._changed = broken
    lab.nodes["a"].host.add_address("eth0", "2001:db8:77::1/64")


def export(lab, victim):
    victim.transmit = broken
    lab.nodes["a"].router.protocols["own4"].channels["ipv4"].withdraw([own4(1)])


def feed(lab, victim):
    victim.feed_done = broken
    victim.channels["ipv4"].refeed()


def info(lab, victim):
    victim.info = broken
    assert victim.name in ask(lab, "show protocols")


def detail(lab, victim):
    def some():
        yield from ()
        raise BrokenError("on purpose")

    victim.details = some
    text = ask(lab, "show protocols all")
    assert victim.name in text
    assert "kernel4" in text


def channel_detail(lab, victim):
    victim.channel_details = broken
    assert "kernel4" in ask(lab, "show protocols all")


def reload_of_filters(lab, victim):
    victim.exporter = broken
    ask(lab, f"reload out {victim.name}")
    victim.channels["ipv4"].reload_exports()


def refresh(lab, victim):
    victim.request_refresh = broken
    ask(lab, f"reload in {victim.name}")


ENTRIES = [
    timer,
    file_read,
    file_written,
    file_changed,
    stream_data,
    stream_closed,
    stream_drained,
    interface_event,
    interface_decision,
    export,
    feed,
    info,
    detail,
    channel_detail,
    reload_of_filters,
    refresh,
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_session_that_crashes_stops_alone(entry):
    lab = joined()
    victim, other = towards(lab, "b"), towards(lab, "c")
    since = other.since
    entry(lab, victim)
    lab.run(5)
    assert victim.failure == "BrokenError: on purpose"
    assert victim.state is ProtocolState.DOWN
    assert "Error: BrokenError: on purpose" in ask(lab, f"show protocols {victim.name}")
    bugs = [line.text for line in lab.log if line.level == "bug" and line.router == "a"]
    assert f"{victim.name}: Traceback (most recent call last):" in bugs
    assert not [line for line in bugs if not line.startswith(f"{victim.name}: ")]
    assert lab.nets("a", "master4").count("10.2.0.1/32") == 0  # its routes are gone
    assert (other.state, other.since) == (ProtocolState.UP, since)
    assert lab.knows("a", "c")


@pytest.mark.parametrize("entry", [timer, export, detail])
def test_a_crashed_session_runs_again_when_it_is_enabled(entry):
    lab = joined()
    victim = towards(lab, "b")
    entry(lab, victim)
    lab.run(5)
    for name in ("transmit", "details"):
        vars(victim).pop(name, None)
    assert "enabled" in ask(lab, f"enable {victim.name}")
    lab.expect(lambda: victim.state is ProtocolState.UP, 60, "it is up again")
    assert victim.failure == ""


def test_a_crash_while_the_neighbor_connects():
    lab = joined()
    victim = towards(lab, "b")
    victim.incoming_stream = broken
    victim.wait = lambda: None
    lab.nodes["b"].router.restart(lab.children("b")[0])
    lab.run(60)
    assert victim.failure == "BrokenError: on purpose"
    assert lab.knows("a", "c")


def test_a_crash_of_radv_withdraws_what_it_found():
    lab = joined()
    radv = lab.nodes["a"].router.protocols["radv1"]
    for port in radv.ports.values():
        port._handle_advertisement = broken
    lab.run(15)
    assert radv.failure == "BrokenError: on purpose"
    assert lab.entries("a") == []
    assert lab.children("a") == []
    assert lab.nodes["a"].router.protocols["kernel4"].state is ProtocolState.UP


def test_a_crash_of_the_kernel_protocol_leaves_sessions_alone():
    lab = joined()
    kernel = lab.nodes["a"].router.protocols["kernel4"]
    kernel.route_changed = broken
    lab.nodes["a"].host.kernel.drop_routes_over(lab.nodes["a"].host.nic("eth0").index)
    lab.run(5)
    assert kernel.failure == "BrokenError: on purpose"
    assert len(lab.up("a")) == 2


def test_a_protocol_that_cannot_be_made_is_left_out(monkeypatch):
    lab = joined()
    since = [child.since for child in lab.children("a")]
    monkeypatch.setattr(Static, "__init__", broken)
    router = lab.nodes["a"].router
    router.reconfigure(read(unnumbered(1) + "protocol static more { ipv4; route 10.9.0.0/16 blackhole; }"))
    lab.run(2)
    assert not router.reconfiguration.busy
    assert "more" not in router.protocols
    assert [child.since for child in lab.children("a")] == since
    monkeypatch.undo()
    router.reconfigure(read(unnumbered(1)))
    lab.run(2)
    assert not router.reconfiguration.busy
