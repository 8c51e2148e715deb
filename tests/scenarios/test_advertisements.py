"""The same text gives the same advertisement as from real BIRD 2.0.12 (octets captured from it)."""

from tests.scenarios.lab import Lab, unnumbered

TEXT = """
router id 10.0.0.1;
protocol device { }
protocol static st {
  ipv6;
  route 2001:db8:99::/48 unreachable;
  route 2001:db8:77::/48 unreachable { ra_preference = RA_PREF_HIGH; ra_lifetime = 777; };
}
protocol radv {
  ipv6 { export all; };
  propagate routes yes;
  %s
  rdnss 2001:db8::53;
  rdnss { ns 2001:db8::54; ns 2001:db8::55; lifetime mult 4; };
  dnssl "example.com";
  dnssl { domain "a.example.org"; domain "b.example.org"; lifetime 50; };
  prefix 2001:db8:1::/48 { valid lifetime 1000 sensitive yes; preferred lifetime 500 sensitive yes; };
  interface "eth0" {
    max ra interval 4; min ra interval 3; min delay 3;
    link mtu 1400; reachable time 30000; retrans timer 1000;
    managed yes; other config yes; default preference high;
    route preference low;
    prefix 2001:db8:2::/64 { autonomous off; };
    prefix 2001:db8:3::/64 { skip; };
  };
}
"""
HEADER = "40c8000c00007530000003e8"
OPTIONS = {
    "0501000000000578",
    "030438c000015180000038400000000020010db8000500000000000000000000",
    "030480c000015180000038400000000020010db8000400000000000000000001",
    "0304408000015180000038400000000020010db8000200000000000000000000",
    "030440c0000003e8000001f40000000020010db8000100000000000000000000",
    "190300000000000c20010db8000000000000000000000053",
    "190500000000001020010db800000000000000000000005420010db8000000000000000000000055",
    "1f0300000000000c076578616d706c6503636f6d00000000",
    "1f050000000000320161076578616d706c65036f7267000162076578616d706c65036f7267000000",
    "180230180000000c20010db800990000",
    "180230080000030920010db800770000",
}
SUPPRESSED = "40c0000000007530000003e8"  # no router, medium preference


def lab(trigger=""):
    world = Lab(dad=None)
    world.add("a", TEXT % trigger)
    world.add("b", unnumbered(2))
    world.link("a", "eth0", "b", "eth0")
    for address in ("1::1/64", "2::1/64", "3::1/64", "4::1/128", "5::1/56"):
        world.nodes["a"].host.add_address("eth0", f"2001:db8:{address}")
    world.run(20)
    return world


def heard(world):
    """The header and options of the last advertisement that b heard."""
    line = [line for line in world.trace.recent if " b icmp6 eth0 fe80::1:2 ff02::1 86" in line][-1]
    data = bytes.fromhex(line.rpartition(" ")[2])
    options, at = set(), 16
    while at < len(data):
        size = data[at + 1] * 8
        options.add(data[at : at + size].hex())
        at += size
    return data[4:16].hex(), options - {"0101020000000102"}  # BIRD sends no link-layer address


def test_all_options():
    assert heard(lab()) == (HEADER, OPTIONS)


def test_without_its_trigger_route():
    header, options = heard(lab("trigger 2001:db8:66::/48;"))
    assert header == SUPPRESSED
    assert options - OPTIONS == {"030440c000000000000000000000000020010db8000100000000000000000000"}


def test_the_trigger_route_is_not_propagated():
    header, options = heard(lab("trigger 2001:db8:99::/48;"))
    assert header == HEADER
    assert OPTIONS - options == {"180230180000000c20010db800990000"}


def test_the_last_advertisement_of_a_router_that_stops():
    world = lab()
    world.nodes["a"].stop()
    world.run(0.1)
    header, options = heard(world)
    assert header == SUPPRESSED
    assert options - OPTIONS == {"180230180000000020010db800990000", "180230080000000020010db800770000"}
