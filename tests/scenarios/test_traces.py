"""What `debug` shows, in BIRD's words: for each flag, of channels, protocols and by command."""

import re

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.core.traces import MOST
from pybird.proto import PROTOCOLS
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import Lab, language
from tests.scenarios.line import KEEPALIVE, TEXT, Line, capabilities, hello, update
from tests.scenarios.test_rfc7606 import HOP, ORIGIN, a

GOOD = ORIGIN + a("40 2 0201 0000fdea") + HOP
OTHER = ORIGIN + a("40 2 0202 0000fdea 00000007") + HOP
BAD = GOOD + a("80 4 00000007")
NET = b"\x18\x14\x00\x01"
POLICY = "if bgp_med = 7 then reject; accept;"


def session(options="", top="", up=True):
    """A router that refuses what has the metric 7, with a session or none yet."""
    text = top + TEXT.replace("ipv4 { import all;", f"ipv4 {{ import filter {{ {POLICY} }};", 1)
    found = Line(f"passive; {options}", text=text)
    if up:
        found.say(hello() + KEEPALIVE, 0.1)
        assert found.state() == "Established"
    found.told = len(found.lab.log)
    return found


def traces(found, name="x", since=0):
    """The lines of one protocol or channel, with the numbers of sources masked."""
    lines = [line.text for line in found.lab.log[max(found.told, since) :] if line.level == "trace"]
    return [re.sub(r"\d+L \d+G", "S", text) for text in lines if re.match(rf"{re.escape(name)}[ :]", text)]


def story(found):
    """A route comes, comes again, changes, is refused and goes; so does one that is never taken."""
    for octets in (update(GOOD), update(GOOD), update(OTHER), update(BAD), update(OTHER)):
        found.say(octets, 0.1)
    found.say(update(b"", b"", NET) + update(b"", b"", NET), 0.1)


ROUTES = [
    "x.ipv4 > added [best] 20.0.1.0/24 S unicast",
    "x.ipv4 > ignored 20.0.1.0/24 S unicast",
    "x.ipv4 > added [best] 20.0.1.0/24 S unicast",
    "x.ipv4 > removed [sole] 20.0.1.0/24 S unicast",
    "x.ipv4 > added [best] 20.0.1.0/24 S unicast",
    "x.ipv4 > removed [sole] 20.0.1.0/24 S unicast",
]
FILTERS = [
    "x.ipv4 < rejected by protocol 20.0.1.0/24 S unicast",
    "x.ipv4 < rejected by protocol 20.0.1.0/24 S unicast",
    "x.ipv4 > filtered out 20.0.1.0/24 S unicast",
    "x.ipv4 < rejected by protocol 20.0.1.0/24 S unicast",
]


@pytest.mark.parametrize(
    ("options", "top"),
    [
        ("debug { routes };", ""),
        ("", "debug protocols { routes };"),
        ("", "debug channels { routes };"),
    ],
)
def test_routes_are_traced_by_the_flags_of_the_protocol_or_of_the_channel(options, top):
    found = session(options, top)
    story(found)
    assert traces(found, "x.ipv4") == ROUTES


def test_filters_are_traced_by_their_own_flag():
    found = session("debug { filters };")
    story(found)
    assert traces(found, "x.ipv4") == FILTERS


def test_the_debug_command_reaches_routes_of_a_running_session():
    found = session()
    story(found)
    assert traces(found, "x.ipv4") == []
    ask(found, "debug x { routes }")
    story(found)
    assert traces(found, "x.ipv4") == ROUTES
    ask(found, "debug x off")
    story(found)
    assert traces(found, "x.ipv4") == ROUTES


def test_the_other_side_sees_what_is_sent_instead_of_what():
    found = session(top="debug protocols { routes, filters };")
    story(found)
    assert traces(found, "good.ipv4") == [
        "good.ipv4 < added 20.0.1.0/24 S unicast",
        "good.ipv4 < replaced 20.0.1.0/24 S unicast",
        "good.ipv4 < removed 20.0.1.0/24 S unicast",
        "good.ipv4 < added 20.0.1.0/24 S unicast",
        "good.ipv4 < removed 20.0.1.0/24 S unicast",
    ]


def test_a_feed_is_traced():
    found = session("debug { routes, filters };", up=False)
    found.say(hello() + KEEPALIVE, 0.1)
    assert traces(found, "x.ipv4") == ["x.ipv4 < added 10.3.0.0/16 S unicast"]
    ask(found, "reload out x")
    assert traces(found, "x.ipv4")[1:] == ["x.ipv4 < replaced 10.3.0.0/16 S unicast"]


STAYS = "filter { bgp_community.add((65535, 65281)); accept; }"


@pytest.mark.parametrize(
    ("imports", "exports", "own"), [("all", "none", "filtered out"), (STAYS, "all", "rejected by protocol")]
)
def test_a_feed_tells_who_keeps_a_route_back(imports, exports, own):
    """The filter, or BGP itself: what is not to be exported (RFC 1997), and the neighbor's own route."""
    text = TEXT.replace("export all;", f"export {exports};", 1)
    text = text.replace("as 65003; ipv4 { import all;", f"as 65003; ipv4 {{ import {imports};")
    found = Line("passive; debug { filters };", text=text)
    found.say(hello() + KEEPALIVE + update(GOOD), 0.1)
    found.told = len(found.lab.log)
    ask(found, "reload out x")
    assert sorted(traces(found, "x.ipv4")) == [
        f"x.ipv4 < {own} 10.3.0.0/16 S unicast",
        "x.ipv4 < rejected by protocol 20.0.1.0/24 S unicast",
    ]


def test_the_best_route_is_told_from_the_others_and_its_end_too():
    found = session("debug { routes };")
    found.say(update(OTHER, nets=b"\x10\x0a\x03"), 0.1)  # 10.3.0.0/16, the path of `good` is shorter
    found.say(update(b"", b"", b"\x10\x0a\x03"), 0.1)
    assert traces(found, "x.ipv4") == [
        "x.ipv4 > added 10.3.0.0/16 S unicast",
        "x.ipv4 > removed 10.3.0.0/16 S unicast",
    ]
    found.say(update(GOOD + a("80 4 00000000"), nets=b"\x10\x0a\x03"), 0.1)
    best = found.router.tables["master4"].best(b"\x10\x0a\x03").source.name
    ask(found, "debug good { routes }")
    ask(found, f"disable {best}")
    assert traces(found, f"{best}.ipv4")[-1] == f"{best}.ipv4 > removed [replaced] 10.3.0.0/16 S unicast"


def test_states_of_a_protocol_and_of_its_channel_have_flags_of_their_own():
    found = session("debug { states };", top="debug channels { states };", up=False)
    found.say(hello() + KEEPALIVE, 0.1)
    ask(found, "disable x")
    assert traces(found) == [
        "x: State changed to up",
        "x: Shutting down",
        "x: State changed to stop",
        "x: State changed to flush",
        "x: State changed to down",
    ]
    assert traces(found, "x.ipv4") == [
        "x.ipv4: State changed to UP/FEEDING",
        "x.ipv4: State changed to UP/READY",
        "x.ipv4: State changed to FLUSHING",
        "x.ipv4: State changed to DOWN",
    ]


def test_what_is_asked_of_a_channel_and_a_new_configuration_are_states():
    found = session(top="debug channels { states }; debug protocols { states };", up=False)
    found.say(hello(offers=capabilities(route_refresh=True)) + KEEPALIVE, 0.1)
    found.told = len(found.lab.log)
    ask(found, "reload in x")
    ask(found, "reload out x")
    assert traces(found, "x.ipv4") == [
        "x.ipv4: Reload requested",
        "x.ipv4: Feeding requested",
        "x.ipv4: State changed to UP/FEEDING",
        "x.ipv4: State changed to UP/READY",
    ]
    found.router.reconfigure(found.router.config)
    found.lab.run(1)
    assert traces(found, "x.ipv4")[4:] == ["x.ipv4: Reconfigured"]
    assert traces(found) == ["x: Reconfigured"]
    changed = TEXT.replace("import all;", "import none;", 1) % {"options": "passive;", "asn": 65002, "id": 1}
    flags = "debug channels { states }; debug protocols { states };"
    found.router.reconfigure(language().read(flags + changed))
    found.lab.run(1)
    assert traces(found, "x.ipv4")[5:] == ["x.ipv4: Reload requested", "x.ipv4: Reconfigured"]


def test_packets_of_a_session():
    found = session("debug { packets };", up=False)
    found.say(hello(), 0.1)
    found.say(KEEPALIVE + update(GOOD) + update(b"", b""), 0.1)
    assert traces(found) == [
        "x: Got OPEN(as=65002,hold=6,id=0.0.0.2)",
        "x: Sending KEEPALIVE",
        "x: Got KEEPALIVE",
        "x: Got UPDATE",
        "x: Got UPDATE",
        "x: Got END-OF-RIB",
        "x: Sending UPDATE",
        "x: Sending END-OF-RIB",
        "x: Sending END-OF-RIB",
    ]
    ask(found, "disable x")
    assert traces(found)[-1] == "x: Sending NOTIFICATION(code=6.2)"


def test_events_of_a_session():
    found = session("debug { events };")
    ask(found, "disable x")
    ask(found, "enable x")
    assert traces(found) == ["x: Shutdown requested", "x: BGP session closed", "x: Down", "x: Started"]


def test_a_feed_costs_a_bounded_number_of_lines_and_the_log_says_so():
    found = session("debug { routes };")
    found.lab.run(1.1)
    nets = [b"\x20\x14\x02" + number.to_bytes(2, "big") for number in range(MOST + 500)]
    for at in range(0, len(nets), 500):
        found.say(update(GOOD, nets=b"".join(nets[at : at + 500])), 0.01)
    assert len(traces(found, "x.ipv4")) == MOST
    found.lab.run(1.1)
    lines = [line.text for line in found.lab.log if "suppressed" in line.text]
    assert lines == ["500 trace lines suppressed"]


def test_limits_are_traced_as_what_they_refuse():
    limits = "import limit 1 action block; import filter"
    text = TEXT.replace("ipv4 { import all;", f"ipv4 {{ {limits} {{ {POLICY} }};", 1)
    found = Line("passive; debug { filters };", text=text)
    found.say(hello() + KEEPALIVE, 0.1)
    found.told = 0
    found.say(update(GOOD, nets=NET + b"\x18\x14\x00\x02"), 0.1)
    assert "x.ipv4 > ignored [limit] 20.0.2.0/24 S unicast" in traces(found, "x.ipv4")


def test_without_flags_nothing_is_made(monkeypatch):
    found = session()
    monkeypatch.setattr(
        type(found.router.traces), "reserve", lambda self: pytest.fail("a line was asked for")
    )
    story(found)


def ask(found, command):
    stream = FakeStream()
    console = Console(found.router, commands(PROTOCOLS), language(), language().load, lambda graceful: None)
    client = console.open(stream)
    client.received(f"{command}\n".encode())
    found.lab.run(0.5)
    return stream.taken()


SMALL = """
router id 10.0.0.1;
ipv4 table other;
protocol device { }
protocol direct { ipv4; interface "eth0"; }
protocol kernel { ipv4 { export where source = RTS_STATIC; }; }
protocol static s4 { ipv4; route 198.51.100.0/24 blackhole; }
protocol pipe p1 { table master4; peer table other; export where source = RTS_STATIC; import none; }
protocol radv { interface "eth0" { prefix 2001:db8::/64; }; }
"""


class Small:
    """A small router and its client."""

    def __init__(self, text):
        self.lab = Lab(dad=None)
        self.lab.router("a", text)
        self.lab.segment("lan", ("a", "eth0"))
        self.host = self.lab.nodes["a"].host
        self.host.add_address("eth0", "10.0.0.1/24")
        self.lab.run(1)
        self.router = self.lab.nodes["a"].router

    def lines(self):
        told = [line.text for line in self.lab.log if line.level == "trace"]
        return [re.sub(r"\d+L \d+G", "S", text) for text in told]


def small(top, *asked):
    """What a small router traces from its start on."""
    found = Small(top + SMALL)
    for command in asked:
        ask(found, command)
    return found, found.lines()


def of(lines, name):
    return [line for line in lines if re.match(rf"{re.escape(name)}[ :]", line)]


def test_static_direct_kernel_and_pipe_trace_routes_and_filters():
    _, lines = small("debug protocols { routes, filters };", "disable s4")
    assert of(lines, "s4.ipv4") == [
        "s4.ipv4 > added [best] 198.51.100.0/24 S blackhole",
        "s4.ipv4 > removed [sole] 198.51.100.0/24 S blackhole",
    ]
    assert of(lines, "direct1.ipv4") == ["direct1.ipv4 > added [best] 10.0.0.0/24 S unicast"]
    assert sorted(of(lines, "kernel1.ipv4")) == [
        "kernel1.ipv4 < added 198.51.100.0/24 S blackhole",
        "kernel1.ipv4 < filtered out 10.0.0.0/24 S unicast",
        "kernel1.ipv4 < removed 198.51.100.0/24 S blackhole",
    ]
    assert sorted(set(of(lines, "p1.pri"))) == [
        "p1.pri < added 198.51.100.0/24 S blackhole",
        "p1.pri < filtered out 10.0.0.0/24 S unicast",
        "p1.pri < removed 198.51.100.0/24 S blackhole",
    ]
    assert of(lines, "p1.sec")[0] == "p1.sec > added [best] 198.51.100.0/24 S blackhole"
    assert of(lines, "p1.sec")[-1] == "p1.sec > removed [sole] 198.51.100.0/24 S blackhole"


def test_every_protocol_traces_its_states():
    _, lines = small("debug protocols { states };")
    for name in ("device1", "direct1", "kernel1", "s4", "p1", "radv1"):
        assert of(lines, name)[-3:] == [
            f"{name}: Initializing",
            f"{name}: Starting",
            f"{name}: State changed to up",
        ]


def test_a_channel_says_to_which_table_it_is_connected():
    _, lines = small("debug channels { states };")
    assert of(lines, "s4.ipv4") == ["s4.ipv4: Connected to table master4", "s4.ipv4: State changed to UP"]
    assert of(lines, "p1.sec")[0] == "p1.sec: Connected to table other"


def test_interfaces_are_traced_for_the_protocols_that_follow_them():
    found, start = small("debug protocols { interfaces };")
    assert "kernel1 < interface eth0 goes up" in start
    assert "direct1 < address 10.0.0.0/24 on interface eth0 added" in start
    assert "kernel1 < address 10.0.0.0/24 on interface eth0 added" not in start
    found.host.add_address("eth0", "10.77.0.1/24")
    found.lab.run(1)
    assert sorted(found.lines()[len(start) :]) == [
        "direct1 < address 10.77.0.0/24 on interface eth0 added",
        "radv1 < address 10.77.0.0/24 on interface eth0 added",
    ]


def test_events_and_packets_of_device_kernel_and_radv():
    _, lines = small("debug protocols { events, packets };")
    assert "device1: Scanning interfaces" in lines
    assert of(lines, "radv1")[0] == "radv1: Adding interface eth0"
    assert of(lines, "kernel1")[:2] == ["kernel1: Scanning routing table", "kernel1: Pruning table master4"]


@pytest.mark.parametrize(
    "top",
    [
        "debug tables { routes, states, events };",
        "ipv4 table master4 { debug { routes, states, events }; };",
    ],
)
def test_tables_trace_their_changes(top):
    _, lines = small(top, "disable s4")
    lines = of(lines, "master4") + [line for line in lines if line.startswith("master4.")]
    changes = [line for line in lines if "198.51.100.0" in line]
    assert [re.sub(r"change \d+", "change N", line) for line in changes] == [
        "master4.export-best: Announcing change N at 198.51.100.0/24: none -> s4",
        "master4.export-best: Announcing change N at 198.51.100.0/24: s4 -> none",
    ]
    assert [line for line in lines if "export-" not in line] == [
        "master4: Hook s4.ipv4 stopped",
        "master4: Pruning",
        "master4: Prune done",
    ]


def test_show_route_traces_its_work():
    _, lines = small("debug show route { states, routes };", "show route 198.51.100.0/24")
    assert lines == [
        "cli.feeder: Subscribed to exporter master4.export-all",
        "cli.feeder: Feeding 198.51.100.0/24",
        "cli.feeder: Nothing more to feed",
        "cli.feeder: Unsubscribed from exporter master4.export-all",
    ]


def test_no_trace_has_a_password():
    found = session('password "tr3ff"; debug all;', "debug channels all; debug tables all;", up=False)
    ask(found, "debug all all")
    ask(found, "restart x")
    assert not [line.text for line in found.lab.log if "tr3ff" in line.text]
