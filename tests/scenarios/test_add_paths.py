"""Several routes of a network on one session: RFC 7911, as a neighbor sees it that uses path ids freely."""

import json
from dataclasses import replace

import pytest

from pybird.proto.bgp.routes.selection import SELECTION
from pybird.proto.bgp.wire.capabilities import Capabilities, GracefulRestart
from pybird.proto.bgp.wire.messages import REFRESH_BEGIN, REFRESH_END, Notification, RouteRefresh
from pybird.values.net import Prefix
from tests.bgp.vectors import ORIGIN_IGP, octets
from tests.scenarios.lab import Lab, read
from tests.scenarios.line import KEEPALIVE, TEXT, Line, hello, update
from tests.scenarios.test_refused import ask

NET = b"\x10\x14\x01"  # 20.1.0.0/16
KEY = Prefix.parse("20.1.0.0/16").key
NEXT_HOP = "4003040a000002"


def text(options="add paths rx;", imports="all"):
    channel = f"ipv4 {{ import {imports}; export all; {options} }}"
    return TEXT.replace("ipv4 { import all; export all; }", channel, 1)


def up(options="add paths rx;", imports="all", mode=3, more="passive;"):
    """A session on which both sides announce add-path for IPv4."""
    line = Line(more, text=text(options, imports))
    offers = Capabilities(
        multiprotocol=((1, 1), (2, 1)),
        route_refresh=True,
        as4=65002,
        add_path=((1, 1, mode),),
        enhanced_refresh=True,
    )
    line.say(hello(offers=offers) + KEEPALIVE)
    assert line.state() == "Established"
    return line


def path(number, net=NET):
    return number.to_bytes(4) + net


def announce(*paths, asns=(65002,), more=""):
    """An UPDATE that announces paths of networks with this AS path."""
    numbers = "".join(f"{asn:08x}" for asn in asns)
    attribute = f"4002{2 + 4 * len(asns):02x}02{len(asns):02x}{numbers}"
    return update(octets(ORIGIN_IGP, attribute, NEXT_HOP, more), b"".join(paths))


def withdraw(*paths):
    return update(b"", b"", b"".join(paths))


def channel(line):
    return line.peer.channels["ipv4"]


def ids(line, key=KEY):
    """The path ids of the routes in the table, the best one's first."""
    first, *others = [rte.source.path_id for rte in line.router.tables["master4"].get(key)] or [None]
    return [first, *sorted(others)]


def test_each_path_is_a_route_that_is_replaced_and_withdrawn_by_its_id():
    line = up()
    line.say(announce(path(7), path(8), asns=(65002, 1)) + announce(path(9), path(0)))
    assert ids(line) == [0, 7, 8, 9]
    line.say(announce(path(0), asns=(65002, 1, 2)) + withdraw(path(8), path(5)))
    assert ids(line) == [9, 0, 7]
    assert channel(line).imported == 3
    line.say(announce(path(7)) + announce(path(7)))
    assert ids(line) == [7, 0, 9]
    assert channel(line).imported == 3
    line.say(withdraw(path(0), path(7), path(9)))
    assert ids(line) == [None]
    line.check_others()


def test_json_has_the_path_id_of_each_route():
    line = up()
    line.say(announce(path(7), path(8), asns=(65002, 1)) + announce(path(9)))
    rows = [text for text in ask(line, "output json", "show route") if '"route_row"' in text]
    found = [json.loads(text[text.index("{") :]) for text in rows]
    assert sorted(row["path_id"] for row in found if row["protocol"] == "x") == [7, 8, 9]


def test_a_session_that_negotiated_no_paths_is_read_without_them():
    for mode, options in ((1, "add paths rx;"), (4, "add paths rx;"), (3, "")):
        line = up(options, mode=mode)
        line.say(announce(NET))
        assert ids(line) == [0], (mode, options)


def test_what_is_known_of_a_path_goes_with_its_last_route():
    """A neighbor may use any number of ids, one after the other or at once."""
    line = up()
    nets = [b"\x18\x14\x01" + bytes((number,)) for number in range(200)]
    for number, net in enumerate(nets, 1):
        line.say(announce(path(number, net), asns=(65002, number)), 0.01)
    assert channel(line).imported == 200
    assert len(channel(line).sources) == len(channel(line)._paths) + 1 == 201
    line.say(b"".join(withdraw(path(number, net)) for number, net in enumerate(nets[:-1], 1)))
    assert [source.path_id for source in channel(line).sources] == [0, 200]
    assert list(channel(line)._paths) == [200]
    line.say(withdraw(path(200, nets[-1]), path(3)) + withdraw(path(4)))
    assert not channel(line)._paths
    line.check_others()


@pytest.mark.parametrize(
    ("options", "filtered"), [("add paths rx;", 0), ("add paths rx; import keep filtered;", 2)]
)
def test_a_path_that_the_filter_refuses_is_kept_where_that_is_asked(options, filtered):
    line = up(options, imports="where bgp_path.len < 3")
    line.say(announce(path(1)) + announce(path(2), path(3), asns=(65002, 1, 2)))
    assert ids(line) == [1]
    assert (channel(line).filtered, len(channel(line)._paths)) == (filtered, 1 + filtered)
    line.say(withdraw(path(2)))
    assert channel(line).filtered == filtered // 2
    line.say(withdraw(path(3)))
    assert list(channel(line)._paths) == [1]


def test_an_own_as_in_one_path_withdraws_this_path_alone():
    line = up()
    line.say(announce(path(1), path(2)))
    line.say(announce(path(2), asns=(65002, 65001)))
    assert ids(line) == [1]
    assert list(channel(line)._paths) == [1]


def test_a_malformed_route_withdraws_its_path_alone():
    """RFC 7606, 2: treat-as-withdraw."""
    line = up()
    line.say(announce(path(1), path(2)))
    bad = octets("40010109", "4002060201" + "0000fdea", NEXT_HOP)
    line.say(update(bad, path(2)))
    assert ids(line) == [1]
    assert line.state() == "Established"


def test_a_path_id_that_is_cut_off_resets_the_session():
    """RFC 7606, 5.3, with RFC 7911, 3."""
    line = up()
    line.say(announce(path(1)[:3]))
    assert line.notification()[:2] == (3, 10)
    line.check_others()


def test_what_a_refresh_does_not_announce_again_goes_of_every_path():
    """RFC 7313, 4."""
    line = up(more="passive; enable enhanced route refresh;")
    line.say(announce(path(1), path(2), path(3), path(0)))
    line.say(RouteRefresh(1, 1, REFRESH_BEGIN).encode() + announce(path(2), path(5)))
    assert ids(line) == [0, 1, 2, 3, 5]
    line.say(RouteRefresh(1, 1, REFRESH_END).encode())
    assert sorted(ids(line)) == [2, 5]
    assert sorted(channel(line)._paths) == [2, 5]
    assert channel(line).imported == 2


def test_an_import_table_keeps_each_path_and_filters_it_again():
    options = "add paths rx; import table;"
    line = up(options)
    line.say(announce(path(1)) + announce(path(2), asns=(65002, 1, 2)))
    changed = text(options, "where bgp_path.len < 3") % {"options": "passive;", "asn": 65002, "id": 1}
    line.router.reconfigure(read(changed))
    line.lab.run(1)
    assert ids(line) == [1]
    line.router.reconfigure(read(text(options) % {"options": "passive;", "asn": 65002, "id": 1}))
    line.lab.run(1)
    assert ids(line) == [1, 2]
    assert line.state() == "Established"


@pytest.mark.parametrize("limit", ["import", "receive"])
def test_limits_count_the_routes_of_all_paths(limit):
    line = up(f"add paths rx; {limit} limit 3 action block;")
    line.say(announce(path(1), path(2)) + announce(path(3), path(4)) + announce(path(5)))
    assert ids(line) == [1, 2, 3]
    line.say(withdraw(path(2)) + announce(path(5)) + announce(path(6)))
    assert ids(line) == [1, 3, 5]
    line.check_others()


def test_routes_of_all_paths_leave_when_the_session_ends():
    line = up()
    line.say(announce(*[path(number) for number in range(40)]))
    line.talker.stream.close()
    line.lab.run(1)
    assert ids(line) == [None]
    assert channel(line).imported == 0
    assert not channel(line)._paths
    line.check_others()


def test_all_paths_of_a_neighbor_that_restarts_gracefully_are_kept_until_its_end_of_rib():
    """RFC 4724 with RFC 7911: the neighbor may give its paths other ids then."""
    line = Line(text=text())
    offers = Capabilities(
        multiprotocol=((1, 1), (2, 1)),
        as4=65002,
        add_path=((1, 1, 3),),
        graceful_restart=GracefulRestart(0, 60, ((1, 1, 0x80),)),
    )
    line.say(hello(offers=offers) + KEEPALIVE)
    line.say(announce(path(1), path(2), path(3)))
    line.talker.stream.close()
    line.lab.run(3)
    assert ids(line) == [1, 2, 3]
    line.dial()
    line.say(hello(offers=offers) + KEEPALIVE)
    line.say(announce(path(2), path(7)))
    assert sorted(ids(line)) == [1, 2, 3, 7]
    line.say(update(b"", b""))
    assert sorted(ids(line)) == [2, 7]
    assert sorted(channel(line)._paths) == [2, 7]
    line.check_others()


@pytest.mark.parametrize("change", ["", "add paths on;"])
def test_a_change_of_the_option_restarts_the_session(change):
    line = up()
    line.router.reconfigure(read(text(change) % {"options": "passive;", "asn": 65002, "id": 1}))
    line.lab.run(1)
    assert line.notification()[:2] == (6, 6)
    line.check_others()


@pytest.mark.parametrize(("mode", "refused"), [(0, True), (1, True), (2, False), (3, False)])
def test_required_paths_must_be_possible_in_our_direction(mode, refused):
    line = Line(text=text("add paths rx; require add paths;"))
    offers = Capabilities(multiprotocol=((1, 1), (2, 1)), as4=65002, add_path=((1, 1, mode),) if mode else ())
    line.say(hello(offers=offers) + KEEPALIVE)
    assert (line.state() != "Established") == refused
    assert line.notification() == ((2, 7, b"") if refused else None)


# ------------------------------------------------------------ all are sent


SERVER = """
router id 192.0.2.9;
protocol device { }
template bgp member { local 10.0.0.9 as 65009; rs client; connect delay time 1; hold time 9;
  ipv4 { import all; %s }; }
protocol bgp c1 from member { neighbor 10.0.0.1 as 65001; }
protocol bgp c2 from member { neighbor 10.0.0.2 as 65002; }
protocol bgp c3 from member { neighbor 10.0.0.3 as 65003; }
"""
CLIENT = """
router id 192.0.2.%(number)d;
protocol device { }
protocol static { ipv4; route 10.7.0.0/16 blackhole; route 10.%(number)d.0.0/16 blackhole; }
protocol bgp rs { local 10.0.0.%(number)d as 6500%(number)d; neighbor 10.0.0.9 as 65009; connect delay time 1;
  hold time 9; ipv4 { import all; export all; add paths %(word)s; }; }
"""
SHARED = Prefix.parse("10.7.0.0/16").key


class Exchange(Lab):
    """A route server with three clients that all announce one network, and each another one."""

    def __init__(self, options="export all; add paths tx;", words=("rx", "on", "off")):
        super().__init__(dad=None)
        self.router("s", SERVER % options)
        for number, word in enumerate(words, 1):
            self.router(f"c{number}", CLIENT % {"number": number, "word": word})
        names = ["s", *[f"c{number}" for number in range(1, len(words) + 1)]]
        self.segment("lan", *((name, "eth0") for name in names))
        for number, name in zip((9, 1, 2, 3), names, strict=False):
            self.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
        self.expect(lambda: all(self.up(name) for name in names[1:]), 40, "all sessions are up")
        self.run(5)

    def up(self, name):
        return self.nodes[name].router.protocols["rs"].info().startswith("Established")

    def heard(self, name, key=SHARED):
        """The AS paths that a client received of a network."""
        router = self.nodes[name].router
        there = [rte for rte in router.tables["master4"].get(key) if rte.source.name == "rs"]
        return sorted(str(router.pool.view(rte.attrs)["bgp_path"]) for rte in there)

    def sent(self, name):
        return self.nodes["s"].router.protocols[name].channels["ipv4"].exported

    def configure(self, options, soft=False):
        self.nodes["s"].router.reconfigure(read(SERVER % options), soft=soft)
        self.run(3)


def test_a_route_server_sends_all_routes_to_those_that_take_them():
    lab = Exchange()
    assert lab.heard("c1") == ["65002", "65003"]
    assert lab.heard("c2") == ["65001", "65003"]
    assert lab.heard("c3") == ["65001"]  # the best one
    assert [lab.sent(name) for name in ("c1", "c2", "c3")] == [4, 4, 3]
    lab.nodes["c3"].router.disable(lab.nodes["c3"].router.protocols["rs"])
    lab.run(3)
    assert lab.heard("c1") == ["65002"]
    assert lab.heard("c2") == ["65001"]


def test_a_changed_export_filter_sends_the_paths_that_differ():
    lab = Exchange()
    fresh = "export where bgp_path.first != 65003; add paths tx;"
    lab.configure(fresh)
    assert lab.heard("c1") == ["65002"]
    assert lab.heard("c2") == ["65001"]
    lab.configure("export all; add paths tx;")
    assert lab.heard("c1") == ["65002", "65003"]


def test_configure_soft_sends_nothing_until_a_route_changes_or_all_is_asked_for():
    lab = Exchange()
    lab.configure("export where bgp_path.first != 65003; add paths tx;", soft=True)
    assert lab.heard("c1") == ["65002", "65003"]
    client = lab.nodes["c1"].router
    client.reload(client.protocols["rs"], imports=True, exports=False)
    lab.run(3)
    assert lab.heard("c1") == ["65002"]


def test_a_roa_that_changes_is_asked_about_again_for_each_path():
    server = SERVER.replace("protocol device { }", "roa4 table r4; protocol device { }\n%s", 1)
    lab = Exchange()
    export = "export where roa_check(r4, net, bgp_path.first) != ROA_INVALID; add paths tx;"
    static = "protocol static roas { roa4 { table r4; }; %s }"
    first, second = (static % f"route 10.7.0.0/16 max 16 as {asn};" for asn in (65002, 65003))
    for records in (first, second):
        lab.nodes["s"].router.reconfigure(read(server.replace("%s", records, 1) % export))
        lab.run(5)
        assert lab.heard("c1") == ["65002" if records == first else "65003"]


def test_a_client_that_reads_nothing_for_a_while_has_all_paths_in_the_end():
    lab = Exchange()
    channel = lab.nodes["s"].router.protocols["c1"].channels["ipv4"]
    channel.pause()
    for name in ("c2", "c3", "c2"):
        router = lab.nodes[name].router
        static = router.protocols["static1"]
        (router.enable if not static.enabled else router.disable)(static)
        lab.run(2)
    assert lab.heard("c1") == ["65002", "65003"]
    channel.resume()
    lab.run(2)
    assert lab.heard("c1") == ["65002"]
    assert lab.sent("c1") == 2


def test_an_export_limit_counts_paths():
    lab = Exchange("export all; export limit 3 action block; add paths tx;")
    assert lab.sent("c1") == 3
    assert lab.up("c1")


def test_a_reflector_sends_all_paths_to_its_clients_with_their_next_hops():
    """RFC 4456 with RFC 7911: each path has the attributes of its own route."""
    server = SERVER.replace("rs client", "rr client")
    for number in (1, 2, 3):
        server = server.replace(f"as 6500{number}", "as 65009")
    lab = Lab(dad=None)
    lab.router("s", server % "export all; add paths tx;")
    for number in (1, 2, 3):
        text = CLIENT % {"number": number, "word": "rx"}
        lab.router(f"c{number}", text.replace(f"as 6500{number}", "as 65009"))
    lab.segment("lan", *((name, "eth0") for name in ("s", "c1", "c2", "c3")))
    for number, name in ((9, "s"), (1, "c1"), (2, "c2"), (3, "c3")):
        lab.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
    lab.run(20)
    router = lab.nodes["c1"].router
    found = [
        router.pool.view(rte.attrs) for rte in router.tables["master4"].get(SHARED) if rte.source.name == "rs"
    ]
    assert sorted(str(each["bgp_next_hop"]) for each in found) == ["10.0.0.2", "10.0.0.3"]


def test_a_lost_session_compares_no_path_with_all_others_again_and_again():
    """The best path goes last, so no other one becomes it meanwhile."""
    line = up()
    line.say(b"".join(announce(path(number)) for number in range(1, 101)))
    compared = 0

    def count(new, old):
        nonlocal compared
        compared += 1
        return SELECTION.better(new, old)

    counting = replace(SELECTION, better=count)
    for rte in line.router.tables["master4"].get(KEY):
        rte.source.type = counting
    line.say(Notification.cease(4).encode())
    assert ids(line) == [None]
    assert compared < 100
