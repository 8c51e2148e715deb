"""`show route` in all its forms, as recorded from BIRD 2.19 and 3.3 with the same configuration."""

import re

import pytest

from tests.cli.lab import Lab

CONFIG = """
router id 10.0.0.1;
ipv4 table other; ipv4 table copy;
protocol device { }
protocol static one {
  ipv4 { import filter { if net = 198.51.100.0/24 then reject; accept; }; import keep filtered; };
  route 198.51.100.0/24 blackhole;
  route 203.0.113.0/24 via 10.0.0.2;
  route 203.0.113.128/25 via 10.0.0.3;
  route 203.0.114.0/24 via 10.0.0.2;
}
protocol static two {
  ipv4 { preference 150; import keep filtered; import limit 2 action block; receive limit 5 action warn;
         import where net != 198.51.100.0/24; };
  route 198.51.100.0/24 unreachable;
  route 203.0.114.0/24 unreachable;
  route 1.0.0.0/8 blackhole; route 2.0.0.0/8 blackhole; route 3.0.0.0/8 blackhole;
}
protocol static six { ipv6; route 2001:db8:100::/48 unreachable; }
protocol pipe p { table master4; peer table copy; import none; export where net != 1.0.0.0/8; }
"""


@pytest.fixture(scope="module")
def lab():
    return Lab(CONFIG)


def plain(text: str) -> list[str]:
    return re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "T", text).splitlines()


def test_filtered_routes_of_all_protocols_stand_together(lab):
    assert plain(lab.ask("show route filtered")) == [
        "1007-Table master4:",
        " 2.0.0.0/8            blackhole [two T] * (150)",
        " 3.0.0.0/8            blackhole [two T] * (150)",
        " 198.51.100.0/24      unreachable [two T] * (150)",
        "                      blackhole [one T] (200)",
        "0000 ",
    ]
    assert plain(lab.ask("show route filtered protocol one"))[1:-1] == [
        " 198.51.100.0/24      blackhole [one T] (200)",
    ]


@pytest.mark.parametrize(
    ("command", "count"),
    [
        ("show route filtered count", "4 of 4 routes for 3 networks"),
        ("show route preexport p count", "5 of 5 routes for 4 networks"),
        ("show route noexport p count", "1 of 5 routes for 4 networks"),
        ("show route export p count", "4 of 5 routes for 4 networks"),
        ("show route exported p count", "4 of 5 routes for 4 networks"),
        ("show route primary count", "4 of 4 routes for 4 networks"),
        ("show route in 203.0.113.0/24 count", "2 of 2 routes for 2 networks"),
        ("show route protocol two count", "2 of 5 routes for 4 networks"),
        ("show route where preference = 150 count", "2 of 5 routes for 4 networks"),
    ],
)
def test_counts_are_of_what_was_looked_at(lab, command, count):
    assert plain(lab.ask(command))[0] == f"1007-{count} in table master4"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("show route export one", "9001 No valid tables"),
        ("show route table other export p", "9001 No export channel for table other"),
        ("show route 203.0.113.0/24 for 1.1.1.1", "9001 Only one prefix expected"),
        ("show route filtered export p", "9001 Incompatible show route options"),
        ("show route for 8.8.8.8", "8001 Network not found"),
        ("show route 8.0.0.0/8 table master4 table other", "8001 Network not found"),
        ("show route 203.0.114.0/24 filtered", "8001 Network not found"),
        ("show route 203.0.114.0/24 table master6", "9001 Incompatible type of prefix/ip for table master6"),
        ("show route in ::/0 table other", "9001 Incompatible type of prefix/ip for table other"),
        # the network is there, though nothing of it is shown
        ("show route 203.0.114.0/24 where false", "0000 "),
        ("show route 203.0.114.0/24 noexport p", "0000 "),
        # of one network BIRD 2 counts nothing
        ("show route 203.0.114.0/24 count", "0000 "),
        ("show route for 203.0.113.200 count", "0000 "),
    ],
)
def test_what_cannot_be_shown(lab, command, answer):
    assert lab.ask(command) == answer


@pytest.fixture
def dialect_3(lab):
    lab.ask("dialect 3")
    yield
    lab.ask("dialect 2")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (
            "show route 198.51.100.0/24 filtered count",
            "1007-2 of 2 routes for 1 networks in table master4\n0000 ",
        ),
        ("show route 203.0.114.0/24 count", "1007-2 of 2 routes for 1 networks in table master4\n0000 "),
        ("show route for 203.0.113.200 count", "1007-1 of 1 routes for 1 networks in table master4\n0000 "),
        (
            "show route 8.0.0.0/8 count",
            "1007-0 of 0 routes for 0 networks in table master4\n8001 Network not found",
        ),
        (
            "show route 8.0.0.0/8 table master4 table other count",
            "1007-0 of 0 routes for 0 networks in table master4\n"
            " 0 of 0 routes for 0 networks in table other\n"
            "0014 Total: 0 of 0 routes for 0 networks in 2 tables",
        ),
    ],
)
def test_bird_3_counts_one_network(lab, dialect_3, command, answer):
    assert lab.ask(command) == answer


def test_networks_come_by_address_within_a_bucket_too():
    nets = ["10.0.0.0/8", "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.128.0.0/9", "10.128.0.0/16"]
    written = "".join([f"route {net} blackhole; " for net in reversed(nets)])
    lab = Lab(
        "router id 10.0.0.1; protocol device { } protocol static s { ipv4 { import keep filtered;"
        f" import where net.len < 24; }}; {written}}} ipv4 table copy;"
        "protocol pipe p { table master4; peer table copy; export all; import none; }"
    )

    def asked(command):
        return [line.split()[0] for line in lab.ask(command).splitlines()[1:-1]]

    short = [net for net in nets if not net.endswith("/24")]
    assert asked("show route") == short
    assert asked("show route in 10.0.0.0/8 table copy") == short
    assert asked("show route export p") == short
    assert asked("show route filtered") == ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]


EMPTY = "1007-Table master4:\n \n Table master6:\n \n Table other:\n \n Table copy:\n0000 "


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("show route table all where false", EMPTY),
        ("show route table other", "1007-Table other:\n0000 "),
        ("show route table other where false", "1007-Table other:\n0000 "),
        ("show route table other protocol one", "0000 "),
        ("show route table all protocol six where false", "0000 "),
        ("show route table master4 export p where false", "0000 "),
        ("show route export p table master4 where false", "1007-Table master4:\n0000 "),
        (
            "show route protocol six where false stats",
            "1007-Table master6:\n 0 of 1 routes for 1 networks in table master6\n0000 ",
        ),
    ],
)
def test_a_table_that_was_asked_for_is_named_though_it_is_empty(lab, command, answer):
    assert lab.ask(command) == answer


def test_of_one_network_only_bird_3_names_tables_without_it(lab):
    found = "1007-Table master4:\n 1.0.0.0/8            blackhole [two T] * (150)"
    command = "show route 1.0.0.0/8 table master4 table other"
    assert plain(lab.ask(command)) == [*found.split("\n"), "0000 "]
    lab.ask("dialect 3")
    assert plain(lab.ask(command)) == [*found.split("\n"), " ", " Table other:", "0000 "]
    lab.ask("dialect 2")


def test_a_pipe_lists_both_tables_and_marks_the_best(lab):
    assert plain(lab.ask("show route noexport p")) == [
        "1007-Table master4:",
        " 1.0.0.0/8            blackhole [two T] * (150)",
        "0000 ",
    ]
    assert plain(lab.ask("show route 203.0.114.0/24 exported p"))[1:] == [
        " 203.0.114.0/24       unicast [one T] * (200)",
        " \tvia 10.0.0.2 on va",
        "                      unreachable [two T] (150)",
        "0000 ",
    ]


def test_limits_are_shown_with_what_they_stopped(lab):
    shown = plain(lab.ask("show protocols all two"))
    assert "     Receive limit:  5" in shown
    at = shown.index("     Import limit:   2 [HIT]")
    assert shown[at + 1] == "       Action:       block"
    assert "     Routes:         2 imported, 3 filtered, 0 exported, 1 preferred" in shown
    assert "       Import updates:              5          0          1          2          2" in shown


def test_a_pipe_is_shown_as_one_channel(lab):
    expected = """
1006-  Channel main
     Table:          master4
     Peer table:     copy
     Import state:   up
     Export state:   up
     Import filter:  REJECT
     Export filter:  (unnamed)
   Routes:         0 imported, 4 exported
   Route change stats:     received   rejected   filtered    ignored   accepted
     Import updates:              4          4          0          0          0
     Import withdraws:            0          0        ---          0          0
     Export updates:              5          0          1          0          4
     Export withdraws:            0          0        ---          0          0
"""
    shown = plain(lab.ask("show protocols all p"))
    assert shown[1] == "1002-p          Pipe       ---        up     T  master4 <=> copy"
    assert shown[2:-2] == expected.strip("\n").splitlines()
    lab.ask("dialect 3")
    shown = plain(lab.ask("show protocols all p"))
    assert "     Import state:   READY" in shown
    lab.ask("dialect 2")


def test_a_route_that_the_kernel_refused_has_an_exclamation_mark(lab, monkeypatch):
    monkeypatch.setattr(lab.router.protocols["p"], "refusal", lambda key: "No such device", raising=False)
    assert plain(lab.ask("show route 203.0.114.0/24"))[1:-1] == [
        " 203.0.114.0/24       unicast [one T] ! (200)",
        " \tvia 10.0.0.2 on va",
        "                      unreachable [two T] (150)",
    ]


VPNS = """
router id 10.0.0.1;
vpn4 table v4;
protocol device { }
protocol static own { vpn4 { table v4; };
  route 65001:1 10.0.0.0/8 blackhole; route 65001:1 10.7.0.0/16 blackhole;
  route 65001:2 10.7.0.0/24 blackhole; }
protocol bgp x { local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002; passive;
  ipv4 { import all; export all; }; vpn4 mpls { table v4; import all; export all; }; }
"""


@pytest.mark.parametrize("mode", ["export", "noexport", "preexport", "exported"])
@pytest.mark.parametrize(
    ("channel", "answer"),
    [
        ("x.vpn4_mpls", ["0000 "]),
        ("x.vpn4_mpls table v4", ["1007-Table v4:", "0000 "]),
        ("own.vpn4", ["0000 "]),
        ("x.vpn4_mc", ["9001 Channel x.vpn4-mc not found"]),
        ("x.vpn4", ["9001 Channel x.vpn4 not found"]),
        ("x", ["9001 No valid tables"]),
    ],
)
def test_a_channel_is_named_by_one_word_and_exports_nothing_while_it_is_down(mode, channel, answer):
    assert plain(Lab(VPNS).ask(f"show route {mode} {channel}")) == answer


def test_import_table_and_debug_take_the_same_names():
    lab = Lab(VPNS)
    assert plain(lab.ask("show route import table x.vpn4_mpls")) == [
        "9001 No import table in channel x.vpn4-mpls"
    ]
    assert plain(lab.ask("debug x.vpn4_mpls all")) == ["0000 "]
    assert plain(lab.ask("debug x.vpn6_mpls all")) == ["9001 Channel x.vpn6-mpls not found"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("for 65001:1 10.7.0.1", " 65001:1 10.7.0.0/16  blackhole [own T] * (200)"),
        ("for 65001:1 10.7.0.0/24", " 65001:1 10.7.0.0/16  blackhole [own T] * (200)"),
        ("for 65001:1 10.8.0.1", " 65001:1 10.0.0.0/8   blackhole [own T] * (200)"),
        ("for 65001:2 10.7.0.1", " 65001:2 10.7.0.0/24  blackhole [own T] * (200)"),
    ],
)
def test_the_longest_match_of_an_address_is_in_its_own_vpn(asked, found):
    assert plain(Lab(VPNS).ask(f"show route {asked} table v4")) == ["1007-Table v4:", found, "0000 "]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ("for 65001:2 10.8.0.1 table v4", "8001 Network not found"),
        ("in 65001:1 10.0.0.0/8 table v4", "9001 Only IP networks accepted for 'in' argument"),
        ("refused in 65001:1 10.0.0.0/8", "9001 Only IP networks accepted for 'in' argument"),
    ],
)
def test_networks_of_vpns_that_are_not_found_or_cannot_be_asked_for(asked, error):
    assert plain(Lab(VPNS).ask(f"show route {asked}")) == [error]
