"""NLRI of flow specifications: RFC 8955, 4; RFC 8956, 3; RFC 7606, 5.3."""

import pytest

from pybird.conf.model import TableConfig
from pybird.core.selection import Selection
from pybird.core.table import Table
from pybird.proto.bgp.family import FLOW4, FLOW6
from pybird.proto.bgp.routes.export import BgpExporter, ExportClass
from pybird.proto.bgp.routes.flow import SentBy, first_as, is_of_our_as, originator
from pybird.proto.bgp.routes.selection import PeerIdentity
from pybird.proto.bgp.wire.errors import UpdateError
from pybird.proto.bgp.wire.flow import FLOWS4, FLOWS6
from pybird.proto.bgp.wire.messages import Update
from pybird.values.address import Address
from pybird.values.attributes import find
from pybird.values.flow import LABEL, PROTO, number_component
from pybird.values.net import NetType, Prefix, net_of
from pybird.values.route import NO_HOP, RouteSource, Rte
from tests.bgp.test_family import read, reader, sent
from tests.bgp.vectors import ORIGIN_IGP, PATH_65002, octets, pool

# Components in hexadecimal digits, and BIRD's text (shown alike by 2.0.12, 2.19.2 and 3.3.2,
# but for those of `LATER`, which 2.0.12 refuses).
VALID = [
    ("", "flow4 { }"),
    ("0100", "flow4 { dst 0.0.0.0/0; }"),
    ("01180a0700" + "02100a08", "flow4 { dst 10.7.0.0/24; src 10.8.0.0/16; }"),
    ("0114c00bff", "flow4 { dst 192.11.240.0/20; }"),
    ("038106", "flow4 { proto 6; }"),
    ("038106" + "048111" + "058150", "flow4 { proto 6; port 17; dport 80; }"),
    ("0591" + "01bb", "flow4 { dport 443; }"),
    ("0590" + "01bb", "flow4 { dport false 443; }"),
    ("0591" + "0050", "flow4 { dport 80; }"),
    ("050350" + "d51f90", "flow4 { dport 80..8080; }"),
    ("058750", "flow4 { dport true 80; }"),
    ("098002", "flow4 { tcp flags !0x0/0x2; }"),
    ("0c8104", "flow4 { fragment first_fragment; }"),
    # LATER
    ("0aa1" + "000005dc", "flow4 { length 1500; }"),
    ("058850", "flow4 { dport false 80; }"),
    ("05c150", "flow4 { dport 80; }"),
    ("0391" + "01bb", "flow4 { proto 443; }"),
    ("05b1" + "00000000000001bb", "flow4 { dport 443; }"),
]
VALID6 = [
    ("0130002001" + "0db80008" + "038106", "flow6 { dst 2001:db8:8::/48; next header 6; }"),
    ("01414080", "flow6 { dst ::8000:0:0:0/65 offset 64; }"),
    ("0165" + "3f891a2b3c4c", "flow6 { dst ::1:1234:5678:9800:0/101 offset 63; }"),
    ("0da1" + "00000005", "flow6 { label 5; }"),
    ("010000", "flow6 { dst ::/0; }"),
]
MALFORMED = [
    ("03810601180a0700", "components out of order"),
    ("01180a070001180a0800", "a component twice"),
    ("0e8101", "an unknown component"),
    ("008101", "an unknown component"),
    ("0d8101", "a flow label in IPv4"),
    ("01180a07", "a prefix that is cut off"),
    ("01", "a prefix without a length"),
    ("01210a07000000", "a prefix that is too long"),
    ("0390", "a number that is cut off"),
    ("03", "no number at all"),
    ("030106", "no last number"),
    ("03810601", "octets behind the last number"),
    ("09a000000002", "TCP flags of four octets"),
    ("0c910001", "fragments of two octets"),
    ("0b910001", "a DSCP of two octets"),
]
MALFORMED6 = [
    ("0140", "no offset"),
    ("01814000", "a prefix that is too long"),
    ("01404020", "an offset as long as the prefix"),
    ("01203f", "an offset beyond the prefix"),
]


def nlri(components: str) -> bytes:
    size = len(components) // 2
    return (bytes((size,)) if size < 240 else (0xF000 | size).to_bytes(2)) + bytes.fromhex(components)


@pytest.mark.parametrize(("components", "text"), VALID)
def test_flows_of_ipv4(components, text):
    (key,) = FLOWS4.read(nlri(components))
    assert str(net_of(NetType.FLOW4, key)) == text
    assert FLOWS4.read(FLOWS4.split([key], 4096)[0]) == [key]


@pytest.mark.parametrize(("components", "text"), VALID6)
def test_flows_of_ipv6(components, text):
    (key,) = FLOWS6.read(nlri(components))
    assert str(net_of(NetType.FLOW6, key)) == text
    assert FLOWS6.split([key], 4096)[0] == nlri(components)


def test_bits_behind_the_length_of_a_prefix_do_not_matter():
    """Two texts of one flow would be two routes."""
    assert FLOWS4.read(nlri("0114c00bff") + nlri("0114c00bf0")) == [bytes.fromhex("0114c00bf0")] * 2
    assert FLOWS6.read(nlri("014140ff")) == [bytes.fromhex("01414080")]


@pytest.mark.parametrize(("flows", "components", "why"), [
    *[(FLOWS4, *each) for each in MALFORMED], *[(FLOWS6, *each) for each in (*MALFORMED[:4], *MALFORMED6)]
])  # fmt: skip
def test_malformed_flows_are_errors_of_the_networks(flows, components, why):
    """RFC 8955, 10 with RFC 7606, 5.3; BIRD also resets the session, with 3/1."""
    with pytest.raises(UpdateError) as caught:
        flows.read(nlri("038101") + nlri(components))
    assert (caught.value.code, caught.value.subcode) == (3, 10), why


def test_lengths_of_240_octets_and_more_have_two_octets():
    """RFC 8955, 4.1."""
    for size, head in ((239, "ef"), (240, "f0f0"), (4095, "ffff")):
        numbers = b"\x03" + b"\x01\x06" * ((size - 3) // 2) + (b"\x81\x06" if size % 2 else b"\x91\0\6")
        assert len(numbers) == size
        packed = FLOWS4.split([numbers], 5000)[0]
        assert packed.startswith(bytes.fromhex(head))
        assert FLOWS4.read(packed) == [numbers]
    for cut in ("f0", "05038106"):
        with pytest.raises(UpdateError):
            FLOWS4.read(bytes.fromhex(cut))


def test_a_flow_that_fits_in_no_message_is_left_out_and_logged():
    large = b"\x03" + b"\x01\x06" * 2040 + b"\x81\x06"
    logged: list[str] = []
    out = BgpExporter(ExportClass(FLOW4, 65001, False, b""), log=logged.append)
    messages = out.pack({(b"", octets(ORIGIN_IGP, PATH_65002), b""): [b"\x03\x81\x06", large]}, [])
    (received,) = read(messages, reader(FLOW4))
    assert [each.keys for each in received.announced] == [[b"\x03\x81\x06"]]
    assert logged == ["BGP: 1 flow4 routes not sent: messages have at most 4096 octets"]


@pytest.mark.parametrize("hop", ["", "0a000002", "00" * 16, "0102030405"])
def test_a_next_hop_of_a_flow_is_ignored(hop):
    """RFC 8955, 4."""
    value = FLOW4.head + bytes((len(hop) // 2,)) + bytes.fromhex(hop) + b"\0" + nlri("038106")
    attributes = octets(ORIGIN_IGP, PATH_65002) + bytes((0x80, 14, len(value))) + value
    received = reader(FLOW4).read(Update(b"", attributes + bytes.fromhex("4003040a000001"), b""))
    (announced,) = received.announced
    assert announced.next_hop == b""
    assert find(announced.attrs.wire, 3) is None


def test_flows_are_sent_without_a_next_hop():
    """RFC 8955, 4: its length is 0, and no NEXT_HOP stands beside it."""
    (message,) = sent(FLOW6, b"")
    assert FLOW6.head + b"\0\0" in message
    assert bytes.fromhex("400304") not in message


def test_flow_labels_are_written_in_four_octets():
    """RFC 8956, 3.7."""
    assert number_component(LABEL, [("=", 5, False)]) == octets("0da100000005")
    assert number_component(PROTO, [("=", 5, False)]) == octets("038105")


# ------------------------------------------------------------- validation

BASE = Prefix.parse("10.7.0.0/16")


def route(path: str, *, asn: int = 65002, originator: str = "", bgp: bool = True) -> Rte:
    """A unicast or a flow route, from 10.0.0.2; `path` are the octets of an AS path."""
    peer = PeerIdentity(2, Address.parse("10.0.0.2"), 65001, asn) if bgp else None
    source = RouteSource("s", 1, Selection(), peer=peer)
    attributes = ORIGIN_IGP + f"4002{len(path) // 2:02x}{path}"
    attributes += f"800904{originator}" if originator else ""
    return Rte(pool().intern(octets(attributes)), source, NO_HOP, 100, 0.0)


def is_valid(flow: Rte, *routes: tuple[str, Rte]) -> bool:
    table = Table(TableConfig("master4", NetType.IP4))
    for net, rte in routes:
        table.announce([Prefix.parse(net).key], rte)
    asked = SentBy(originator(flow), None if flow.source.peer.internal else first_as(flow))
    return asked.valid(BASE, table)


OF_2, OF_3, OF_2_AND_3 = "02010000fdea", "02010000fdeb", "02020000fdea0000fdeb"


def test_the_first_as_of_an_external_flow_is_that_of_the_unicast_route():
    """RFC 9117, 4.2; paths of internal neighbors are not compared."""
    assert is_valid(route(OF_2_AND_3), ("10.7.0.0/16", route(OF_2)))
    assert not is_valid(route(OF_3), ("10.7.0.0/16", route(OF_2)))
    assert is_valid(route(OF_3, asn=65001), ("10.7.0.0/16", route(OF_2, asn=65001)))


def test_the_best_unicast_route_is_the_most_specific_that_contains_the_destination():
    """RFC 8955, 6 b: 10.0.0.0/8 will do, a route that is not from BGP will not."""
    assert is_valid(route(OF_2), ("10.0.0.0/8", route(OF_2)))
    assert not is_valid(route(OF_2), ("10.7.1.0/24", route(OF_2)))
    assert not is_valid(route(OF_2), ("10.0.0.0/8", route(OF_2)), ("10.7.0.0/16", route("", bgp=False)))
    assert not is_valid(route(OF_2), ("10.0.0.0/8", route(OF_2)), ("10.7.1.0/24", route("", bgp=False)))


def test_a_reflected_flow_has_the_originator_of_the_unicast_route():
    """RFC 8955, 6 b."""
    flow = route(OF_3, asn=65001, originator="09090909")
    assert is_valid(flow, ("10.7.0.0/16", route(OF_3, asn=65001, originator="09090909")))
    assert not is_valid(flow, ("10.7.0.0/16", route(OF_3, asn=65001, originator="09090908")))
    assert not is_valid(flow, ("10.7.0.0/16", route(OF_3, asn=65001)))


def test_flows_of_our_own_as():
    """RFC 9117, 4.1 b.2: an empty path, or one of confederation sequences."""
    assert [is_of_our_as(route(path)) for path in ("", "03010000fdea", "03010000fdea" + OF_3, OF_3)] == [
        True,
        True,
        False,
        False,
    ]
