"""Three members of a confederation in a ring, with neighbors outside and one inside (RFC 5065).

Members do not count in the length of a path: of two neighbors in the ring each could prefer the way
through the other, for ever. So each takes 1 off LOCAL_PREF, which stays inside.
"""

from pybird.values.net import Prefix
from tests.scenarios.lab import Lab, read

CONFED = "confederation 100;"
MEMBER = "confederation 100; confederation member; "
# Router: its AS, and its sessions: number of the cable, neighbor's AS, options.
OUTSIDE_IN = "import filter { bgp_local_pref = 150; accept; }; export all; next hop self;"
ALL = "import all; export all; next hop self;"
COUNTED = "import filter { bgp_local_pref = bgp_local_pref - 1; accept; }; export all; next hop self;"
ROUTERS = {
    "o1": (65010, [(1, 65001, "", "import all; export filter { bgp_med = 7; accept; };")]),
    "m1": (65001, [(1, 65010, CONFED, OUTSIDE_IN), (2, 65002, MEMBER, COUNTED), (3, 65003, MEMBER, COUNTED)]),
    "m2": (65002, [(2, 65001, MEMBER, COUNTED), (4, 65003, MEMBER, COUNTED), (5, 65002, CONFED, ALL)]),
    "m3": (65003, [(3, 65001, MEMBER, COUNTED), (4, 65002, MEMBER, COUNTED), (6, 65020, CONFED, ALL)]),
    "i2": (65002, [(5, 65002, CONFED, ALL)]),
    "o2": (65020, [(6, 100, "", ALL)]),
}
NUMBERS = {name: number for number, name in enumerate(ROUTERS, 1)}
CABLES = {
    number: [name for name, (_, sessions) in ROUTERS.items() if number in [each[0] for each in sessions]]
    for number in range(1, 7)
}
NETS = {name: f"10.{number}.0.0/16" for name, number in NUMBERS.items()}


def text(name: str, outside: int = 100) -> str:
    """The configuration of a router; `outside` is what the first neighbor outside thinks we are."""
    asn, sessions = ROUTERS[name]
    found = ""
    for cable, remote, options, channel in sessions:
        (other,) = [each for each in CABLES[cable] if each != name]
        remote_as = outside if name == "o1" else remote
        found += (
            f"protocol bgp {other} {{ local 10.9.{cable}.{NUMBERS[name]} as {asn}; direct;"
            f" neighbor 10.9.{cable}.{NUMBERS[other]} as {remote_as}; {options}"
            f" connect delay time 1; connect retry time 5; error wait time 1, 4; hold time 9;"
            f" ipv4 {{ {channel} }}; }}\n"
        )
    return f"""router id 10.0.0.{NUMBERS[name]};
protocol device {{ }}
protocol static own {{ ipv4; route {NETS[name]} blackhole; }}
{found}"""


def ring(outside: int = 100) -> Lab:
    lab = Lab(dad=None)
    for name in ROUTERS:
        lab.router(name, text(name, outside))
    for number, (one, other) in CABLES.items():
        lab.link(one, f"eth{number}", other, f"eth{number}")
        for name in (one, other):
            lab.nodes[name].host.add_address(f"eth{number}", f"10.9.{number}.{NUMBERS[name]}/24")
    return lab


def whole() -> Lab:
    lab = ring()
    everything = set(NETS.values())
    lab.expect(
        lambda: all(set(lab.nets(name, "master4")) >= everything for name in ROUTERS), 30, "all is known"
    )
    lab.run(5)
    return lab


def best(lab: Lab, name: str, of: str) -> tuple[str, str, int | None, int | None]:
    """A router's best route to the network of another: neighbor, path, LOCAL_PREF, MED."""
    router = lab.nodes[name].router
    rte = router.tables["master4"].get(Prefix.parse(NETS[of]).key)[0]
    view = router.pool.view(rte.attrs)
    return rte.source.name, str(view["bgp_path"]), view.get("bgp_local_pref"), view.get("bgp_med")


def test_a_route_through_the_confederation():
    """Sections 4.1 and 5.2: preference and MED stay inside, members are seen inside and nowhere else."""
    lab = whole()
    assert best(lab, "m1", "o1") == ("o1", "65010", 150, 7)
    assert best(lab, "m2", "o1") == ("m1", "(65001) 65010", 149, 7)
    assert best(lab, "m3", "o1") == ("m1", "(65001) 65010", 149, 7)
    assert best(lab, "i2", "o1") == ("m2", "(65001) 65010", 149, 7)
    assert best(lab, "o2", "o1") == ("m3", "100 65010", 100, None)
    assert best(lab, "o1", "o2") == ("m1", "100 65020", 100, None)
    assert best(lab, "o1", "i2") == ("m1", "100", 100, None)
    assert best(lab, "m1", "i2")[:2] == ("m2", "(65002)")


def test_routes_go_round_only_once():
    """Section 4: a member does not take back what has its number in the path."""
    lab = whole()
    for name in ("m1", "m2", "m3"):
        router = lab.nodes[name].router
        for net in NETS.values():
            paths = [
                router.pool.view(rte.attrs)["bgp_path"]
                for rte in router.tables["master4"].get(Prefix.parse(net).key)
                if rte.source.name != "own"
            ]
            assert all(ROUTERS[name][0] not in path.members for path in paths)
            assert all(len(set(path.members)) == len(path.members) for path in paths)
    lab.nodes["o1"].router.disable(lab.nodes["o1"].router.protocols["own"])
    lab.run(5)
    assert [name for name in ROUTERS if NETS["o1"] in lab.nets(name, "master4")] == []


def test_the_ring_is_cut():
    """The way round is there, and the outside does not see it."""
    lab = whole()
    lab.link_down("m1", "eth3")
    lab.run(20)
    assert best(lab, "m3", "o1") == ("m2", "(65002 65001) 65010", 148, 7)
    assert best(lab, "o2", "o1") == ("m3", "100 65010", 100, None)
    lab.link_up("m1", "eth3")
    lab.run(20)
    assert best(lab, "m3", "o1") == ("m1", "(65001) 65010", 149, 7)


def test_who_is_outside_knows_no_member():
    """Section 4: a neighbor that expects the member's number is told the confederation's, and refuses."""
    lab = ring(outside=65001)
    lab.run(20)
    router = lab.nodes["o1"].router
    assert "Bad peer AS" in router.protocols["m1"].info()


def test_a_reload_makes_a_member_of_a_neighbor_outside():
    lab = whole()
    changed = text("m3").replace(
        f"neighbor 10.9.6.6 as 65020; {CONFED}", f"neighbor 10.9.6.6 as 65020; {MEMBER}"
    )
    assert changed != text("m3")
    lab.nodes["m3"].router.reconfigure(read(changed))
    lab.nodes["o2"].router.reconfigure(
        read(text("o2").replace("as 100;", "as 65003; confederation 100; confederation member;"))
    )
    lab.run(20)
    assert best(lab, "o2", "o1") == ("m3", "(65003 65001) 65010", 149, 7)
    assert best(lab, "o1", "o2") == ("m1", "100", 100, None)
