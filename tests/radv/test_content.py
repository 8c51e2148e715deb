from pybird.core.ports import Icmp6Packet, LinkAddress
from pybird.proto.radv.config import (
    CustomOption,
    Dnssl,
    Lifetime,
    RadvConfig,
    RaInterface,
    RaPrefix,
    Rdnss,
)
from pybird.proto.radv.content import MOST_PACKETS, Content, RouteOptions
from pybird.proto.radv.messages import (
    ALL_NODES,
    HIGH,
    DnsDomains,
    DnsServers,
    LinkMtu,
    OtherOption,
    PrefixInformation,
    RouteInformation,
    SourceLinkLayer,
    decode_ra,
)
from pybird.values.address import Address
from pybird.values.net import Prefix

ONE = Prefix.parse("2001:db8:1::/64")
TWO = Prefix.parse("2001:db8:2::/64")


def content(interface=None, **protocol):
    return Content(
        RadvConfig(type_name="radv", name="radv1", **protocol), RaInterface(patterns=(), **(interface or {}))
    )


def addresses(*texts):
    out = []
    for text in texts:
        address, _, length = text.partition("/")
        out.append(LinkAddress(2, Address.parse(address), int(length)))
    return out


def say(
    content, now=0.0, routes=None, active=True, hosts=("2001:db8:1::1/64",), mac=b"", mtu=1500, final=False
):
    packets = content.advertisements(
        addresses(*hosts), routes or {}, active=active, now=now, mac=mac, mtu=mtu, final=final
    )
    return [decode_ra(Icmp6Packet(p, Address.parse("fe80::1"), ALL_NODES, 255)) for p in packets]


def options(kind, *args, **kwargs):
    return [o for ra in say(*args, **kwargs) for o in ra.options if isinstance(o, kind)]


def test_defaults():
    (ra,) = say(content(), hosts=())
    assert (ra.hop_limit, ra.lifetime, ra.managed, ra.other_config, ra.options) == (
        64,
        1800,
        False,
        False,
        (),
    )


def test_lifetime_is_three_intervals_unless_written():
    assert say(content({"max_ra_interval": 4}))[0].lifetime == 12
    assert say(content({"discovery": True}))[0].lifetime == 30
    assert say(content({"default_lifetime": 0}))[0].lifetime == 0


def test_interface_prefixes_are_announced_but_link_local_and_ipv4():
    hosts = ("2001:db8:1::1/64", "fe80::1/64", "192.0.2.1/24", "2001:db8:2::1/64", "2001:db8:1::2/64")
    assert [o.prefix for o in options(PrefixInformation, content(), hosts=hosts)] == [ONE, TWO]


def test_the_interfaces_prefix_block_wins_over_the_protocols():
    own = RaPrefix(prefix=ONE, autonomous=False, valid_lifetime=7, preferred_lifetime=5, pd_preferred=True)
    all_ = RaPrefix(prefix=Prefix.parse("2001:db8::/32"), skip=True)
    hosts = ("2001:db8:1::1/64", "2001:db8:2::1/64")
    found = options(PrefixInformation, content({"prefixes": (own,)}, prefixes=(all_,)), hosts=hosts)
    assert found == [PrefixInformation(ONE, True, False, 7, 5, True)]


def test_gone_prefix_lingers_with_lifetime_zero():
    machine = content({"prefix_linger_time": 100})
    say(machine, 0.0)
    for now, expected in ((10.0, [(0, 0)]), (109.0, [(0, 0)]), (111.0, [])):
        assert [
            (o.valid, o.preferred) for o in options(PrefixInformation, machine, now, hosts=())
        ] == expected
    say(machine, 120.0)
    assert [o.valid for o in options(PrefixInformation, machine, 121.0)] == [86400]


def test_dns_options_are_grouped_by_lifetime_and_local_hides_the_protocols():
    servers = [Address.parse(f"2001:db8::{n}") for n in range(4)]
    protocol = {
        "rdnss": (Rdnss(servers[0]), Rdnss(servers[1], Lifetime(multiplier=4)), Rdnss(servers[2])),
        "dnssl": (Dnssl("example.org", Lifetime(seconds=9)),),
        "custom_options": (CustomOption(200, b"123456"),),
    }
    own = {"max_ra_interval": 10, "rdnss": (Rdnss(servers[3]),)}
    machine = content(own, **protocol)
    assert options(DnsServers, machine) == [
        DnsServers((servers[0], servers[2], servers[3]), 30),
        DnsServers((servers[1],), 40),
    ]
    assert options(DnsDomains, machine) == [DnsDomains(("example.org",), 9)]
    assert options(OtherOption, machine) == [OtherOption(200, b"123456")]
    machine = content({**own, "rdnss_local": True, "dnssl_local": True, "custom_local": True}, **protocol)
    assert options(DnsServers, machine) == [DnsServers((servers[3],), 30)]
    assert options(DnsDomains, machine) == options(OtherOption, machine) == []


def test_trigger_missing_zeroes_what_is_sensitive():
    prefix = RaPrefix(prefix=ONE, preferred_sensitive=True)
    machine = content({"prefixes": (prefix,), "route_lifetime_sensitive": True})
    (ra,) = say(machine, active=False, routes={TWO: RouteOptions()})
    assert ra.lifetime == 0
    assert [(o.valid, o.preferred) for o in ra.options if isinstance(o, PrefixInformation)] == [(86400, 0)]
    assert [o.lifetime for o in ra.options if isinstance(o, RouteInformation)] == [0]
    assert say(content({"default_lifetime_sensitive": False}), active=False)[0].lifetime == 1800


def test_routes_have_their_own_preference_and_lifetime():
    routes = {ONE: RouteOptions(HIGH, 77), TWO: RouteOptions()}
    found = options(RouteInformation, content({"route_preference": 3, "route_lifetime": 50}), routes=routes)
    assert found == [RouteInformation(ONE, HIGH, 77), RouteInformation(TWO, 3, 50)]


def test_gone_route_lingers_for_three_intervals():
    machine = content({"max_ra_interval": 4})
    say(machine, 0.0, routes={TWO: RouteOptions()})
    assert [o.lifetime for o in options(RouteInformation, machine, 1.0)] == [0]
    assert options(RouteInformation, machine, 13.1) == []


def test_final_advertisement_ends_the_router_but_not_the_prefix():
    """RFC 4861, 6.2.5; as BIRD does it."""
    (ra,) = say(content({"default_preference": HIGH}), routes={TWO: RouteOptions()}, final=True)
    assert ra.lifetime == 0
    assert [o.valid for o in ra.options if isinstance(o, PrefixInformation)] == [86400]
    assert [o.lifetime for o in ra.options if isinstance(o, RouteInformation)] == [0]


def test_mtu_and_source_link_layer():
    (ra,) = say(content({"link_mtu": 1400}), hosts=(), mac=bytes(6))
    assert ra.options == (SourceLinkLayer(bytes(6)), LinkMtu(1400))


def test_long_advertisements_are_split_to_the_mtu():
    routes = {Prefix.parse(f"2001:db8:{n:x}::/48"): RouteOptions() for n in range(200)}
    machine = content()
    packets = machine.advertisements(addresses(), routes, active=True, now=0, mac=b"", mtu=1500)
    assert len(packets) == 3
    assert max(map(len, packets)) <= 1460
    assert len(options(RouteInformation, machine, routes=routes)) == 200
    assert not machine.truncated
    many = {Prefix.parse(f"2001:db8:{n:x}::/48"): RouteOptions() for n in range(5000)}
    assert len(say(machine, routes=many)) == MOST_PACKETS
    assert machine.truncated
