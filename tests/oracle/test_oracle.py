"""Random filters do the same in the compiler and in the oracle.

A few hundred fixed ones; `HYPOTHESIS_PROFILE=search` and the long tier look for
new ones. What a search found stays below as an example of its own.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import Config
from pybird.values.net import Prefix
from tests.oracle.compare import by_oracle, by_product, differences, equal, read
from tests.oracle.programs import Writer

# Constants that cannot be computed make the text an error, in BIRD too.
IMPOSSIBLE = (
    "Mother told me not to divide by 0",
    "out of bounds in pair constructor",
    " has no maxlen",
    " has no asn",
    " has no rd",
)


def checked(text: str) -> Config | None:
    """The configuration; None for one that is refused for its constants."""
    try:
        return read(text)
    except ConfigErrors as refused:
        if all(any(known in error.message for known in IMPOSSIBLE) for error in refused.errors):
            return None
        raise


def compare(dice: Random) -> bool:
    """Write a program and run it; False when there was nothing to run."""
    text = Writer(dice).program("tested")
    config = checked(text)
    if config is None:
        return False
    assert differences(text, "tested", dice, config) == []
    return True


def test_fixed_programs() -> None:
    ran = [compare(Random(seed)) for seed in range(60)]
    assert sum(ran) > 50


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_many_programs(block: int) -> None:
    ran = [compare(Random(f"{block} {at}")) for at in range(200)]
    assert sum(ran) > 180


@pytest.mark.long
@settings(suppress_health_check=list(HealthCheck))
@given(st.randoms())
def test_searched_programs(dice: Random) -> None:
    compare(dice)


# What searches found.
FOUND = {
    "a text without a value is printed as (void)": 'string t; print "a", t; accept;',
    "min of an empty list is zero": "print bgp_community.min, bgp_ext_community.max; accept;",
    "a variable without a value is void": "int n; bool b; prefix set s; print n, b, s; accept;",
    "what is void is no member": "int n; print n ~ [1]; accept;",
    "nothing is a member of a set that is void": "int set s; print 1 ~ s; accept;",
    "a void variable is not assigned": "int n; int m = n; accept;",
    "a void condition is an error": "bool b; if b then accept; reject;",
    "a negated void is an error": "bool b; if !b then accept; reject;",
    "the second operand of && must have a value": "bool b; print true && b; accept;",
    "a large community of void parts": "int n; print (n, 1, 2); accept;",
    "void is not added to a list": "ec e; bgp_ext_community.add(e); accept;",
    "void is not deleted from a list": "ec e; bgp_ext_community.delete(e); accept;",
    "a quad is compared as an address": "quad q = 1.2.3.4; ip i = ::1; print q = i, i != q; accept;",
    "a quad in a set of addresses": "quad q = 1.2.3.4; print q ~ [1.2.3.4], q ~ [1.2.3.0..1.2.3.3]; accept;",
    "a quad in an extended community": "quad q = 1.2.3.4; print (rt, q, 10); accept;",
    "a case of quads": "quad q = 1.2.3.4; case q { 1.2.3.0..1.2.3.9: accept; else: reject; }",
    "an IPv4-mapped address": "print ::ffff:1.2.3.4, ::ffff:1.2.3.4 = 1.2.3.4, ::ffff:1.2.3.4.is_v4; accept;",
    "both sides of < are computed": "ip i; print i < i.mask(24); accept;",
    "two voids are equal": "print bgp_med = krt_prefsrc, bgp_med != bgp_origin; accept;",
    "what a function prints comes in between": 'print "a", f(), "b"; accept;',
    "a list is not in a pair": "bgp_community.add((1,2)); print bgp_community ~ (1,2); accept;",
    "operands that are never equal are computed": 'int n; print (n + 1) = "x"; accept;',
}


FUNCTION = 'function f() -> int { print "inside"; return 2; }'


@pytest.mark.parametrize("body", FOUND.values(), ids=FOUND)
def test_found(body: str) -> None:
    config = read(f"{FUNCTION} filter tested {{ {body} }}")
    expected = by_oracle(config, "tested", Prefix.parse("10.1.0.0/16"), {})
    for result in by_product(config, "tested", Prefix.parse("10.1.0.0/16"), {}):
        assert equal(result, expected), (result, expected)
