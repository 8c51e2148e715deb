"""Text of replies, against lines recorded from BIRD 2.0.12, 2.19.2 and 3.3.2."""

# ruff: noqa: E501  recorded lines stand as they were recorded

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pybird.cli.birdc_text import View, lines
from pybird.cli.times import ISO_LONG, ISO_SHORT, Times, written
from pybird.conf.model import TimeFormat
from pybird.core import replies as r
from pybird.core.protocol import Detail

NOW = datetime(2026, 11, 22, 13, 44, 38, 569_000).timestamp()
START = r.Moment(datetime(2026, 11, 22, 13, 44, 28, 750_000).timestamp())
ROUTE = r.Moment(START.wall, "route")
TIMES = Times(ISO_LONG[3], ISO_SHORT[3], ISO_SHORT[3], NOW)


def text(*replies: r.Reply, dialect: int = 2, v2: bool = False) -> str:
    view = View(dialect, TIMES, v2)
    return "\n".join(f"{code} {line}" for reply in replies for code, line in lines(reply, view))


def test_rows_of_show_protocols() -> None:
    rows = [
        r.ProtocolRow("device1", "Device", "", "up", START, ""),
        r.ProtocolRow("to_b", "BGP", "", "up", START, "Established   "),
        r.ProtocolRow("to_absent", "BGP", "", "start", START, "Connect       Socket: No route to host"),
        r.ProtocolRow("st4", "Static", "master4", "up", START, ""),
    ]
    assert text(r.ProtocolHeading(), *rows) == (
        "2002 Name       Proto      Table      State  Since         Info\n"
        "1002 device1    Device     ---        up     13:44:28.750  \n"
        "1002 to_b       BGP        ---        up     13:44:28.750  Established   \n"
        "1002 to_absent  BGP        ---        start  13:44:28.750  Connect       Socket: No route to host\n"
        "1002 st4        Static     master4    up     13:44:28.750  "
    )


CHANNEL = r.ChannelDetail(
    name="ipv4",
    state="UP",
    import_state="UP",
    export_state="READY",
    table="master4",
    preference=100,
    input_filter="imp_b",
    output_filter="(unnamed)",
    receive_limit=r.LimitState(200, "disable"),
    import_limit=r.LimitState(100, "warn"),
    imported=2,
    filtered=2,
    exported=7,
    preferred=2,
    import_updates=r.RouteChanges(7, 0, 3, 2, 0, 0, 2),
    import_withdraws=r.RouteChanges(0, 0, 0, 2, 0, 0, 0),
    export_updates=r.RouteChanges(16, 2, 1, 0, 0, 0, 7),
    export_withdraws=r.RouteChanges(0, 0, 0, 2, 0, 0, 0),
    details=(Detail("BGP Next hop", "10.0.0.1"),),
)
BLOCK = Detail(
    "BGP state",
    "Established",
    (
        Detail("Neighbor address", "10.0.0.2"),
        Detail(
            "Local capabilities",
            "",
            (
                Detail("Multiprotocol", "", (Detail("AF announced", "ipv4 ipv6"),)),
                Detail("Route refresh"),
                Detail("ADD-PATH", "", (Detail("RX:"), Detail("TX", "ipv4"))),
                Detail("Hostname", "bravo"),
            ),
        ),
        Detail("Hold timer", "83.759/90"),
        Detail("TX pending", "0 bytes"),
    ),
)
PROTOCOL = r.ProtocolRow(
    "to_b",
    "BGP",
    "",
    "up",
    START,
    "Established   ",
    r.ProtocolDetail(START, "Bravo eBGP", details=(BLOCK,), channels=(CHANNEL,)),
)


def test_show_protocols_all_in_dialect_2() -> None:
    assert text(PROTOCOL) == (
        "1002 to_b       BGP        ---        up     13:44:28.750  Established   \n"
        "1006   Description:    Bravo eBGP\n"
        "1006   BGP state:          Established\n"
        "1006     Neighbor address: 10.0.0.2\n"
        "1006     Local capabilities\n"
        "1006       Multiprotocol\n"
        "1006         AF announced: ipv4 ipv6\n"
        "1006       Route refresh\n"
        "1006       ADD-PATH\n"
        "1006         RX:\n"
        "1006         TX: ipv4\n"
        "1006       Hostname: bravo\n"
        "1006     Hold timer:       83.759/90\n"
        "1006   Channel ipv4\n"
        "1006     State:          UP\n"
        "1006     Table:          master4\n"
        "1006     Preference:     100\n"
        "1006     Input filter:   imp_b\n"
        "1006     Output filter:  (unnamed)\n"
        "1006     Receive limit:  200\n"
        "1006       Action:       disable\n"
        "1006     Import limit:   100\n"
        "1006       Action:       warn\n"
        "1006     Routes:         2 imported, 2 filtered, 7 exported, 2 preferred\n"
        "1006     Route change stats:     received   rejected   filtered    ignored   accepted\n"
        "1006       Import updates:              7          0          3          2          2\n"
        "1006       Import withdraws:            0          0        ---          2          0\n"
        "1006       Export updates:             16          2          1        ---          7\n"
        "1006       Export withdraws:            0        ---        ---        ---          0\n"
        "1006     BGP Next hop:   10.0.0.1\n"
        "1006 "
    )


@pytest.mark.parametrize("dialect", [2, 3])
def test_what_no_bird_tells_of_a_kernel_protocol_stands_in_json_alone(dialect: int) -> None:
    """But for what is wrong."""
    refused = Detail("Refused routes", "1", (Detail("10.0.0.0/8", "File exists"),))
    details = (Detail("Kernel table", "254"), Detail("Installed routes", "4"), refused)
    row = r.ProtocolRow("k4", "Kernel", "master4", "up", START, "", r.ProtocolDetail(START, details=details))
    found = text(row, dialect=dialect).split("\n")
    assert [line.split()[1] for line in found if line.startswith("1006  ")][-2:] == ["Refused", "10.0.0.0/8:"]
    assert not any("Kernel table" in line or "Installed" in line for line in found)


def test_show_protocols_all_in_dialect_3() -> None:
    found = text(PROTOCOL, dialect=3).split("\n")
    assert found[1:3] == ["1006   Description:        Bravo eBGP", "1006   Created:            13:44:28.750"]
    assert "1006     TX pending:       0 bytes" in found
    assert found[found.index("1006     State:          UP") + 1 :][:3] == [
        "1006     Import state:   UP",
        "1006     Export state:   READY",
        "1006     Table:          master4",
    ]
    stats = found.index(
        "1006     Route change stats:     received   rejected   filtered    ignored   RX limit      limit"
        "   accepted"
    )
    assert found[stats + 1 : stats + 5] == [
        "1006       Import updates:              7          0          3          2          0          0          2",
        "1006       Import withdraws:            0          0        ---          2        ---        ---          0",
        "1006       Export updates:             16          2          1          0        ---          0          7",
        "1006       Export withdraws:            0        ---        ---          2        ---        ---          0",
    ]


def route(net: str, dest: str = "unicast", again: bool = False, **rest: object) -> r.RouteRow:
    values = {
        "protocol": "st4",
        "since": ROUTE,
        "sender": "",
        "primary": True,
        "preference": 200,
        "info": "",
        **rest,
    }
    return r.RouteRow("master4", net, again, dest, **values)  # type: ignore[arg-type]


def test_rows_of_show_route() -> None:
    rows = [
        r.RouteHeading("master4"),
        route("198.51.100.0/24", "blackhole"),
        route(
            "203.0.113.128/25",
            hops=(r.Via("192.0.2.77", "dum0", 3), r.Via("10.0.0.2", "va", 2)),
        ),
        route("10.11.0.0/16", hops=(r.Via("", "dum0"),)),
        r.RouteHeading("master6", first=False),
        route(
            "2001:db8:b00::/48",
            protocol="to_b",
            sender="10.0.0.2",
            preference=100,
            info="[AS65002i]",
            hops=(r.Via("2001:db8:0:1:7863:18ff:fe82:16ee", "va"),),
        ),
        route(
            "2001:db8:b00::/48",
            again=True,
            protocol="auto_01",
            sender="fe80::7863:18ff:fe82:16ee",
            primary=False,
            preference=100,
            info="[AS65002i]",
            hops=(r.Via("fe80::7863:18ff:fe82:16ee", "va"),),
        ),
        r.RouteHeading("r4", first=False),
        route("198.18.0.0/15-24 AS65002", "", protocol="st_roa"),
    ]
    assert text(*rows) == (
        "1007 Table master4:\n"
        "1007 198.51.100.0/24      blackhole [st4 13:44:28.750] * (200)\n"
        "1007 203.0.113.128/25     unicast [st4 13:44:28.750] * (200)\n"
        "1007 \tvia 192.0.2.77 on dum0 weight 3\n"
        "1007 \tvia 10.0.0.2 on va weight 2\n"
        "1007 10.11.0.0/16         unicast [st4 13:44:28.750] * (200)\n"
        "1007 \tdev dum0\n"
        "1007 \n"
        "1007 Table master6:\n"
        "1007 2001:db8:b00::/48    unicast [to_b 13:44:28.750 from 10.0.0.2] * (100) [AS65002i]\n"
        "1007 \tvia 2001:db8:0:1:7863:18ff:fe82:16ee on va\n"
        "1007                      unicast [auto_01 13:44:28.750] (100) [AS65002i]\n"
        "1007 \tvia fe80::7863:18ff:fe82:16ee on va\n"
        "1007 \n"
        "1007 Table r4:\n"
        "1007 198.18.0.0/15-24 AS65002  [st_roa 13:44:28.750] * (200)"
    )


ALL = r.RouteAttributes(
    "BGP",
    "BGP univ",
    (
        r.AttributeText("bgp_origin", "BGP.origin", "IGP"),
        r.AttributeText("bgp_path", "BGP.as_path", "65002 64512"),
        r.AttributeText("my_tag", "", "7"),
    ),
)


@pytest.mark.parametrize(("dialect", "v2"), [(2, False), (3, True)])
def test_attributes_in_the_words_of_bird_2(dialect: int, v2: bool) -> None:
    row = route("198.18.1.0/24", sender="10.0.0.2", hops=(r.Via("10.0.0.2", "va"),), all=ALL)
    assert text(row, dialect=dialect, v2=v2) == (
        "1007 198.18.1.0/24        unicast [st4 13:44:28.750] * (200)\n"
        "1007 \tvia 10.0.0.2 on va\n"
        "1008 \tType: BGP univ\n"
        "1012 \tBGP.origin: IGP\n"
        "1012 \tBGP.as_path: 65002 64512\n"
        "1012 \tmy_tag: 7"
    )


def test_attributes_in_dialect_3() -> None:
    row = route("198.18.1.0/24", sender="10.0.0.2", hops=(r.Via("10.0.0.2", "va"),), all=ALL)
    assert text(row, dialect=3).split("\n")[2:] == [
        "1012 \tpreference: 200",
        "1012 \tfrom: 10.0.0.2",
        "1012 \tsource: BGP",
        "1012 \tbgp_origin: IGP",
        "1012 \tbgp_path: 65002 64512",
        "1012 \tmy_tag: 7",
    ]


@pytest.mark.parametrize(
    ("item", "widths"),
    [  # without the tabs before them, as recorded from BIRD 2.19.2 and 3.3.2
        ("(65002,10000)", {2: (490, 489), 3: (476, 489)}),
        ("(rt, 65002, 100000)", {2: (438, 439), 3: (438, 439)}),
        ("(generic, 0x4377fdea, 0x186a0)", {2: (452, 464), 3: (452, 464)}),
        ("(65002, 1000, 200000)", {2: (438, 439), 3: (438, 439)}),
    ],
)
@pytest.mark.parametrize("dialect", [2, 3])
def test_a_long_community_list_goes_on_where_it_does_in_bird(
    dialect: int, item: str, widths: dict[int, tuple[int, int]]
) -> None:
    kind = {"(6": "community", "(r": "ext_community", "(g": "ext_community"}[item[:2]]
    kind = "large_community" if item.count(", ") == 2 and kind == "community" else kind
    communities = r.AttributeText(f"bgp_{kind}", f"BGP.{kind}", " ".join([item] * 120))
    found = text(route("10.0.0.0/8", all=r.RouteAttributes("BGP", "", (communities,))), dialect=dialect)
    shown = [line[5:] for line in found.split("\n") if item in line]
    assert shown[0].startswith(f"\t{communities.label if dialect == 2 else communities.name}: {item} ")
    assert all(line.startswith(f"\t\t{item}") for line in shown[1:])
    assert (len(shown[0]) - 1, len(shown[1]) - 2) == widths[dialect]
    assert " ".join(line.strip() for line in shown).partition(": ")[2] == communities.text


@pytest.mark.parametrize("text_of_path", ["(65001 65002) (65003)", " ".join(map(str, range(65000, 65100)))])
def test_a_path_stays_on_one_line(text_of_path: str) -> None:
    path = r.AttributeText("bgp_path", "BGP.as_path", text_of_path)
    found = text(route("10.0.0.0/8", all=r.RouteAttributes("BGP", "BGP univ", (path,))))
    assert found.split("\n")[-1] == f"1012 \tBGP.as_path: {text_of_path}"


def test_of_an_unknown_attribute_bird_2_shows_the_octets_and_bird_3_that_it_is_transitive() -> None:
    unknown = r.AttributeText("bgp_unknown_0xfa", "BGP.fa [t]", "01 02")
    row = route("10.0.0.0/8", all=r.RouteAttributes("BGP", "BGP univ", (unknown,)))
    assert text(row).split("\n")[-1] == "1012 \tBGP.fa [t]: 01 02"
    assert text(row, dialect=3).split("\n")[-1] == "1012 \tbgp_unknown_0xfa: (transitive)"


def test_kernel_attributes_come_first_in_dialect_3_but_for_the_metric() -> None:
    names = ("igp_metric", "bgp_med", "krt_metric", "krt_prefsrc", "my")
    found = r.RouteAttributes("static", "", tuple(r.AttributeText(name, "", "1") for name in names), "", "9")
    shown = text(route("10.0.0.0/8", sender="10.0.0.2", all=found), dialect=3).split("\n")[-9:]
    assert [line[6:].partition(":")[0] for line in shown] == (
        [
            "preference",
            "igp_metric",
            "local_metric",
            "from",
            "source",
            "krt_prefsrc",
            "bgp_med",
            "krt_metric",
            "my",
        ]
    )


def test_counts() -> None:
    assert text(r.RouteCount("master6", 3, 5, 4), r.RouteTotal(2, 11, 15, 14)) == (
        "1007 3 of 5 routes for 4 networks in table master6\n"
        "14 Total: 11 of 15 routes for 14 networks in 2 tables"
    )


def test_interfaces() -> None:
    row = r.InterfaceRow(
        "va",
        True,
        2,
        1500,
        ("MultiAccess", "Broadcast", "Multicast", "AdminUp", "LinkUp"),
        (
            r.InterfaceAddress("10.0.0.1", 24, True, "site"),
            r.InterfaceAddress("2001:db8:0:1::1", 64, False, "univ"),
        ),
    )
    summary = r.InterfaceSummary("dum0p", "up", "", "")
    assert text(
        row, r.InterfaceHeading(), summary, r.InterfaceSummary("lo", "up", "127.0.0.1/8", "::1/128")
    ) == (
        "1001 va up (index=2)\n"
        "1004 \tMultiAccess Broadcast Multicast AdminUp LinkUp MTU=1500\n"
        "1003 \t10.0.0.1/24 (Preferred, scope site)\n"
        "1003 \t2001:db8:0:1::1/64 (scope univ)\n"
        "2005 Interface  State  IPv4 address       IPv6 address\n"
        "1005 dum0p      up                        \n"
        "1005 lo         up     127.0.0.1/8        ::1/128"
    )


def test_status() -> None:
    status = r.Status(
        "BIRD 3.3.2",
        "10.0.0.1",
        "alpha",
        r.Moment(NOW, "base"),
        r.Moment(START.wall, "base"),
        r.Moment(START.wall, "base"),
        "Daemon is up and running",
    )
    assert text(status) == (
        "1000 BIRD 3.3.2\n"
        "1011 Router ID is 10.0.0.1\n"
        "1011 Hostname is alpha\n"
        "1011 Current server time is 2026-11-22 13:44:38.569\n"
        "1011 Last reboot on 2026-11-22 13:44:28.750\n"
        "1011 Last reconfiguration on 2026-11-22 13:44:28.750\n"
        "13 Daemon is up and running"
    )


def test_memory() -> None:
    rows = (r.MemoryRow("Route attributes", 2364, 12288), r.MemoryRow("Total of all", 1215795, 2394829))
    assert text(r.MemoryUse(rows)).split("\n")[1:4] == [
        "1018                   Effective    Overhead",
        "1018 Route attributes: 2364.0  B     12.0 kB",
        "1018 Total of all:     1187.3 kB   2338.7 kB",
    ]


def test_symbols_and_static() -> None:
    assert text(r.SymbolRow("at", "routing table"), r.SymbolRow("to_nobody", "protocol")) == (
        "1010 at      \trouting table\n1010 to_nobody\tprotocol"
    )
    rows = (
        r.StaticRow("st4", "198.51.100.0/24", "blackhole"),
        r.StaticRow("st4", "203.0.113.128/25", "", ("via 192.0.2.77", "via 10.0.0.2")),
    )
    assert text(*rows) == (
        "1009 198.51.100.0/24\tblackhole\n1009 203.0.113.128/25\n1009 \tvia 192.0.2.77\n1009 \tvia 10.0.0.2"
    )


def test_times_of_yesterday_are_dates() -> None:
    day = START.wall - 90_000
    assert written(day, ISO_SHORT[3], NOW) == "2026-11-21"
    assert written(START.wall, ISO_SHORT[6], NOW) == "13:44:28.750000"
    assert written(START.wall, ISO_LONG[0], NOW) == "2026-11-22 13:44:28"
    assert written(START.wall, TimeFormat("%s"), NOW) == str(int(START.wall))


def test_problems_of_a_configuration_end_with_the_line_that_tools_read() -> None:
    problem = r.ConfigProblem("a.conf", 4, 3, "unknown option `foo`", "  foo;", ("  foo;", "  ^^^"))
    assert text(problem) == "8002   foo;\n8002   ^^^\n8002 a.conf:4:3 unknown option `foo`"


def test_memory_says_what_the_process_has() -> None:
    shown = text(r.MemoryUse((r.MemoryRow("Protocols", 48000, 0),), 60_000_000)).split("\n")
    assert shown[-3:] == [
        "1018 Total:              46.9 kB      0.0  B",
        "1018 ",
        "1018 Active pages:       57.2 MB",
    ]


@pytest.mark.parametrize(
    ("dialect", "action", "hit"),
    [(2, "warn", True), (2, "block", True), (3, "warn", False), (3, "block", True)],
)
def test_bird_3_has_no_hit_for_a_limit_that_only_warns(dialect: int, action: str, hit: bool) -> None:
    channel = replace(CHANNEL, import_limit=r.LimitState(100, action, hit=True))
    row = replace(PROTOCOL, detail=r.ProtocolDetail(START, channels=(channel,)))
    assert ("Import limit:   100 [HIT]" in text(row, dialect=dialect)) is hit
