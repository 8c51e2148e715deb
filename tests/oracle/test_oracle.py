"""Random filters do the same in the compiler and in the oracle.

Hypothesis writes them; one that fails is made as small as it gets. Some are
the same every time; `HYPOTHESIS_PROFILE=search` and the long tier look for new
ones. What a search found stays below as an example of its own.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import Config
from pybird.values.net import Prefix
from tests.oracle.choices import Dice, Draw, Drawn
from tests.oracle.compare import Given, by_oracle, by_product, differences, equal, read, some_route
from tests.oracle.programs import Writer

# Constants that cannot be computed make the text an error, in BIRD too.
IMPOSSIBLE = ("Mother told me not to divide by 0", "out of bounds in pair constructor", " has no ")
QUIET = settings(suppress_health_check=list(HealthCheck))


class Case:
    """A program and the routes that it gets."""

    def __init__(self, text: str, routes: list[Given]) -> None:
        self.text = text
        self.routes = routes

    def __repr__(self) -> str:
        return "\n".join(["", *map(repr, self.routes), self.text])


@st.composite
def cases(draw: Draw) -> Case:
    """Programs, each with a few routes."""
    choices = Drawn(draw)
    return Case(Writer(choices).program("tested"), [some_route(choices) for _ in range(2)])


def checked(text: str) -> Config | None:
    """The configuration; None for one that is refused for its constants."""
    try:
        return read(text)
    except ConfigErrors as refused:
        if all(any(known in error.message for known in IMPOSSIBLE) for error in refused.errors):
            return None
        raise


@settings(QUIET, max_examples=60)
@given(cases())
def test_programs(case: Case) -> None:
    compare(case)


def test_fixed_programs() -> None:
    ran = [by_dice(Dice(seed)) for seed in range(120)]
    assert sum(ran) > 100


@pytest.mark.long
@settings(QUIET, max_examples=1000, derandomize=False)
@given(cases())
def test_searched_programs(case: Case) -> None:
    compare(case)


def compare(case: Case) -> None:
    config = checked(case.text)
    assume(config is not None)
    assert config is not None
    assert differences(config, "tested", case.routes) == []


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_many_programs(block: int) -> None:
    ran = [by_dice(Dice(f"{block} {at}")) for at in range(200)]
    assert sum(ran) > 180


def by_dice(dice: Dice) -> bool:
    """Write a program and run it; False when there was nothing to run."""
    text = Writer(dice).program("tested")
    config = checked(text)
    if config is None:
        return False
    found = differences(config, "tested", [some_route(dice) for _ in range(2)])
    assert not found, f"{found[0]}\n{text}"
    return True


def test_every_piece_of_the_language_is_written() -> None:
    """The dice alone, many times: nothing that programs are made of is left out."""
    text = "\n".join([Writer(Dice(seed)).program("tested") for seed in range(400)])
    for piece in (
        "gw =",
        "dest =",
        "ifname =",
        "weight =",
        "from =",
        "ifindex",
        "flow4",
        "evpn",
        "for ",
        "case ",
    ):
        assert piece in text, piece


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
    "nothing is in an empty set": "int set e = [1]; e = []; print bgp_med ~ [], bgp_med ~ e; accept;",
    "an IPv4 set is one of quads": "quad set s = [1.2.3.4]; quad q = 1.2.3.4; print s, q ~ s; accept;",
    "the right operand of > comes first": "print f() > g(), f() >= g(), f() < g(); accept;",
    "all parts of a large community come first": "int n; print (n, 1, f()); accept;",
    "from can be unset": "print from; unset(from); print from, defined(from); accept;",
    "a void network has no address": "prefix p; print p.ip; accept;",
    "prefix sets are equal when their trees are": "print [10.0.0.0/8, 10.0.0.0/8+] = [10.0.0.0/8+]; accept;",
    "pair sets are equal when their rows are": "print [(1..2,5)] = [(2,5), (1,5)]; accept;",
    "intervals side by side are not one": "print [1..3, 4] = [1..4], [1..3, 2..4] = [1..4]; accept;",
    "all empty sets are equal": "int set a = []; prefix set b = []; print a = [], b = [], [] = [1]; accept;",
    "rows of pairs are merged in the text": "print [(1..2,5..7), (1,6)]; accept;",
    "a gateway that a filter sets": "gw = 192.0.2.77; print gw, ifname, ifindex, dest; accept;",
    "an interface that a filter sets": 'ifname = "d1"; print gw, ifname, ifindex, dest; accept;',
    "a gateway that is set has the weight 1": "weight = 5; gw = 192.0.2.77; print weight; accept;",
    "no weight of 0": "weight = 0; accept;",
    "no weight of what is dropped": "dest = RTD_BLACKHOLE; weight = 5; accept;",
    "preference is a number of 32 bits": "preference = 4294967295; print preference; accept;",
    "an EVPN route has the parts of its kind": "prefix p = (evpn imet 1:2 9 1.2.3.4); print p.mac; accept;",
    "an EVPN route has a length": "prefix p = (evpn imet 1:2 9 1.2.3.4); print p.len, p.ip; accept;",
    "a list that a filter matches with a pair": "print bgp_community ~ (1,2); accept;",
    "operands that are never equal are computed": 'int n; print (n + 1) = "x"; accept;',
}


FUNCTION = """function f() -> int { print "inside"; return 2; }
function g() -> int { print "g"; return 3; }
"""


@pytest.mark.parametrize("body", FOUND.values(), ids=FOUND)
def test_found(body: str) -> None:
    config = read(f"{FUNCTION} filter tested {{ {body} }}")
    route = Given(Prefix.parse("10.1.0.0/16"), {})
    expected = by_oracle(config, "tested", route)
    for result in by_product(config, "tested", route):
        assert equal(result, expected), (result, expected)
