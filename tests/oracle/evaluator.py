"""A slow evaluator of filters, written from the manual: the oracle of the compiler.

It walks the nodes of a checked filter and shares nothing with the code that
runs in the daemon. Every value carries its kind, as in BIRD, so that what has
no value ("void") meets the rules of BIRD's interpreter: it can be compared,
printed, passed and returned, and anything else is a run-time error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pybird.filter import nodes as n
from tests.oracle.lift import lift
from tests.oracle.values import (
    LIST_ELEMENTS,
    MAPPED,
    NET_TYPES,
    NO_PREFIX,
    Box,
    Drained,
    Failure,
    Intervals,
    Net,
    Prefixes,
    Value,
    canonical,
    kept,
    mask_matches,
    members,
    path_length,
    positions,
    prepended,
    text,
)

VOID = Value("void", None)
U32 = 0xFFFFFFFF
EMPTY: dict[str, Any] = {"bgppath": (), "clist": (), "eclist": (), "lclist": ()}


class Decided(Exception):  # noqa: N818
    """`accept` or `reject`, wherever it stands."""

    def __init__(self, accepted: bool) -> None:
        super().__init__()
        self.accepted = accepted


class Returned(Exception):  # noqa: N818
    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Outcome:
    """What came of a run: the verdict, or None without one; changed attributes; printed lines; an error?"""

    def __init__(self) -> None:
        self.verdict: bool | None = None
        self.failed = False
        self.changes: dict[str, Value] = {}
        self.printed: list[str] = []


class Route:
    """What a filter sees: the network and attributes, by name; `types` of all attributes that exist."""

    def __init__(self, net: Net, attributes: dict[str, Value], types: dict[str, str]) -> None:
        self.net = net
        self.attributes = attributes
        self.types = types


def run(filter_: n.Filter, route: Route) -> Outcome:
    """Run a filter on a route."""
    machine = _Machine(route)
    outcome = machine.outcome
    try:
        machine.statement(filter_.body, {})
    except Decided as decided:
        outcome.verdict = decided.accepted
    except Failure:
        outcome.verdict, outcome.failed = False, True
    return outcome


Locals = dict[int, Value]


class _Machine:
    def __init__(self, route: Route) -> None:
        self.route = route
        self.outcome = Outcome()
        self._line = ""

    # ---------------------------------------------------------- statements

    def statement(self, node: n.Node, frame: Locals) -> None:
        kind = type(node).__name__
        getattr(self, f"_do_{kind.lower()}")(node, frame)

    def _do_block(self, node: n.Block, frame: Locals) -> None:
        for each in node.statements:
            self.statement(each, frame)

    def _do_if(self, node: n.If, frame: Locals) -> None:
        if self._want(self.value(node.condition, frame), "bool"):
            self.statement(node.then, frame)
        elif node.otherwise is not None:
            self.statement(node.otherwise, frame)

    def _do_case(self, node: n.Case, frame: Locals) -> None:
        subject = self.value(node.subject, frame)
        for arm in node.arms:
            if arm.labels and subject.kind != "void":
                labels = self._set(arm.labels, frame)
                assert isinstance(labels, Intervals)
                if labels.holds(_as_element(subject, labels.element)):
                    self.statement(arm.body, frame)
                    return
        for arm in node.arms:
            if not arm.labels:
                self.statement(arm.body, frame)
                return

    def _do_for(self, node: n.For, frame: Locals) -> None:
        walked = self.value(node.sequence, frame)
        if walked.kind == "bgppath":
            items = [Value("int", asn) for asn in members(walked.data)]
        else:
            items = [Value(LIST_ELEMENTS[walked.kind], item) for item in walked.data]
        for item in items:
            frame[node.variable.slot] = item
            self.statement(node.body, frame)

    def _do_declare(self, node: n.Declare, frame: Locals) -> None:
        kind = node.variable.type
        if node.value is not None:
            frame[node.variable.slot] = self._stored(self.value(node.value, frame), kind)
        elif kind in EMPTY and not node.bare:
            frame[node.variable.slot] = Value(kind, EMPTY[kind])
        else:
            frame[node.variable.slot] = VOID

    def _do_assign(self, node: n.Assign, frame: Locals) -> None:
        value = self.value(node.value, frame)
        self._put(node.target, value, frame)

    def _put(self, target: n.Node, value: Value, frame: Locals) -> None:
        match target:
            case n.Local(slot=slot, type=kind):
                frame[slot] = self._stored(value, kind)
            case n.Attribute(name=name):
                kept_value = self._stored(value, self.route.types[name])
                self.outcome.changes.update(SETTERS.get(name, _alone)(self, name, kept_value))

    def now(self, name: str) -> Value:
        """An attribute as it is now."""
        return self.outcome.changes.get(name, self.route.attributes.get(name, VOID))

    def _stored(self, value: Value, kind: str) -> Value:
        """A value as a variable of this kind takes it."""
        if value.kind == "void":
            raise Failure
        if kind == "quad" and value.kind == "ip":
            return Value("quad", self._v4(value.data))
        return value

    def _do_unset(self, node: n.Unset, frame: Locals) -> None:
        self.outcome.changes[node.attribute.name] = VOID

    def _do_return(self, node: n.Return, frame: Locals) -> None:
        raise Returned(VOID if node.value is None else self.value(node.value, frame))

    def _do_decide(self, node: n.Decide, frame: Locals) -> None:
        if node.message:
            self._print(node.message, frame)
        raise Decided(node.verdict == "accept")

    def _do_print(self, node: n.Print, frame: Locals) -> None:
        self._print(node.arguments, frame, newline=node.newline)

    def _print(self, arguments: tuple[n.Node, ...], frame: Locals, *, newline: bool = True) -> None:
        for each in arguments:
            shown = text(self.value(each, frame))  # it may print, too
            self._line += shown
        if newline:
            self.outcome.printed.append(self._line)
            self._line = ""

    def _do_evaluate(self, node: n.Evaluate, frame: Locals) -> None:
        value = self.value(node.expression, frame)
        if isinstance(node.expression, n.Method):
            target: n.Node = node.expression
            while isinstance(target, n.Method):
                target = target.target
            self._put(target, value, frame)

    # --------------------------------------------------------- expressions

    def value(self, node: n.Node, frame: Locals) -> Value:
        kind = type(node).__name__
        found: Value = getattr(self, f"_of_{kind.lower()}")(node, frame)
        return found

    def _want(self, value: Value, kind: str) -> Any:
        if value.kind != kind:
            raise Failure
        return value.data

    def _number(self, node: n.Node, frame: Locals) -> int:
        return int(self._want(self.value(node, frame), "int"))

    def _of_literal(self, node: n.Literal, frame: Locals) -> Value:
        return lift(node.type, node.value)

    def _of_local(self, node: n.Local, frame: Locals) -> Value:
        return frame[node.slot]

    def _of_attribute(self, node: n.Attribute, frame: Locals) -> Value:
        name = node.name
        if name == "net":
            return Value("prefix", self.route.net)
        found = self.now(name)
        kind = self.route.types[name]
        if found.kind == "void" and kind in EMPTY:
            return Value(kind, EMPTY[kind])
        return found

    def _of_unary(self, node: n.Unary, frame: Locals) -> Value:
        return Value("bool", not self._want(self.value(node.operand, frame), "bool"))

    def _of_binary(self, node: n.Binary, frame: Locals) -> Value:
        op = node.op
        if op in (">", ">="):  # as BIRD, which knows but `<` and `<=`
            right = self.value(node.right, frame)
            order = self._order(self.value(node.left, frame), right)
            return Value("bool", order > 0 if op == ">" else order >= 0)
        left = self.value(node.left, frame)
        if op in ("&&", "||"):
            first = self._want(left, "bool")
            if first == (op == "||"):
                return Value("bool", first)
            return Value("bool", self._want(self.value(node.right, frame), "bool"))
        right = self.value(node.right, frame)
        if op in ("=", "!="):
            return Value("bool", self._equal(left, right) == (op == "="))
        if op in ("<", "<="):
            order = self._order(left, right)
            return Value("bool", order < 0 if op == "<" else order <= 0)
        if op in ("~", "!~"):
            return Value("bool", self._match(left, right) == (op == "~"))
        if op == "++":
            if left.kind == "void" or right.kind != left.kind:
                raise Failure
            return Value(left.kind, left.data + right.data)
        return Value("int", self._arithmetic(op, self._want(left, "int"), self._want(right, "int")))

    def _arithmetic(self, op: str, a: int, b: int) -> int:
        if op == "/":
            if b == 0:
                raise Failure
            return a // b
        found = {"+": a + b, "-": a - b, "*": a * b, "&": a & b, "|": a | b}[op]
        return found % 2**32

    def _equal(self, left: Value, right: Value) -> bool:
        if {left.kind, right.kind} == {"ip", "quad"}:
            return self._mapped(left) == self._mapped(right)
        if isinstance(left.data, Intervals | Prefixes) and isinstance(right.data, Intervals | Prefixes):
            return bool(canonical(left) == canonical(right))
        return left.kind == right.kind and left.data == right.data

    def _mapped(self, value: Value) -> int:
        return value.data | MAPPED if value.kind == "quad" else int(value.data)

    def _order(self, left: Value, right: Value) -> int:
        if "void" in (left.kind, right.kind):
            return (right.kind == "void") - (left.kind == "void")
        if {left.kind, right.kind} == {"ip", "quad"}:
            a, b = self._mapped(left), self._mapped(right)
        elif left.kind == "prefix":
            a, b = self._net_order(left.data), self._net_order(right.data)
        elif left.kind == "bgppath":
            a, b = members(left.data), members(right.data)
        else:
            a, b = left.data, right.data
        return int(a > b) - int(a < b)

    def _net_order(self, net: Net) -> tuple[Any, ...]:
        code = NET_TYPES[net.type]
        if net.type in NO_PREFIX:
            return (code, *net.rest[0])
        if net.type.startswith("vpn"):
            return (code, *net.rest, net.address, net.length)
        if net.type.startswith("flow"):
            return (code, net.address, net.length, *net.rest[0])
        rest = net.rest[:2] if net.type == "ip6_sadr" else net.rest
        return (code, net.address, net.length, *rest)

    # -------------------------------------------------------------- `~`

    def _match(self, left: Value, right: Value) -> bool:
        match left.kind, right.kind:
            case ("void", _) if isinstance(right.data, Intervals) and not right.data.items:
                return False  # nothing is in an empty set
            case ("void", _) | (_, "void"):
                raise Failure
            case "bgppath", "bgpmask":
                return mask_matches(right.data, positions(left.data))
            case "int", "bgppath":
                return left.data in members(right.data)
            case ("bgppath", "int") | ("clist", "pair") | ("eclist", "ec") | ("lclist", "lc"):
                raise Failure  # BIRD takes it, and then cannot do it
            case "ip", "clist":
                return self._v4(left.data) in right.data
            case _, "clist" | "eclist" | "lclist":
                return left.data in right.data
            case "string", "string":
                return shell_match(right.data, left.data)
            case "ip", "prefix":
                return self._address_inside(left.data, right.data)
            case "prefix", "prefix":
                outer = right.data
                if outer.type in NO_PREFIX:
                    return False
                return left.data.type == outer.type and left.data.inside(outer.address, outer.length)
        return self._in_set(left, right)

    def _address_inside(self, address: int, outer: Net) -> bool:
        is_v4 = address >> 32 == 0xFFFF
        if outer.type in NO_PREFIX:
            return False
        if is_v4 != (outer.bits == 32):
            return False
        shift = outer.bits - outer.length
        return (address & U32 if is_v4 else address) >> shift == outer.address >> shift

    def _in_set(self, left: Value, right: Value) -> bool:
        wanted = right.data
        if isinstance(wanted, Prefixes):
            return left.kind == "prefix" and wanted.holds(left.data)
        if not wanted.items:
            return False
        if left.kind == "bgppath":
            return any(wanted.holds(asn) for asn in members(left.data))
        if left.kind in LIST_ELEMENTS:
            return any(wanted.holds(self._listed(item, wanted.element)) for item in left.data)
        return bool(wanted.holds(_as_element(left, wanted.element)))

    def _listed(self, item: int, element: str) -> int:
        return item | MAPPED if element == "ip" else item

    def _v4(self, address: int) -> int:
        if address >> 32 != 0xFFFF:
            raise Failure
        return address & U32

    # ----------------------------------------------------- made of parts

    def _of_pairnode(self, node: n.PairNode, frame: Locals) -> Value:
        parts = [self.value(node.left, frame), self.value(node.right, frame)]
        a, b = [int(self._want(part, "int")) for part in parts]
        if a > 0xFFFF or b > 0xFFFF:
            raise Failure
        return Value("pair", a << 16 | b)

    def _of_largecommunitynode(self, node: n.LargeCommunityNode, frame: Locals) -> Value:
        parts = [self.value(part, frame) for part in (node.first, node.second, node.third)]
        return Value("lc", tuple([self._want(part, "int") for part in parts]))

    def _of_extendedcommunitynode(self, node: n.ExtendedCommunityNode, frame: Locals) -> Value:
        key, value = self.value(node.key, frame), self._number(node.value, frame)
        if key.kind == "void":
            raise Failure
        return Value("ec", make_ec(node.kind, key, value))

    def _of_setof(self, node: n.SetOf, frame: Locals) -> Value:
        made = self._set(node.items, frame)
        return Value("prefix set" if isinstance(made, Prefixes) else "set", made)

    def _set(self, items: tuple[n.Node, ...], frame: Locals) -> Intervals | Prefixes:
        if items and isinstance(items[0], n.PrefixPattern):
            return Prefixes(tuple(self._pattern(item, frame) for item in items))
        found = [self._item(item, frame) for item in items]
        return Intervals(found[0][0] if found else "", tuple((low, high) for _, low, high in found))

    def _pattern(self, item: n.Node, frame: Locals) -> tuple[int, int, int, int, int]:
        assert isinstance(item, n.PrefixPattern)
        net = self.value(item.prefix, frame).data
        low = net.length if item.low is None else item.low
        high = net.length if item.high is None else item.high
        return net.bits, net.address, net.length, low, high

    def _item(self, item: n.Node, frame: Locals) -> tuple[str, Any, Any]:
        match item:
            case n.Range(low=low, high=high):
                first, last = self.value(low, frame), self.value(high, frame)
                return first.kind, first.data, last.data
            case n.PairPattern(left=left, right=right):
                box = Box(self._bounds(left, 0xFFFF, frame), self._bounds(right, 0xFFFF, frame))
                return "pair", box, box
            case n.LargePattern(first=a, second=b, third=c):
                bounds = [self._bounds(part, U32, frame) for part in (a, b, c)]
                return "lc", tuple(low for low, _ in bounds), tuple(high for _, high in bounds)
            case n.ExtendedPattern(kind=kind, key=key, value=value):
                known = self.value(key, frame)
                low_value, high_value = self._bounds(value, U32 if known.data <= 0xFFFF else 0xFFFF, frame)
                return "ec", make_ec(kind, known, low_value), make_ec(kind, known, high_value)
        made = self.value(item, frame)
        return made.kind, made.data, made.data

    def _bounds(self, part: n.Node, most: int, frame: Locals) -> tuple[int, int]:
        match part:
            case n.Wildcard():
                return 0, most
            case n.Range(low=low, high=high):
                return self._number(low, frame), self._number(high, frame)
        number = self._number(part, frame)
        return number, number

    def _of_maskof(self, node: n.MaskOf, frame: Locals) -> Value:
        return Value("bgpmask", [self._mask_item(item, frame) for item in node.items])

    def _mask_item(self, item: n.Node, frame: Locals) -> tuple[str, Any]:
        match item:
            case n.MaskAny():
                return "*", None
            case n.MaskOne():
                return "?", None
            case n.MaskPlus():
                return "+", None
            case n.Range(low=low, high=high):
                return "range", (self._number(low, frame), self._number(high, frame))
        value = self.value(item, frame)
        if value.kind == "int":
            return "range", (value.data, value.data)
        if value.kind.endswith("set"):
            return "set", value.data
        raise Failure

    # -------------------------------------------------------------- calls

    def _of_call(self, node: n.Call, frame: Locals) -> Value:
        function = node.function.function
        assert function is not None
        inner: Locals = {}
        for parameter, argument in zip(function.parameters, node.arguments, strict=True):
            value = self.value(argument, frame)
            inner[parameter.slot] = value if value.kind == "void" else self._stored(value, parameter.type)
        try:
            self.statement(function.body, inner)
        except Returned as returned:
            return returned.value
        return VOID

    def _of_builtin(self, node: n.Builtin, frame: Locals) -> Value:
        name, arguments = node.name, node.arguments
        if name == "defined":
            return Value("bool", self._defined(arguments[0], frame))
        if name == "format":
            return Value("string", text(self.value(arguments[0], frame)))
        if name == "from_hex":
            digits = re.sub("[^0-9a-fA-F]", "", self._want(self.value(arguments[0], frame), "string"))
            return Value("bytestring", tuple(bytes.fromhex(digits)))
        return self._called(self.value(arguments[0], frame), name, arguments[1:], frame)

    def _defined(self, node: n.Node, frame: Locals) -> bool:
        if isinstance(node, n.Attribute) and node.name != "net":
            found = self.now(node.name)
        else:
            found = self.value(node, frame)
        if found.kind in EMPTY:
            return bool(found.data) or isinstance(found.data, Drained)
        return found.kind != "void"

    def _of_method(self, node: n.Method, frame: Locals) -> Value:
        return self._called(self.value(node.target, frame), node.name, node.arguments or (), frame)

    def _called(self, target: Value, name: str, arguments: tuple[n.Node, ...], frame: Locals) -> Value:
        given = [self.value(argument, frame) for argument in arguments]
        if target.kind == "void" or any(each.kind == "void" for each in given):
            raise Failure
        row: Callable[..., Value] = METHODS[target.kind, name]
        return row(target.data, *given)


# ---------------------------------------------------------------- next hops

ON_LINK = (("d0", 3, 0xC0000200 | MAPPED, 24 + 96), ("d0", 3, 0x20010DB80009 << 80, 64))
INTERFACES = {"d0": 3, "d1": 2}
Setter = Callable[[_Machine, str, Value], dict[str, Value]]


def _alone(machine: _Machine, name: str, value: Value) -> dict[str, Value]:
    return {name: value}


def _way(gateway: int, ifname: str, ifindex: int, dest: int) -> dict[str, Value]:
    """A next hop takes the place of all that was there."""
    return {
        "gw": Value("ip", gateway),
        "ifname": Value("string", ifname),
        "ifindex": Value("int", ifindex),
        "weight": Value("int", 1),
        "dest": Value("enum rtd", dest),
    }


def _set_gateway(machine: _Machine, name: str, value: Value) -> dict[str, Value]:
    for ifname, ifindex, network, length in ON_LINK:
        if value.data >> (128 - length) == network >> (128 - length):
            return _way(value.data, ifname, ifindex, 1)
    raise Failure


def _set_interface(machine: _Machine, name: str, value: Value) -> dict[str, Value]:
    if value.data not in INTERFACES:
        raise Failure
    return _way(0, value.data, INTERFACES[value.data], 1)


def _set_dest(machine: _Machine, name: str, value: Value) -> dict[str, Value]:
    if value.data not in (2, 3, 4):
        raise Failure
    return _way(0, "", 0, value.data)


def _set_weight(machine: _Machine, name: str, value: Value) -> dict[str, Value]:
    if not 1 <= value.data <= 256 or machine.now("dest").data != 1:
        raise Failure
    return {name: value}


SETTERS: dict[str, Setter] = {
    "gw": _set_gateway,
    "ifname": _set_interface,
    "dest": _set_dest,
    "weight": _set_weight,
}


def _as_element(value: Value, element: str) -> Any:
    if (value.kind, element) == ("quad", "ip"):
        return value.data | MAPPED
    return value.data


def make_ec(kind: str, key: Value, value: int) -> int:
    """`(rt, key, value)`: the form follows the key."""
    number = {"rt": 0x0002, "ro": 0x0003}.get(kind, 0)
    if kind == "generic":
        return int(key.data) << 32 | value
    if key.kind in ("ip", "quad") or key.data > 0xFFFF:
        if value > 0xFFFF:
            raise Failure
        form = 0x0200 if key.kind == "int" else 0x0100
        return (number | form) << 48 | (key.data & U32) << 16 | value
    return number << 48 | key.data << 32 | value


def shell_match(pattern: str, subject: str) -> bool:
    """`*`, `?` and `\\x`, by trying everything."""
    if not pattern:
        return not subject
    if pattern[0] == "*":
        return shell_match(pattern[1:], subject) or (bool(subject) and shell_match(pattern, subject[1:]))
    literal = pattern[0] != "?"
    if pattern[0] == "\\" and len(pattern) > 1:
        pattern = pattern[1:]
    if not subject or (literal and subject[0] != pattern[0]):
        return False
    return shell_match(pattern[1:], subject[1:])


# ------------------------------------------------------------------ methods


def _chosen(argument: Value) -> Callable[[Any], bool]:
    """Which members of a list or path an argument names."""
    wanted = argument.data
    if isinstance(wanted, Intervals):
        if wanted.element == "ip":
            return lambda item: wanted.holds(item | MAPPED)
        return wanted.holds
    if argument.kind in LIST_ELEMENTS:
        return lambda item: item in wanted
    if argument.kind == "ip":
        return lambda item: bool(item == wanted & U32)
    return lambda item: bool(item == wanted)


def _list_methods(kind: str, zero: Any) -> dict[tuple[str, str], Callable[..., Value]]:
    element = LIST_ELEMENTS[kind]

    def add(items: Any, argument: Value) -> Value:
        if argument.kind == "ip" and argument.data >> 32 != 0xFFFF:
            raise Failure
        more = argument.data if argument.kind == kind else (argument.data,)
        if argument.kind == "ip":
            more = (argument.data & U32,)
        return Value(kind, (*items, *[item for item in more if item not in items]))

    def delete(items: Any, argument: Value) -> Value:
        unwanted = _chosen(argument)
        return left(items, [item for item in items if not unwanted(item)])

    def keep(items: Any, argument: Value) -> Value:
        return left(items, [item for item in items if _chosen(argument)(item)])

    def left(items: Any, found: list[Any]) -> Value:
        return Value(kind, items if len(found) == len(items) else tuple(found) or Drained())

    return {
        (kind, "len"): lambda items: Value("int", len(items)),
        (kind, "empty"): lambda items: Value(kind, ()),
        (kind, "min"): lambda items: Value(element, min(items, default=zero)),
        (kind, "max"): lambda items: Value(element, max(items, default=zero)),
        (kind, "add"): add,
        (kind, "delete"): delete,
        (kind, "filter"): keep,
    }


def _ends(path: Any, at: int) -> Value:
    if not path or path[at][0]:
        return Value("int", 0)
    return Value("int", path[at][1][at])


def _last_nonaggregated(path: Any) -> Value:
    found = 0
    for is_set, numbers in path:
        if is_set:
            break
        found = numbers[-1]
    return Value("int", found)


def _masked(address: int, length: Value) -> Value:
    if address >> 32 == 0xFFFF:
        shift = max(0, 32 - length.data)
        return Value("ip", MAPPED | (address & U32) >> shift << shift)
    shift = max(0, 128 - length.data)
    return Value("ip", address >> shift << shift)


def _net_ip(net: Net) -> Value:
    return Value("ip", net.address | (MAPPED if net.bits == 32 else 0))


def _piece(name: str) -> Callable[[Net], Value]:
    """A part of networks that are more than a prefix."""

    def piece(net: Net) -> Value:
        parts = next((each for each in net.rest if isinstance(each, dict)), {})
        if name not in parts:
            raise Failure
        found: Value = parts[name]
        return found

    return piece


def _rd(net: Net) -> Value:
    if net.type in ("vpn4", "vpn6"):
        return Value("rd", net.rest[0])
    return _piece("rd")(net)


def _rest(kind: str, types: tuple[str, ...], at: int) -> Callable[[Net], Value]:
    def part(net: Net) -> Value:
        if net.type not in types:
            raise Failure
        return Value(kind, net.rest[at])

    return part


ROA = ("roa4", "roa6")
METHODS: dict[tuple[str, str], Callable[..., Value]] = {
    ("prefix", "type"): lambda net: Value("enum net_type", NET_TYPES[net.type]),
    ("prefix", "len"): lambda net: Value("int", net.length),
    ("prefix", "ip"): _net_ip,
    ("prefix", "maxlen"): _rest("int", ROA, 0),
    ("prefix", "asn"): _rest("int", ROA, 1),
    ("prefix", "rd"): _rd,
    **{
        ("prefix", name): _piece(name)
        for name in (
            "src",
            "dst",
            "mac",
            "vlan_id",
            "evpn_type",
            "evpn_tag",
            "evpn_esi",
            "router_ip",
        )
    },
    ("ip", "is_v4"): lambda address: Value("bool", address >> 32 == 0xFFFF),
    ("ip", "mask"): _masked,
    ("pair", "asn"): lambda pair: Value("int", pair >> 16),
    ("pair", "data"): lambda pair: Value("int", pair & 0xFFFF),
    ("lc", "asn"): lambda large: Value("int", large[0]),
    ("lc", "data1"): lambda large: Value("int", large[1]),
    ("lc", "data2"): lambda large: Value("int", large[2]),
    ("string", "append"): lambda a, b: Value("string", a + b.data),
    ("bytestring", "append"): lambda a, b: Value("bytestring", a + b.data),
    ("bgppath", "first"): lambda path: _ends(path, 0),
    ("bgppath", "last"): lambda path: _ends(path, -1),
    ("bgppath", "last_nonaggregated"): _last_nonaggregated,
    ("bgppath", "len"): lambda path: Value("int", path_length(path)),
    ("bgppath", "empty"): lambda path: Value("bgppath", ()),
    ("bgppath", "prepend"): lambda path, asn: Value("bgppath", prepended(path, asn.data)),
    ("bgppath", "delete"): lambda path, gone: Value(
        "bgppath", kept(path, lambda asn: not _chosen(gone)(asn))
    ),
    ("bgppath", "filter"): lambda path, wanted: Value("bgppath", kept(path, _chosen(wanted))),
    **_list_methods("clist", 0),
    **_list_methods("eclist", 0),
    **_list_methods("lclist", (0, 0, 0)),
}
