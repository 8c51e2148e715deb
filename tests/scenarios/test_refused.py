"""A route that is refused is explained: one line, one count, and the reason as long as it is refused."""

import json
import re
from dataclasses import replace
from functools import cache

import pytest
from rich import console

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.client import tables
from pybird.core.refusals import MOST
from pybird.proto import PROTOCOLS
from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.values.net import net_of
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import language
from tests.scenarios.line import KEEPALIVE, TEXT, Line, hello, update
from tests.scenarios.test_rfc7606 import HOP, ORIGIN, a, mp, reach

GOOD = ORIGIN + a("40 2 0201 0000fdea") + HOP
OWN_AS = ORIGIN + a("40 2 0202 0000fdea 0000fde9") + HOP
NET = b"\x18\x14\x00\x01"
KEEPS = TEXT.replace("import all;", "import all; import keep filtered;")
INSIDE = ORIGIN + a("40 2, 40 5 00000064") + HOP


@cache
def line(asn, options, text):
    return Line(f"passive; {options}", asn, text=text)


def session(asn=65002, options="", text=TEXT):
    """A fresh session; the line may have been used before."""
    found = line(asn, options, text)
    if found.state() == "Established":
        found.talker.stream.close()
        found.lab.run(1)
    found.dial()
    found.say(hello(asn) + KEEPALIVE, 0.1)
    assert found.state() == "Established"
    found.logged = len(found.lab.log)
    return found


def channel(found, name="ipv4"):
    return found.peer.channels[name]


def reasons(found, name="ipv4"):
    """What the channel has to say, by network."""
    known = channel(found, name).refusals
    there = {} if known is None else known.imports
    return {str(net_of(channel(found, name).net_type, key)): entry.reason for key, entry in there.items()}


def log(found):
    return [line.text for line in found.lab.log[found.logged :] if line.level == "remote"]


def numbers(found):
    count = channel(found).statistics
    return (
        count.import_updates.received,
        count.import_updates.rejected,
        count.import_withdraws.received,
        count.import_withdraws.accepted,
    )


@pytest.mark.parametrize(
    ("asn", "options", "attributes", "reason"),
    [
        (65002, "", OWN_AS, "own AS in the path"),
        (65002, "", ORIGIN + a("40 2 0201 0000fdea 0101 00000005") + HOP, "AS set in the path"),
        (65002, "", ORIGIN + a("40 2 0201 0000fdea, 40 3 0a000001"), "next hop 10.0.0.1 is our own address"),
        (
            65002,
            "enforce first as;",
            ORIGIN + a("40 2 0201 0000fdeb") + HOP,
            "first AS of the path is not the neighbor's",
        ),
        (65001, "", INSIDE + a("80 9 0a000001, 80 10 01010101"), "own originator id"),
        (65001, "", INSIDE + a("80 9 0a000009, 80 10 0a000001"), "own cluster id in the cluster list"),
    ],
)
def test_a_refused_route_is_told_counted_and_explained(asn, options, attributes, reason):
    found = session(asn, options)
    before = numbers(found)
    found.say(update(attributes), 0.1)
    assert log(found) == [f"x: Refused 20.0.1.0/24: {reason}"]
    assert reasons(found) == {"20.0.1.0/24": reason}
    after = numbers(found)
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 0, 0]
    found.say(update(attributes), 0.1)
    assert len(log(found)) == 1, "the same reason is no news"
    found.check_others()


@pytest.mark.parametrize(
    ("asn", "attributes", "reason"),
    [
        (65002, OWN_AS, "own AS in the path"),
        (65001, INSIDE + a("80 9 0a000001, 80 10 01010101"), "own originator id"),
        (65001, INSIDE + a("80 9 0a000009, 80 10 0a000001"), "own cluster id in the cluster list"),
    ],
)
def test_what_comes_back_to_us_is_not_logged_where_there_is_a_route(asn, attributes, reason):
    found = session(asn)
    [ours] = found.router.tables["master4"].keys()
    net = str(net_of(channel(found).net_type, ours))
    found.say(update(attributes, nets=ours + NET), 0.1)
    assert log(found) == [f"x: Refused 20.0.1.0/24: {reason}"], "nothing else leads there"
    assert reasons(found) == {net: reason, "20.0.1.0/24": reason}


def test_what_is_no_echo_is_logged_in_any_case():
    found = session()
    [ours] = found.router.tables["master4"].keys()
    found.say(update(ORIGIN + a("40 2 0201 0000fdea 0101 00000005") + HOP, nets=ours), 0.1)
    assert [line.rpartition(": ")[2] for line in log(found)] == ["AS set in the path"]


def test_bogus_networks_are_refused_alone():
    found = session()
    found.say(update(GOOD, nets=b"\x08\x7f" + NET), 0.1)
    assert log(found) == ["x: Refused 127.0.0.0/8: bogus network"]
    assert reasons(found) == {"127.0.0.0/8": "bogus network"}
    assert found.router.tables["master4"].get(NET)


def test_a_refused_route_takes_the_place_of_a_good_one():
    found = session()
    found.say(update(GOOD), 0.1)
    before = numbers(found)
    found.say(update(OWN_AS), 0.1)
    assert not found.router.tables["master4"].get(NET)
    after = numbers(found)
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 0, 1]


def test_a_network_that_is_taken_or_withdrawn_has_no_reason_any_more():
    found = session()
    for octets in (update(GOOD), update(b"", b"", NET)):
        found.say(update(OWN_AS), 0.1)
        assert reasons(found)
        found.say(octets, 0.1)
        assert reasons(found) == {}


def test_the_reason_is_that_of_the_last_announcement():
    found = session()
    found.say(update(OWN_AS) + update(ORIGIN + a("40 2 0201 0000fdea, 40 3 0a000001")), 0.1)
    assert reasons(found) == {"20.0.1.0/24": "next hop 10.0.0.1 is our own address"}
    assert len(log(found)) == 2


def test_discarded_attributes_and_malformed_updates_are_reasons_too():
    found = session()
    found.say(update(GOOD + a("c0 7 00")), 0.1)
    assert reasons(found) == {
        "20.0.1.0/24": "attribute discarded: bgp_aggregator: malformed value of 1 octets"
    }
    assert channel(found).table.get(NET)
    found.say(update(GOOD + a("c0 7 00"), nets=b"\x18\x14\x00\x02"), 0.1)
    assert "20.0.2.0/24" in reasons(found), "a set that was seen before"
    found.say(update(GOOD + a("c0 8 00")), 0.1)
    assert reasons(found)["20.0.1.0/24"] == "malformed UPDATE: bgp_community: malformed value of 1 octets"


def test_with_import_keep_filtered_refused_routes_are_kept_with_their_reason():
    found = session(text=KEEPS)
    found.say(update(OWN_AS), 0.1)
    [rte] = channel(found).filtered_routes()[NET]
    assert channel(found).refusal(NET, rte) == "own AS in the path"
    assert channel(found).filtered == 1
    assert found.router.pool.view(rte.attrs)["bgp_path"].last == 65001
    found.say(update(GOOD), 0.1)
    assert channel(found).filtered_routes() == {}


def test_refused_routes_go_when_keep_filtered_is_switched_off():
    found = session(text=KEEPS)
    found.say(update(OWN_AS), 0.1)
    config = channel(found).config
    channel(found).reconfigure(replace(config, keep_filtered=False))
    assert channel(found).filtered_routes() == {}
    assert list(reasons(found).values()) == ["own AS in the path"]
    channel(found).reconfigure(config)


def test_routes_of_a_family_that_was_not_negotiated_are_told_once():
    found = line(65002, "", TEXT)
    if found.state() == "Established":
        found.talker.stream.close()
        found.lab.run(1)
    found.dial()
    found.say(hello(offers=Capabilities(multiprotocol=((1, 1),), as4=65002)) + KEEPALIVE, 0.1)
    found.logged = len(found.lab.log)
    found.say(mp(reach()) + mp(reach()), 0.1)
    assert log(found) == ["x: Unexpected AF <2/1> in UPDATE"]
    assert found.state() == "Established"


def test_a_flood_of_refused_routes_costs_little():
    found = session()
    nets = [b"\x20\x14\x02" + number.to_bytes(2, "big") for number in range(3000)]
    for at in range(0, len(nets), 500):
        found.say(update(OWN_AS, nets=b"".join(nets[at : at + 500])), 0.01)
    assert list(channel(found).refusals.imports) == nets[-MOST:]
    assert len(log(found)) == 6
    assert log(found)[-1] == "x: ..."


def ask(found, *commands_of_a_client):
    """The reply to the last of these commands, times masked."""
    stream = FakeStream()
    console = Console(found.router, commands(PROTOCOLS), language(), language().load, lambda graceful: None)
    client = console.open(stream)
    for command in commands_of_a_client:
        stream.taken()
        client.received(f"{command}\n".encode())
        found.lab.run(0.01)
    return re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "HH:MM:SS.mmm", stream.taken()).splitlines()


def test_show_route_refused_lists_networks_and_reasons():
    found = session()
    found.say(update(OWN_AS) + update(GOOD, nets=b"\x18\x14\x00\x02"), 0.1)
    channel(found).withheld([b"\x10\x14\x05"], "the neighbor's own address")
    expected = [
        "2032-Network              Since         Channel          Reason",
        "1032-20.0.1.0/24          HH:MM:SS.mmm  x.ipv4           own AS in the path",
        " 20.5.0.0/16          HH:MM:SS.mmm  x.ipv4           not sent: the neighbor's own address",
        "0000 ",
    ]
    assert ask(found, "show route refused") == expected
    assert ask(found, "show route refused x") == expected
    assert ask(found, "show route refused x.ipv4") == expected
    assert ask(found, "show route refused good") == [expected[0], "0000 "]
    assert ask(found, "show route refused zzz") == ["9001 there is no protocol zzz"]
    first, second, _ = ask(found, "output json", "show route refused x")
    row = json.loads(first[5:])
    assert (row["net"], row["protocol"], row["channel"], row["direction"], row["reason"]) == (
        "20.0.1.0/24",
        "x",
        "ipv4",
        "import",
        "own AS in the path",
    )
    assert json.loads(second[1:] if second[0] == " " else second[5:])["direction"] == "export"


def test_show_route_refused_is_narrowed_to_networks():
    found = session()
    found.say(update(OWN_AS, nets=NET + b"\x10\x14\x00" + b"\x18\x14\x02\x01"), 0.1)
    channel(found).withheld([b"\x10\x14\x05"], "the neighbor's own address")

    def nets(command):
        heading, *rows, end = ask(found, f"show route refused {command}")
        assert (heading[:5], end) == ("2032-", "0000 ")
        return [row[5 if row.startswith("1032") else 1 :].split()[0] for row in rows]

    assert nets("20.0.1.0/24") == nets("x 20.0.1.0/24") == nets("x.ipv4 20.0.1.0/24") == ["20.0.1.0/24"]
    assert nets("good 20.0.1.0/24") == nets("x.ipv6 20.0.1.0/24") == nets("20.0.0.0/8") == []
    assert nets("1400:100::/24") == [], "the same octets in another family"
    assert nets("in 20.0.0.0/16") == nets("x in 20.0.0.0/16") == ["20.0.1.0/24", "20.0.0.0/16"]
    assert nets("for 20.0.1.7") == nets("x for 20.0.1.0/25") == ["20.0.1.0/24", "20.0.0.0/16"]
    assert nets("x for 20.5.0.1") == ["20.5.0.0/16"]
    assert ask(found, "show route refused 20.0.1.0/33")[0].startswith("9001 ")


def test_communities_that_stay_in_the_as_are_named_for_the_neighbor_that_does_not_get_them():
    """RFC 4360, 6; looked for when a protocol is named."""
    found = session()
    stays = a("c0 16 4300000000000002 0002fde900000001")
    found.say(update(GOOD + stays) + update(GOOD, nets=b"\x18\x14\x00\x02"), 0.1)
    _, row, end = ask(found, "show route refused good")
    assert row.split(maxsplit=3)[0::2] == ["1032-20.0.1.0/24", "good.ipv4"]
    assert row.endswith("  not sent: (generic, 0x43000000, 0x2): not transitive")
    assert end == "0000 "
    assert len(ask(found, "show route refused")) == 2
    one = ask(found, "show route refused 20.0.1.0/24")
    assert [row.split()[0] for row in one[1:-1]] == ["1032-20.0.1.0/24"], "of one network it costs nothing"
    assert ask(found, "show route refused good in 20.0.1.0/24") == one
    assert len(ask(found, "show route refused good 20.0.2.0/24")) == 2


def test_what_was_sent_after_all_is_not_in_the_list():
    found = session()
    good = found.router.protocols["good"].channels["ipv4"]
    net = next(iter(found.router.tables["master4"].keys()))
    assert channel(found).exports(net) is not None
    channel(found).withheld([net], "reasons that are gone")
    assert ask(found, "show route refused x")[1:] == ["0000 "]
    assert good.refusals is None


def test_show_route_filtered_tells_the_reason_in_json_and_in_the_tables_of_the_shell():
    found = session(text=KEEPS)
    found.say(update(OWN_AS), 0.1)
    text = ask(found, "show route filtered")
    assert text[1].startswith(" 20.0.1.0/24          unicast [x HH:MM:SS.mmm]")
    assert len(text) == 4, "BIRD's lines and no others"
    [row, _] = [json.loads(line[5:] or "{}") for line in ask(found, "output json", "show route filtered")]
    assert row["reason"] == "own AS in the path"
    assert "[AS65001i] own AS in the path" in shown(row)


def test_a_route_that_is_not_the_best_tells_the_step_it_lost_in_json_and_in_the_tables_of_the_shell():
    found = session()
    found.say(update(GOOD, b"\x10\x0a\x03"), 0.1)
    text = ask(found, "show route 10.3.0.0/16")
    assert not [line for line in text if "router id" in line], "BIRD's lines and no others"
    answers = ask(found, "output json", "show route 10.3.0.0/16")
    rows = [json.loads(line[line.index("{") :]) for line in answers if '"route_row"' in line]
    assert [(row["protocol"], row["lost"]) for row in rows] == [("x", ""), ("good", "higher router id")]
    assert "[AS65003i] higher router id" in shown(rows[1])
    found.say(update(b"", b"", b"\x10\x0a\x03"), 0.1)


def shown(row):
    """A reply as the shell draws it."""
    return tables.ReplyTables(console.Console(width=120, color_system=None)).text([row])


def test_the_shell_draws_show_route_refused_as_a_table():
    row = {
        "reply": "refused_row",
        "net": "10.0.0.0/8",
        "protocol": "x",
        "channel": "ipv4",
        "direction": "import",
        "since": "2026-11-22T13:44:28.750+00:00",
        "reason": "own AS in the path",
    }
    assert tables.has_table("show route refused")
    heading, line = shown(row).splitlines()
    assert heading.split() == ["Network", "Channel", "Direction", "Since", "Reason"]
    assert line.split() == [
        "10.0.0.0/8",
        "x.ipv4",
        "import",
        "2026-11-22",
        "13:44:28",
        *row["reason"].split(),
    ]


def test_nothing_is_kept_where_nothing_is_refused():
    found = session()
    found.say(update(GOOD), 0.1)
    assert channel(found).refusals is None
