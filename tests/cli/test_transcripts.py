"""Commands against a router with static routes, as BIRD answers them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pybird.cli.control import SocketOptions
from pybird.core.ports import LinkAddress
from pybird.values.address import Address
from tests.cli.lab import CONFIG, Lab

TIME = re.compile(r"\d\d:\d\d:\d\d\.\d{3}")


@pytest.fixture
def lab() -> Lab:
    return Lab()


def masked(text: str) -> str:
    return TIME.sub("HH:MM:SS.mmm", text)


def test_show_protocols(lab: Lab) -> None:
    assert masked(lab.ask("show protocols")) == (
        "2002-Name       Proto      Table      State  Since         Info\n"
        "1002-device1    Device     ---        up     HH:MM:SS.mmm  \n"
        " st4        Static     master4    up     HH:MM:SS.mmm  \n"
        " st6        Static     master6    up     HH:MM:SS.mmm  \n"
        " st_roa     Static     r4         up     HH:MM:SS.mmm  \n"
        " st_off     Static     master4    down   HH:MM:SS.mmm  \n"
        "0000 "
    )


def test_show_protocols_by_name_and_pattern(lab: Lab) -> None:
    assert " st6 " not in lab.ask("show protocols st4")
    assert "1002-st4 " in lab.ask("show protocols 'st4'")
    assert lab.ask('show protocols "st?"').count("Static") == 2
    assert lab.ask('show protocols "zzz*"') == "8003 No protocols match"
    assert lab.ask("show protocols nosuch").startswith("9001 ")
    assert lab.ask("show protocols st5") == "9001 there is no protocol st5, did you mean st6?"


def test_show_protocols_all(lab: Lab) -> None:
    assert masked(lab.ask("show protocols all st4")) == (
        "2002-Name       Proto      Table      State  Since         Info\n"
        "1002-st4        Static     master4    up     HH:MM:SS.mmm  \n"
        "1006-  Description:    static v4 routes\n"
        "   Channel ipv4\n"
        "     State:          UP\n"
        "     Table:          master4\n"
        "     Preference:     200\n"
        "     Input filter:   ACCEPT\n"
        "     Output filter:  REJECT\n"
        "     Routes:         6 imported, 0 exported, 6 preferred\n"
        "     Route change stats:     received   rejected   filtered    ignored   accepted\n"
        "       Import updates:              6          0          0          0          6\n"
        "       Import withdraws:            0          0        ---          0          0\n"
        "       Export updates:              0          0          0        ---          0\n"
        "       Export withdraws:            0        ---        ---        ---          0\n"
        " \n"
        "0000 "
    )


def test_show_route(lab: Lab) -> None:
    """Networks stand in the order of addresses."""
    assert masked(lab.ask("show route")) == (
        "1007-Table master4:\n"
        " 10.9.0.0/16          unreachable [st4 HH:MM:SS.mmm] * (200)\n"
        " 10.10.0.0/16         prohibited [st4 HH:MM:SS.mmm] * (200)\n"
        " 10.11.0.0/16         unicast [st4 HH:MM:SS.mmm] * (200)\n"
        " \tdev dum0\n"
        " 198.51.100.0/24      blackhole [st4 HH:MM:SS.mmm] * (200)\n"
        " 203.0.113.0/24       unicast [st4 HH:MM:SS.mmm] * (200)\n"
        " \tvia 10.0.0.2 on va\n"
        " 203.0.113.128/25     unicast [st4 HH:MM:SS.mmm] * (200)\n"
        " \tvia 192.0.2.77 on dum0 weight 3\n"
        " \tvia 10.0.0.2 on va weight 2\n"
        " \n"
        " Table master6:\n"
        " 2001:db8:200::/48    unreachable [st6 HH:MM:SS.mmm] * (200)\n"
        " \n"
        " Table r4:\n"
        " 198.18.0.0/15-24 AS65002  [st_roa HH:MM:SS.mmm] * (200)\n"
        "0000 "
    )


def nets(text: str) -> set[str]:
    return set(re.findall(r"^(?:1007-| )([0-9a-f:.]+/\d+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("198.51.100.0/24", {"198.51.100.0/24"}),
        ("for 203.0.113.200", {"203.0.113.128/25"}),
        ("for 203.0.113.0/26", {"203.0.113.0/24"}),
        ("in 203.0.113.0/24", {"203.0.113.0/24", "203.0.113.128/25"}),
        ("in 99.0.0.0/8", set()),
        ("where net ~ 10.0.0.0/8", {"10.9.0.0/16", "10.10.0.0/16", "10.11.0.0/16"}),
        ("where net ~ BOGONS table master4", {"10.9.0.0/16", "10.10.0.0/16", "10.11.0.0/16"}),
        ("filter { if net.len > 24 then accept; reject; } table master4", {"203.0.113.128/25"}),
        ("filter imp_b table master6", {"2001:db8:200::/48"}),
        ("protocol st6", {"2001:db8:200::/48"}),
        ("table master6 primary", {"2001:db8:200::/48"}),
        ("table master6 where preference = 200", {"2001:db8:200::/48"}),
        ("export st4", set()),
        ("noexport st6", set()),
        ("filtered", set()),
    ],
)
def test_show_route_options(lab: Lab, options: str, expected: set[str]) -> None:
    assert nets(lab.ask(f"show route {options}")) == expected


def test_show_route_counts(lab: Lab) -> None:
    assert lab.ask("show route count") == (
        "1007-6 of 6 routes for 6 networks in table master4\n"
        " 1 of 1 routes for 1 networks in table master6\n"
        " 1 of 1 routes for 1 networks in table r4\n"
        " 0 of 0 routes for 0 networks in table peers\n"
        "0014 Total: 8 of 8 routes for 8 networks in 4 tables"
    )
    assert lab.ask("show route where net.len > 24 table master4 count") == (
        "1007-1 of 6 routes for 6 networks in table master4\n0000 "
    )


def test_stats_and_named_tables_have_headings_even_when_empty(lab: Lab) -> None:
    """As BIRD 2.0.12 does."""
    assert masked(lab.ask("show route stats where net.len = 48")) == (
        "1007-Table master4:\n"
        " 0 of 6 routes for 6 networks in table master4\n"
        " \n"
        " Table master6:\n"
        " 2001:db8:200::/48    unreachable [st6 HH:MM:SS.mmm] * (200)\n"
        " 1 of 1 routes for 1 networks in table master6\n"
        " \n"
        " Table r4:\n"
        " 0 of 1 routes for 1 networks in table r4\n"
        " \n"
        " Table peers:\n"
        " 0 of 0 routes for 0 networks in table peers\n"
        " \n"
        "0014 Total: 1 of 8 routes for 8 networks in 4 tables"
    )
    assert lab.ask("show route table t4aux") == "1007-Table t4aux:\n0000 "
    assert lab.ask("show route stats table t4aux") == (
        "1007-Table t4aux:\n 0 of 0 routes for 0 networks in table t4aux\n0000 "
    )


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("show route 9.9.9.0/24", "8001 Network not found"),
        ("show route 9.9.9.0/24 count", "8001 Network not found"),
        ("show route table nosuch", "9001 "),
        ("show route filtered primary", "9001 Incompatible show route options"),
        ("show route where nosuch = 1", "9001 "),
        ("show route protocol nosuch", "9001 "),
        ("show foo", "9001 "),
        ("show status;", "9001 "),
        ("", "9001 "),
        ("SHOW STATUS", "9001 "),
        ("show symbols nosuch", "9001 "),
        ("eval nosuch", "9001 "),
        ("eval 1/0", "9001 Mother told me not to divide by 0"),
        ("eval true || (1/0 = 2)", "9001 Mother told me not to divide by 0"),
        ("eval [1, (1/0)..5]", "9001 Mother told me not to divide by 0"),
        ("show route where net.len ~ [1, (1/0)..5]", "9001 Mother told me not to divide by 0"),
        (
            "eval false && (70000, 1) = (1, 1)",
            "9001 Can't operate with value out of bounds in pair constructor",
        ),
        ("dialect 4", "9003 "),
        ('dump routes "/tmp/x"', "8009 "),
    ],
)
def test_errors(lab: Lab, command: str, answer: str) -> None:
    found = lab.ask(command)
    assert found.startswith(answer)
    assert "\n" not in found
    assert lab.world.log.lines == [] or not any("<bug>" in line for line in lab.world.log.lines)


def test_show_route_all_in_both_dialects(lab: Lab) -> None:
    assert masked(lab.ask("show route 198.51.100.0/24 all")) == (
        "1007-Table master4:\n"
        " 198.51.100.0/24      blackhole [st4 HH:MM:SS.mmm] * (200)\n"
        "1008-\tType: static univ\n"
        "0000 "
    )
    lab.ask("dialect 3")
    assert masked(lab.ask("show route 198.51.100.0/24 all")) == (
        "1007-Table master4:\n"
        " 198.51.100.0/24      blackhole [st4 HH:MM:SS.mmm] * (200)\n"
        "1012-\tpreference: 200\n"
        " \tsource: static\n"
        "0000 "
    )


def test_enable_disable_restart_reload(lab: Lab) -> None:
    assert lab.ask("enable st4") == "0010-st4: already enabled\n0000 "
    assert lab.ask('disable st4 "for a reason"') == "0009-st4: disabled\n0000 "
    assert lab.ask("disable st4") == "0008-st4: already disabled\n0000 "
    assert lab.ask("restart st4") == "0008-st4: already disabled\n0000 "
    assert "Message:        for a reason" in lab.ask("show protocols all st4")
    assert nets(lab.ask("show route table master4")) == set()
    assert lab.ask('enable "st4"') == "0011-st4: enabled\n0000 "
    assert lab.ask("restart st4") == "0012-st4: restarted\n0000 "
    assert len(nets(lab.ask("show route table master4"))) == 6
    assert lab.ask("reload st4") == "0015-st4: reloading\n0000 "
    assert lab.ask("reload in st4") == "0015-st4: reloading\n0000 "
    assert lab.ask("reload filters out st4") == "0015-st4: reloading\n0000 "
    assert lab.ask('reload "st?"') == "0015-st4: reloading\n st6: reloading\n0000 "


def test_debug_sets_the_flags(lab: Lab) -> None:
    lab.ask("debug st4 { states, routes }")
    assert lab.router.protocols["st4"].debug == {"states", "routes"}
    lab.ask("debug st4.ipv4 all")
    assert len(lab.router.protocols["st4"].channels["ipv4"].debug) == 6
    lab.ask("debug all off")
    assert lab.router.protocols["st4"].debug == frozenset()


def test_configure(lab: Lab) -> None:
    since = lab.router.protocols["st4"].since
    lab.files["bird.conf"] = CONFIG.replace(
        "route 10.9.0.0/16 unreachable;", "route 10.99.0.0/16 unreachable;"
    )
    assert lab.ask("configure") == "0002-Reading configuration from bird.conf\n0003 Reconfigured"
    assert lab.router.protocols["st4"].since == since
    assert "10.99.0.0/16" in nets(lab.ask("show route table master4"))
    assert lab.ask("configure undo") == "0021-Undo requested\n0003 Reconfigured"
    assert "10.9.0.0/16" in nets(lab.ask("show route table master4"))
    assert lab.ask("configure undo") == "0021-Undo requested\n0019 Nothing to do"


def test_configure_beside_the_loop(lab: Lab) -> None:
    """Where the daemon reads in a thread, commands of others are answered meanwhile."""
    slow: list[Any] = []
    lab.console.work = lambda call, then: slow.append((call, then))
    lab.files["bird.conf"] = CONFIG + "protocol static more { ipv4; }"
    assert lab.ask("configure") == ""
    assert lab.ask("show status") == ""  # in order on this connection
    assert "more" not in lab.router.protocols
    call, then = slow.pop()
    then(call(), None)
    assert lab.ask("").startswith("0002-Reading configuration from bird.conf\n0003 Reconfigured\n1000-BIRD")
    assert "more" in lab.router.protocols


def test_configure_of_a_client_that_went_away_is_carried_out(lab: Lab) -> None:
    slow: list[Any] = []
    lab.console.work = lambda call, then: slow.append((call, then))
    lab.files["bird.conf"] = CONFIG + "protocol static more { ipv4; }"
    lab.ask("configure")
    lab.session.closed(None)
    call, then = slow.pop()
    then(call(), None)
    lab.world.clock.run(1.0)
    assert "more" in lab.router.protocols


def test_configure_with_timeout(lab: Lab) -> None:
    assert lab.ask("configure confirm") == "0019 Nothing to do"
    assert lab.ask("configure timeout 30") == (
        "0002-Reading configuration from bird.conf\n0022-Undo scheduled in 30 s\n0003 Reconfigured"
    )
    assert lab.ask("configure status") == (
        "0003-Daemon is up and running\n0022-Configuration unconfirmed, undo in 28.000 s\n0000 "
    )
    assert lab.ask("configure confirm") == "0018 Reconfiguration confirmed"
    assert lab.ask("configure status") == "0003-Daemon is up and running\n0000 "
    assert "Undo scheduled in 300 s" in lab.ask("configure soft timeout")
    assert "Undo" not in lab.ask("configure timeout 0")


def test_an_expired_configuration_is_undone_and_told(lab: Lab) -> None:
    lab.files["bird.conf"] = CONFIG.replace("10.9.0.0/16", "10.99.0.0/16")
    lab.ask("configure timeout 5")
    assert "10.99.0.0/16" in nets(lab.ask("show route table master4"))
    lab.world.clock.run(5)
    assert lab.stream.taken() == "+Config timeout expired, starting undo\n"
    assert "10.9.0.0/16" in nets(lab.ask("show route table master4"))


BROKEN = 'protocol device {}\nprotocol static st4 {\n  routes 10.0.0.0/8 via "dum0";\n}\n'


def test_configure_says_what_is_wrong_and_changes_nothing(lab: Lab) -> None:
    right, lab.files["bird.conf"] = lab.files["bird.conf"], BROKEN
    found = lab.ask("configure check").split("\n")
    assert found[0] == "0002-Reading configuration from bird.conf"
    assert any(line.endswith('routes 10.0.0.0/8 via "dum0";') for line in found)
    assert found[-1].startswith("8002 bird.conf:3:3 `routes` ")
    assert lab.ask("configure").split("\n")[-1].startswith("8002 bird.conf:3:3 ")
    lab.files["bird.conf"] = right
    assert lab.ask('configure check "none.conf"') == (
        "0002-Reading configuration from none.conf\n8002 none.conf: No such file or directory"
    )
    assert len(nets(lab.ask("show route table master4"))) == 6
    assert lab.ask("configure check") == "0002-Reading configuration from bird.conf\n0020 Configuration OK"


def test_a_client_sees_nothing_of_a_file_that_is_not_of_the_configuration(lab: Lab) -> None:
    lab.files["/etc/shadow"] = "root:$6$hash:19000::::::\nbird:!:19000::::::\n"
    lab.files["bad.conf"] = BROKEN
    lines: list[str] = []
    lab.router.log = lambda level, text: lines.append(text)  # type: ignore[method-assign]
    for command in ('configure "/etc/shadow"', 'configure check "/etc/shadow"'):
        reply = lab.ask(command)
        assert "8002" in reply
        assert "/etc/shadow:1:1 ... is not a statement" in reply
        told = reply + "".join(lines)
        assert not any(word in told for word in ("root", "$", "hash", "19000", "^"))
    assert lab.ask('configure "bad.conf"').split("\n")[1:] == ["8002 bad.conf:3:3 ... is not an option here"]


def test_an_error_of_the_configuration_shows_no_secret(lab: Lab) -> None:
    lab.files["bird.conf"] += (
        'protocol bgp { local as 1; neighbor 10.0.0.2 as 2; password "tops3cret" x;'
        " ipv4 { import all; export all; }; }\n"
    )
    lines: list[str] = []
    lab.router.log = lambda level, text: lines.append(text)  # type: ignore[method-assign]
    reply = lab.ask("configure") + lab.ask("configure check")
    assert "password" in reply
    assert "tops3cret" not in reply + "".join(lines)


@pytest.mark.usefixtures("refused")
def test_configure_check_refuses_what_configure_refuses(lab: Lab) -> None:
    lab.files["bird.conf"] += (
        "protocol bgp { local as 1; neighbor 10.0.0.2 as 2; confederation 5;"
        " ipv4 { import all; export all; }; }\n"
    )
    assert lab.ask("configure check") == lab.ask("configure")
    assert lab.ask("configure check").split("\n")[-1].startswith("8002 bird.conf:")


def test_a_protocol_that_is_not_run_has_its_row(lab: Lab) -> None:
    lab.files["bird.conf"] = (
        "router id 10.0.0.1; roa4 table r4; protocol device {}\n"
        'protocol ospf o1 { description "core"; ipv4 { import all; }; area 0 {}; }\n'
        "protocol rpki k { roa4 { table r4; import limit 5; }; remote 10.0.0.9; }\n"
        "protocol static st4 { ipv4; }\n"
    )
    assert lab.ask("configure").endswith("0003 Reconfigured")
    rows = lab.ask("show protocols").split("\n")
    assert [row.removeprefix(" ").removeprefix("1002-").split()[0] for row in rows[1:-1]] == [
        "device1", "o1", "k", "st4",
    ]  # fmt: skip
    row = next(row for row in rows if "o1 " in row)
    assert re.fullmatch(r".*o1 +OSPF +--- +down +[\d:.]+ +not run by this version", row)
    assert lab.ask("show protocols o1").split("\n")[1].endswith("not run by this version")
    assert "o1" in lab.ask('show protocols "o*"')
    lines = lab.ask("show protocols all k").split("\n")
    assert [line for line in lines if "Channel roa4" in line]
    assert [line for line in lines if line.strip() == "State:          DOWN"]
    assert any("not run by this version" in line for line in lines)
    told = "9001 o1: protocol ospf is not run by this version"
    for command in ("enable o1", "restart o1", "reload o1", "debug o1 all"):
        assert lab.ask(command) == told
    assert lab.ask("disable o1") == "0008-o1: already disabled\n0000 "
    assert "o1" not in lab.ask("disable all")
    lab.ask("output json")
    (row,) = [line for line in lab.ask("show protocols o1").split("\n") if '"protocol_row"' in line]
    assert '"state": "down"' in row
    assert '"info": "not run by this version"' in row


def test_a_kernel_protocol_with_a_channel_that_is_not_run_has_its_row(lab: Lab) -> None:
    lab.files["bird.conf"] = (
        "router id 10.0.0.1; ipv6 sadr table s6; protocol device {}\n"
        "protocol kernel k { ipv6 sadr { export all; }; }\n"
        "protocol static own { ipv6 sadr; route 2001:db8:5::/48 from ::/0 unreachable; }\n"
    )
    assert lab.ask("configure").endswith("0003 Reconfigured")
    row = lab.ask("show protocols k").split("\n")[1]
    assert re.fullmatch(r".*k +Kernel +--- +down +[\d:.]+ +not run by this version", row)
    assert "2001:db8:5::/48 from ::/0" in lab.ask("show route table s6")


def test_since_when_a_protocol_is_not_run_stays_over_a_reconfiguration(lab: Lab) -> None:
    lab.files["bird.conf"] += "protocol ospf o1 { area 0 {}; }\n"
    lab.ask("configure")
    before = lab.ask("show protocols o1")
    lab.world.clock.run(100.0)
    lab.files["bird.conf"] += "protocol static more { ipv4; }\n"
    assert lab.ask("configure").endswith("Reconfigured")
    assert lab.ask("show protocols o1") == before


def test_show_status(lab: Lab) -> None:
    found = lab.ask("show status").split("\n")
    assert found[:3] == ["1000-BIRD 2.19.2", "1011-Router ID is 10.0.0.1", " Hostname is alpha"]
    assert re.fullmatch(r" Current server time is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", found[3])
    assert found[-1] == "0013 Daemon is up and running"


def test_show_interfaces(lab: Lab) -> None:
    assert lab.ask("show interfaces") == (
        "1001-lo up (index=1)\n"
        "1004-\tMultiAccess AdminUp LinkUp Loopback Ignored MTU=65536\n"
        "1003-\t127.0.0.1/8 (Preferred, scope host)\n"
        " \t::1/128 (Preferred, scope host)\n"
        "1001-va up (index=2)\n"
        "1004-\tMultiAccess Broadcast Multicast AdminUp LinkUp MTU=1500\n"
        "1003-\t10.0.0.1/24 (Preferred, scope site)\n"
        "1001-dum0 up (index=3)\n"
        "1004-\tMultiAccess Broadcast Multicast AdminUp LinkUp MTU=1500\n"
        "1003-\t192.0.2.1/24 (Preferred, scope univ)\n"
        " \tfe80::1/64 (Preferred, scope link)\n"
        "0000 "
    )
    assert lab.ask("show interfaces summary") == (
        "2005-Interface  State  IPv4 address       IPv6 address\n"
        "1005-lo         up     127.0.0.1/8        ::1/128\n"
        " va         up     10.0.0.1/24        \n"
        " dum0       up     192.0.2.1/24       \n"
        "0000 "
    )


def test_show_symbols(lab: Lab) -> None:
    assert lab.ask("show symbols filter") == "1010-imp_b   \tfilter\n0000 "
    assert lab.ask("show symbols function") == "1010-is_bogon\tfunction\n0000 "
    assert lab.ask("show symbols imp_b") == "1010 imp_b   \tfilter"
    assert " st_roa  \tprotocol" in lab.ask("show symbols").split("\n")


@pytest.mark.parametrize(
    ("own", "inside"),
    [
        ("10.31.0.0/31", "opposite 10.31.0.1, scope site"),
        ("10.31.0.2/30", "opposite 10.31.0.1, scope site"),
        ("10.31.0.3/30", "opposite 10.31.0.0, scope site"),
        ("10.31.0.2/29", "scope site"),
        ("10.31.0.2/32", "opposite 10.9.9.9, scope site"),
        ("192.0.2.3/31", "opposite 192.0.2.2, scope univ"),
        ("240.1.0.1/24", "scope site"),
        ("239.1.0.1/24", "scope univ"),
        ("2001:db8:1::1/127", "opposite 2001:db8:1::, scope univ"),
        ("2001:db8:1::1/126", "scope univ"),
        ("fec0::1/64", "scope site"),
        ("feff::1/64", "scope site"),
        ("fdff::1/64", "scope site"),
        ("::10.0.0.1/96", "scope site"),
        ("::1.2.3.4/96", "scope univ"),
    ],
)
def test_the_other_end_and_the_scope_of_an_address(lab: Lab, own: str, inside: str) -> None:
    address, length = own.split("/")
    far = Address.parse("10.9.9.9") if own.endswith("/32") else None
    lab.world.kernel.address(LinkAddress(3, Address.parse(address), int(length), opposite=far))
    (line,) = [line for line in lab.ask("show interfaces").split("\n") if f"{address}/{length}" in line]
    assert line.partition("(")[2].removeprefix("Preferred, ") == f"{inside})"


def test_without_a_static_protocol_that_runs_there_is_nothing_to_show(lab: Lab) -> None:
    lab.files["bird.conf"] = "router id 10.0.0.1; protocol device {} protocol static { disabled; ipv4; }"
    lab.ask("configure")
    assert lab.ask("show static") == "9001 There is no Static protocol running"


def test_show_static(lab: Lab) -> None:
    assert lab.ask("show static st4") == (
        "1009-198.51.100.0/24\tblackhole\n"
        " 203.0.113.0/24\n"
        " \tvia 10.0.0.2\n"
        " 203.0.113.128/25\n"
        " \tvia 192.0.2.77\n"
        " \tvia 10.0.0.2\n"
        " 10.9.0.0/16\tunreachable\n"
        " 10.10.0.0/16\tprohibited\n"
        " 10.11.0.0/16\n"
        " \tdev dum0\n"
        "0000 "
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1+2*3", "7"),
        ("(1,2)", "(1,2)"),
        ("(rt, 10, 20)", "(rt, 10, 20)"),
        ("[1..3,5]", "[1..3, 5]"),
        ("BOGONS", "[10.0.0.0/8{1.255.255.255}, 192.168.0.0/16{0.1.255.0}]"),
        ("+empty+.prepend(1).prepend(2)", "(path 2 1)"),
        ("MYAS", "65001"),
        ("roa_check(r4, 198.18.0.0/20, 65002) = ROA_VALID", "TRUE"),
        ("roa_check(r4, 198.18.0.0/20, 65003) = ROA_INVALID", "TRUE"),
        ("roa_check(r4, 10.0.0.0/8, 65003) = ROA_UNKNOWN", "TRUE"),
    ],
)
def test_eval(lab: Lab, expression: str, value: str) -> None:
    assert lab.ask(f"eval {expression}") == f"0023 {value}"


def test_eval_of_a_route_attribute_fails(lab: Lab) -> None:
    assert lab.ask("eval net").startswith("8008 ")
    assert lab.ask("eval roa_check(r4)").startswith("8008 ")


def test_eval_asks_aspa_tables(lab: Lab) -> None:
    lab.files["bird.conf"] += "aspa table pa; protocol static { aspa { table pa; }; route aspa 1 transit; }\n"
    lab.ask("configure")
    assert lab.ask("eval aspa_check(pa, +empty+.prepend(1), true) = ASPA_VALID") == "0023 TRUE"


def test_timeformat_of_the_session(lab: Lab) -> None:
    lab.ask("timeformat protocol iso long")
    assert re.search(r"up     \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  $", lab.ask("show protocols st4"), re.MULTILINE)
    for text in ('"%T%n0000 "', '"%F" 5 "%n"'):
        assert lab.ask(f"timeformat {text}") == "9003 a time format must not break the line"
    assert lab.ask('timeformat "%99999999d"').startswith("9003 a time format has fields")
    assert lab.ask('timeformat "%%n%99d"') == "0000 "
    lab.ask('timeformat "%s"')
    assert re.search(r"up     \d{10}    $", lab.ask("show protocols st4"), re.MULTILINE)


def test_restricted_sessions_cannot_change_anything() -> None:
    lab = Lab(options=SocketOptions(restricted=True))
    for command in ("configure", "disable st4", "restart all", "reload st4", "down", "debug all all"):
        assert lab.ask(command) == "8007 Access denied"
    assert lab.ask("show status").endswith("0013 Daemon is up and running")


def test_down(lab: Lab) -> None:
    assert lab.ask("down") == "0007 Shutdown requested"
    assert lab.stopped == [False]


def test_every_row_as_json(lab: Lab) -> None:
    lab.ask("output json")
    for command in ("show protocols all", "show route all", "show interfaces", "show status", "show memory"):
        lines = lab.ask(command).split("\n")
        rows = [json.loads(line[line.index("{") :]) for line in lines if "{" in line]
        assert rows, command
    row = json.loads(lab.ask("show route 10.11.0.0/16").split("\n")[0][5:])
    assert (row["net"], row["dest"], row["hops"][0]["interface"]) == ("10.11.0.0/16", "unicast", "dum0")


def test_help_lists_every_command(lab: Lab) -> None:
    found = lab.ask("help")
    assert "show status" + " " * 36 + "Show router status" in found
    assert "configure check" in found


def test_show_version_names_the_program(lab: Lab) -> None:
    assert "PyBIRD" in lab.ask("show version")


def test_show_peers_of_nobody(lab: Lab) -> None:
    assert lab.ask("show peers").split("\n")[1:] == ["0000 "]
    assert lab.ask("show neighbors").split("\n")[1:] == ["0000 "]
    assert lab.ask("show peers table r4") == "9001 r4 is not a peer table"


def test_echo_shows_log_messages(lab: Lab) -> None:
    assert lab.ask("echo { info, error } 4096") == "0000 "
    lab.console.log("info", "hello")
    lab.console.log("debug", "not this")
    assert lab.stream.taken() == "+hello\n"
    assert lab.session.echo_limit == 4096
    lab.ask("echo off")
    lab.console.log("info", "hello")
    assert lab.stream.taken() == ""


def test_filters_of_commands_are_not_kept(lab: Lab) -> None:
    before = len(lab.router.policies._code)
    for _ in range(3):
        lab.ask("show route where net.len > 24")
    assert len(lab.router.policies._code) == before


def test_recursive_routes_say_where_they_are_looked_up() -> None:
    lab = Lab(CONFIG + "protocol static rec { ipv4; route 10.12.0.0/16 recursive 203.0.113.5; }\n")
    lab.ask("dialect 3")
    assert masked(lab.ask("show route 10.12.0.0/16 all")) == (
        "1007-Table master4:\n"
        " 10.12.0.0/16         unicast [rec HH:MM:SS.mmm] * (200)\n"
        " \tvia 10.0.0.2 on va\n"
        "1012-\thostentry: via 203.0.113.5 table master4\n"
        " \tpreference: 200\n"
        " \tlocal_metric: unknown\n"
        " \tsource: static\n"
        "0000 "
    )
    assert "10.12.0.0/16\trecursive 203.0.113.5" in lab.ask("show static rec")


OWN_LABELS = """router id 10.0.0.1; protocol device {}
mpls domain d { label range given { start 2000; length 1000; }; };
mpls domain e;
mpls table labels; ipv4 table t4;
protocol static s { ipv4 { table t4; }; mpls { label range given; };
  route 10.1.0.0/16 mpls 100 blackhole; route 10.2.0.0/16 recursive 203.0.113.5 mpls 5/6;
  route 10.1.0.0/16 unreachable; }
"""


def test_labels_of_our_own_stand_behind_their_networks() -> None:
    """As BIRD 2.19.2 and 3.3.2 write it; a second route of a network is named for its label."""
    lab = Lab(OWN_LABELS)
    assert masked(lab.ask("show route table t4 10.1.0.0/16 all")) == (
        "1007-Table t4:\n"
        " 10.1.0.0/16 mpls 100 blackhole [s HH:MM:SS.mmm] * (200)\n"
        "1008-\tType: static univ\n"
        "1012-\tmpls_label: 100\n"
        " \tmpls_policy: 1\n"
        "1007-10.1.0.0/16 mpls 2001 unreachable [s HH:MM:SS.mmm] (200)\n"
        "1008-\tType: static univ\n"
        "1012-\tmpls_label: 2001\n"
        " \tmpls_policy: 2\n"
        "0000 "
    )
    lab.ask("dialect 3")
    assert masked(lab.ask("show route table t4 10.2.0.0/16 all")) == (
        "1007-Table t4:\n"
        " 10.2.0.0/16 mpls 2000 unreachable [s HH:MM:SS.mmm] * (200)\n"
        "1012-\thostentry: via 203.0.113.5 table t4 mpls 5/6\n"
        " \tpreference: 200\n"
        " \tsource: static\n"
        " \tmpls_policy: <type 35>\n"
        " \tmpls_label: 2000\n"
        "0000 "
    )
    assert masked(lab.ask("show route table labels mpls 100 all")) == (
        "1007-Table labels:\n"
        " 100                  blackhole [s HH:MM:SS.mmm] * (0)\n"
        "1012-\tsource: static\n"
        "0000 "
    )


def test_ranges_of_labels() -> None:
    lab = Lab(OWN_LABELS)
    head = " Range         Start  Length     End  Labels    Last\n"
    given = " given          2000    1000    3000       2    2001\n"
    assert lab.ask("show mpls ranges") == (
        f"1026-MPLS domain d:\n{head}"
        " static           16     984    1000       1     100\n"
        " dynamic        1000    9000   10000       0    2001\n"
        f"{given} \n MPLS domain e:\n{head}"
        " static           16     984    1000       0       0\n"
        " dynamic        1000    9000   10000       0       0\n"
        "0000 "
    )
    for words in ("d given", "given"):
        assert lab.ask(f"show mpls ranges {words}") == f"1026-MPLS domain d:\n{head}{given}0000 "
    assert lab.ask("show mpls ranges e static").endswith(
        "static           16     984    1000       0       0\n0000 "
    )
    assert lab.ask("show mpls ranges e given") == "9001 MPLS label range from different MPLS domain"
    for words in ("t4", "nothing", "static static d", "d e"):
        assert lab.ask(f"show mpls ranges {words}").startswith("9001 "), words


def test_a_filter_that_fails_for_a_network_leaves_it_out():
    """A peer has no length: `where net.len` is a run-time error for that route, not for the command."""
    lab = Lab(
        "router id 1.1.1.1; protocol device { } peer table near; protocol static p { peers { table near; };"
        " route peer fe80::1 % 2; }"
    )
    assert "internal error" not in lab.ask("show route table near where net.len = 8")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("show ospf", "9001 There is no OSPF protocol running"),
        ("show ospf neighbors", "9001 There is no OSPF protocol running"),
        ("show ospf state all st4", "9001 st4: Not a OSPF protocol"),
        ("show ospf lsadb area 0 type 1 self", "9001 There is no OSPF protocol running"),
        ("show rip interfaces", "9001 There is no RIP protocol running"),
        ('show rip neighbors st4 "eth0"', "9001 st4: Not a RIP protocol"),
        ("show babel entries", "9001 There is no Babel protocol running"),
        ("show bfd sessions", "9001 There is no BFD protocol running"),
        ("show bfd sessions st4", "9001 st4: Not a BFD protocol"),
        ('show bfd sessions dev "eth0" ipv6 direct all', "9001 There is no BFD protocol running"),
        ("show mpls ranges", "9001 No MPLS domain defined"),
        ("mrt dump", "9001 Table not specified"),
        ("mrt dump table master4", "9001 File not specified"),
        ("mrtdump all off", "0000 "),
        ("show static r4", "9001 there is no protocol r4"),
        ("show static device1", "9001 device1: Not a Static protocol"),
        ("show route protocol device1", "9001 No valid tables"),
        ("show route import table st4.ipv4", "9001 No import table in channel st4.ipv4"),
        ("show route import table st4.ipv6", "9001 Channel st4.ipv6 not found"),
        ("show route export st4 table r4", "9001 No export channel for table r4"),
        ("debug st4.ipv6 all", "9001 Channel st4.ipv6 not found"),
    ],
)
def test_answers_as_bird_gives_them(lab: Lab, command: str, answer: str) -> None:
    assert lab.ask(command) == answer


def test_what_would_not_be_written_is_not_promised(lab: Lab) -> None:
    assert lab.ask("mrtdump st4 { states, messages }").startswith("8009 MRT dumps are not written")
    assert lab.ask('mrt dump table master4 to "/tmp/x"').startswith("8009 MRT dumps are not written")


def test_of_counting_options_the_last_one_counts(lab: Lab) -> None:
    assert lab.ask("show route table t4aux count stats") == lab.ask("show route table t4aux stats")
    assert lab.ask("show route table t4aux stats count") == lab.ask("show route table t4aux count")


def test_static_protocols_that_are_down_are_shown_by_name_only(lab: Lab) -> None:
    assert "192.0.2.128/25" not in lab.ask("show static")
    assert "192.0.2.128/25" in lab.ask("show static st_off")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("show protcols", "9001 unexpected `protcols`, did you mean `protocols`?"),
        ("show route tabel r4", "9001 unexpected `tabel`, did you mean `table`?"),
        ("show", "9001 the command ends too early"),
        ("eval 1 == 2", "9001 unexpected `==`: values are compared with `=`, did you mean `=`?"),
        ("show route where bgp_aspath.len > 2", "9001 `bgp_aspath` is not defined, did you mean `bgp_path`?"),
    ],
)
def test_mistakes_in_commands(lab: Lab, command: str, answer: str) -> None:
    assert lab.ask(command) == answer


def test_a_command_that_fails_by_our_fault_is_logged_in_short(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_text: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lab.console.language, "parse_command", broken)
    secret = "x" * 5000
    assert lab.ask(f"eval {secret}").startswith("8008 internal error")
    assert not any(secret[:300] in line for line in lab.world.log.lines)
    assert any("(5005 octets)" in line for line in lab.world.log.lines)


def test_what_goes_wrong_in_a_filter_is_an_error_what_it_prints_is_not() -> None:
    lab = Lab(
        "router id 10.0.0.1;\nprotocol device { }\n"
        "protocol static one { route 10.0.0.0/8 blackhole;\n"
        '  ipv4 { import filter { print "hello"; if 1 / net.len = net.len - 8 then accept; reject; }; }; }\n'
        "protocol static two { route 11.0.0.0/8 blackhole;\n"
        '  ipv4 { import filter { print "undecided"; if 1 / (net.len - 8) = 1 then accept; }; }; }\n'
        "protocol static three { route 12.0.0.0/8 blackhole; ipv4 { import filter { print 1; }; }; }\n"
    )
    lines = lab.world.log.lines
    assert "<info> hello" in lines
    assert [line for line in lines if line.startswith("<error>")] == [
        "<error> filters, line 6: Mother told me not to divide by 0",
        "<error> Filter (unnamed) did not return accept nor reject. Make up your mind",
    ]


def test_only_bgp_refreshes_routes(lab: Lab) -> None:
    assert lab.ask("reload bgp st4") == "8006-st4: not reloading, route refresh unavailable\n0000 "
