"""Filters built from nodes, compiled and run."""

from dataclasses import replace

import pytest

from pybird.filter import nodes as n
from pybird.filter.attributes import declarations_of
from pybird.filter.check import check
from pybird.filter.compile import compile_block, compile_filter
from pybird.filter.digest import digest
from pybird.filter.errors import FilterRuntimeError
from pybird.filter.fold import evaluate
from pybird.filter.route_context import RouteContext
from pybird.values.address import Address
from pybird.values.aspath import AsPath
from pybird.values.attributes import AttributeDecl, AttributePool
from pybird.values.community import CommunityList
from pybird.values.net import NetType, Prefix
from pybird.values.prefixset import PrefixSet
from pybird.values.route import Dest, Hop, NextHop, RouteSource, Rte
from pybird.values.scalars import Pair

BGP = (
    AttributeDecl("bgp_origin", "enum bgp_origin", 1, 0x40, lambda o: o[0], lambda v: bytes((v,))),
    AttributeDecl("bgp_path", "bgppath", 2, 0x40, AsPath.decode, AsPath.encode),
    AttributeDecl(
        "bgp_med", "int", 4, 0x80, lambda o: int.from_bytes(o, "big"), lambda v: v.to_bytes(4, "big")
    ),
    AttributeDecl(
        "bgp_local_pref", "int", 5, 0x40, lambda o: int.from_bytes(o, "big"), lambda v: v.to_bytes(4, "big")
    ),
    AttributeDecl("bgp_community", "clist", 8, 0xC0, CommunityList.decode, CommunityList.encode),
)
DECLARED = declarations_of(BGP)


def num(value):
    return n.Literal("int", value)


def attr(name):
    return n.Attribute(name)


def op(left, sign, right):
    return n.Binary(sign, left, right)


def method(target, name, *arguments):
    return n.Method(target, name, tuple(arguments))


def flt(*statements):
    return n.Filter("tested", n.Block(statements))


ACCEPT = n.Decide("accept")
REJECT = n.Decide("reject")


class Route:
    """A subject with one route, and what the filter logged."""

    def __init__(self, net="10.1.0.0/16", net_type=NetType.IP4, preference=100, **attributes):
        self.pool = AttributePool(DECLARED.values())
        self.logged = []
        self.subject = RouteContext(self.pool, net_type, self.logged.append)
        attrs = self.pool.edit(self.pool.empty, attributes)
        hop = Hop(Dest.UNICAST, (NextHop(Address.parse("10.0.0.1"), 3, "eth0"),))
        source = RouteSource("edge1", 11, None, address=Address.parse("10.0.0.9"))
        self.rte = Rte(attrs, source, hop, preference, 0.0)
        self.key = Prefix.parse(net).key

    def run(self, filter_node):
        assert check(filter_node, DECLARED) == []
        compiled = compile_filter(filter_node, DECLARED)
        self.subject.load(self.rte, self.key)
        verdict = compiled.run(self.subject)
        if not compiled.inputs.per_net:
            changes = self.subject.changes
            self.subject.load(self.rte, self.key)
            mask = compiled.masks(self.subject.net_type).mask(self.key)
            assert compiled.run_masked(self.subject, mask) == verdict
            assert self.subject.changes == changes
        return verdict


def test_a_filter_accepts_or_rejects():
    assert Route().run(n.ACCEPT) is True
    assert Route().run(n.REJECT) is False


def test_a_filter_without_decision_rejects_and_says_so():
    route = Route()
    assert route.run(flt()) is False
    assert "tested did not return accept nor reject" in route.logged[0]


def test_conditions_on_attributes():
    tested = flt(
        n.If(op(method(attr("bgp_path"), "len"), ">", num(2)), REJECT),
        n.If(op(method(attr("bgp_path"), "first"), "!=", num(65001)), REJECT),
        ACCEPT,
    )
    assert Route(bgp_path=AsPath.sequence(65001, 2)).run(tested)
    assert not Route(bgp_path=AsPath.sequence(65001, 2, 3)).run(tested)
    assert not Route(bgp_path=AsPath.sequence(65002, 2)).run(tested)
    assert not Route().run(tested)


def test_net_tests_become_a_mask():
    bogons = n.Literal("prefix set", PrefixSet.of((Prefix.parse("10.0.0.0/8"), 8, 32)))
    tested = flt(
        n.If(op(attr("net"), "~", bogons), REJECT),
        n.If(op(method(attr("net"), "len"), ">", num(24)), REJECT),
        n.If(op(attr("net"), "=", n.Literal("prefix", Prefix.parse("0.0.0.0/0"))), REJECT),
        ACCEPT,
    )
    compiled = compile_filter(tested, DECLARED)
    assert not compiled.inputs.per_net
    assert [
        compiled.masks(NetType.IP4).mask(Prefix.parse(p).key)
        for p in ("10.0.0.0/8", "10.0.0.0/25", "0.0.0.0/0", "11.0.0.0/8")
    ] == [
        0b001,
        0b011,
        0b100,
        0b000,
    ]
    assert compiled.masks(NetType.IP6).mask(Prefix.parse("a00::/32").key) == 0b010
    assert not Route("10.0.0.0/8").run(tested)
    assert Route("11.0.0.0/8").run(tested)
    assert Route("a00::/8", NetType.IP6).run(tested)


def test_a_case_of_the_length_is_tests_of_the_network():
    length = method(attr("net"), "len")
    tested = flt(
        n.Case(
            length,
            (
                n.Arm((n.Range(num(0), num(7)), n.Range(num(25), num(32))), n.Block((REJECT,))),
                n.Arm((num(24),), n.Block((n.Assign(attr("bgp_med"), num(1)),))),
                n.Arm((), n.Block((n.Assign(attr("bgp_med"), num(2)),))),
            ),
        ),
        ACCEPT,
    )
    compiled = compile_filter(tested, DECLARED)
    assert not compiled.inputs.per_net
    assert len(compiled.inputs.net_sets) == 5
    for net, verdict, med in (("10.0.0.0/7", False, None), ("10.1.2.0/25", False, None),
                              ("10.1.2.0/24", True, 1), ("10.1.0.0/16", True, 2)):  # fmt: skip
        route = Route(net)
        assert route.run(tested) is verdict
        assert route.subject.changes.get("bgp_med") == med


def test_other_uses_of_the_network_are_per_route():
    tested = flt(
        n.If(op(method(attr("net"), "ip"), "=", n.Literal("ip", Address.parse("10.1.0.0"))), ACCEPT), REJECT
    )
    assert compile_filter(tested, DECLARED).inputs.per_net
    assert Route().run(tested)


def test_inputs_of_an_attribute_only_filter():
    tested = flt(n.If(op(attr("bgp_med"), "=", num(5)), ACCEPT), REJECT)
    assert compile_filter(tested, DECLARED).inputs.attributes_only


def test_inputs_name_what_is_read():
    tested = flt(
        n.If(op(attr("proto"), "~", n.Literal("string", "edge*")), ACCEPT), n.Print((attr("gw"),)), REJECT
    )
    inputs = compile_filter(tested, DECLARED).inputs
    assert (inputs.reads, inputs.volatile) == ({"proto", "hop"}, True)
    assert Route().run(tested)


def test_writes_are_seen_by_later_reads():
    route = Route(bgp_path=AsPath.sequence(1), bgp_community=CommunityList.of([Pair.of(1, 2)]))
    tested = flt(
        n.Assign(attr("bgp_local_pref"), num(200)),
        n.Assign(attr("preference"), num(150)),
        n.Evaluate(method(attr("bgp_path"), "prepend", num(9))),
        n.Evaluate(method(attr("bgp_community"), "add", n.PairNode(num(3), num(4)))),
        n.Unset(attr("bgp_med")),
        n.If(op(method(attr("bgp_path"), "first"), "=", num(9)), ACCEPT),
    )
    assert route.run(tested)
    assert route.subject.preference == 150
    assert route.subject.changes == {
        "bgp_local_pref": 200,
        "bgp_path": AsPath.sequence(9, 1),
        "bgp_community": CommunityList.of([Pair.of(1, 2), Pair.of(3, 4)]),
        "bgp_med": None,
    }


def test_a_community_is_matched_by_value_pattern_and_list():
    has = flt(n.If(op(n.PairNode(num(1), num(2)), "~", attr("bgp_community")), ACCEPT), REJECT)
    pattern = n.SetOf((n.PairPattern(num(1), n.Wildcard()),))
    any_of = flt(n.If(op(attr("bgp_community"), "~", pattern), ACCEPT), REJECT)
    route = Route(bgp_community=CommunityList.of([Pair.of(7, 7), Pair.of(1, 2)]))
    assert route.run(has)
    assert route.run(any_of)
    assert not Route().run(has)
    assert not Route().run(any_of)


def test_a_function_may_decide():
    ref = n.FunctionRef("stop", (), "void")
    ref.function = n.Function("stop", (), n.Block((REJECT,)))
    assert not Route().run(flt(n.Evaluate(n.Call(ref, ())), ACCEPT))


def fibonacci():
    number = n.Local("n", 0, "int")
    ref = n.FunctionRef("fibonacci", (number,), "int")
    smaller = [n.Call(ref, (op(number, "-", num(by)),)) for by in (1, 2)]
    body = n.Block(
        (n.If(op(number, "<", num(2)), n.Return(number)), n.Return(op(smaller[0], "+", smaller[1])))
    )
    ref.function = n.Function("fibonacci", (number,), body, "int")
    return ref


def test_recursion_works_and_is_fast():
    call = n.Call(fibonacci(), (num(20),))
    assert evaluate(call) == n.Literal("int", 6765)


def test_endless_recursion_rejects():
    ref = n.FunctionRef("again", (), "int")
    ref.function = n.Function("again", (), n.Block((n.Return(n.Call(ref, ())),)), "int")
    route = Route()
    assert not route.run(flt(n.If(op(n.Call(ref, ()), "=", num(1)), ACCEPT), REJECT))
    assert "Filter execution stack overflow" in route.logged[0]


def test_case_with_ranges_and_else():
    tested = flt(
        n.Case(
            attr("bgp_med"),
            (
                n.Arm((num(1), n.Range(num(5), num(9))), n.Block((ACCEPT,))),
                n.Arm((num(2),), n.Block(())),
                n.Arm((), n.Block((REJECT,))),
            ),
        ),
        n.Assign(attr("bgp_med"), num(77)),
        ACCEPT,
    )
    assert Route(bgp_med=7).run(tested)
    assert not Route(bgp_med=3).run(tested)
    two = Route(bgp_med=2)
    assert two.run(tested)
    assert two.subject.changes == {"bgp_med": 77}


def test_for_walks_a_path():
    asn, total = n.Local("asn", 0, "int"), n.Local("total", 1, "int")
    tested = flt(
        n.Declare(total, num(0)),
        n.For(asn, attr("bgp_path"), n.Assign(total, op(total, "+", asn))),
        n.If(op(total, "=", num(6)), ACCEPT),
        REJECT,
    )
    assert Route(bgp_path=AsPath.sequence(1, 2, 3)).run(tested)


# What real BIRD 2.0.12 does with an attribute that the route does not have.
@pytest.mark.parametrize(
    ("sign", "reversed_", "holds"),
    [
        ("=", False, False),
        ("!=", False, True),
        ("<", False, True),
        ("<=", False, True),
        (">", False, False),
        (">=", False, False),
        ("<", True, False),
        ("<=", True, False),
        (">", True, True),
        (">=", True, True),
    ],
)
def test_void_is_less_than_any_number(sign, reversed_, holds):
    condition = op(num(10), sign, attr("bgp_med")) if reversed_ else op(attr("bgp_med"), sign, num(10))
    assert Route().run(flt(n.If(condition, ACCEPT), REJECT)) is holds


def test_void_equals_void():
    assert Route().run(flt(n.If(op(attr("bgp_med"), "=", attr("bgp_local_pref")), ACCEPT), REJECT))
    assert Route().run(flt(n.If(op(attr("bgp_med"), "<=", attr("bgp_local_pref")), ACCEPT), REJECT))


@pytest.mark.parametrize(
    "statement",
    [
        n.Assign(attr("preference"), op(attr("bgp_med"), "+", num(1))),
        n.Assign(attr("bgp_local_pref"), attr("bgp_med")),
        n.If(op(attr("bgp_med"), "~", n.SetOf((num(1), num(2)))), ACCEPT),
        n.If(op(attr("bgp_med"), "~", n.SetOf((n.Range(num(1), num(2)),))), ACCEPT),
    ],
)
def test_void_in_anything_else_rejects(statement):
    route = Route()
    place = n.Span("bird.conf", 7, 4)
    assert not route.run(flt(replace(statement, span=place), ACCEPT))
    assert set(route.logged) == {"filters, line 7: an operand has no value"}


def test_division_by_zero_rejects():
    route = Route()
    assert not route.run(flt(n.Assign(attr("bgp_med"), op(num(1), "/", attr("igp_metric"))), ACCEPT))
    assert not Route(bgp_med=0).run(flt(n.Assign(attr("bgp_med"), op(num(1), "/", attr("bgp_med"))), ACCEPT))


def test_print_joins_its_arguments():
    route = Route(bgp_path=AsPath.sequence(1, 2))
    route.run(
        flt(n.Print((n.Literal("string", "path "), attr("bgp_path"), attr("net")), newline=False), ACCEPT)
    )
    assert route.logged == []
    route = Route(bgp_path=AsPath.sequence(1, 2))
    route.run(flt(n.Print((attr("bgp_path"), n.Literal("string", " "), attr("net"))), ACCEPT))
    assert route.logged[0] == "(path 1 2) 10.1.0.0/16"


def test_next_hops_are_read_and_set():
    route = Route()
    assert route.run(flt(n.If(op(attr("ifname"), "=", n.Literal("string", "eth0")), ACCEPT), REJECT))
    assert route.run(flt(n.Assign(attr("gw"), n.Literal("ip", Address.parse("10.0.0.7"))), ACCEPT))
    assert route.subject.hop.nexthops == (NextHop(Address.parse("10.0.0.7"), 0, ""),)
    assert route.run(flt(n.Assign(attr("dest"), n.Literal("enum rtd", Dest.BLACKHOLE)), ACCEPT))
    assert route.subject.hop.dest is Dest.BLACKHOLE


def test_a_block_of_a_static_route_sets_attributes():
    route = Route()
    compiled = compile_block(n.Block((n.Assign(attr("bgp_med"), num(5)),)), DECLARED)
    route.subject.load(route.rte, route.key)
    assert compiled.run(route.subject)
    assert route.subject.changes == {"bgp_med": 5}


def test_constants_are_computed():
    assert evaluate(op(num(3), "-", num(5))).value == 4294967294
    assert evaluate(n.PairNode(num(1), num(2))) == n.Literal("pair", Pair.of(1, 2))
    with pytest.raises(FilterRuntimeError, match="divide by 0"):
        evaluate(op(num(1), "/", num(0)))
    with pytest.raises(FilterRuntimeError):
        evaluate(attr("net"))


def test_long_chains_are_no_deep_recursion():
    condition = op(attr("bgp_med"), "=", num(0))
    for value in range(1, 2000):
        condition = op(condition, "||", op(attr("bgp_med"), "=", num(value)))
    tested = flt(n.If(condition, ACCEPT), REJECT)
    assert Route(bgp_med=1999).run(tested)
    assert len(digest(tested)) == 32


def test_digest_follows_meaning_through_calls():
    one, same = fibonacci(), fibonacci()
    assert digest(flt(n.Evaluate(n.Call(one, (num(1),))))) == digest(flt(n.Evaluate(n.Call(same, (num(1),)))))
    assert one == same
    other = n.FunctionRef("fibonacci", (), "int")
    other.function = n.Function("fibonacci", (), n.Block((n.Return(num(1)),)), "int")
    digest(flt(n.Evaluate(n.Call(other, ()))))
    assert other != one


SPAN = n.Span("bird.conf", 3, 5, 3, 9)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (n.If(n.Literal("int", 1, span=SPAN), ACCEPT), "if takes bool, not int"),
        (n.Assign(n.Attribute("net", span=SPAN), num(1)), "net is read-only"),
        (n.Assign(n.Attribute("nosuch", span=SPAN), num(1)), "there is no attribute nosuch"),
        (n.Assign(attr("bgp_med"), n.Literal("string", "x", span=SPAN)), "bgp_med takes int, not string"),
        (
            n.If(n.Binary("~", num(1), attr("bgp_path"), span=SPAN), n.Return(span=SPAN)),
            "return outside of a function",
        ),
        (n.Evaluate(n.Method(attr("bgp_path"), "add", (num(1),), span=SPAN)), "bgppath has no method `add`"),
        (n.Print((n.Binary("+", num(1), n.Literal("string", "x", span=SPAN)),)), "`+` takes int, not string"),
        (
            n.Print((n.Binary("~", num(1), n.Literal("prefix set", PrefixSet()), span=SPAN),)),
            "int ~ prefix set is not",
        ),
        (n.Unset(n.Attribute("preference", span=SPAN)), "preference cannot be unset"),
        (n.Print((n.Binary("/", num(1), num(0), span=SPAN),)), "Mother told me not to divide by 0"),
    ],
)
def test_problems_are_found_at_their_place(statement, message):
    problems = check(flt(statement, ACCEPT), DECLARED)
    assert [p.span for p in problems] == [SPAN]
    assert message in problems[0].message
