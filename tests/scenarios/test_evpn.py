"""`evpn` through a router in the middle: routes with all that stands beside them (RFC 7432, RFC 9136)."""

from tests.scenarios.lab import Lab

ROUTES = """
  route evpn ead 65001:1 5 00:01:02:03:04:05:06:07:08:09 blackhole;
  route evpn mac 65001:1 0 02:00:5e:00:53:11 * blackhole { bgp_ext_community.add((rt, 65001, 100)); };
  route evpn mac 65001:1 0 02:00:5e:00:53:12 2001:db8::1 blackhole;
  route evpn imet 65001:1 10 10.0.0.1 blackhole;
  route evpn es 65001:1 00:01:02:03:04:05:06:07:08:09 10.0.0.1 blackhole;
  route evpn prefix 65001:1 10 10.3.0.0/16 blackhole;
  route evpn prefix 65001:1 10 2001:db8:3::/48 blackhole;
"""
NETS = sorted(line.removeprefix("  route ").partition(" blackhole")[0] for line in ROUTES.split("\n") if line)


def text(number: int, more: str, neighbors: tuple[int, ...]) -> str:
    sessions = "".join(
        f"""protocol bgp p{other} {{
  local 10.0.{min(number, other)}.{number} as 6500{number};
  neighbor 10.0.{min(number, other)}.{other} as 6500{other};
  connect delay time 1;
  evpn {{ table et; import all; export all; add paths; }};
}}
"""
        for other in neighbors
    )
    return f"router id 192.0.2.{number};\nevpn table et;\nprotocol device {{ }}\n{more}\n{sessions}"


def line_of_three() -> Lab:
    lab = Lab(dad=None)
    lab.router("a", text(1, f"protocol static st {{ evpn {{ table et; }}; {ROUTES} }}", (2,)))
    lab.router("b", text(2, "", (1, 3)))
    lab.router("c", text(3, "", (2,)))
    lab.link("a", "eth0", "b", "eth0")
    lab.link("b", "eth1", "c", "eth0")
    for name, interface, address in (
        ("a", "eth0", "10.0.1.1"),
        ("b", "eth0", "10.0.1.2"),
        ("b", "eth1", "10.0.2.2"),
        ("c", "eth0", "10.0.2.3"),
    ):
        lab.nodes[name].host.add_address(interface, f"{address}/24")
    return lab


def test_routes_of_every_type_pass_through_a_router_and_are_withdrawn():
    lab = line_of_three()
    lab.expect(lambda: lab.nets("c", "et") == NETS, 30, "all routes")
    router = lab.nodes["c"].router
    table = router.tables["et"]
    keys = list(table.keys())
    views = [router.pool.view(rte.attrs) for key in keys for rte in table.get(key)]
    labels = [str(view["bgp_mpls_label_stack"].items) for view in views if "bgp_mpls_label_stack" in view]
    assert labels == ["(3,)"] * 5  # implicit null: the next hop is ours; multicast and segments have none
    static = lab.nodes["a"].router
    static.disable(static.protocols["st"])
    lab.expect(lambda: lab.nets("c", "et") == [], 5, "withdrawals")
    lab.expect(lambda: lab.nets("b", "et") == [], 1, "withdrawals")
