"""What the neighbor did not announce and our configuration asks for, in words."""

import pytest

from pybird.cli.peers import show_peers
from pybird.proto.bgp.mismatch import missing_capability
from pybird.proto.bgp.wire.messages import Notification

from .test_dynamic import FOUND_A, FOUND_B, lab_with
from .world import auto, both, ipv4, ipv6, peers

EXTENDED = ipv4(extended_next_hop=True)


def unnumbered(ours, theirs):
    """Two routers that find each other, without IPv4 addresses; what troubles the child of the first."""
    a = [FOUND_B, auto(65001, channels=(*ours, peers()))]
    b = [FOUND_A, auto(65002, channels=(*theirs, peers()))]
    lab = lab_with(a, b)
    for name, last in (("a", 1), ("b", 2)):
        lab.nodes[name].host.remove_address("eth0", f"10.0.0.{last}/24")
    lab.run(1)
    assert lab.up("a", "auto01")
    return lab


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        ((EXTENDED, ipv6()), (EXTENDED, ipv6()), ""),
        ((EXTENDED,), (EXTENDED, ipv6()), ""),
        ((EXTENDED, ipv6()), (EXTENDED,), "they did not offer ipv6"),
        ((EXTENDED, ipv6()), (ipv6(),), "they did not offer ipv4"),
        ((EXTENDED, ipv6()), (ipv4(), ipv6()), "they lack extended next hop: no IPv4"),
        ((ipv4(), ipv6()), (EXTENDED, ipv6()), "extended next hop is not on here: no IPv4"),
        ((EXTENDED, ipv6()), (ipv4(),), "they did not offer ipv6; they lack extended next hop: no IPv4"),
    ],
)
def test_families_and_next_hops_that_are_missing_on_an_unnumbered_session(ours, theirs, text):
    lab = unnumbered(ours, theirs)
    child = lab.proto("a", "auto01")
    assert (child.info().strip(), child.trouble()) == ("Established", text)


def test_show_peers_tells_it_too():
    lab = unnumbered((EXTENDED, ipv6()), (ipv4(), ipv6()))
    (row,) = [row for row in show_peers(lab.nodes["a"].router, Everything(), None) if hasattr(row, "why")]
    assert row.why == "Established, they lack extended next hop: no IPv4"


class Everything:
    table = interface = None


def test_ipv4_over_ipv6_needs_no_extended_next_hop_where_the_link_has_ipv4_addresses():
    a = [FOUND_B, auto(65001, channels=(EXTENDED, peers()))]
    lab = lab_with(a, [FOUND_A, auto(65002, channels=(ipv4(), peers()))])
    lab.run(1)
    assert (lab.state("a", "auto01"), lab.proto("a", "auto01").trouble()) == ("Established", "")


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        ({}, {}, ""),
        ({}, {"enable_route_refresh": False}, "they lack route refresh"),
        ({"enable_route_refresh": False}, {}, ""),
        (
            {"enable_enhanced_route_refresh": True},
            {"enable_enhanced_route_refresh": False},
            "they lack enhanced route refresh",
        ),
        ({}, {"enable_enhanced_route_refresh": False}, ""),
        ({"enable_extended_messages": True}, {}, "they lack extended messages"),
        ({"enable_link_local_next_hop": True}, {}, "they lack link-local next hop"),
        ({}, {"enable_link_local_next_hop": True}, ""),
        ({}, {"enable_as4": False}, "they lack 4-octet AS numbers"),
        ({"channels": (ipv4(add_paths="rx"),)}, {}, "they send one path only of ipv4"),
        ({"channels": (ipv4(add_paths="tx"),)}, {}, "they take one path only of ipv4"),
        ({"channels": (ipv4(add_paths="rx"),)}, {"channels": (ipv4(add_paths="tx"),)}, ""),
        (
            {"channels": (ipv4(add_paths="yes"),)},
            {"channels": (ipv4(add_paths="rx"),)},
            "they send one path only of ipv4",
        ),
    ],
)
def test_capabilities_that_are_missing(ours, theirs, text):
    lab = both(ours, theirs)
    lab.run(7)
    assert lab.up("a")
    assert lab.proto("a").trouble() == text


def test_a_side_without_capabilities_lacks_what_we_use():
    lab = both({}, {"capabilities": False})
    lab.run(7)
    assert lab.up("a")
    text = "they did not offer ipv6; they lack route refresh; they lack 4-octet AS numbers"
    assert lab.proto("a").trouble() == text


def test_both_sides_say_why_there_is_no_common_family():
    lab = both({"channels": (ipv4(),), "passive": True}, {"channels": (ipv6(),)})
    lab.run(7)
    a, b = lab.proto("a"), lab.proto("b", "a")
    assert a.last_error == b.last_error == "BGP Error: Required capability missing"
    assert (a.trouble(), b.trouble()) == ("they did not offer ipv4", "they did not offer ipv6")


@pytest.mark.parametrize(
    ("notification", "received", "text"),
    [
        (Notification(2, 7, bytes.fromhex("010400010001")), True, "they ask for ipv4"),
        (
            Notification(2, 7, bytes.fromhex("010400010001010400020001")),
            False,
            "they did not offer ipv4 or ipv6",
        ),
        (Notification(2, 7, bytes.fromhex("0104001f0048")), True, "they ask for <31/72>"),
        (Notification(2, 7, bytes.fromhex("010400")), True, ""),
        (Notification(2, 7, b"\x41\x04\0\0\0\1"), True, ""),
        (Notification(2, 7), True, ""),
        (Notification(2, 2, bytes.fromhex("010400010001")), True, ""),
    ],
)
def test_families_in_a_notification_are_named(notification, received, text):
    assert missing_capability(notification, received) == text
