"""Generates Python source from expressions.

`ExpressionSource.code(node)` is the source of one expression; it assumes that the
node was checked (`types.Typing`). Small constants are written into the code,
others are hoisted into `namespace`. Numbers stay plain: a pair, an enum or a
large community is an int or a tuple while a filter runs, and becomes a rich
value only where it leaves the filter.

The inputs of the code are collected at the same time (`Reads`): they decide how
far the channel may reuse a verdict. Tests of the network that need only its key
get bits of their own; with `masked` set, the code reads their outcome from `s.mask`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from pybird.filter import nodes as n
from pybird.filter.attributes import ACCESS
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.format import show
from pybird.filter.literals import SetForm, mask_item, mask_literal, mask_value, set_literal
from pybird.filter.methods import CALL_STYLE, METHODS
from pybird.filter.net_questions import Length, NetQuestions, NetTest, RoaTest
from pybird.filter.runtime import EXPORTS, make_extended, make_pair, text_pattern
from pybird.filter.trace import FilterTrace
from pybird.filter.types import (
    EMPTY_SET_TYPE,
    FAILING_MATCHES,
    Typing,
    children,
    empty_value,
    fits,
    has_order,
    is_quad,
    method_argument,
    operands,
)
from pybird.filter.void_values import Voids
from pybird.values.net import Prefix
from pybird.values.pathmask import PathMask
from pybird.values.prefixset import PrefixSet
from pybird.values.sets import ValueSet

Lines = list[tuple[str, n.Span]]  # source lines, each with its place in the config

DEEPEST: Final = 25  # most levels of an expression in one line
EMPTY_NAMES: Final = {
    "bgppath": "EMPTY_PATH",
    "clist": "EMPTY_COMMUNITIES",
    "eclist": "EMPTY_EXTENDED",
    "lclist": "EMPTY_LARGE",
}
_PLAIN: Final = ("int", "pair", "quad", "ec", "rd", "mac")
_COMPARE: Final = ("=", "!=", "<", "<=", ">", ">=")
_MIRRORED: Final = str.maketrans("<>", "><")
_TRACED: Final = (n.Attribute, n.Local, n.Method, n.Call, n.Builtin)
_PYTHON: Final = {"=": "==", "!=": "!="}
_ARITHMETIC: Final = {
    "+": "({} + {} & 4294967295)",
    "-": "({} - {} & 4294967295)",
    "*": "({} * {} & 4294967295)",
    "/": "divide({}, {})",
    "&": "({} & {})",
    "|": "({} | {})",
}


@dataclass(slots=True)
class Reads:
    """The inputs of generated code; see `compile.Inputs`."""

    inputs: dict[str, None] = field(default_factory=dict)
    attributes: dict[str, None] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)  # tables looked up outside of `tests`
    tests: NetQuestions = field(default_factory=NetQuestions)
    per_net: bool = False
    volatile: bool = False


class ExpressionSource:
    """Generates the source of expressions, and the namespace that it runs in."""

    def __init__(
        self, typing: Typing, call: Callable[[n.FunctionRef], str], written: dict[str, None]
    ) -> None:
        self.typing = typing
        self.namespace: dict[str, Any] = {**EXPORTS, "show": show, "mask_value": mask_value}
        self.reads = Reads()
        self.masked = False
        self._call = call  # returns the Python name of a user's function
        self._written = written
        self._hoisted: dict[tuple[type, str, Any], str] = {}
        self._folded: dict[int, tuple[n.Node, n.Literal]] = {}
        self.voids = Voids(typing)
        self.trace: FilterTrace | None = None  # the code reports values to it
        self._untraced: n.Node | None = None
        self.helpers: Lines = []  # functions for deeply nested parts
        self.used: dict[str, None] = {}  # variables in the code since this was emptied
        self._helpers = 0
        self._level = 0
        self._constancy: dict[int, tuple[n.Node, bool]] = {}

    # constants --------------------------------------------------------------

    def hoist(self, value: Any) -> str:
        """A name for a constant; equal constants share one."""
        for empty in EMPTY_NAMES.values():  # by identity: an emptied list is not undefined
            if value is self.namespace[empty]:
                return empty
        key = (type(value), getattr(value, "element", ""), value)  # equal sets of two types print differently
        name = self._hoisted.get(key)
        if name is None:
            name = self._hoisted[key] = f"k{len(self._hoisted)}"
            self.namespace[name] = value
        return name

    def literal(self, node: n.Literal) -> str:
        """The source of a constant."""
        value, kind = node.value, node.type
        if value is None or isinstance(value, (bool, str, bytes)):
            return repr(value)
        if isinstance(value, IntEnum) or kind in _PLAIN:
            return repr(int(value)) if isinstance(value, int) else self.hoist(value)
        if kind == "lc":
            return repr(tuple(value))
        return self.hoist(value)

    def constant(self, node: n.Node) -> n.Literal | None:
        """The value of an expression, if it is constant; else None.

        Raises:
            FilterRuntimeError: it has no value (1/0).
        """
        if isinstance(node, n.Literal):
            return node
        if not self.is_constant(node):
            return None
        found = self._folded.get(id(node))
        if found is None:
            level, self._level = self._level, 0
            try:
                found = self._folded[id(node)] = (node, self._fold(node))
            finally:
                self._level = level
        return found[1]

    def is_constant(self, node: n.Node) -> bool:
        """True when nothing in the expression depends on the route or on variables."""
        if isinstance(node, n.Literal):
            return True
        found = self._constancy.get(id(node))
        if found is None:
            constant = not _depends(node)
            for below in children(node) if constant else ():
                constant = constant and self.is_constant(below)
            found = self._constancy[id(node)] = (node, constant)
        return found[1]

    def _pair(self, left: n.Node, right: n.Node) -> int:
        for part in (left, right):
            try:
                make_pair(0, self._required_constant(part).value)
            except FilterRuntimeError as problem:
                raise FilterRuntimeError(problem.message, part.span) from None
        return make_pair(self._required_constant(left).value, self._required_constant(right).value)

    def _fold(self, node: n.Node) -> n.Literal:
        kind = self.typing.type_of(node)
        match node:
            case n.SetOf(items=items):
                value = set_literal(items, kind, self._required_constant)
            case n.MaskOf(items=items):
                value = mask_literal(items, self._required_constant)
            case n.PairNode(left=a, right=b):
                value = self._pair(a, b)
            case n.ExtendedCommunityNode(kind=name, key=key, value=data, number=number):
                high = self._required_constant(number).value if number is not None else 0
                value = make_extended(
                    name, self._required_constant(key).value, self._required_constant(data).value, high
                )
            case _:
                value = self._run(self._code(node))
        return n.Literal(kind, value, span=node.span)

    def _run(self, code: str) -> Any:
        """The value of an expression's source: constants are computed by the same code as at run time."""
        try:
            return eval(code, self.namespace)
        except (TypeError, AttributeError, ValueError, OverflowError):
            raise FilterRuntimeError("an operand has no value") from None

    def _required_constant(self, node: n.Node) -> n.Literal:
        found = self.constant(node)
        if found is None:
            raise FilterTypeError("this must be a constant", node.span)
        return found

    # expressions --------------------------------------------------------------

    def code(self, node: n.Node) -> str:
        """The source of an expression."""
        if isinstance(node, n.Literal):
            return self.literal(node)
        if self.is_constant(node):
            try:
                found = self.constant(node)
            except FilterRuntimeError:
                found = None  # the error is raised when, and if, a run gets there
            if found is not None:
                return self.literal(found)
        if self._level >= DEEPEST:
            return self._helper(node)
        self._level += 1
        code = self._code(node)
        self._level -= 1
        return code if self.trace is None else self._traced(self.trace, node, code)

    def _traced(self, trace: FilterTrace, node: n.Node, code: str) -> str:
        """The code, reporting the value to the trace, except for the object of a method call."""
        compared = isinstance(node, n.Binary) and node.op in (*_COMPARE, "~", "!~")
        if node is self._untraced or not (compared or isinstance(node, _TRACED)):
            return code
        return f"seen({trace.point(node.span, self.typing.type_of(node))}, {code})"

    def helper_name(self) -> str:
        """A new name for the function of a deeply nested part."""
        self._helpers += 1
        return f"h{self._helpers}"

    def _helper(self, node: n.Node) -> str:
        """A call of a new function that computes the node: Python's parser limits nested parentheses."""
        level, self._level = self._level, 0
        outer, self.used = self.used, {}
        code = self._code(node)
        name, taken = self.helper_name(), ", ".join(["s", *self.used])
        outer.update(self.used)
        self._level, self.used = level, outer
        self.helpers.append((f"    def {name}({taken}):", node.span))
        if "view." in code:
            self.helpers.append(("        view = s.view", node.span))
        self.helpers.append((f"        return {code}", node.span))
        return f"{name}({taken})"

    def _code(self, node: n.Node) -> str:
        match node:
            case n.Literal():
                return self.literal(node)
            case n.Local():
                name = local_name(node)
                self.used[name] = None
                return name
            case n.Attribute(name=name):
                return self.read(name)
            case n.Unary(operand=operand):
                return f"(not {self.non_void(operand)})"
            case n.Binary():
                return self._binary(node)
            case n.PairNode(left=a, right=b):
                return f"make_pair({self.code(a)}, {self.code(b)})"
            case n.LargeCommunityNode(first=a, second=b, third=c):
                made = f"({self.code(a)}, {self.code(b)}, {self.code(c)})"
                return f"all_of({made})" if any(map(self.may_be_void, (a, b, c))) else made
            case n.ExtendedCommunityNode(kind=kind, key=key, value=value, number=number):
                high = self.code(number) if number is not None else "0"
                front = self.code(key)
                if self.typing.type_of(key) == "quad":
                    front = f"quad_address({front})"
                return f"make_extended({kind!r}, {front}, {self.code(value)}, {high})"
            case n.SetOf(items=items):
                if self.is_constant(node):
                    return self.hoist(set_literal(items, self.typing.type_of(node), self._required_constant))
                return self._set(node)
            case n.MaskOf(items=items):
                return self._mask(items)
            case n.Call(function=ref, arguments=arguments):
                given = [self.converted(a, p.type) for a, p in zip(arguments, ref.parameters, strict=True)]
                return f"{self._call(ref)}({', '.join(['s', *given])})"
            case n.Builtin():
                return self._builtin(node)
            case n.Method():
                return self._method(node)
        raise FilterTypeError("this is not an expression", node.span)

    def _set(self, node: n.SetOf) -> str:
        """The source of a set with members that are only known at run time."""
        form = SetForm(node.items, self.typing.type_of(node))
        members = [
            f"quad_address({self.code(each)})" if self.typing.type_of(each) == "quad" else self.code(each)
            for each in form.leaves
        ]
        return f"{self.hoist(form)}(({', '.join(members)},))"

    def converted(self, node: n.Node, wanted: str) -> str:
        """The source of an expression, converted to the wanted type (IPv4 addresses to quads)."""
        if wanted == "quad" and is_quad(node):
            assert isinstance(node, n.Literal)
            return repr(node.value.value)
        if wanted == "quad set" and (known := self.addresses(node)) is not None:
            return self.hoist(as_quads(known))
        return self.code(node)

    def addresses(self, node: n.Node) -> ValueSet | None:
        """The value of an expression that is a constant set of addresses; else None."""
        if self.typing.type_of(node) != "ip set" or not self.is_constant(node):
            return None
        known = self.constant(node)
        return known.value if known is not None else None

    def converted_non_void(self, node: n.Node, wanted: str) -> str:
        """As `converted`, but a void value stops the filter."""
        code = self.converted(node, wanted)
        return f"need({code})" if self.may_be_void(node) else code

    def read(self, name: str) -> str:
        """The source that reads an attribute of the route."""
        access = ACCESS.get(name)
        if access is not None:
            if access.source == "net":
                self.reads.per_net = True
            elif access.source:
                if name in ("ifname", "ifindex") and ("gw" in self._written or "ifname" in self._written):
                    self.reads.volatile = True  # depends on the current addresses of interfaces
                self.reads.inputs[access.source] = None
            if name == "local_metric":  # in the attribute set once a filter has set it
                self.reads.attributes[name] = None
            return access.read
        declared = self.typing.declaration(name)
        if declared is not None and declared.field is not None:
            self.reads.attributes[declared.field[0]] = None
            return f"s.bits({declared.field[0]!r}, {declared.field[1]})"
        self.reads.attributes[name] = None
        kind = declared.type if declared is not None else ""
        empty = empty_value(kind)
        default = f", {self.hoist(empty)}" if empty is not None else ""
        return f"view.get({name!r}{default})"

    def field(self, name: str) -> tuple[str, int] | None:
        """(attribute, bit mask) of an attribute that stands for bits of another; else None."""
        declared = self.typing.declaration(name)
        return declared.field if declared is not None else None

    def _mask(self, items: tuple[n.Node, ...]) -> str:
        parts = []
        for item in items:
            if isinstance(item, (n.MaskAny, n.MaskOne, n.MaskPlus)) or self.is_constant(item):
                parts.append(self.hoist(mask_item(item, self._required_constant)))
            elif isinstance(item, n.Range):
                parts.append(f"({self.code(item.low)}, {self.code(item.high)})")
            else:
                parts.append(f"mask_value({self.code(item)})")
        return f"PathMask(({', '.join(parts)},))"

    # operators ----------------------------------------------------------------

    def _binary(self, node: n.Binary) -> str:
        op = node.op
        if op in ("&&", "||"):
            word = " and " if op == "&&" else " or "
            return f"({word.join([self.non_void(part) for part in operands(node, op)])})"
        if op in _ARITHMETIC:
            return _ARITHMETIC[op].format(self.code(node.left), self.code(node.right))
        test = self._net_test(node)
        if test is not None:
            return test
        if op == "++":
            return f"append({self.code(node.left)}, {self.code(node.right)})"
        if op == "~":
            return self._matches(node.left, node.right)
        if op == "!~":
            return f"(not {self._matches(node.left, node.right)})"
        return self._compare(node)

    def _compare(self, node: n.Binary) -> str:
        if node.op in (">", ">=") and (calls(node.left) or calls(node.right)):  # as BIRD: right operand first
            node = n.Binary(node.op.translate(_MIRRORED), node.right, node.left, span=node.span)
        op = node.op
        left, right = self.typing.type_of(node.left), self.typing.type_of(node.right)
        a, b = self.code(node.left), self.code(node.right)
        if {left, right} == {"ip", "quad"}:
            a, b = self._address(a, node.left), self._address(b, node.right)
            left = "ip"
        if op in ("=", "!="):
            if left != "ip" and not fits(left, right) and not fits(right, left):
                both = self.may_be_void(node.left) and self.may_be_void(node.right)
                same = f"(({a}, {b}) == (None, None))" if both else self._never(a, b)
                return same if op == "=" else f"(not {same})"
            if left.endswith(" set") and right.endswith(" set"):
                same = f"same_sets({a}, {b})"
                return same if op == "=" else f"(not {same})"
            return f"({a} {_PYTHON[op]} {b})"
        return self._ordered(op, left, (node.left, a), (node.right, b))

    def _ordered(self, op: str, kind: str, left: tuple[n.Node, str], right: tuple[n.Node, str]) -> str:
        """The source of an ordering comparison; a void operand is less than any value."""
        a, b = left[1], right[1]
        if not has_order(kind):
            return f"(no_order({a}, {b}) {op} 0)"
        if kind == "bgppath":
            return f"({a}.members {op} {b}.members)"
        unsure, unsure_right = self.may_be_void(left[0]), self.may_be_void(right[0])
        if kind == "prefix":
            a, b = f"net_order({a})", f"net_order({b})"
        if not unsure and not unsure_right:
            return f"({a} {op} {b})"
        plain = isinstance((right if unsure else left)[0], (n.Literal, n.Local))
        if (unsure and unsure_right) or not plain:
            return f"(void_order({a}, {b}) {op} 0)"
        if unsure_right:
            a, b, op = b, a, op.translate(_MIRRORED)
        if op[0] == "<":
            return f"((t := {a}) is None or t {op} {b})"
        return f"((t := {a}) is not None and t {op} {b})"

    def may_be_void(self, node: n.Node) -> bool:
        """True if an expression may turn out to be void."""
        return self.voids.may_be(node)

    def non_void(self, node: n.Node) -> str:
        """The source of an expression; a void value stops the filter."""
        code = self.code(node)
        return f"need({code})" if self.may_be_void(node) else code

    def _never(self, *operands: str) -> str:
        """The source of an always false test; operands are still evaluated if that may have an effect."""
        acting = [code for code in operands if "(" in code]
        return f"never({', '.join(acting)})" if acting else "False"

    def _address(self, code: str, node: n.Node) -> str:
        """The code of an operand, as an address if it is a quad."""
        if self.typing.type_of(node) == "ip":
            return code
        return f"quad_address({code})" if not self.may_be_void(node) else f"maybe_address({code})"

    def _matches(self, left_node: n.Node, right_node: n.Node) -> str:
        left, right = self.typing.type_of(left_node), self.typing.type_of(right_node)
        known = self.constant(right_node) if self.is_constant(right_node) else None
        if self.may_be_void(left_node) and right.endswith(" set"):
            if right == EMPTY_SET_TYPE:
                return self._never(self.code(left_node))
            if known is None and right != "prefix set":
                return f"maybe_in({self._as_member(left_node, right)}, {self.non_void(right_node)})"
        a, b = self.non_void(left_node), self.non_void(right_node)
        if (left, right) in FAILING_MATCHES:
            return f"cannot_match({a}, {b})"
        match left, right:
            case _, "empty set":
                return self._never(a)
            case "bgppath", "bgpmask":
                if known is not None and known.value.anywhere is not None:
                    return f"{self.hoist(known.value.anywhere)}.any_of({a}.members)"
                return f"{b}.match({a})"
            case _, "bgppath":
                return f"({a} in {b}.members)"
            case "ip", "clist":
                return f"({a}.value in {b}.items)"
            case _, "clist" | "eclist" | "lclist":
                return f"({a} in {b}.items)"
            case "string", "string":
                if known is not None:
                    return f"({self.hoist(text_pattern(known.value))}.match({a}) is not None)"
                return f"text_match({a}, {b})"
            case _, "prefix":
                return f"net_inside({a}, {b})"
            case "clist", "ip set":
                return f"addresses_match({a}, {b})"
            case "bgppath", _:
                return f"{b}.any_of({a}.members)"
            case "clist" | "eclist" | "lclist", _:
                return f"{b}.any_of({a}.items)"
            case "quad", "ip set":
                return f"(quad_address({a}) in {b})"
        if known is not None and isinstance(known.value, ValueSet) and known.value.only_single:
            return f"({a} in {self.hoist(frozenset(known.value.single))})"
        return f"({a} in {b})"

    def _as_member(self, node: n.Node, of: str) -> str:
        """The source of an operand that may be void, converted to the type of the set's members."""
        code = self.code(node)
        return f"maybe_address({code})" if (self.typing.type_of(node), of) == ("quad", "ip set") else code

    # tests of the network -------------------------------------------------------

    def _net_test(self, node: n.Binary) -> str | None:
        """The code of a test that needs only the key of the network; None for other tests."""
        test = self._as_net_test(node)
        if test is None:
            return None
        bit = self.reads.tests.bit(test)
        negated = node.op in ("!~", "!=") and not test.operator
        if self.masked:
            return f"(s.mask & {1 << bit} {'==' if negated else '!='} 0)"
        code = self._direct(test)
        return f"(not {code})" if negated else code

    def _as_net_test(self, node: n.Binary) -> NetTest | None:
        if not self.is_constant(node.right):
            return None
        right = self.constant(node.right)
        match node.left, right:
            case n.Attribute(name="net"), n.Literal(value=PrefixSet() as prefixes) if node.op in ("~", "!~"):
                return NetTest(prefixes=prefixes)
            case n.Attribute(name="net"), n.Literal(value=Prefix() as prefix) if node.op in ("~", "!~"):
                return NetTest(prefixes=PrefixSet.of((prefix, prefix.length, prefix.address.bits)), only=True)
            case n.Attribute(name="net"), n.Literal(type="prefix", value=value) if node.op in ("=", "!="):
                return NetTest(equal=value)
            case n.Method(target=n.Attribute(name="net"), name="len"), n.Literal(type="int", value=value):
                return NetTest(operator=node.op, length=value) if node.op in _COMPARE else None
        return None

    def _direct(self, test: NetTest) -> str:
        if test.prefixes is not None:
            if test.prefixes.net_type is None:
                return "False"
            match, other = self.hoist(test.prefixes.match), self.hoist(test.prefixes)
            wanted = int(test.prefixes.net_type)
            if test.only:
                return f"(s.net_type == {wanted} and {match}(s.key))"
            return f"({match}(s.key) if s.net_type == {wanted} else s.net in {other})"
        if test.equal is not None:
            return f"(s.key == {test.equal.key!r} and s.net_type == {int(test.equal.type)})"
        return f"(s.length() {_PYTHON.get(test.operator, test.operator)} {test.length})"

    # calls ------------------------------------------------------------------------

    def _builtin(self, node: n.Builtin) -> str:
        name, arguments = node.name, node.arguments
        if name in CALL_STYLE:
            return self._method(n.Method(arguments[0], name, arguments[1:], span=node.span))
        if name == "defined":
            return self._defined(arguments[0])
        if name == "format":
            return self.shown(arguments[0])
        if name == "from_hex":
            return f"from_hex({self.code(arguments[0])})"
        table = self.table(arguments[0])
        self.reads.tables[table] = None
        if name == "roa_check":
            return self._roa_check(table, arguments[1:])
        self.reads.asked[table] = None
        if name == "aspa_check":
            return f"aspa_check(s, {table!r}, {self.code(arguments[1])}, {self.code(arguments[2])})"
        return f"aspa_check(s, {table!r}, {self.read('bgp_path')}, {name == 'aspa_check_upstream'})"

    def _roa_check(self, table: str, arguments: tuple[n.Node, ...]) -> str:
        """The source of `roa_check`; a test of the network alone if the AS is known before a run."""
        net, asn = arguments or (n.Attribute("net"), n.Method(n.Attribute("bgp_path"), "last"))
        test = self._as_roa_test(table, net, asn)
        if test is None:
            self.reads.asked[table] = None
            return f"roa_check(s, {table!r}, {self.code(net)}, {self.code(asn)})"
        bit = self.reads.tests.bit(test)
        code = self.code(asn)  # generated in both forms: this records what is read
        return f"(s.mask >> {bit} & 3)" if self.masked else f"roa_check(s, {table!r}, s.net, {code})"

    def _as_roa_test(self, table: str, net: n.Node, asn: n.Node) -> RoaTest | None:
        match net, asn:
            case n.Attribute(name="net"), n.Literal(value=int(number)):
                return RoaTest(table, int(number))
            case n.Attribute(name="net"), n.Method(target=n.Attribute(name="bgp_path"), name=origin):
                if origin in ("last", "last_nonaggregated") and "bgp_path" not in self._written:
                    return RoaTest(table, None, origin)
        return None

    def table(self, node: n.Node) -> str:
        """The name of the table that an argument names."""
        if isinstance(node, n.Literal):
            return str(getattr(node.value, "name", node.value))
        raise FilterTypeError("this must be a table", node.span)

    def _defined(self, node: n.Node) -> str:
        code, kind = self.code(node), self.typing.type_of(node)
        if isinstance(node, n.Attribute) and node.name not in ACCESS and self.field(node.name) is None:
            self.reads.attributes[node.name] = None
            code = f"view.get({node.name!r})"
        if kind in EMPTY_NAMES:  # `+empty+` counts as undefined, an emptied path as defined
            return f"((t := {code}) is not None and t is not {EMPTY_NAMES[kind]})"
        return f"((t := {code}) is not None)"  # `is not` on a literal makes Python warn

    def shown(self, node: n.Node) -> str:
        """The source of the text of an expression."""
        kind = self.typing.type_of(node)
        sure = kind == "string" and not self.may_be_void(node)
        return self.code(node) if sure else f"show({kind!r}, {self.code(node)})"

    def _method(self, node: n.Method) -> str:
        target_node = node.target
        if isinstance(target_node, n.Attribute) and target_node.name == "net":
            if node.name == "type":
                return "s.net_type"
            if node.name == "len":
                self.reads.tests.bit(Length())
                return "s.length()"
        target = self.typing.type_of(target_node)
        row = METHODS.get((target, node.name))
        if row is None:
            raise FilterTypeError(f"{target} has no method {node.name}", node.span)
        if not node.arguments:
            return row.arguments[""].format(self._object(target_node))
        argument = node.arguments[0]
        kind = method_argument(target, node.name, self.typing.type_of(argument), argument.span)
        return row.arguments[kind].format(self._object(target_node), self.converted_non_void(argument, kind))

    def _object(self, node: n.Node) -> str:
        self._untraced = node
        code = self.code(node)
        return f"({code})" if code[0].isdigit() else code


def is_constant(node: n.Node) -> bool:
    """True when nothing in the expression depends on the route or on variables."""
    return not _depends(node) and all(is_constant(below) for below in children(node))


def _depends(node: n.Node) -> bool:
    """True if the node itself, apart from its parts, depends on the route, variables or tables."""
    if isinstance(node, n.Builtin):
        return node.name.startswith(("roa_check", "aspa_check"))
    return isinstance(node, (n.Local, n.Attribute, n.Call))


def local_name(node: n.Local) -> str:
    """The Python name of a variable."""
    plain = "".join([c if c.isascii() and c.isalnum() else "_" for c in node.name])
    return f"v{node.slot}_{plain}"


__all__ = ["ExpressionSource", "PathMask", "Reads", "is_constant", "local_name"]


def as_quads(addresses: ValueSet) -> ValueSet:
    """The IPv4 addresses of a set, as a set of quads."""
    return ValueSet("quad", [(low.value, high.value) for low, high in addresses.intervals if high.is_v4])


def calls(node: n.Node) -> bool:
    """True if an expression calls a function of the user."""
    return isinstance(node, n.Call) or any(map(calls, children(node)))
