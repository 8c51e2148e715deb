"""Deep nesting and long chains work as in BIRD, far beyond real use; beyond all bounds there is an error."""

from __future__ import annotations

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.filter import depth
from pybird.values.aspath import AsPath
from pybird.values.net import Prefix
from tests.oracle.compare import Given, Result, by_product, read


def nested(head: str, count: int, inner: str = "bgp_med = 7;") -> str:
    return "".join([head.replace("#", str(at)) for at in range(count)]) + inner + " }" * count


def joined(word: str, part: str, count: int) -> str:
    return word.join([part.replace("#", str(at)) for at in range(count)])


# Each sets bgp_med to 7 on a route with the path 1 and the local preference 100.
DEEP = {
    "for": nested("for int i# in bgp_path do { ", 30),
    "if": nested("if bgp_path.len = 1 then { ", 150),
    "if with variables": "int n = 0; " + nested("if n = # then { n = n + 1; ", 150, "bgp_med = n - 143;"),
    "case": nested("case bgp_path.len { 1: ", 60),
    "block": nested("{ ", 120),
    "else if": joined(" else ", "if bgp_local_pref = 1# then bgp_med = 1;", 500) + " else bgp_med = 7;",
    "many arms": "case bgp_local_pref { " + joined(" ", "5#: bgp_med = 1;", 300) + " else: bgp_med = 7; }",
    "&&": f"if {joined(' && ', '5# != bgp_local_pref', 1000)} then bgp_med = 7;",
    "&& and ||": f"if {joined(' || ', 'bgp_local_pref = 1 && 5# = 1', 250)} || true then bgp_med = 7;",
    "a sum": f"bgp_med = {joined(' + ', 'bgp_path.len', 250)} - 243;",
    "a constant sum": f"bgp_med = {joined(' + ', '1', 250)} - 243;",
    "a product": f"bgp_med = {joined(' * ', 'bgp_path.len', 250)} * 7;",
    "parentheses": f"bgp_med = {'(' * 300}7{')' * 300};",
    "a sum in parentheses": f"bgp_med = {'(bgp_path.len + ' * 150}1{')' * 150} - 144;",
    "not": f"if {'!' * 150}(bgp_path.len = 1) then bgp_med = 7;",
    "methods": f"bgp_path = bgp_path{'.prepend(1)' * 150}; bgp_med = bgp_path.len - 144;",
    "calls": f"bgp_path = {'prepend(' * 150}bgp_path{', 1)' * 150}; bgp_med = bgp_path.len - 144;",
    "texts": f'if {joined(" ++ ", "format(bgp_path.len)", 150)} ~ "1*1" then bgp_med = 7;',
}  # fmt: skip


def run(body: str) -> list[Result]:
    config = read(f"filter tested {{ {body} accept; }}")
    route = {"bgp_path": AsPath.sequence(1), "bgp_local_pref": 100}
    return by_product(config, "tested", Given(Prefix.parse("10.0.0.0/8"), route))


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_deep_nesting_works(body: str) -> None:
    for result in run(body):
        assert (result.verdict, result.printed) == (True, ())
        assert result.attributes["bgp_med"].data == 7


def test_a_decision_deep_inside_ends_the_filter() -> None:
    for result in run(nested("if bgp_path.len = 1 then { ", 40, 'reject "here";') + ' print "after";'):
        assert (result.verdict, result.printed) == (False, ("here",))


def test_a_return_deep_inside_ends_the_function() -> None:
    inside = nested("if n = 5 then { ", 40, "return n + 2;")
    function = f"function f(int n) -> int {{ {inside} return 0; }}"
    config = read(f"{function} filter tested {{ bgp_med = f(5) + f(4); accept; }}")
    for result in by_product(config, "tested", Given(Prefix.parse("10.0.0.0/8"), {})):
        assert result.attributes["bgp_med"].data == 7


@pytest.mark.parametrize("count", [3000, pytest.param(60_000, marks=pytest.mark.long)])
def test_what_is_beyond_all_bounds_has_a_place(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth, "FRAMES", min(depth.FRAMES, count))
    with pytest.raises(ConfigErrors) as caught:
        read(f"filter tested {{ bgp_med = {joined(' + ', '1', count)}; }}")
    (error,) = caught.value.errors
    assert (error.line, error.message) == (3, "this is nested too deeply")


def test_recursion_without_end_is_an_error_of_the_filter() -> None:
    config = read("function f(int n) -> int { return f(n + 1); } filter tested { bgp_med = f(1); accept; }")
    for result in by_product(config, "tested", Given(Prefix.parse("10.0.0.0/8"), {})):
        assert (result.verdict, result.failed) == (False, True)
