import pytest

from pybird.values.bogus import bogus_keys, has_suspect, suspect_octets
from pybird.values.net import NetType, Prefix


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize("key", ["20ffffffff", "1000" + "01", "2000000001", "03e0", "087f", "20efffffff"])
def test_bogus_ipv4_networks(key: str):
    """Broadcast, hosts of 0.0.0.0/8, loopback, multicast: what three BIRDs do not take."""
    assert bogus_keys([octets(key)], NetType.IP4)


@pytest.mark.parametrize(
    "key", ["00", "0800", "2000000000", "0900" + "00", "20fffffffe", "1fffffff" + "fe", "04f0", "10a9fe"]
)
def test_ipv4_networks_that_only_look_bogus(key: str):
    assert not bogus_keys([octets(key)], NetType.IP4)


TAKEN6 = """::/0 ::/8 ::/128 ::/96 ::/97 ::/127 ::10.0.0.0/104 ::ffff:10.0.0.0/104 ::ffff:240.0.0.0/100
::ffff:169.254.0.0/112 0:0:0:1::/64 0:0:1::/48
0:1::/32 64:ff9b::/96 fd00::/8 fec0::/10 fe00::/8 2001:db8::/32"""
REFUSED6 = """::1/128 ::2/128 ::127.0.0.0/104 ::ffff:0:0/96 ::ffff:127.0.0.0/104 ::ffff:224.0.0.0/100
::ffff:255.255.255.255/128 ::ffff:0.1.0.0/112 ::1:0:0/96 ::fffe:0:0/96 ::1:0:0:0/80 ::8000:0:0:0/65
::ffff:1:0:0/96 ff00::/8 ff02::1/128 fe80::/10 fe80::/9 fe80::1/128"""


@pytest.mark.parametrize("net", TAKEN6.split())
def test_ipv6_networks_that_only_look_bogus(net: str):
    assert not bogus_keys([Prefix.parse(net).key], NetType.IP6)


@pytest.mark.parametrize("net", REFUSED6.split())
def test_bogus_ipv6_networks(net: str):
    """As three BIRDs judge static routes to them."""
    assert bogus_keys([Prefix.parse(net).key], NetType.IP6)


def test_keys_of_other_types_are_not_looked_at():
    assert bogus_keys([octets("20ffffffff")], NetType.ROA4) == []


GOOD = Prefix.parse("10.0.0.0/8").key, Prefix.parse("2001:db8::/32").key


@pytest.mark.parametrize(
    "net", ["255.255.255.255/32", "0.1.0.0/16", "127.0.0.0/8", "224.0.0.0/3", "239.1.0.0/16"]
)
def test_the_first_octet_tells_that_an_ipv4_network_may_be_bogus(net: str):
    octets = suspect_octets(NetType.IP4)
    assert has_suspect([GOOD[0], Prefix.parse(net).key], octets)
    assert not has_suspect([GOOD[0]], octets)


@pytest.mark.parametrize("net", REFUSED6.split())
def test_the_first_octet_tells_that_an_ipv6_network_may_be_bogus(net: str):
    octets = suspect_octets(NetType.IP6)
    assert has_suspect([GOOD[1], Prefix.parse(net).key], octets)
    assert not has_suspect([GOOD[1]], octets)


def test_a_bogus_network_is_found_beside_the_default_route():
    assert has_suspect([Prefix.parse("0.0.0.0/0").key, octets("087f")], suspect_octets(NetType.IP4))


def test_no_first_octet_is_suspect_in_other_types():
    assert not suspect_octets(NetType.ROA4)
