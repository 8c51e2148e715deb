"""Answers about networks found ahead and in bulk are those of each network by itself."""

from random import Random

import pytest

from pybird.filter import net_questions
from pybird.filter.net_answers import NetAnswers
from pybird.filter.net_questions import Length, NetQuestions, NetTest
from pybird.values.address import Address
from pybird.values.net import NetType, Prefix
from pybird.values.prefixset import PrefixSet
from tests.filter.test_compile import ACCEPT, REJECT, attr, compile_filter, flt, method, n, num, op

WIDTH = {NetType.IP4: 4, NetType.IP6: 16}


def random_prefix(rng, net_type, octets=(0, 10, 11, 192)):
    """Prefixes that meet often: few first octets, few different others."""
    bits = 8 * WIDTH[net_type]
    edge = 16 if net_type is NetType.IP4 else 32  # where the longer head ends
    length = rng.choice((rng.randrange(bits + 1), *range(6, 11), *range(edge - 2, edge + 3)))
    value = bytes(
        [rng.choice(octets), *[rng.choice((0, 0, 1, 128, 200)) for _ in range(WIDTH[net_type] - 1)]]
    )
    return Prefix(Address(value).masked(length), length)


def random_set(rng, net_type):
    patterns = []
    for _ in range(rng.randrange(1, 12)):
        prefix = random_prefix(rng, net_type)
        bits = 8 * WIDTH[net_type]
        low = rng.choice((prefix.length, rng.randrange(0, bits + 1)))
        high = rng.choice((prefix.length, bits, rng.randrange(0, bits + 1)))
        patterns.append((prefix, min(low, high), max(low, high)))
    return PrefixSet.of(*patterns)


def compiled_with(sets, equal, length):
    """A filter that asks about each set, one network, and the length."""
    tests = [op(attr("net"), "~", n.Literal("prefix set", found)) for found in sets]
    tests.append(op(attr("net"), "=", n.Literal("prefix", equal)))
    tests.append(op(method(attr("net"), "len"), ">", num(length)))
    return compile_filter(flt(*[n.If(test, REJECT) for test in tests], ACCEPT), {})


def expected(sets, equal, length, prefix):
    answers = [prefix in found for found in sets] + [prefix == equal, prefix.length > length]
    return sum([1 << bit for bit, answer in enumerate(answers) if answer])


@pytest.mark.parametrize("many", [4096, 3])
@pytest.mark.parametrize("net_type", [NetType.IP4, NetType.IP6])
@pytest.mark.parametrize("seed", range(8))
def test_masks_are_the_tests_of_each_network(net_type, seed, many, monkeypatch):
    monkeypatch.setattr(net_questions, "MOST_CACHED_PATTERNS", many)  # small sets are then far ones, too
    rng = Random(seed)
    sets = list({repr(found): found for found in [random_set(rng, net_type) for _ in range(3)]}.values())
    equal, length = random_prefix(rng, net_type), rng.randrange(33)
    masks = compiled_with(sets, equal, length).masks(net_type)
    nets = [random_prefix(rng, net_type, (0, 10, 11, 12, 192, 203)) for _ in range(600)] + [equal]
    for prefix in nets:
        assert masks.mask(prefix.key) == expected(sets, equal, length, prefix), prefix
    divided = masks.divide([prefix.key for prefix in nets])
    found = {key: mask for mask, keys in divided.items() for key in keys}
    assert sum(map(len, divided.values())) == len(nets)
    for prefix in nets:
        assert found[prefix.key] == expected(sets, equal, length, prefix), prefix


def test_networks_far_from_what_is_named_are_not_tested():
    asked = []

    def near(key):
        asked.append(key)
        return 1

    masks = NetAnswers(near, None, [Prefix.parse("10.1.2.0/24").key], 2)
    for net in ("11.0.0.0/16", "11.1.0.0/16", "10.2.0.0/16", "10.2.1.0/24", "10.2.2.0/24"):
        masks.mask(Prefix.parse(net).key)
    assert asked == [Prefix.parse(net).key for net in ("11.0.0.0/16", "10.2.0.0/16", "10.2.1.0/24")]
    for net in ("10.1.1.0/24", "10.1.2.0/24", "10.1.2.0/24"):
        masks.mask(Prefix.parse(net).key)
    assert len(asked) == 6


def test_the_same_question_has_the_same_bit():
    tests = NetQuestions()
    assert [tests.bit(NetTest(length=8, operator="=")), tests.bit(Length()), tests.bit(NetTest(equal=1))] == [
        0,
        1,
        9,
    ]
    assert tests.bit(Length()) == 1
