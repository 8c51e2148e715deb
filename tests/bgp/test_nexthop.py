"""Next hops in and out: RFC 4271 section 5.1.3 and 6.3, RFC 2545, RFC 8950."""

from pybird.proto.bgp.family import IPV4_UNICAST as IPV4
from pybird.proto.bgp.family import IPV6_UNICAST as IPV6
from pybird.proto.bgp.routes.nexthop import IgpTables, Resolver, own_next_hop, wire_next_hop
from pybird.values.address import Address
from pybird.values.route import UNREACHABLE, Dest, Hop

V4 = Address.parse("10.0.0.2")
LL = Address.parse("fe80::b")
GLOBAL = Address.parse("fd77::2")
ONLY_LL = bytes(16) + LL.octets
BOTH = GLOBAL.octets + LL.octets
BOTH_TABLES = IgpTables("master4", "master6")


class FakeHops:
    """Hops that only remember what they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def gateway(
        self,
        address: Address,
        ifindex: int = 0,
        onlink: bool = False,
        table: str | None = None,
        metric: int = 0,
        otherwise: Address | None = None,
        labels: tuple[int, ...] = (),
    ) -> Hop:
        self.asked += 1
        second = () if otherwise is None else (str(otherwise),)
        return Hop(Dest.UNICAST, (), metric, key=(str(address), ifindex, onlink, *second))

    def recursive(
        self, address: Address, table: str, labels: tuple[int, ...] = (), on_link: Address | None = None
    ) -> Hop:
        second = () if on_link is None else (str(on_link),)
        return Hop(Dest.UNICAST, key=(str(address), table, *second))


def resolved(octets: bytes, ifindex: int = 2, tables: IgpTables | None = None, **options) -> object:
    hop = Resolver(FakeHops(), ifindex, tables, **options).resolve(octets)
    return None if hop is None else hop.key


def test_direct_next_hops():
    assert resolved(V4.octets) == ("10.0.0.2", 0, False)
    assert resolved(V4.octets, onlink=True) == ("10.0.0.2", 2, True)


def test_the_cost_is_the_metric_of_direct_next_hops_only():
    """In recursive mode the IGP table knows the distance."""
    direct = Resolver(FakeHops(), 2, None, cost=20).resolve(V4.octets)
    link_local = Resolver(FakeHops(), 2, None, cost=20).resolve(ONLY_LL)
    recursive = Resolver(FakeHops(), 0, BOTH_TABLES, cost=20).resolve(V4.octets)
    assert [hop.igp_metric for hop in (direct, link_local, recursive)] == [20, 20, None]


def test_recursive_next_hops():
    assert resolved(V4.octets, 0, BOTH_TABLES) == ("10.0.0.2", "master4")
    assert resolved(GLOBAL.octets, 0, BOTH_TABLES) == ("fd77::2", "master6")


def test_a_next_hop_of_a_family_without_igp_table_is_unreachable():
    for octets, tables in ((GLOBAL.octets, IgpTables("master4")), (V4.octets, IgpTables(None, "master6"))):
        assert Resolver(FakeHops(), 0, tables).resolve(octets) is UNREACHABLE


def test_a_mapped_next_hop_is_looked_up_as_an_ipv4_address_where_there_is_a_table():
    mapped = Address.parse("::ffff:10.0.0.2").octets
    assert resolved(mapped, 0, BOTH_TABLES) == ("10.0.0.2", "master4")
    assert resolved(mapped, 0, IgpTables(None, "master6")) == ("::ffff:10.0.0.2", "master6")


def test_in_recursive_mode_the_link_local_half_is_the_neighbor_of_a_link_unless_global_is_preferred():
    for ifindex in (0, 2):
        for prefer in (None, "local"):
            assert resolved(BOTH, ifindex, BOTH_TABLES, prefer=prefer) == ("fd77::2", "master6", "fe80::b")
        assert resolved(BOTH, ifindex, BOTH_TABLES, prefer="global") == ("fd77::2", "master6")


def test_a_link_local_next_hop_is_on_the_sessions_link():
    assert resolved(ONLY_LL) == ("fe80::b", 2, False)
    assert resolved(ONLY_LL, tables=BOTH_TABLES) == ("fe80::b", 2, False)
    assert resolved(ONLY_LL, 0) is None


def test_the_global_address_counts_unless_link_local_is_preferred():
    assert resolved(BOTH) == ("fd77::2", 0, False)
    assert resolved(BOTH, prefer="local") == ("fe80::b", 2, False)


def test_our_own_address_is_no_next_hop():
    """RFC 4271, 6.3."""
    assert resolved(V4.octets, own=frozenset({V4})) is None


def test_why_a_next_hop_is_invalid_is_told():
    own = Resolver(FakeHops(), 2, None, own=frozenset({V4, LL}))
    assert own.why_invalid(V4.octets) == "next hop 10.0.0.2 is our own address"
    assert own.why_invalid(ONLY_LL) == "next hop fe80::b is our own address"
    no_link = Resolver(FakeHops(), 0, None)
    told = "next hop fe80::b is link-local, and the session is on no link"
    assert no_link.resolve(ONLY_LL) is no_link.resolve(LL.octets) is None
    assert no_link.why_invalid(ONLY_LL) == no_link.why_invalid(LL.octets) == told


def test_our_own_address_is_looked_for_in_recursive_mode_with_a_warning():
    told: list[Address] = []
    options = {"own": frozenset({V4}), "warn": told.append}
    assert resolved(V4.octets, 0, BOTH_TABLES, **options) == ("10.0.0.2", "master4")
    assert told == [V4]


def test_the_link_local_half_is_the_second_address_on_a_link_local_session():
    assert resolved(BOTH, link_local=True) == ("fd77::2", 2, False, "fe80::b")
    assert resolved(BOTH, link_local=True, prefer="local") == ("fe80::b", 2, False)
    assert resolved(GLOBAL.octets, link_local=True) == ("fd77::2", 0, False)


def test_an_answer_is_remembered_until_addresses_change():
    hops = FakeHops()
    resolver = Resolver(hops, 2, None)
    assert resolver.resolve(V4.octets) is resolver.resolve(V4.octets)
    assert hops.asked == 1
    resolver.forget()
    resolver.resolve(V4.octets)
    assert hops.asked == 2


def test_formats_of_a_link_local_next_hop():
    assert wire_next_hop(ONLY_LL, None) == wire_next_hop(ONLY_LL, "double") == LL.octets * 2
    assert wire_next_hop(ONLY_LL, "native") == ONLY_LL
    assert wire_next_hop(ONLY_LL, "single") == LL.octets
    assert wire_next_hop(BOTH, "single") == BOTH


def test_our_own_next_hop():
    own4, own6, own_ll = Address.parse("10.0.0.1"), Address.parse("fd77::1"), Address.parse("fe80::a")
    link = {"v4": own4, "v6": own6, "link_local": own_ll}
    assert own_next_hop(IPV4, own4, False) == own4.octets
    assert own_next_hop(IPV6, own4, False, **link) == own6.octets + own_ll.octets
    assert own_next_hop(IPV6, own4, False) == b""
    assert own_next_hop(IPV6, own6, False, link_local=own_ll) == own6.octets + own_ll.octets
    assert own_next_hop(IPV6, own6, False) == own6.octets
    assert own_next_hop(IPV6, own_ll, False, **link) == bytes(16) + own_ll.octets
    assert own_next_hop(IPV4, own_ll, True, **link) == bytes(16) + own_ll.octets
    assert own_next_hop(IPV4, own_ll, False, **link) == own4.octets
    assert own_next_hop(IPV4, own6, False) == b""
    assert own_next_hop(IPV4, own4, True, configured=Address.parse("192.0.2.1")) == bytes((192, 0, 2, 1))
    assert (
        own_next_hop(IPV6, own6, True, configured=Address.parse("fd77::9")) == Address.parse("fd77::9").octets
    )
    assert own_next_hop(IPV6, own6, True, configured=own4) == b""
