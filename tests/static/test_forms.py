"""Static routes in all forms, as BIRD 2.19 has them with the same configuration."""

import re

import pytest

from pybird.core.ports import Link, LinkAddress
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import UNKNOWN_METRIC
from tests.cli.lab import Lab

HEAD = """
router id 10.0.0.1;
vpn4 table v4; eth table e1; ipv6 sadr table s6; roa4 table r4; aspa table at; flow4 table f4;
neighbor table peers;
protocol device { scan time 0; }
"""


def static(*routes: str, options: str = "", channel: str = "ipv4") -> str:
    text = " ".join([f"route {route};" for route in routes])
    return f"{HEAD} protocol static s {{ {channel}; {options} {text} }}"


def lab(*routes: str, **options: str) -> Lab:
    made = Lab(static(*routes, **options))
    made.world.kernel.link(Link(4, "vb", True))
    made.world.kernel.address(LinkAddress(4, Address.parse("10.0.1.1"), 24))
    made.world.clock.run()
    return made


def ask(made: Lab, command: str) -> list[str]:
    text = re.sub(r" \d\d:\d\d:\d\d\.\d{3}\]", "]", made.ask(command))
    return [line[5:] if line[:4].isdigit() else line[1:] for line in text.splitlines()[1:-1]]


def test_several_routes_to_one_network_are_several_routes():
    made = lab("10.1.0.0/16 via 10.0.1.2", "10.1.0.0/16 via 10.0.0.2", "10.1.0.0/16 blackhole")
    assert ask(made, "show route") == [
        "10.1.0.0/16          unicast [s] * (200)",
        "\tvia 10.0.1.2 on vb",
        "                     unicast [s] (200)",
        "\tvia 10.0.0.2 on va",
        "                     blackhole [s] (200)",
    ]
    made.files["bird.conf"] = static("10.1.0.0/16 via 10.0.0.2", "10.1.0.0/16 blackhole")
    made.ask("configure")
    assert ask(made, "show route") == [
        "10.1.0.0/16          unicast [s] * (200)",
        "\tvia 10.0.0.2 on va",
        "                     blackhole [s] (200)",
    ]
    made.world.kernel.link(Link(2, "va", False, admin_up=False))
    assert ask(made, "show route") == ["10.1.0.0/16          blackhole [s] * (200)"]


@pytest.mark.parametrize(
    ("route", "hops"),
    [
        ("via 10.0.1.77 weight 2 via 10.0.0.2 weight 3", ["via 10.0.0.2 on va weight 3",
                                                          "via 10.0.1.77 on vb weight 2"]),
        (
            "via 10.0.1.7 via 10.0.0.2 via 10.0.0.3",
            ["via 10.0.0.2 on va weight 1", "via 10.0.0.3 on va weight 1", "via 10.0.1.7 on vb weight 1"],
        ),
        ('via "va" via 10.0.1.2', ["dev va", "via 10.0.1.2 on vb weight 1"]),
        ("via 10.0.0.2 via 10.0.0.2", ["via 10.0.0.2 on va"]),
        ("via 10.0.0.1", ["via 10.0.0.1 on va"]),  # an address of our own
        ('via 99.0.0.9 dev "va" onlink', ["via 99.0.0.9 on va onlink"]),
        ("via 10.0.0.2%va", ["via 10.0.0.2 on va"]),
        ("via fe80::5%va", ["via fe80::5 on va"]),
        ('via 10.0.0.2 dev "va" weight 5', ["via 10.0.0.2 on va"]),
        ('via "vb" via 10.9.9.9', ["dev vb"]),
    ],
)  # fmt: skip
def test_next_hops(route, hops):
    made = lab(f"10.5.0.0/16 {route}")
    assert ask(made, "show route") == [
        "10.5.0.0/16          unicast [s] * (200)",
        *[f"\t{hop}" for hop in hops],
    ]


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        ("10.5.0.0/16 via 10.0.0.9 onlink", "via 10.0.0.9 onlink (dormant)"),  # onlink must say where
        ("10.5.0.0/16 via 10.0.0.2%vb", "via 10.0.0.2%vb (dormant)"),
        ("10.5.0.0/16 via 99.0.0.1", "via 99.0.0.1 (dormant)"),
        ('10.5.0.0/16 via "nosuch"', "dev nosuch (dormant)"),
    ],
)
def test_ways_that_lead_nowhere_are_dormant(route, shown):
    made = lab(route)
    assert ask(made, "show route") == []
    assert made.ask("show static s").splitlines()[1] == f" \t{shown}"


def test_show_static_of_every_form():
    made = lab(
        "10.1.0.0/16 blackhole", "10.2.0.0/16 prohibit", "10.3.0.0/16 unreachable",
        "10.4.0.0/16 recursive 10.1.0.1",
        '10.5.0.0/16 via 10.0.0.2 via 99.0.0.9 dev "va" onlink via "vb"',
    )  # fmt: skip
    assert made.ask("show static s").splitlines() == [
        "1009-10.1.0.0/16\tblackhole",
        " 10.2.0.0/16\tprohibited",
        " 10.3.0.0/16\tunreachable",
        " 10.4.0.0/16\trecursive 10.1.0.1",
        " 10.5.0.0/16",
        " \tvia 10.0.0.2",
        " \tvia 99.0.0.9%va onlink",
        " \tdev vb",
        "0000 ",
    ]


def test_without_check_link_gateways_need_no_carrier():
    for options, there in (("", True), ("check link;", False)):
        made = lab("10.1.0.0/16 via 10.0.0.2", '10.2.0.0/16 via "va"', options=options)
        made.world.kernel.link(Link(2, "va", False, admin_up=True))
        assert bool(ask(made, "show route")) is there
        assert ("\tvia 10.0.0.2 (dormant)" in made.ask("show static").replace("\n ", "\n")) is not there


def test_a_block_may_change_attributes_and_the_next_hop():
    made = lab(
        "10.1.0.0/16 via 10.0.0.2 { gw = 10.0.1.9; krt_mtu = 1400; }",
        "10.2.0.0/16 via 10.0.0.2 { if net.len = 16 then preference = 3; }",
        "10.3.0.0/16 unreachable { dest = RTD_BLACKHOLE; }",
        "10.4.0.0/16 blackhole { bgp_community.add((1,2)); if net.len > 8 then reject; }",
    )
    assert ask(made, "show route all") == [
        "10.1.0.0/16          unicast [s] * (200)",
        "\tvia 10.0.1.9 on vb",
        "\tType: static univ",
        "\tKernel.mtu: 1400",
        "10.2.0.0/16          unicast [s] * (3)",
        "\tvia 10.0.0.2 on va",
        "\tType: static univ",
        "10.3.0.0/16          blackhole [s] * (200)",
        "\tType: static univ",
        "10.4.0.0/16          blackhole [s] * (200)",
        "\tType: static univ",
        "\tBGP.community: (1,2)",
    ]


@pytest.mark.parametrize(
    ("channel", "routes", "shown"),
    [
        ("roa4", ["198.18.0.0/15 max 24 as 65002 { preference = 5; }"],
         ["198.18.0.0/15-24 AS65002  [s] * (5)"]),
        ("aspa", ["aspa 65002 providers 65001, 65010"], ["65002                 [s] * (200)"]),
        ("flow4", ["flow4 { dst 10.0.0.0/8; proto = 23; }"],
         ["flow4 { dst 10.0.0.0/8; proto 23; }  [s] * (200)"]),
        ("vpn4", ["10:20 10.0.0.0/8 via 10.0.0.2", "1.2.3.4:5 10.1.0.0/16 unreachable"],
         ["10:20 10.0.0.0/8     unicast [s] * (200)", "\tvia 10.0.0.2 on va",
          "1.2.3.4:5 10.1.0.0/16 unreachable [s] * (200)"]),
        ("ipv6 sadr", ["2001:db8:5::/48 from 2001:db8:6::/48 unreachable"],
         ["2001:db8:5::/48 from 2001:db8:6::/48 unreachable [s] * (200)"]),
        ("eth", ['eth 02:00:00:00:00:99 via "va"', "eth 02:00:00:00:00:98 vlan 5 via 10.0.0.2"],
         ["02:00:00:00:00:99    unicast [s] * (200)", "\tdev va"]),
        ("neighbors", ["neighbor fe80::1 % 2"], ["fe80::1%2             [s] * (200)"]),
    ],
)  # fmt: skip
def test_networks_of_every_type(channel, routes, shown):
    made = lab(*routes, channel=channel)
    assert ask(made, "show route") == shown


def test_recursive_routes_of_a_vpn_use_the_main_table():
    made = Lab(
        static("10:21 10.3.0.0/16 recursive 203.0.113.5", channel="vpn4")
        + "protocol static igp { ipv4; route 203.0.113.0/24 via 10.0.0.2; }"
    )
    assert ask(made, "show route table v4") == [
        "10:21 10.3.0.0/16    unicast [s] * (200)",
        "\tvia 10.0.0.2 on va",
    ]


def test_labels_of_next_hops_are_shown():
    """Labels of the looked-up route are the outer ones: they lead to the address (RFC 3031, 3.10)."""
    made = Lab(
        static("10.1.0.0/16 via 10.0.0.2 mpls 200/300", "10.3.0.0/16 recursive 203.0.113.5 mpls 400")
        + "protocol static igp { ipv4; route 203.0.113.0/24 via 10.0.0.2 mpls 500; }"
    )
    for net, labels in (("10.1.0.0/16", "200/300"), ("10.3.0.0/16", "500/400")):
        assert ask(made, f"show route {net}")[1:] == [f"\tvia 10.0.0.2 on va mpls {labels}"]


def test_a_recursive_route_does_not_lead_to_ourselves():
    made = Lab(
        static("10.1.0.0/16 recursive 10.0.0.1", "10.2.0.0/16 recursive 10.0.0.9")
        + 'protocol direct d { ipv4; interface "va"; }'
    )

    def kinds() -> list[str]:
        routes = ask(made, "show route protocol s")
        return [line.split()[1] for line in routes if not line.startswith("\t")]

    assert kinds() == ["unreachable", "unicast"]
    other = LinkAddress(2, Address.parse("10.0.0.9"), 24)
    made.world.kernel.address(other)
    made.world.clock.run()
    assert kinds() == ["unreachable", "unreachable"]
    made.world.kernel.no_address(other)
    made.world.clock.run()
    assert kinds() == ["unreachable", "unicast"]


def test_a_block_that_rejects_after_a_reload_keeps_the_route():
    made = lab("10.1.0.0/16 blackhole")
    made.files["bird.conf"] = static("10.1.0.0/16 blackhole { preference = 3; reject; }")
    made.ask("configure")
    assert ask(made, "show route") == ["10.1.0.0/16          blackhole [s] * (3)"]


def test_igp_metrics_of_what_is_looked_up():
    made = Lab(
        static(
            "10.1.0.0/16 recursive 203.0.113.1",
            "10.2.0.0/16 recursive 203.0.113.2",
            "10.3.0.0/16 recursive 10.0.0.9",
            "10.4.0.0/16 recursive 192.0.2.77",
        )
        + """
        protocol direct d { ipv4; interface "va"; }
        protocol static igp1 { ipv4;
          route 203.0.113.1/32 via 10.0.0.7 { igp_metric = 20; };
          route 203.0.113.2/32 via 10.0.0.7;
        }
        """
    )
    found = made.router.tables["master4"]
    metrics = [found.best(Prefix.parse(f"10.{at}.0.0/16").key).hop.igp_metric for at in (1, 2, 3, 4)]
    assert metrics == [20, UNKNOWN_METRIC, 0, None]
    made.ask("dialect 3")
    assert ask(made, "show route 10.1.0.0/16 all")[2:] == [
        "\thostentry: via 203.0.113.1 table master4",
        "\tpreference: 200",
        "\tlocal_metric: 20",
        "\tsource: static",
    ]
    assert "\tlocal_metric: unknown" in ask(made, "show route 10.2.0.0/16 all")
    assert not [line for line in ask(made, "show route 10.4.0.0/16 all") if "local_metric" in line]
    assert ask(made, "show route where local_metric = 20") == [
        "10.1.0.0/16          unicast [s] * (200)",
        "\tvia 10.0.0.7 on va",
    ]
