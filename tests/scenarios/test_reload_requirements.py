"""A reload that demands more of a neighbor: the session stays if its OPEN had that (as in BIRD 2.19, 3.3)."""

import pytest

from pybird.proto.bgp.wire.capabilities import Capabilities
from tests.scenarios.lab import read
from tests.scenarios.line import KEEPALIVE, TEXT, Line, hello

POOR = Capabilities(multiprotocol=((1, 1),))
ABLE = Capabilities(
    multiprotocol=((1, 1), (2, 1)),
    route_refresh=True,
    as4=65002,
    add_path=((1, 1, 3),),
    enhanced_refresh=True,
    hostname="x",
)
SHARED = "ipv4 { import all; export all; }"


def text(options="", channel="add paths;", more=""):
    """`protocol bgp x` with these options, those of its channel, and further channels."""
    whole = TEXT.replace(SHARED, f"ipv4 {{ import all; export all; {channel} }}; {more}", 1)
    return whole % {"options": f"passive; {options}", "asn": 65002, "id": 1}


def changed(line, *args, **more):
    line.router.reconfigure(read(text(*args, **more)))
    line.lab.run(1)
    line.check_others()


def up(offers):
    line = Line(text=TEXT.replace(SHARED, "ipv4 { import all; export all; add paths; }", 1))
    line.say(hello(offers=offers) + KEEPALIVE)
    assert line.state() == "Established"
    return line


DEMANDS = {
    "hostname": {"options": "require hostname;"},
    "as4": {"options": "require as4;"},
    "route refresh": {"options": "require route refresh;"},
    "enhanced route refresh": {"options": "require enhanced route refresh;"},
    "add paths": {"channel": "add paths; require add paths;"},
}


@pytest.mark.parametrize("change", DEMANDS.values(), ids=list(DEMANDS))
@pytest.mark.parametrize("offers", [ABLE, POOR], ids=["met", "not met"])
def test_a_new_requirement_ends_the_session_of_a_neighbor_that_does_not_meet_it(offers, change):
    line = up(offers)
    since = line.peer.since
    changed(line, **change)
    stays = offers is ABLE
    assert line.notification() == (None if stays else (6, 6, b""))
    assert (line.state() == "Established" and line.peer.since == since) == stays
    changed(line)
    assert (line.state() == "Established") == stays


def test_a_requirement_counts_for_a_session_whose_open_is_still_to_come():
    """What a session checks is fixed when it begins: this one begins anew."""
    line = Line(text=TEXT.replace(SHARED, "ipv4 { import all; export all; add paths; }", 1))
    changed(line, "require hostname;")
    line.say(hello(offers=POOR) + KEEPALIVE)
    assert line.state() != "Established"
    line.dial()
    line.say(hello(offers=POOR) + KEEPALIVE)
    assert line.notification() == (2, 7, b"")


def test_a_channel_that_the_session_does_not_have_is_removed_without_a_word():
    """It comes back only with a new session, as the neighbor must be told."""
    line = Line(
        text=TEXT.replace(
            SHARED, "ipv4 { import all; export all; }; ipv4 multicast { import all; export all; }", 1
        )
    )
    line.say(hello(offers=ABLE) + KEEPALIVE)
    since = line.peer.since
    changed(line, channel="")
    assert (line.state(), line.peer.since, line.notification()) == ("Established", since, None)
    assert "ipv4-mc" not in line.peer.channels
    changed(line, channel="", more="ipv4 multicast { import all; export all; };")
    assert line.notification() == (6, 6, b"")


def test_a_channel_that_the_session_has_is_not_removed_while_it_runs():
    line = up(ABLE)
    whole = text().replace("ipv6 { import all; export all; };", "", 1)
    line.router.reconfigure(read(whole))
    line.lab.run(1)
    assert line.notification() == (6, 6, b"")


def test_a_required_channel_that_the_session_does_not_have_ends_it():
    more = "ipv4 multicast { import all; export all; %s };"
    line = Line(text=TEXT.replace(SHARED, f"{SHARED}; {more % ''}", 1))
    line.say(hello(offers=ABLE) + KEEPALIVE)
    changed(line, channel="", more=more % "mandatory;")
    assert line.notification() == (6, 6, b"")
    assert "Cannot reconfigure channel x.ipv4-mc" in [each.text for each in line.lab.log]
