"""From the text of a filter to its verdict."""

import gc

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.conf.language import Language
from pybird.filter.compile import compile_filter
from pybird.filter.digest import digest
from pybird.filter.route_context import RouteContext
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.aspath import SEQUENCE, SET, AsPath
from pybird.values.attributes import AttributePool
from pybird.values.community import CommunityList, ExtendedList, LargeList
from pybird.values.net import NetType, Prefix
from pybird.values.route import Dest, Hop, NextHop, RouteSource, Rte
from pybird.values.scalars import ExtendedCommunity, Pair

LANGUAGE = Language(PROTOCOLS)
DECLARED = {decl.name: decl for type_ in PROTOCOLS for decl in type_.attributes}

DEFAULT = {
    "bgp_origin": 0,
    "bgp_path": AsPath.sequence(65001, 3356, 64999),
    "bgp_local_pref": 100,
    "bgp_community": CommunityList.of([Pair.of(65001, 1), Pair.of(65001, 100)]),
    "bgp_large_community": LargeList.of([(65001, 1, 2), (65001, 5, 9)]),
    "bgp_ext_community": ExtendedList.of([ExtendedCommunity.of("rt", 65001, 10)]),
}


class Result:
    """The verdict, the attributes afterwards, and what was logged."""

    def __init__(self, text, net="10.1.0.0/16", **attributes):
        config = LANGUAGE.read(f"protocol device {{}}\n{text}\n")
        compiled = compile_filter(config.filters["f"], DECLARED)
        self.log = []
        pool = AttributePool(DECLARED.values())
        prefix = Prefix.parse(net)
        subject = RouteContext(pool, prefix.type, self.log.append)
        attrs = pool.edit(pool.empty, {**DEFAULT, **attributes})
        hop = Hop(Dest.UNICAST, (NextHop(Address.parse("10.0.0.1"), 3, "eth0"),))
        rte = Rte(attrs, RouteSource("edge1", 11, None, address=Address.parse("10.0.0.9")), hop, 100, 0.0)
        subject.load(rte, prefix.key)
        self.inputs = compiled.inputs
        self.accepted = compiled.run(subject)
        self.subject = subject
        self.after = dict(pool.view(pool.edit(attrs, subject.changes)))
        if compiled.inputs.masked and not compiled.inputs.per_net:
            subject.load(rte, prefix.key)
            assert compiled.run_masked(subject, compiled.masks(prefix.type).mask(prefix.key)) == self.accepted


def holds(condition, defines="", **route):
    return Result(f"{defines}\nfilter f {{ if {condition} then accept; reject; }}", **route).accepted


TRUE = """
net ~ [10.0.0.0/8+]
net ~ [10.0.0.0/8{16,24}, 192.168.0.0/16]
net !~ [10.1.0.0/17+]
net ~ 10.0.0.0/8
net.len = 16 && net.type = NET_IP4
net.ip = 10.1.0.0
net = 10.1.0.0/16
!(net ~ [11.0.0.0/8+])
bgp_path ~ [= 65001 * =]
bgp_path ~ [= * 3356 64999 =]
bgp_path ~ [= ? ? ? =]
bgp_path ~ [= 65000..65010 + 3356 [64998..64999, 1] =]
bgp_path ~ [3356]
bgp_path !~ [1, 2, 100..200]
3356 ~ bgp_path
bgp_path.len = 3 && bgp_path.first = 65001 && bgp_path.last = 64999
bgp_path.last_nonaggregated = 64999
(65001,100) ~ bgp_community
bgp_community ~ [(65001,*)]
bgp_community ~ [(*,100)]
bgp_community ~ [(65000..65002,90..110)]
bgp_community !~ [(65001,2..99)]
bgp_community.len = 2
bgp_community.min = (65001,1) && bgp_community.max = (65001,100)
(65001,5,9) ~ bgp_large_community
bgp_large_community ~ [(65001,5,*)]
bgp_large_community ~ [(65001,*,*)]
bgp_large_community !~ [(65001,2..4,*)]
(rt, 65001, 10) ~ bgp_ext_community
bgp_ext_community ~ [(rt, 65001, *)]
source = RTS_BGP && source ~ [RTS_STATIC, RTS_BGP]
proto = "edge1" && proto ~ "edge*" && proto !~ "core?"
preference = 100
from = 10.0.0.9
gw = 10.0.0.1 && ifname = "eth0" && ifindex = 3
dest = RTD_UNICAST
bgp_origin = ORIGIN_IGP
defined(bgp_local_pref) && !defined(bgp_med)
bgp_med != 0
bgp_path.delete(3356).len = 2
bgp_path.filter([65000..65010]).len = 1
delete(bgp_community, (65001,1)).len = 1
filter(bgp_large_community, [(65001,1,*)]).len = 1
add(bgp_community, (1,1)).len = 3
prepend(bgp_path, 7).first = 7
format(net) = "10.1.0.0/16"
1 + 2 * 3 = 7
7 / 2 = 3
0 - 1 = 4294967295
0xff = 255
-empty-.len = 0
+empty+.len = 0
bgp_path = bgp_path
1.2.3.4 < 1.2.3.5
::1.is_v4 = false
10.1.2.3.mask(8) = 10.0.0.0
10.1.2.3 ~ [10.0.0.0..10.9.9.9]
(1,2) < (1,3)
(1,2).asn + (1,2).data = 3
(1,2,3).data2 = 3
[1, 2, 3] = [3, 2, 1]
bgp_origin ~ [ORIGIN_IGP, ORIGIN_EGP]
100..200 ~ [1]
"""


@pytest.mark.parametrize("condition", [line for line in TRUE.strip().splitlines() if ".." not in line[:8]])
def test_conditions_that_hold(condition):
    assert holds(condition)


FALSE = """
net ~ [10.0.0.0/8]
net ~ [10.0.0.0/8{17,24}]
net ~ 11.0.0.0/8
net ~ [2001:db8::/32+]
net ~ []
bgp_path ~ [= 3356 * =]
bgp_path ~ [= =]
bgp_path ~ []
(65001,101) ~ bgp_community
bgp_community ~ [(65001,101..200)]
bgp_med = 0
net.type = NET_IP6
1 = 1 && 2 = 3
!true
"""


@pytest.mark.parametrize("condition", FALSE.strip().splitlines())
def test_conditions_that_do_not(condition):
    assert not holds(condition)


def test_defines_and_functions_with_parameters_locals_and_recursion():
    result = Result("""
        define MINE = 65001;
        define SHORT = [10.0.0.0/8{8,16}];
        define MARK = (MINE, 77);
        function power(int base; int exponent) -> int
        int half;
        {
          if exponent = 0 then return 1;
          if exponent = 1 then return base;
          half = power(base, exponent / 2);
          if exponent / 2 * 2 = exponent then return half * half;
          return half * half * base;
        }
        function mark() { bgp_community.add(MARK); }
        filter f {
          if net !~ SHORT then reject "not ours: ", net;
          mark();
          bgp_med = power(2, 10);
          int doubled = bgp_med * 2;
          bgp_local_pref = doubled;
          accept "done";
        }
    """)
    assert result.accepted
    assert result.after["bgp_med"] == 1024
    assert result.after["bgp_local_pref"] == 2048
    assert Pair.of(65001, 77) in result.after["bgp_community"]
    assert result.log[0] == "done"


def test_statements_write_back_to_attributes():
    result = Result("""filter f {
        bgp_path.prepend(65000); bgp_path.prepend(65000);
        bgp_path.delete(3356);
        bgp_community = delete(bgp_community, [(65001, 50..200)]);
        bgp_large_community.add((1, 2, 3)); bgp_large_community.filter([(1, *, *), (65001, 1, *)]);
        bgp_ext_community.empty;
        unset(bgp_local_pref);
        bgp_origin = ORIGIN_INCOMPLETE;
        bgp_next_hop = 10.0.0.77;
        preference = 250;
        accept;
    }""")
    assert str(result.after["bgp_path"]) == "65000 65000 65001 64999"
    assert str(result.after["bgp_community"]) == "(65001,1)"
    assert str(result.after["bgp_large_community"]) == "(65001, 1, 2) (1, 2, 3)"
    assert not result.after["bgp_ext_community"]
    assert "bgp_local_pref" not in result.after
    assert result.after["bgp_origin"] == 2
    assert result.subject.preference == 250


@pytest.mark.parametrize(
    ("pref", "expected"),
    [(5, "low"), (10, "low"), (100, "hundred"), (200, "high"), (201, "other"), (None, "other")],
)
def test_case_arms_hold_several_statements_and_an_else(pref, expected):
    result = Result(
        """filter f
        string word;
        {
          case bgp_local_pref {
            1..10: word = "low"; bgp_med = 1;
            100: word = "hundred";
            150, 200: { word = "high"; }
            else: word = "other";
          }
          print word;
          accept;
        }""",
        bgp_local_pref=pref,
    )
    assert result.log[0] == expected


def test_case_on_enumerations_pairs_and_else_only():
    assert Result("filter f { case source { RTS_BGP, RTS_STATIC: accept; else: reject; } }").accepted
    assert Result("filter f { case (1,5) { (1,*): accept; } reject; }").accepted
    assert Result("filter f { case bgp_origin { else: accept; } }").accepted


@pytest.mark.parametrize(
    ("arms", "given"),
    [
        ("1: return 5;", "(void)"),
        ("1: return 5; else: if preference = 7 then return 6;", "(void)"),
        ("1: return 5; else: return 6;", "6"),
        ("else: return 6;", "6"),
    ],
)
def test_a_function_whose_case_has_no_arm_for_a_value_may_give_none(arms, given):
    """What is void is less than any number, and no error."""
    function = f"function g(int n) {{ case n {{ {arms} }} }}"
    assert holds("g(2) < 1", function) is (given == "(void)")
    assert Result(f"{function} filter f {{ print g(2); accept; }}").log == [given]


WITHOUT_ORDER = (
    ("bgp_community", "-empty-"),
    ("bgp_ext_community", "--empty--"),
    ("bgp_large_community", "---empty---"),
    ("bgp_unknown_0x63", "hex:6162"),
)


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
@pytest.mark.parametrize(("attribute", "value"), WITHOUT_ORDER)
def test_an_order_of_values_that_have_none_is_an_error_as_in_bird(attribute, value, op):
    """BIRD finds it when it runs; in a constant expression that is when the file is read."""
    body = f"if {attribute} {op} {{}} then accept; reject;"
    result = Result(f"filter f {{ {body.format(attribute)} }}", bgp_unknown_0x63=b"abc")
    assert result.log[0] == "filters, line 2: Can't compare values of incompatible types"
    assert not result.accepted
    with pytest.raises(ConfigErrors, match="Can't compare values of incompatible types"):
        LANGUAGE.read(f"protocol device {{}} filter f {{ if {value} {op} {value} then accept; reject; }}")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("bgp_unknown_0x63 < bgp_unknown_0x63", False),
        ("bgp_unknown_0x63 < hex:61", True),
        ("hex:61 <= bgp_unknown_0x63", False),
    ],
)
def test_void_comes_first_even_where_values_have_no_order(condition, expected):
    result = Result(f"filter f {{ if {condition} then accept; reject; }}")
    assert (result.accepted, result.log) == (expected, [])


@pytest.mark.parametrize(
    "condition", ["1 < 1.2.3.4", "(1,1) < 5", "bgp_med >= bgp_path", "RTS_BGP < 3", "-empty- < +empty+"]
)
def test_an_order_of_two_types_is_refused(condition):
    with pytest.raises(ConfigErrors, match="cannot compare"):
        holds(condition)


@pytest.mark.parametrize("pair", ["1..1.2.3.4", "(1,1)..5", "1.2.3.4..5", "(1,2,3)..(1,2)", "RTS_BGP..5"])
def test_the_ends_of_a_range_are_of_one_type(pair):
    for text in (f"define S = [{pair}];", f"function g(int n) {{ case n {{ {pair}: return 1; }} }}"):
        with pytest.raises(ConfigErrors, match="a range from"):
            LANGUAGE.read(f"protocol device {{}} {text}")


def test_for_walks_every_list():
    result = Result("""filter f {
        int sum = 0;
        for int asn in bgp_path do { if asn = 3356 then sum = sum + 1000; sum = sum + 1; }
        for pair c in bgp_community do sum = sum + c.data;
        for lc l in bgp_large_community do { case l { (65001, 1, *): sum = sum + 5000; } }
        for ec e in bgp_ext_community do if e = (rt, 65001, 10) then sum = sum + 10000;
        print sum;
        accept;
    }""")
    assert result.log[0] == str(1000 + 3 + 101 + 5000 + 10000)


def test_a_changed_function_makes_another_filter():
    texts = [
        f"function g() -> int {{ return {n}; }} filter f {{ if g() = 1 then accept; reject; }}"
        for n in (1, 1, 2)
    ]
    one, same, other = (LANGUAGE.read(f"protocol device {{}}\n{text}\n").filters["f"] for text in texts)
    assert one == same
    assert one != other
    assert digest(one) != digest(other)


def test_blocks_shadow_outer_variables():
    result = Result(
        "filter f { int x = 1; { int x = 2; print x; } if true then { int x = 3; } print x; accept; }"
    )
    assert result.log[:2] == ["2", "1"]


def test_sets_and_constants_inside_path_masks():
    assert holds("bgp_path ~ [= MINE TRANSIT 64999 =]", "define MINE = 65001; define TRANSIT = [1, 3356];")
    assert Result("filter f { int x = 3356; if bgp_path ~ [= * (x) * =] then accept; reject; }").accepted
    assert Result(
        "filter f { int set s; s = [3356, 1]; if bgp_path ~ [= ? s ? =] then accept; reject; }"
    ).accepted


def test_masks_match_any_member_of_an_as_set():
    path = AsPath.of([(SEQUENCE, (65001,)), (SET, (5, 6))])
    assert holds("bgp_path ~ [= 65001 6 =] && bgp_path.len = 2 && bgp_path.last = 0", bgp_path=path)


def test_print_texts():
    result = Result("""filter f {
        print "net ", net, " ", bgp_path, " ", bgp_community;
        printn source; printn " "; print true;
        print (1,2), (1,2,3), [1..3, 5], [= 1 * =], 1.2.3.4;
        print;
        accept;
    }""")
    assert result.log[:4] == [
        "net 10.1.0.0/16 (path 65001 3356 64999) (clist (65001,1) (65001,100))",
        "(enum 31)11 TRUE",
        "(1,2)(1, 2, 3)[1..3, 5][= 1 * =]1.2.3.4",
        "",
    ]


def test_next_hops_can_be_set():
    assert Result('filter f { ifname = "eth1"; accept; }').subject.hop.nexthops[0].ifname == "eth1"
    assert Result("filter f { gw = 10.0.0.5; accept; }").subject.hop.nexthops[0].gateway == Address.parse(
        "10.0.0.5"
    )
    assert Result("filter f { dest = RTD_BLACKHOLE; accept; }").subject.hop.dest is Dest.BLACKHOLE
    assert Result("filter f { weight = 7; accept; }").subject.hop.nexthops[0].weight == 7
    assert not Result("filter f { weight = 257; accept; }").accepted
    assert not Result("filter f { dest = RTD_UNICAST; accept; }").accepted


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("if bgp_path.len > 5 then reject; accept;", "attributes"),
        ("if net ~ [10.0.0.0/8+] then reject; if net.len > 24 then reject; accept;", "masked"),
        ("if net ~ 10.0.0.0/8 || net = 0.0.0.0/0 then reject; accept;", "masked"),
        ("case net.len { 8..24: accept; else: reject; }", "masked"),
        ("if net.len ~ [8, 16..24] then reject; bgp_med = net.len; accept;", "by length"),
        ("if net.type = NET_IP6 then reject; accept;", "attributes"),
        ("prefix set bogons; bogons = [10.0.0.0/8+]; if net ~ bogons then reject; accept;", "masked"),
        ("if net.ip = 10.0.0.0 then reject; accept;", "per net"),
    ],
)
def test_how_often_a_filter_must_run(body, kind):
    inputs = Result(f"filter f {{ {body} }}").inputs
    if kind == "attributes":
        assert inputs.attributes_only
    else:
        assert inputs.per_net == (kind == "per net")
        assert bool(inputs.net_sets) == (kind == "masked")
        assert inputs.by_length == (kind == "by length")


SIMPLE = "function long() -> bool { return bgp_path.len > 9; } filter f { if long() then reject; accept; }"
RECURSIVE = "function sum(int n) -> int { if n = 0 then return 0; return n + sum(n - 1); } "
RECURSIVE += "filter f { if sum(3) = 6 then accept; reject; }"


@pytest.mark.parametrize(("text", "clear"), [(SIMPLE, False), (RECURSIVE, True)])
def test_a_dropped_filter_leaves_nothing_to_the_collector(text, clear):
    node = LANGUAGE.read(f"protocol device {{}}\n{text}\n").filters["f"]
    subject = RouteContext(AttributePool(DECLARED.values()), NetType.IP4, print)
    gc.collect()
    gc.disable()
    try:
        compiled = compile_filter(node, DECLARED)
        assert compiled.run(subject)
        compiled.masks(NetType.IP4)
        if clear:
            compiled.clear()
        del compiled
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_an_error_names_the_line_of_the_statement_in_both_forms():
    text = "filter f {\n if net ~ [10.0.0.0/8+] then {\n  bgp_med = bgp_med + 1;\n }\n accept;\n}"
    result = Result(text)
    assert not result.accepted
    assert result.log == ["filters, line 4: an operand has no value"] * 2


def test_ipv6_networks():
    assert holds("net ~ [2001:db8::/32{48,64}] && net.len = 48 && net.type = NET_IP6", net="2001:db8:1::/48")
    assert not holds("net ~ [32.1.0.0/16+]", net="2001:db8:1::/48")


def test_the_net_type_of_a_subject_decides():
    assert Result("filter f { accept; }", net="::/0").subject.net_type is NetType.IP6
