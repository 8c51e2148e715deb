from pybird.core.ports import KernelRoute
from pybird.io.kernel import NetlinkKernel, sysctl_path
from pybird.io.loop import new_loop
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop
from tests.io.isolation import ip, isolated, pair


class Lines:
    def __init__(self):
        self.lines = []

    def write(self, level, text):
        self.lines.append((level, text))


class Heard:
    """Records kernel events."""

    def __init__(self):
        self.events = []

    def __getattr__(self, name):
        return lambda *args: self.events.append((name, *args))


def world():
    log = Lines()
    loop = new_loop(log)
    return loop, NetlinkKernel(loop, log)


def turn(loop, seconds=0.05):
    loop.call_later(seconds, loop.stop)
    loop.run_forever()


def unicast(prefix, *hops, **options):
    return KernelRoute(Prefix.parse(prefix), 254, Dest.UNICAST, hops, **options)


def close(loop, kernel):
    kernel.close()
    loop.close()


@isolated
def test_links_and_addresses():
    pair("d0", "d1")
    ip("link set d0 address 02:00:00:00:00:01 mtu 1400")
    ip("addr add 10.0.0.1/24 dev d0")
    ip("addr add 10.0.0.2/24 dev d0")
    ip("addr add 10.1.0.1 peer 10.1.0.2/32 dev d0")
    ip("addr add 2001:db8::1/64 dev d0 nodad")
    loop, kernel = world()
    links = {link.name: link for link in kernel.links()}
    assert links["lo"].loopback
    assert links["lo"].up
    assert (links["d0"].up, links["d0"].mtu, links["d0"].mac.hex()) == (True, 1400, "020000000001")
    found = {str(a.address): a for a in kernel.addresses() if a.ifindex == links["d0"].index}
    assert str(found["10.0.0.1"].prefix) == "10.0.0.0/24"
    assert [found["10.0.0.1"].secondary, found["10.0.0.2"].secondary] == [False, True]
    assert found["10.1.0.1"].opposite == Address.parse("10.1.0.2")
    assert found["2001:db8::1"].length == 64
    close(loop, kernel)


@isolated
def test_link_and_address_events_tell_the_end_of_tentative():
    loop, kernel = world()
    heard = Heard()
    kernel.watch(heard)
    ip("link add v0 type veth peer name v1")
    ip("link set v0 up")
    ip("link set v1 up")
    turn(loop, 2.5)
    link = next(link for link in kernel.links() if link.name == "v0")
    assert any(e[0] == "link_changed" and e[1] == link for e in heard.events)
    states = [
        e[1].tentative for e in heard.events
        if e[0] == "address_changed" and e[1].ifindex == link.index and e[1].address.is_link_local
    ]  # fmt: skip
    assert states[-1:] == [False]
    heard.events.clear()
    ip("link del v0")
    turn(loop)
    assert ("link_removed", link.index) in heard.events
    kernel.unwatch(heard)
    close(loop, kernel)


@isolated
def test_routes_of_every_kind_come_back_as_they_were_sent():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    ip("addr add 10.1.0.1/24 dev d1")
    ip("addr add 2001:db8::1/64 dev d0 nodad")
    ip("addr add 192.0.2.1/32 dev lo")
    loop, kernel = world()
    index = {link.name: link.index for link in kernel.links()}

    def hop(gateway, name, **options):
        return NextHop(Address.parse(gateway) if gateway else None, index[name], name, **options)

    ll0, ll1 = hop("fe80::1", "d0"), hop("fe80::2", "d1")
    extras = (("krt_advmss", 1200), ("krt_congctl", "reno"), ("krt_mtu", 1300), ("krt_realm", 7))
    wanted = [
        unicast("10.2.0.0/16", hop("10.0.0.2", "d0"), prefsrc=Address.parse("192.0.2.1"), source=12),
        unicast("10.3.0.0/16", hop(None, "d0"), source=12, attributes=(("krt_scope", 253),)),
        unicast("10.4.0.0/16", ll0, source=12),
        unicast("10.5.0.0/16", ll0, ll1._replace(weight=5), source=12),
        unicast("10.6.0.0/16", hop("10.0.0.2", "d0"), ll1, source=12),
        unicast("10.7.0.0/16", hop("172.16.0.1", "d0", onlink=True), source=12),
        unicast("10.8.0.0/16", hop("10.0.0.2", "d0"), source=12, attributes=extras),
        KernelRoute(Prefix.parse("10.9.0.0/16"), 254, Dest.BLACKHOLE, source=12),
        KernelRoute(Prefix.parse("10.10.0.0/16"), 254, Dest.UNREACHABLE, source=12),
        KernelRoute(Prefix.parse("0.0.0.0/0"), 254, Dest.PROHIBIT, source=12),
    ]  # fmt: skip
    wanted6 = [
        unicast("2001:db8:2::/48", ll0, source=12),
        unicast("2001:db8:3::/48", ll0, ll1._replace(weight=3), source=12),
        unicast("2001:db8:4::/48", hop("2001:db8::2", "d0"), source=12, metric=7),
        unicast("2001:db8:5::/48", hop(None, "d0"), source=12),
        KernelRoute(Prefix.parse("2001:db8:6::/48"), 254, Dest.UNREACHABLE, source=12),
    ]
    assert kernel.change_routes([], [], wanted + wanted6) == []
    got = {str(r.prefix): r for r in [*kernel.routes(True, 254, 12), *kernel.routes(False, 254, 12)]}
    for route in wanted:
        assert got.pop(str(route.prefix)) == route
    for route in wanted6:
        found = got.pop(str(route.prefix))
        if route.dest is not Dest.UNICAST:
            assert found.dest is route.dest
        else:
            assert found == route
    assert not got
    assert kernel.change_routes([], wanted + wanted6) == []
    assert [*kernel.routes(True, 254, 12), *kernel.routes(False, 254, 12)] == []
    assert kernel.change_routes([], wanted) == []  # nothing there: no error
    close(loop, kernel)


@isolated
def test_alien_routes_are_never_overwritten_nor_deleted():
    pair("d0", "d1")
    ip("route add 10.2.0.0/16 dev d0 metric 32 proto static")
    ip("-6 route add 2001:db8:2::/48 dev d0 metric 32 proto static")
    loop, kernel = world()
    mine = [
        KernelRoute(Prefix.parse("10.2.0.0/16"), 254, Dest.BLACKHOLE),
        KernelRoute(Prefix.parse("2001:db8:2::/48"), 254, Dest.BLACKHOLE),
    ]
    assert [reason for _r, reason in kernel.change_routes([], [], mine)] == ["File exists"] * 2
    assert kernel.change_routes([], mine) == []
    assert "10.2.0.0/16 dev d0 proto static" in ip("route")
    assert "2001:db8:2::/48 dev d0 proto static" in ip("-6 route")
    close(loop, kernel)


@isolated
def test_routes_for_one_tos_or_source_are_none_of_ours():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    ip("addr add 2001:db8::1/64 dev d0 nodad")
    loop, kernel = world()
    heard = Heard()
    kernel.watch(heard)
    ip("route add 10.2.0.0/16 via 10.0.0.2 tos 0x10 table 60")
    ip("-6 route add 2001:db8:2::/48 from 2001:db8:9::/48 via 2001:db8::2 table 60")
    ip("route add 10.3.0.0/16 via 10.0.0.2 table 60")
    turn(loop)
    told = [str(event[1].prefix) for event in heard.events if event[0] == "route_changed"]
    assert told == ["10.3.0.0/16"]
    assert [str(route.prefix) for route in kernel.routes(True, 60)] == ["10.3.0.0/16"]
    assert list(kernel.routes(False, 60)) == []
    close(loop, kernel)


@isolated
def test_a_refused_route_has_the_kernels_reason_and_the_others_are_installed():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    loop, kernel = world()
    index = next(link.index for link in kernel.links() if link.name == "d0")
    routes = [
        unicast(f"10.9.{n}.0/24", NextHop(Address.parse("10.0.0.2" if n % 50 else "172.16.0.1"), index, "d0"))
        for n in range(250)
    ]
    refused = kernel.change_routes([], [], routes)
    assert [str(r.prefix) for r, _reason in refused] == [f"10.9.{n}.0/24" for n in (0, 50, 100, 150, 200)]
    assert refused[0][1] == "Network is unreachable (Nexthop has invalid gateway)"
    assert len(list(kernel.routes(True, 254, 12))) == 245
    close(loop, kernel)


@isolated
def test_a_route_is_replaced_in_place():
    pair("d0", "d1")
    loop, kernel = world()
    index = {link.name: link.index for link in kernel.links()}
    one = NextHop(Address.parse("fe80::1"), index["d0"], "d0")
    two = NextHop(Address.parse("fe80::2"), index["d1"], "d1")
    for prefix in ("10.9.0.0/24", "2001:db8:9::/48"):
        for before, after in [((one,), (two,)), ((one,), (one, two)), ((one, two), (two,)), ((one, two), ())]:
            old = unicast(prefix, *before, source=12)
            new = unicast(prefix, *after, source=12)
            if not after:
                new = KernelRoute(Prefix.parse(prefix), 254, Dest.BLACKHOLE, source=12)
            assert kernel.change_routes([], [], [old]) == []
            assert kernel.change_routes([new], []) == [], (before, after)
            got = list(kernel.routes(old.prefix.address.is_v4, 254, 12))
            assert [(r.dest, r.nexthops if after else ()) for r in got] == [(new.dest, after)]
            kernel.change_routes([], [new])
    close(loop, kernel)


@isolated
def test_our_own_changes_make_no_events_but_those_of_others_do():
    pair("d0", "d1")
    loop, kernel = world()
    turn(loop)
    heard = Heard()
    kernel.watch(heard)
    route = KernelRoute(Prefix.parse("10.2.0.0/16"), 254, Dest.BLACKHOLE, source=12)
    kernel.change_routes([], [], [route])
    turn(loop)
    assert heard.events == []
    ip("route del blackhole 10.2.0.0/16 proto bird metric 32")
    turn(loop)
    assert heard.events == [("route_changed", route, True)]
    kernel.unwatch(heard)
    close(loop, kernel)


@isolated
def test_lost_events_are_told():
    pair("d0", "d1")
    loop, kernel = world()
    kernel._rx_buffer = 2048
    heard = Heard()
    kernel.watch(heard)
    for n in range(40):
        ip(f"route add 10.0.{n}.0/24 dev d0")
    turn(loop)
    assert ("overflow",) in heard.events
    close(loop, kernel)


@isolated
def test_a_table_of_its_own():
    pair("d0", "d1")
    loop, kernel = world()
    route = KernelRoute(Prefix.parse("10.2.0.0/16"), 1000, Dest.BLACKHOLE, source=12)
    assert list(kernel.routes(True, 1000)) == []
    assert kernel.change_routes([], [], [route]) == []
    assert list(kernel.routes(True, 1000)) == [route]
    assert list(kernel.routes(True, 254, 12)) == []
    close(loop, kernel)


def test_sysctl_of_an_interface_with_a_dot():
    assert (
        str(sysctl_path("net.ipv6.conf.eth0.100.forwarding")) == "/proc/sys/net/ipv6/conf/eth0.100/forwarding"
    )
    assert str(sysctl_path("net.ipv4.ip_forward")) == "/proc/sys/net/ipv4/ip_forward"
