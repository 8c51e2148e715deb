"""Whole routers that give labels of their own: `mpls domain`, `mpls { }`, MPLS tables (RFC 8277)."""

from random import Random

import pytest

from pybird.values.net import net_of
from tests.scenarios.lab import Lab, read

FAMILIES = """
  ipv4 mpls {{ table l4; import {imports}; export all; {channel} }};
  vpn4 mpls {{ table v4; import all; export all; {channel} }};"""
HEAD = """
router id 192.0.2.{number};
mpls domain d {{ {domain} }}
mpls table labels;
ipv4 table l4;
vpn4 table v4;
protocol device {{ }}
"""
OWN = """
protocol static s4 {{ ipv4 {{ table l4; }};
  route 10.{number}.1.0/24 blackhole; route 10.{number}.2.0/24 blackhole; }}
protocol static t4 {{ vpn4 {{ table v4; }}; route 65000:{number} 10.9.0.0/16 blackhole; }}
"""
SESSION = """
protocol bgp {name} {{ local 10.{net}.0.{number} as {own}; neighbor 10.{net}.0.{other} as {asn};
  connect delay time 1; connect retry time 2; {options}"""

ONE, TWO, VPN = "10.3.1.0/24", "10.3.2.0/24", "65000:3 10.9.0.0/16"
VIA_C = [("10.113.0.3", ())]


def session(number, other, own, asn, *, labels="", options="", **channel):
    """A session on the link between two routers, whose network is 10.1NM.0.0."""
    net = 100 + 10 * min(number, other) + max(number, other)
    text = SESSION.format(
        name=f"p{other}", net=net, number=number, other=other, own=own, asn=asn, options=options
    )
    families = FAMILIES.format(**({"channel": "", "imports": "all"} | channel))
    return f"{text}{families} {labels} }}\n"


def text_of_a(labels="mpls { };", domain="", options="graceful restart;", static="", **channel):
    """The router in the middle: eBGP with c (3), iBGP with b (2), to whom it sends its own next hop."""
    return (
        HEAD.format(number=1, domain=domain)
        + static
        + session(1, 3, 65001, 65003, labels=labels, options=options, **channel)
        + session(1, 2, 65001, 65001, channel="next hop self;")
    )


def chain(**options):
    lab = Lab(dad=None)
    lab.router("a", text_of_a(**options))
    lab.router("b", HEAD.format(number=2, domain="") + session(2, 1, 65001, 65001))
    own = HEAD.format(number=3, domain="") + OWN.format(number=3)
    lab.router("c", own + session(3, 1, 65003, 65001, options="graceful restart;"))
    for name, number in (("b", 2), ("c", 3)):
        lab.link("a", f"to{name}", name, "eth0")
        lab.nodes["a"].host.add_address(f"to{name}", f"10.{110 + number}.0.1/24")
        lab.nodes[name].host.add_address("eth0", f"10.{110 + number}.0.{number}/24")
    lab.expect(
        lambda: {ONE, TWO} <= {*lab.nets("b", "l4")} and lab.nets("b", "v4"), 20, "routes of c are at b"
    )
    return lab


def views(lab, name, table):
    """The attributes of the best route of each network."""
    router = lab.nodes[name].router
    found = router.tables[table]
    return {
        str(net_of(found.net_type, key)): router.pool.view(found.get(key)[0].attrs)
        for key in found.keys()  # noqa: SIM118
    }


def labels(lab, table="l4"):
    """Our labels at a, by network."""
    return {net: view.get("mpls_label") for net, view in views(lab, "a", table).items()}


def heard(lab, table="l4"):
    """The labels that b was told, by network."""
    return {net: view["bgp_mpls_label_stack"].items for net, view in views(lab, "b", table).items()}


def forwarding(lab):
    """Where packets with our labels go, by label."""
    table = lab.nodes["a"].router.tables["labels"]
    return {
        int.from_bytes(key, "big"): [(str(way.gateway), way.labels) for way in table.get(key)[0].hop.nexthops]
        for key in table.keys()  # noqa: SIM118
    }


def in_use(lab, name="d"):
    space = lab.nodes["a"].router.services.labels.by_name[name]
    return {use.range.name: use.labels for use in space.uses()}


def session_of(lab, node, name):
    return lab.nodes[node].router.protocols[name]


def test_neighbors_hear_our_label_with_our_next_hop_and_packets_with_it_go_on():
    """RFC 8277, 3.2.2; RFC 4364, 4.3.2."""
    lab = chain()
    assert labels(lab) == {ONE: 1000, TWO: 1001}
    assert labels(lab, "v4") == {VPN: 1002}
    assert heard(lab) == {ONE: (1000,), TWO: (1001,)}
    assert heard(lab, "v4") == {VPN: (1002,)}
    assert forwarding(lab) == {1000: VIA_C, 1001: VIA_C, 1002: VIA_C}
    assert in_use(lab) == {"static": 0, "dynamic": 3}


def test_routes_with_one_next_hop_share_a_label_with_the_policy_aggregate():
    lab = chain(labels="mpls { label policy aggregate; };")
    assert (labels(lab), labels(lab, "v4")) == ({ONE: 1000, TWO: 1000}, {VPN: 1000})
    assert forwarding(lab) == {1000: VIA_C}


def test_a_label_of_a_withdrawn_route_is_free_and_its_route_goes():
    lab = chain()
    lab.nodes["c"].router.disable(session_of(lab, "c", "t4"))
    lab.run(1)
    assert forwarding(lab) == {1000: VIA_C, 1001: VIA_C}
    lab.nodes["c"].router.disable(session_of(lab, "c", "s4"))
    lab.run(1)
    assert (forwarding(lab), in_use(lab)) == ({}, {"static": 0, "dynamic": 0})
    lab.nodes["c"].router.enable(session_of(lab, "c", "s4"))
    lab.run(1)
    assert heard(lab) == {ONE: (1000,), TWO: (1001,)}


@pytest.mark.parametrize("how", ["disabled", "session"])
def test_without_the_session_all_labels_are_free(how):
    lab = chain(options="graceful restart off;")
    if how == "disabled":
        lab.nodes["a"].router.disable(session_of(lab, "a", "p3"))
    else:
        lab.link_down("c", "eth0")
        lab.run(250)
    lab.run(5)
    assert (forwarding(lab), in_use(lab), heard(lab)) == ({}, {"static": 0, "dynamic": 0}, {})


def test_labels_stay_while_the_neighbor_restarts_gracefully():
    """Packets with our labels must get on (RFC 4724, 4.2)."""
    lab = chain(options="graceful restart; hold time 9;")
    before = forwarding(lab)
    lab.nodes["c"].kill()
    lab.run(20)
    assert session_of(lab, "a", "p3").state.value != "up"
    assert forwarding(lab) == before
    assert heard(lab) == {ONE: (1000,), TWO: (1001,)}
    lab.nodes["c"].start()
    lab.run(20)
    assert forwarding(lab) == before
    assert in_use(lab) == {"static": 0, "dynamic": 3}
    lab.nodes["c"].kill()
    lab.run(200)
    assert (forwarding(lab), in_use(lab)) == ({}, {"static": 0, "dynamic": 0})


def test_a_filter_chooses_policy_and_label():
    told = (
        "filter { if net = 10.3.1.0/24 then { mpls_policy = MPLS_POLICY_STATIC; mpls_label = 77; }"
        " else mpls_policy = MPLS_POLICY_NONE; accept; }"
    )
    lab = chain(imports=told)
    assert heard(lab) == {ONE: (77,), TWO: (3,)}
    assert forwarding(lab) == {77: VIA_C, 1000: VIA_C}
    assert in_use(lab) == {"static": 1, "dynamic": 1}


def test_routes_beyond_the_last_label_are_refused_with_the_reason():
    lab = chain(domain="label range dynamic { length 1; };", labels="mpls { label policy aggregate; };")
    router = lab.nodes["a"].router
    router.reconfigure(read(text_of_a(domain="label range dynamic { length 2; };")))
    lab.run(2)
    shown = {**labels(lab), **labels(lab, "v4")}
    assert sorted(shown.values()) == [1000, 1001]
    (lost,) = {ONE, TWO, VPN} - shown.keys()
    lines = [line for line in lab.nodes["a"].messages("warning") if "Label allocation" in line]
    assert lines == [f"Label allocation in range dynamic failed for {lost} from p3"]
    router.reconfigure(read(text_of_a()))
    lab.run(2)
    assert sorted({**labels(lab), **labels(lab, "v4")}.values()) == [1000, 1001, 1002]


def test_a_route_that_the_import_limit_stops_takes_no_label():
    lab = Lab(dad=None)
    static = "protocol static s { ipv4 { table l4; import limit 1 action block; }; mpls;"
    lab.router(
        "a",
        HEAD.format(number=1, domain="")
        + static
        + " route 10.1.0.0/16 blackhole; route 10.2.0.0/16 blackhole; }",
    )
    lab.run(1)
    assert labels(lab) == {"10.1.0.0/16": 1000}
    assert in_use(lab) == {"static": 0, "dynamic": 1}


STATIC = """protocol static s {{ ipv4 {{ table l4; }}; mpls {{ {} }};
  route 10.1.0.0/16 mpls 50 via 10.112.0.2 mpls 200/300; route 10.2.0.0/16 via 10.112.0.9;
  route 10.2.0.0/16 via 10.112.0.2; route 10.3.0.0/16 recursive 10.112.0.7 mpls 9; }}
"""


def alone(text):
    lab = Lab(dad=None)
    lab.router("a", HEAD.format(number=1, domain="") + text)
    lab.router("x", "protocol device { }")
    lab.link("a", "eth0", "x", "eth0")
    lab.nodes["a"].host.add_address("eth0", "10.112.0.1/24")
    lab.run(2)
    return lab


def test_static_routes_have_the_label_that_is_written_or_one_of_the_range():
    lab = alone(
        STATIC.format("") + "protocol static i { ipv4; route 10.112.0.7/32 via 10.112.0.3 mpls 8; }\n"
    )
    table = lab.nodes["a"].router.tables["l4"]
    shown = {
        str(net_of(table.net_type, key)): [
            lab.nodes["a"].router.pool.view(rte.attrs)["mpls_label"] for rte in table.get(key)
        ]
        for key in table.keys()  # noqa: SIM118
    }
    assert shown == {"10.1.0.0/16": [50], "10.2.0.0/16": [1000, 1001], "10.3.0.0/16": [1002]}
    assert forwarding(lab) == {
        50: [("10.112.0.2", (200, 300))],
        1000: [("10.112.0.9", ())],
        1001: [("10.112.0.2", ())],
        1002: [],
    }


def test_the_route_of_a_label_follows_the_next_hop_of_its_routes():
    """A recursive one is resolved, one over a lost interface goes with its routes."""
    via = "protocol static i { ipv4; route 10.112.0.7/32 via 10.112.0.3 mpls 8; }\n"
    lab = alone(STATIC.format("").replace("ipv4 {", "igp table master4; ipv4 {", 1) + via)
    router = lab.nodes["a"].router
    assert forwarding(lab)[1002] == [("10.112.0.3", (8, 9))]
    router.disable(router.protocols["i"])
    lab.run(1)
    assert forwarding(lab)[1002] == []
    router.enable(router.protocols["i"])
    lab.link_down("a", "eth0")
    lab.run(1)
    assert forwarding(lab) == {1002: []}
    assert in_use(lab) == {"static": 0, "dynamic": 1}
    lab.link_up("a", "eth0")
    lab.run(1)
    assert sorted(forwarding(lab)) == [50, 1000, 1001, 1002]
    assert forwarding(lab)[1002] == [("10.112.0.3", (8, 9))]


def test_static_routes_of_labels_need_no_domain_and_take_no_label():
    lab = alone(
        "protocol static s { mpls; route mpls 1000 via 10.112.0.2 mpls 200; route mpls 60 blackhole; }\n"
    )
    assert forwarding(lab) == {1000: [("10.112.0.2", (200,))], 60: []}
    assert in_use(lab) == {"static": 0, "dynamic": 0}


def test_another_policy_or_range_gives_other_labels_without_a_restart():
    lab = alone(STATIC.format(""))
    router = lab.nodes["a"].router
    since = router.protocols["s"].since
    for options, wanted in (
        ("label range static;", [16, 17, 18, 50]),
        ("label policy aggregate;", [50, 1000, 1001, 1002]),
        ("label policy static;", [50]),
        ("", [50, 1000, 1001, 1002]),
    ):
        router.reconfigure(read(HEAD.format(number=1, domain="") + STATIC.format(options)))
        lab.run(1)
        assert sorted(forwarding(lab)) == wanted, options
        assert router.protocols["s"].since == since
    assert in_use(lab) == {"static": 1, "dynamic": 3}


def test_another_domain_restarts_the_protocol():
    lab = alone(STATIC.format(""))
    router = lab.nodes["a"].router
    two = HEAD.format(number=1, domain="") + "mpls domain e { label range dynamic { start 7000; }; };\n"
    router.reconfigure(read(two + STATIC.format("domain e;")))
    lab.run(1)
    assert sorted(forwarding(lab)) == [50, 7000, 7001, 7002]
    assert in_use(lab) == {"static": 0, "dynamic": 0}
    assert in_use(lab, "e") == {"static": 1, "dynamic": 3}


def test_labels_pass_through_pipes_and_stay_those_of_the_protocol():
    lab = alone(STATIC.format("") + "ipv4 table t2; protocol pipe { table l4; peer table t2; export all; }\n")
    assert views(lab, "a", "t2")["10.1.0.0/16"]["mpls_label"] == 50


def expect_consistent(lab):
    """Each label in use has a route and is in use by a route, and none is in two protocols."""
    router = lab.nodes["a"].router
    of_routes = {
        (rte.source.name, label)
        for name in ("l4", "v4")
        for key in router.tables[name].keys()  # noqa: SIM118
        for rte in router.tables[name].get(key)
        if (label := router.pool.view(rte.attrs).get("mpls_label")) is not None
    }
    table = router.tables["labels"]
    of_labels = {
        (rte.source.name, int.from_bytes(key, "big"))
        for key in table.keys()  # noqa: SIM118
        for rte in table.get(key)
    }
    assert of_routes == of_labels
    assert len({label for _, label in of_routes}) == len(of_routes) == sum(in_use(lab).values())


@pytest.mark.parametrize("seed", range(3))
def test_labels_routes_and_ranges_agree_whatever_happens(seed):
    """Protocols, links and programs that come and go, reloads of policy and range."""
    dice = Random(seed)
    options = ("mpls { };", "mpls { label policy aggregate; };", "mpls { label range static; };")
    domains = ("", "label range dynamic { length 2; };", "label range dynamic { start 5000; };")
    static = STATIC.format("").replace("10.112.0.", "10.113.0.")
    lab = chain(static=static)
    for _ in range(25):
        router = lab.nodes["a"].router
        match dice.randrange(6):
            case 0:
                other = lab.nodes["c"].router
                if other is not None:
                    protocol = other.protocols[dice.choice(("s4", "t4"))]
                    (other.disable if protocol.enabled else other.enable)(protocol)
            case 1:
                protocol = router.protocols[dice.choice(("s", "p3", "p2"))]
                (router.disable if protocol.enabled else router.enable)(protocol)
            case 2:
                text = text_of_a(labels=dice.choice(options), domain=dice.choice(domains), static=static)
                router.reconfigure(read(text))
            case 3:
                lab.link_down("c", "eth0")
                lab.run(dice.uniform(0, 8))
                lab.link_up("c", "eth0")
            case 4:
                lab.nodes["c"].kill()
                lab.run(dice.uniform(0, 130))
                lab.nodes["c"].start()
            case 5:
                protocol = router.protocols[dice.choice(("s", "p3"))]
                for channel in protocol.channels.values():
                    channel.reload_imports()
        lab.run(dice.uniform(0, 6))
        expect_consistent(lab)
    lab.run(60)
    expect_consistent(lab)
    for name in ("s", "p3"):
        router.disable(router.protocols[name])
    lab.run(5)
    assert (forwarding(lab), in_use(lab)) == ({}, {"static": 0, "dynamic": 0})
