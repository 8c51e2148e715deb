"""Filters become nodes with resolved names."""

from __future__ import annotations

import pytest

from pybird.filter import nodes as n
from tests.conf.loading import DEVICE, error, errors, load


def body(text: str, before: str = "") -> tuple[n.Node, ...]:
    """The statements of a filter."""
    return load(f"{DEVICE}{before} filter f {{ {text} accept; }}").filters["f"].body.statements[:-1]


def only(text: str, before: str = "") -> n.Node:
    (statement,) = body(text, before)
    return statement


def value(text: str, before: str = "") -> n.Node:
    """The node of an expression."""
    statement = only(f"print {text};", before)
    assert isinstance(statement, n.Print)
    return statement.arguments[0]


def test_constants_are_resolved_and_keep_their_name() -> None:
    node = value("A", "define A = 5;")
    assert node == n.Literal("int", 5)
    assert isinstance(node, n.Literal)
    assert node.name == "A"


def test_attributes_and_locals() -> None:
    declare, assign = body("int x = 1; x = preference;")
    local = n.Local("x", 0, "int")
    assert declare == n.Declare(local, n.Literal("int", 1))
    assert assign == n.Assign(local, n.Attribute("preference"))


def test_a_shadowed_local_is_another_one() -> None:
    _, block, last = body("int x; { int x = 2; x = 3; } x = 4;")
    assert isinstance(block, n.Block)
    inner = block.statements[1]
    assert isinstance(inner, n.Assign)
    assert isinstance(last, n.Assign)
    assert inner.target != last.target


def test_operators_bind_as_in_the_manual() -> None:
    one, two, three = (n.Literal("int", number) for number in (1, 2, 3))
    assert value("1 + 2 * 3") == n.Binary("+", one, n.Binary("*", two, three))
    left = n.Binary("=", one, two)
    right = n.Unary("!", n.Literal("bool", True))
    assert value("1 = 2 && ! true || 2 > 1") == n.Binary(
        "||", n.Binary("&&", left, right), n.Binary(">", two, one)
    )


def test_else_belongs_to_the_nearest_if() -> None:
    outer = only("if true then if false then print 1; else print 2;")
    assert isinstance(outer, n.If)
    assert outer.otherwise is None
    assert isinstance(outer.then, n.If)
    assert outer.then.otherwise is not None


def test_case_arms_hold_any_number_of_statements() -> None:
    case = only("case net.len { 1, 3..5: print 1; print 2; 7: NET: { } else: print 3; }".replace("NET: ", ""))
    assert isinstance(case, n.Case)
    assert [len(arm.body.statements) for arm in case.arms] == [2, 1, 1]
    assert case.arms[0].labels[1] == n.Range(n.Literal("int", 3), n.Literal("int", 5))
    assert case.arms[2].labels == ()


def test_both_styles_of_list_change() -> None:
    first, second = body("bgp_community.add((1,2)); bgp_community = add(bgp_community, (1,2));")
    assert isinstance(first, n.Evaluate)
    assert isinstance(first.expression, n.Method)
    assert isinstance(second, n.Assign)
    assert isinstance(second.value, n.Builtin)


def test_a_call_holds_the_function_itself() -> None:
    config = load(DEVICE + "function g(int a) -> int { if a = 0 then return 0; return g(a - 1); }")
    function = config.functions["g"]
    last = function.body.statements[1]
    assert isinstance(last, n.Return)
    assert isinstance(last.value, n.Call)
    assert last.value.function.function is function
    assert last.value.function.digest


def test_prefix_sets_of_literals_are_made_at_once() -> None:
    node = value("[ 10.0.0.0/8+, 192.0.2.0/24{25,30}, # two\n 10.0.0.0/9-, 1.0.0.0/8 ]")
    assert isinstance(node, n.Literal)
    assert node.type == "prefix set"
    assert len(node.value.patterns) == 4


def test_a_prefix_set_is_the_same_whichever_way_it_is_read() -> None:
    plain = value("[ 10.0.0.0/8{9,12}, 1.0.0.0/8+ ]")
    slow = value("[ 10.0.0.0/8{A, 12}, 1.0.0.0/8+ ]", "define A = 9;")
    assert plain == slow
    assert plain == value("[ /* c */ 10.0.0.0/8{9,12}, 1.0.0.0/8+ ]")


def test_long_number_sets_come_in_one_piece() -> None:
    numbers = ", ".join(str(number) for number in range(1, 400, 2))
    node = value(f"[ {numbers}, 64512..65534 ]")
    assert isinstance(node, n.Literal)
    assert node.type == "int set"
    assert 65000 in node.value
    assert 3 in node.value
    assert 4 not in node.value


def test_a_wrong_item_of_a_bulk_set_is_shown() -> None:
    found = error(DEVICE + "define S = [\n  10.0.0.0/8,\n  10.0.0.1/8\n];")
    assert (found.line, found.column) == (4, 3)


def test_pair_and_large_patterns() -> None:
    node = value("[ (1,2), (3,*), (*,4..5), (6,7)..(8,9) ]")
    assert isinstance(node, n.SetOf)
    kinds = [type(item) for item in node.items]
    assert kinds == [n.PairNode, n.PairPattern, n.PairPattern, n.Range]
    large = value("[ (1,2,3), (1,2,*), (1,*,*) ]")
    assert isinstance(large, n.SetOf)
    assert [type(item) for item in large.items] == [n.LargeCommunityNode, n.LargePattern, n.LargePattern]


def test_path_masks() -> None:
    node = value("[= * 1 2..3 [4, 5..6] ? + =]")
    assert isinstance(node, n.MaskOf)
    assert [type(item) for item in node.items] == [
        n.MaskAny, n.Literal, n.Range, n.SetOf, n.MaskOne, n.MaskPlus,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["10.1.2.3/(4+4)", "gw/24", "net.ip/8", "10.0.0.0/L"])
def test_the_length_of_a_prefix_is_a_number(text: str) -> None:
    """All BIRDs refuse what is computed there."""
    assert (
        "`/` takes int, not ip"
        in error(f"{DEVICE}define L = 8; filter f {{ print {text}; accept; }}").message
    )


@pytest.mark.parametrize(
    "text",
    ["if true then int x = 1;", "if true then print 1; else int x;", "for int i in bgp_path do int x;"],
)
def test_a_declaration_is_no_branch(text: str) -> None:
    first = errors(f"{DEVICE}filter f {{ {text} accept; }}")[0]
    assert first.message == "`{` missing before `int`"


def test_an_arm_may_begin_with_a_declaration() -> None:
    case = only("case net.len { 1: int x = 1; print x; else: int y; }")
    assert isinstance(case, n.Case)


def test_old_style_locals() -> None:
    config = load(DEVICE + "filter f int x; prefix set y; { x = 1; accept; }")
    first = config.filters["f"].body.statements[0]
    assert isinstance(first, n.Declare)


def test_for_has_a_variable_of_its_own() -> None:
    node = only("for int a in bgp_path do { print a; }")
    assert isinstance(node, n.For)
    assert node.variable.type == "int"
    assert (
        "is not defined"
        in error(DEVICE + "filter f { for int a in bgp_path do print a; print a; accept; }").message
    )


def test_custom_attributes() -> None:
    config = load(DEVICE + "attribute int colour; filter f { colour = 5; accept; }")
    assert config.attributes[0].name == "colour"
    assert config.filters["f"].body.statements[0] == n.Assign(n.Attribute("colour"), n.Literal("int", 5))


def test_an_attribute_with_a_bgp_code_is_another_name_of_that_attribute() -> None:
    text = "attribute bgp 200 bytestring mine; attribute bgp 8 clist seen; filter f { mine = hex:01; "
    config = load(DEVICE + text + "bgp_unknown_0xc8 = hex:01; seen.add((1, 2)); accept; }")
    first, second, third, _ = config.filters["f"].body.statements
    assert first == second == n.Assign(n.Attribute("bgp_unknown_0xc8"), n.Literal("bytestring", b"\1"))
    assert "Attribute(name='bgp_community'" in repr(third)
    assert config.symbols["mine"].kind == "custom attribute"


def test_an_unknown_attribute_has_an_unknown_code_in_two_digits() -> None:
    for name in (
        "bgp_unknown_0x08",
        "bgp_unknown_0xC8",
        "bgp_unknown_0x00",
        "bgp_unknown_0xc",
        "bgp_unknown_0x0c8",
    ):
        assert "is not defined" in error(f"{DEVICE}filter f {{ {name} = hex:01; accept; }}").message


def test_where_is_a_filter() -> None:
    config = load("protocol static { ipv4 { import where net.len > 8; }; }")
    statement = config.protocols[0].channels[0].import_filter.body.statements[0]
    assert isinstance(statement, n.If)


def test_roa_check_names_a_table() -> None:
    node = value("roa_check(r4, net, 5)", "roa4 table r4;")
    assert isinstance(node, n.Builtin)
    assert node.arguments[0] == n.Literal("table", "r4")
    assert "is not defined" in error(DEVICE + "filter f { print roa_check(r5); accept; }").message


def test_the_checker_reports_types_at_their_place() -> None:
    found = errors(
        DEVICE + "filter f {\n  if ! net ~ [ 10.0.0.0/8 ] then accept;\n  bgp_med = 1.2.3.4;\n accept; }"
    )
    assert [each.line for each in found] == [3, 4]


def test_return_belongs_to_functions() -> None:
    assert "Can't return" in error(DEVICE + "filter f { return true; }").message


def test_attributes_of_protocols_that_are_not_run() -> None:
    assert body("if defined(ospf_metric1) then print ospf_metric1; rip_tag = 1;")


def test_a_value_in_two_arms_of_a_case_is_refused():
    found = error("function f(int n) { case n { 1, 5: return 1; 4..6: return 2; } }\n" + DEVICE)
    assert found.message == "Overlaping intervals in switch cases not allowed"
    assert load("function f(int n) { case n { 1, 1..3, 2..6: return 1; 7: return 2; } }\n" + DEVICE).functions


@pytest.mark.parametrize("subject", ["5", "2 + 3", "ONE"])
def test_arms_of_a_case_of_a_constant_may_overlap(subject: str) -> None:
    text = f"define ONE = 1; function f() {{ case {subject} {{ 1, 5: return 1; 4..6: return 2; }} }}\n"
    assert load(text + DEVICE).functions


@pytest.mark.parametrize(
    "text",
    ["5 ~ [n]", "5 ~ [1, n..7]", "5 ~ [(preference)]", "(1, 1, 1) ~ [(1, 1, preference)]", "5 ~ [1..n]"],
)
def test_a_member_of_a_set_that_no_bird_takes_is_refused(text: str) -> None:
    found = error(f"function f(int n) -> bool {{ return {text}; }}\n" + DEVICE)
    assert found.message == "members of a set must be constants"


def test_a_call_in_a_member_of_a_set_is_carried_out_when_the_file_is_read() -> None:
    text = "function f(int n) -> int { return n + 1; }\ndefine S = [(1, (f(2)))];\n" + DEVICE
    assert load(text).symbols["S"].value == load(text.replace("(f(2))", "3")).symbols["S"].value
    made = load(text + "filter g { if (1,3) ~ [(1, (f(2)))] then accept; }").filters["g"]
    assert "Call(" not in repr(made)


def test_a_range_from_high_to_low_holds_nothing_but_of_pairs_it_is_refused() -> None:
    for text in ("[5..3, 9]", "[(1, 2, 5..3), (1, 2, 9)]", "[(rt, 1, 5..3), (rt, 1, 9)]"):
        assert len(load(f"{DEVICE}define S = {text};").symbols["S"].value.value.intervals) == 1
    found = error(f"{DEVICE}define S = [(1, 5..3)];")
    assert found.message == "From value cannot be higher that To value in pair sets"


@pytest.mark.parametrize("text", ["bgp_path.len()", "bgp_community.empty()", "net.ip()"])
def test_a_method_that_takes_nothing_stands_without_parentheses(text: str) -> None:
    """As in BIRD, which says `unexpected '('`."""
    found = error(f"{DEVICE} filter f {{ print {text}; accept; }}")
    assert found.message.endswith("is written without parentheses")


@pytest.mark.parametrize("text", ["flow4 { port true 5; }", "flow4 { port > 5 && false 7; dscp 3; }"])
def test_flow_terms_that_are_always_true_or_false_have_a_value(text: str) -> None:
    literal = value(text)
    assert isinstance(literal, n.Literal)
    assert str(literal.value) == text


@pytest.mark.parametrize("terms", ["80, 81, 90..99 || 100, 101 && < 9", "> 5 && < 9 || 10..12, 13"])
def test_flow_terms_are_joined_as_in_bird(terms: str) -> None:
    assert isinstance(value(f"flow4 {{ port {terms}; }}"), n.Literal)


@pytest.mark.parametrize("terms", ["80 && 81", "> 80 && 90..99", "80, = 81", "> 80, 90", "6..9 && < 20, 30"])
def test_commas_join_values_and_behind_and_stands_an_operator(terms: str) -> None:
    error(f"{DEVICE} define F = flow4 {{ dst 10.0.0.0/8; port {terms}; }};")
