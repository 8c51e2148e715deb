"""Address families: RFC 4760, RFC 8950. Each test of `ROWS` holds for every family that is run."""

import ast
from contextlib import suppress
from pathlib import Path

import pytest

from pybird.conf.channels import NET_TYPES
from pybird.core.selection import Selection
from pybird.proto.bgp import family
from pybird.proto.bgp.config import BgpChannelConfig
from pybird.proto.bgp.family import EITHER, ROWS, NoFamilyError
from pybird.proto.bgp.routes.export import BgpExporter, ExportClass
from pybird.proto.bgp.wire.errors import UpdateError
from pybird.proto.bgp.wire.messages import Framer
from pybird.proto.bgp.wire.nlri import NlriGroup
from pybird.proto.bgp.wire.updates import Received, ReceiveTerms, UpdateReader
from pybird.values.address import Address
from pybird.values.enums import EvpnType
from pybird.values.net import NetType, Prefix
from pybird.values.nets import EvpnNet, VpnNet
from pybird.values.route import UNREACHABLE, RouteSource, Rte
from pybird.values.scalars import RouteDistinguisher
from tests.bgp.vectors import ORIGIN_IGP, PATH_65002, octets, pool
from tests.bgp.world import both

BGP = Path(family.__file__).parent
ROOT = Path(__file__).parents[2]
RD = RouteDistinguisher(65001 << 32 | 7)
NETS = {
    NetType.IP4: [Prefix.parse(f"198.51.{number}.0/24").key for number in range(3)],
    NetType.IP6: [Prefix.parse(f"2001:db8:{number}::/48").key for number in range(3)],
    NetType.VPN4: [VpnNet(RD, Prefix.parse(f"198.51.{number}.0/24")).key for number in range(3)],
    NetType.VPN6: [VpnNet(RD, Prefix.parse(f"2001:db8:{number}::/48")).key for number in range(3)],
}
FLOWS = [bytes.fromhex(f"0118{number:02x}3364" + "038106") for number in (1, 2, 3)]
FLOWS6 = [bytes.fromhex(f"012000{number:02x}010db8" + "058190") for number in (1, 2, 3)]
NETS |= {NetType.FLOW4: FLOWS, NetType.FLOW6: FLOWS6}
ROUTERS = [Address.parse(text) for text in ("192.0.2.1", "192.0.2.2", "2001:db8::1")]
NETS[NetType.EVPN] = [EvpnNet(EvpnType.IMET, RD, 7, ip=router).key for router in ROUTERS]
HOPS = {4: b"\x0a\0\0\2", 6: octets("20010db8" + "00" * 11 + "02")}  # by IP version


def hop_of(row) -> bytes:
    """A next hop that routes of this family may have, whatever was negotiated."""
    return HOPS.get(row.hop_version, HOPS[4])


def every_row(test):
    return pytest.mark.parametrize("row", ROWS, ids=lambda row: row.shown)(test)


def reader(*families, **options) -> UpdateReader:
    return UpdateReader(pool(), ReceiveTerms(65003, 65001, 3, families, **options))


def read(packed: list[bytes], by: UpdateReader) -> list[Received]:
    framer = Framer()
    framer.receive(b"".join(packed))
    return [by.read(message) for message in iter(framer.next, None)]


def with_id(path_id: int, key: bytes) -> bytes:
    return path_id.to_bytes(4) + key


def packed(row, *networks: tuple[int, bytes]) -> bytes:
    """A field with networks that have path ids."""
    return b"".join(row.nlri.split([with_id(*each) for each in networks], 4096, 4))


def sent(row, hop: bytes, withdraw: bool = False, keys: list[bytes] | None = None, **options) -> list[bytes]:
    """The messages of one route with these next hops, by default for all networks of this family."""
    keys = keys or NETS[row.net_type]
    out = BgpExporter(ExportClass(row, 65001, False, hop, **options))
    if withdraw:
        return out.pack({}, keys)
    attrs = pool().intern(octets(ORIGIN_IGP, PATH_65002))
    wire = out.wire(Rte(attrs, RouteSource("s", 1, Selection()), UNREACHABLE, 100, 0.0), attrs)
    return [] if wire is None else out.pack({wire: keys}, [])


def test_each_family_has_a_name_and_numbers_of_its_own():
    names = [each.name for each in ROWS]
    assert len({*names}) == len({each.numbers for each in ROWS}) == len(names)
    assert {*names} <= {*NET_TYPES}
    assert tuple(names) == family.NAMES


@every_row
def test_a_row_is_found_by_name_and_by_number_and_agrees_with_the_language(row):
    assert family.named(row.name) is family.numbered(row.numbers) is row
    assert row.net_type is NET_TYPES[row.name]
    assert (int.from_bytes(row.head[:2]), row.head[2]) == row.numbers


@every_row
def test_what_is_sent_in_a_family_is_read_as_that_family(row):
    (received,) = read(sent(row, hop_of(row)), reader(*ROWS))
    (announced,) = received.announced
    assert (announced.family, announced.keys) == (row, NETS[row.net_type])
    assert announced.next_hop == (hop_of(row) if row.has_hops else b"")
    (received,) = read(sent(row, b"", withdraw=True), reader(*ROWS))
    assert [(each.family, each.keys) for each in received.withdrawn] == [(row, NETS[row.net_type])]


@every_row
@pytest.mark.parametrize("more", range(10))
def test_networks_are_written_in_pieces_that_fit_and_read_back(row, more):
    room = row.nlri.longest + more
    for keys in (NETS[row.net_type][:count] * 2 for count in range(1, 4)):
        pieces = row.nlri.split(keys, room)
        assert max(map(len, pieces)) <= room
        assert [key for piece in pieces for key in row.nlri.read(piece)] == keys


@every_row
def test_networks_that_are_cut_off_raise_update_errors_only(row):
    written = row.nlri.split(NETS[row.net_type], 4096)[0]
    for end in range(len(written)):
        for data in (written[:end], written[end:], written[:end] + b"\xff" + written[end + 1 :]):
            with suppress(UpdateError):
                row.nlri.read(data)


@pytest.mark.checkout
@every_row
def test_each_family_is_compared_with_bird_and_stands_in_the_list_of_what_is_run(row):
    cases = (ROOT / "tests" / "side_by_side" / "cases").glob("*.py")
    assert any(f"{row.name} {{" in path.read_text() for path in cases)
    status = (ROOT / "docs" / "status.md").read_text()
    assert f"`{row.name}`" in status.partition("## Run\n")[2].partition("\n## ")[0]


@every_row
def test_networks_with_path_ids_are_read_by_path_id(row):
    """RFC 7911, 3. Networks of one id are together, in the order in which the ids appear."""
    first, second, third = NETS[row.net_type]
    field = packed(row, (7, first), (0xFFFFFFFF, first), (7, second), (0, third))
    assert row.nlri.read_groups(field, True) == [
        NlriGroup(7, b"", [first, second]),
        NlriGroup(0xFFFFFFFF, b"", [first]),
        NlriGroup(0, b"", [third]),
    ]
    plain = row.nlri.split([first, second], 4096)[0]
    assert row.nlri.read_groups(plain, False) == [NlriGroup(0, b"", [first, second])]


@every_row
def test_networks_with_path_ids_that_are_cut_off_are_3_10(row):
    """RFC 7606, 5.3, with RFC 7911, 3."""
    first, second, _ = NETS[row.net_type]
    field = packed(row, (7, first), (7, second))
    whole = (0, len(field) // 2, len(field))
    for end in range(len(field)):
        if end not in whole:
            with pytest.raises(UpdateError) as caught:
                row.nlri.read_groups(field[:end], True)
            assert (caught.value.code, caught.value.subcode) == (3, 10)
    with pytest.raises(UpdateError):
        row.nlri.read_groups(with_id(7, b"\xff\xff" + bytes(32)), True)


@every_row
@pytest.mark.parametrize("withdraw", [False, True])
def test_what_is_sent_with_path_ids_is_read_with_them(row, withdraw):
    """RFC 7911, 3: both in the fields of RFC 4271 and in MP_REACH and MP_UNREACH."""
    keys = [with_id(number, key) for number in (1, 2) for key in NETS[row.net_type]]
    options = {"withdraw": withdraw, "keys": keys, "paths": True}
    (received,) = read(sent(row, hop_of(row), **options), reader(*ROWS, add_path=frozenset({row})))
    found = received.withdrawn if withdraw else received.announced
    assert [(each.family, each.path_id, each.keys) for each in found] == [
        (row, 1, NETS[row.net_type]),
        (row, 2, NETS[row.net_type]),
    ]


@every_row
@pytest.mark.parametrize("withdraw", [False, True])
def test_messages_with_path_ids_are_never_too_long(row, withdraw):
    keys = [with_id(number, key) for number in range(700) for key in NETS[row.net_type]]
    messages = sent(row, hop_of(row), withdraw=withdraw, keys=keys, paths=True)
    assert len(messages) > 2
    assert max(map(len, messages)) <= 4096
    found = read(messages, reader(*ROWS, add_path=frozenset({row})))
    parts = [part for each in found for part in (each.withdrawn if withdraw else each.announced)]
    assert [with_id(part.path_id, key) for part in parts for key in part.keys] == keys


@every_row
def test_each_family_has_its_end_of_rib(row):
    """RFC 4724, 2."""
    (received,) = read([BgpExporter(ExportClass(row, 65001, False, b"")).end_of_rib()], reader(*ROWS))
    assert (received.end_of_rib, received.withdrawn) == (row, [])


@every_row
def test_what_was_not_negotiated_is_ignored(row):
    """RFC 4760, 7."""
    others = [each for each in ROWS if each is not row]
    messages = sent(row, hop_of(row)) + sent(row, b"", withdraw=True)
    for received in read(messages, reader(*others)):
        assert received.ignored == row.numbers
        assert not received.announced
        assert not received.withdrawn


@pytest.mark.parametrize("row", [row for row in ROWS if row.has_hops], ids=lambda row: row.name)
@pytest.mark.parametrize("version", HOPS)
@pytest.mark.parametrize("extended", [False, True])
def test_next_hops_of_the_other_version_are_those_of_rfc_8950(row, version, extended):
    either = row.hop_version == EITHER
    fits = either or version == row.hop_version or (row.hop_version == 4 and extended)
    messages = sent(row, HOPS[version], extended_next_hop=extended)
    assert bool(messages) == fits
    if fits:
        (taken,) = read(messages, reader(row, extended_next_hop=frozenset({row})))
        assert [each.next_hop for each in taken.announced] == [HOPS[version]]
        (plain,) = read(messages, reader(row))
        assert bool(plain.withdrawn) == (version != row.hop_version and not either)


def test_a_family_without_a_row_raises():
    with pytest.raises(NoFamilyError):
        family.named("vpls")
    with pytest.raises(NoFamilyError):
        family.numbered((25, 65))


def test_a_channel_without_a_row_stops_its_protocol_and_loses_no_route_in_silence():
    other = BgpChannelConfig(name="vpls", net_type=NetType.IP4, table="master4")
    lab = both(a_options={"channels": (other,)})
    lab.run(6)
    assert any(line.text.startswith("b: NoFamilyError") for line in lab.log if line.level == "bug")
    assert not lab.up("b", "a")


def test_families_are_called_as_bird_calls_them():
    numbers = ((1, 1), (2, 2), (1, 128), (2, 133), (25, 70), (1, 134))
    shown = ["ipv4", "ipv6-mc", "vpn4-mpls", "flow6", "evpn", "<1/134>"]
    assert [family.shown(each) for each in numbers] == shown


@pytest.mark.parametrize("row", [row for row in ROWS if row.hop_version == 6 and row.has_hops], ids=str)
def test_an_ipv4_next_hop_of_an_ipv6_family_costs_the_routes_and_not_the_session(row):
    """As in BIRD; RFC 2545 and RFC 4659, 3.2.1 have no such form."""
    wire = (row.hop_field(HOPS[4]), octets(ORIGIN_IGP, PATH_65002), b"\x00\x00\x11" if row.labeled else b"")
    out = BgpExporter(ExportClass(row, 65001, False, b""))
    (received,) = read(out.pack({wire: NETS[row.net_type]}, []), reader(row))
    assert [(each.keys, each.reason) for each in received.withdrawn] == [
        (NETS[row.net_type], f"IPv4 next hop of {row.name}")
    ]


# -------------------------------------------------------------- the sources


def decisions(tree: ast.AST) -> list[str]:
    """Where a source decides by the numbers or the name of a family."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
            if any(name_of(each) in ("afi", "safi") for each in asked):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Subscript) and name_of(node.value) in ("family", "numbers"):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Constant) and node.value in family.NAMES:
            found.append(repr(node.value))
    return found


def name_of(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_only_rows_know_families_by_number_or_name():
    assert decisions(ast.parse("if family[0] == 1 or channel.afi == 2 or name == 'ipv6': pass")) == [
        "channel.afi == 2",
        "family[0]",
        "'ipv6'",
    ]
    for path in BGP.rglob("*.py"):
        if path.name != "family.py":
            assert not decisions(ast.parse(path.read_text())), path.name
