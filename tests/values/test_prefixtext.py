import pytest

from pybird.values.net import Prefix
from pybird.values.prefixset import PrefixSet
from pybird.values.prefixtext import show_prefix_set


def read(text):
    items = []
    for item in text.split():
        prefix, _, lengths = item.partition("{")
        low, _, high = lengths.rstrip("}").partition(",")
        parsed = Prefix.parse(prefix)
        items.append((parsed, int(low or parsed.length), int(high or parsed.length)))
    return PrefixSet.of(*items)


# What real BIRD 2.0.12 answers to `eval [ … ]`.
@pytest.mark.parametrize(
    ("patterns", "shown"),
    [
        ("10.0.0.0/8{8,32} 192.168.0.0/16{16,24}", "[10.0.0.0/8{1.255.255.255}, 192.168.0.0/16{0.1.255.0}]"),
        ("0.0.0.0/0{0,24}", "[0.0.0.0/0, 0.0.0.0/0{255.255.255.0}]"),
        ("0.0.0.0/0", "[0.0.0.0/0]"),
        ("100.64.0.0/10", "[100.64.0.0/10{0.64.0.0}]"),
        ("172.16.0.0/12{12,32}", "[172.16.0.0/12{0.31.255.255}]"),
        ("10.1.2.0/30{25,28}", "[10.1.2.0/28{0.0.0.240}]"),
        (
            "198.18.0.0/15{15,32} 198.18.0.0/16",
            "[198.18.0.0/15{0.2.0.0}, 198.18.0.0/16{0.1.255.255}, 198.19.0.0/16{0.1.255.255}]",
        ),
        (
            "100.64.0.0/10{10,32}",
            "[100.64.0.0/10{0.96.0.0}, 100.64.0.0/12{0.31.255.255}, 100.80.0.0/12{0.31.255.255}, "
            "100.96.0.0/12{0.31.255.255}, 100.112.0.0/12{0.31.255.255}]",
        ),
        (
            "10.1.2.0/24{20,28} 10.1.2.0/23",
            "[10.1.0.0/20{0.0.16.0}, 10.1.0.0/21{0.0.8.0}, 10.1.0.0/22{0.0.4.0}, "
            "10.1.2.0/23{0.0.2.0}, 10.1.2.0/24{0.0.31.240}]",
        ),
        ("2001:db8::/32{32,128} ::/0", "[::/0, 2001:db8::/32{0:1:ffff:ffff:ffff:ffff:ffff:ffff}]"),
    ],
)
def test_prefix_sets_print_as_bird_does(patterns, shown):
    assert show_prefix_set(read(patterns)) == shown
