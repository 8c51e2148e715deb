"""What `show protocols all` says of BGP, in BIRD's layout."""

from pybird.cli.birdc_text import block

from .test_dynamic import FOUND_B, lab_with
from .world import auto, both, routes


def text(instance):
    return [line for detail in instance.details() for line in block(detail, 2)]


def test_an_established_child():
    lab = lab_with([routes("198.51.100.0/24"), FOUND_B, auto(65001)])
    lab.run(1)
    lines = text(lab.proto("a", "auto01"))
    shown = [line.split("/")[0].rstrip("0123456789.") + "..." if "timer" in line else line for line in lines]
    capabilities = [
        "      Multiprotocol",
        "        AF announced: ipv4 ipv6",
        "      Route refresh",
        "      Extended next hop",
        "        IPv6 nexthop: ipv4",
        "      Graceful restart",
        "      4-octet AS numbers",
        "      Enhanced refresh",
        "      Long-lived graceful restart",
    ]
    assert shown == [
        "  BGP state:          Established",
        "    Neighbor address: fe80::b%eth0",
        "    Neighbor AS:      65002",
        "    Local AS:         65001",
        "    Neighbor ID:      0.0.0.2",
        "    Local capabilities",
        *capabilities,
        "    Neighbor capabilities",
        *capabilities,
        "    Session:          external AS4",
        "    Source address:   fe80::a",
        "    Hold timer:       ...",
        "    Keepalive timer:  ...",
        "    TX pending:       0 bytes",
        "    Send hold timer:  ...",
    ]
    child = lab.proto("a", "auto01")
    assert [d.text for d in child.channel_details(child.channels["ipv6"])] == [":: fe80::a"]
    assert child.info() == "Established   "


def test_a_neighbor_that_does_not_answer():
    lab = both(b_options={"disabled": True})
    lab.run(6)
    lines = text(lab.proto("a"))
    assert lines[0] == "  BGP state:          Active"
    assert lines[4].startswith("    Connect delay:    ")
    assert lines[4].endswith("/5")
    assert lines[5] == "    Last error:       Socket: Connection refused"
    assert lab.proto("a").info() == "Active        Socket: Connection refused"


def test_the_parent():
    lab = lab_with([auto(65001)], [])
    lab.run(0)
    assert text(lab.proto("a", "auto")) == [
        "  BGP state:          Passive",
        "    Neighbor range:   fe80::/10",
        "    Neighbor AS:      0",
        "    Local AS:         65001",
    ]


def test_our_own_next_hop_on_an_ordinary_session():
    lab = both()
    lab.run(6)
    peer = lab.proto("a")
    hops = [d.text for c in peer.channels.values() for d in peer.channel_details(c)]
    assert hops == ["10.0.0.1", "2001:db8::1 fe80::a"]
