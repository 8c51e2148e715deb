"""Static types of the filter language.

Types are the manual's words. `"any"` fits everywhere; `"void"` means no value;
`"empty set"` is `[]`, which fits every set. `Typing.type_of`
returns the type of an expression or raises `FilterTypeError` at the exact place.
Locals and attributes have declared types, and the return type of a function
follows from its first typed `return`, so a type never depends on a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from pybird.filter import nodes as n
from pybird.filter.attributes import CORE_DECLARATIONS
from pybird.filter.errors import FilterTypeError
from pybird.filter.methods import CALL_STYLE, ELEMENTS, METHODS
from pybird.filter.spelling import closest
from pybird.values.aspath import EMPTY_PATH
from pybird.values.attributes import UNKNOWN_PREFIX, AttributeDecl
from pybird.values.community import EMPTY_COMMUNITIES, EMPTY_EXTENDED, EMPTY_LARGE
from pybird.values.enums import ENUMS

EMPTY_SET_TYPE: Final = "empty set"
SET_ELEMENTS: Final = ("int", "pair", "quad", "ip", "ec", "lc", "rd", "mac", *ENUMS)
SCALARS: Final = (
    "bool",
    "int",
    "pair",
    "quad",
    "ec",
    "lc",
    "rd",
    "mac",
    "ip",
    "prefix",
    "string",
    "bytestring",
)
LISTS: Final = ("bgppath", "clist", "eclist", "lclist")
TYPES: Final = (
    *SCALARS,
    *LISTS,
    *ENUMS,
    "bgpmask",
    "prefix set",
    *[f"{element} set" for element in SET_ELEMENTS],
)

_ARITHMETIC: Final = ("+", "-", "*", "/", "&", "|")
_ORDER: Final = ("<", "<=", ">", ">=")
_ORDERED: Final = (
    "int",
    "bool",
    "pair",
    "quad",
    "ec",
    "rd",
    "lc",
    "ip",
    "mac",
    "prefix",
    "string",
    "bgppath",
)

# Matches that BIRD accepts at load, but that fail at every run.
FAILING_MATCHES: Final = frozenset(
    {("bgppath", "int"), ("clist", "pair"), ("eclist", "ec"), ("lclist", "lc")}
)

# The types of `left ~ right` besides an element and a set of its type.
_MATCHES: Final = frozenset(
    {
        ("bgppath", "bgpmask"),
        ("int", "bgppath"),
        ("pair", "clist"),
        ("int", "clist"),
        ("quad", "clist"),
        ("ip", "clist"),
        ("ec", "eclist"),
        ("lc", "lclist"),
        ("string", "string"),
        ("ip", "prefix"),
        ("prefix", "prefix"),
        ("prefix", "prefix set"),
        ("bgppath", "int set"),
        ("clist", "pair set"),
        ("clist", "quad set"),
        ("clist", "int set"),
        ("clist", "ip set"),
        ("eclist", "ec set"),
        ("lclist", "lc set"),
        ("quad", "ip set"),
    }
)


def fits(source: str, target: str) -> bool:
    """True if a value of type `source` may stand where `target` is wanted."""
    if source == target or "any" in (source, target):
        return True
    if source == EMPTY_SET_TYPE:
        return target.endswith(" set")
    return False


def accepts(wanted: str, found: str, node: n.Node) -> bool:
    """True if `node`, of type `found`, may stand where `wanted` is wanted: IPv4 constants are quads too."""
    if (wanted, found) == ("quad set", "ip set"):
        return isinstance(node, (n.SetOf, n.Literal))
    return fits(found, wanted) or (wanted == "quad" and is_quad(node))


def is_quad(node: n.Node) -> bool:
    """True for a constant IPv4 address."""
    return isinstance(node, n.Literal) and node.type == "ip" and node.value.is_v4


def children(node: n.Node) -> Iterator[n.Node]:
    """The direct children in source order; a chain `a || b || …` is one level, called functions are none."""
    if isinstance(node, n.Binary) and node.op in ("&&", "||"):
        yield from operands(node, node.op)
        return
    for name in PARTS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, n.Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, n.Node):
                    yield item


_NO_NODES = frozenset(("Any", "FunctionRef", "Span", "bool", "int", "int | None", "str", "str | None"))
# The fields of each kind of node that can hold nodes: `dataclasses.fields` is slow.
PARTS: Final[dict[type[n.Node], tuple[str, ...]]] = {
    kind: tuple([field.name for field in fields(kind) if field.type not in _NO_NODES])
    for kind in vars(n).values()
    if isinstance(kind, type) and issubclass(kind, n.Node)
}


def operands(node: n.Node, op: str) -> list[n.Node]:
    """The operands of `a || b || c`, which the parser nests to the left."""
    operands: list[n.Node] = []
    while isinstance(node, n.Binary) and node.op == op:
        operands.append(node.right)
        node = node.left
    operands.append(node)
    return operands[::-1]


class Typing:
    """The types of expressions under these attribute declarations."""

    def __init__(self, declarations: Mapping[str, AttributeDecl]) -> None:
        self.declarations = declarations
        self._returns: dict[int, str | None] = {}
        self._refs: list[n.FunctionRef] = []  # keeps ids of `_returns` alive
        self._inferring = 0  # functions whose return type is being inferred
        self._known: dict[int, tuple[n.Node, str]] = {}

    def type_of(self, node: n.Node) -> str:
        """The type of an expression.

        Raises:
            FilterTypeError: it is invalid.
        """
        if isinstance(node, (n.Literal, n.Local)):
            return node.type
        known = self._known.get(id(node))
        if known is not None:
            return known[1]
        found = self._type_of(node)
        if not self._inferring:
            self._known[id(node)] = (node, found)
        return found

    def _type_of(self, node: n.Node) -> str:
        match node:
            case n.Attribute():
                return self.attribute(node)
            case n.Unary():
                self._require(node.operand, "bool", "`!`")
                return "bool"
            case n.Binary():
                return self._binary(node)
            case n.PairNode(left=a, right=b):
                self._require(a, "int", "a pair")
                self._require(b, "int", "a pair")
                return "pair"
            case n.LargeCommunityNode():
                for part in children(node):
                    self._require(part, "int", "a large community")
                return "lc"
            case n.ExtendedCommunityNode():
                return self._extended(node)
            case n.SetOf():
                return self._set(node)
            case n.MaskOf():
                return self._mask(node)
            case n.Call():
                return self._call(node)
            case n.Builtin():
                return self._builtin(node)
            case n.Method():
                return self._method(node)
        raise FilterTypeError("this is not an expression", node.span)

    def declaration(self, name: str) -> AttributeDecl | None:
        """The declaration of an attribute, by a protocol, the configuration or the core; None without one."""
        return self.declarations.get(name) or CORE_DECLARATIONS.get(name)

    def attribute(self, node: n.Attribute) -> str:
        """The declared type of an attribute."""
        declared = self.declaration(node.name)
        if declared is not None:
            return declared.type
        if node.name.startswith(UNKNOWN_PREFIX):
            return "bytestring"
        raise FilterTypeError(f"there is no attribute {node.name}", node.span)

    def returned(self, ref: n.FunctionRef) -> str | None:
        """The return type of a function; "void" for none; None while it is being inferred (recursion)."""
        if ref.return_type is not None:
            return ref.return_type
        key = id(ref.identity)
        if key not in self._returns:
            self._returns[key] = None
            self._refs.append(ref.identity)
            self._inferring += 1
            self._returns[key] = self._inferred(ref)
            self._inferring -= 1
        return self._returns[key]

    def _inferred(self, ref: n.FunctionRef) -> str | None:
        if ref.function is None:
            return None
        returns = list(_returns_of(ref.function.body))
        for statement in returns:
            if statement.value is not None:
                try:
                    found = self.type_of(statement.value)
                except FilterTypeError:
                    continue
                if found != "any":
                    return found
        return "any" if any(statement.value is not None for statement in returns) else "void"

    def _require(self, node: n.Node, wanted: str, what: str) -> None:
        found = self.type_of(node)
        if not fits(found, wanted):
            raise FilterTypeError(f"{what} takes {wanted}, not {found}", node.span)

    # operators ---------------------------------------------------------------

    def _binary(self, node: n.Binary) -> str:
        op = node.op
        if op in ("&&", "||"):
            for part in operands(node, op):
                self._require(part, "bool", f"`{op}`")
            return "bool"
        if op in _ARITHMETIC:
            self._require(node.left, "int", f"`{op}`")
            self._require(node.right, "int", f"`{op}`")
            return "int"
        left, right = self.type_of(node.left), self.type_of(node.right)
        if op == "++":
            if left not in ("string", "bytestring", "any") or not fits(right, left):
                raise FilterTypeError(
                    f"`++` joins two strings or two bytestrings, not {left} and {right}", node.span
                )
            return left
        if op in ("~", "!~"):
            if not matches(left, right):
                raise FilterTypeError(f"{left} {op} {right} is not possible", node.span)
            return "bool"
        if op in _ORDER and not (accepts(left, right, node.right) or accepts(right, left, node.left)):
            raise FilterTypeError(f"`{op}` cannot compare {left} and {right}", node.span)
        return "bool"

    def _extended(self, node: n.ExtendedCommunityNode) -> str:
        key = self.type_of(node.key)
        if key not in ("int", "ip", "quad", "any"):
            raise FilterTypeError(f"the key of an extended community is int or ip, not {key}", node.key.span)
        self._require(node.value, "int", "an extended community")
        if node.number is not None:
            self._require(node.number, "int", "an extended community")
        return "ec"

    # sets and masks ------------------------------------------------------------

    def _set(self, node: n.SetOf) -> str:
        found = EMPTY_SET_TYPE
        for item in node.items:
            kind = self._item(item)
            if found == EMPTY_SET_TYPE:
                found = f"{kind} set"
            elif found != f"{kind} set":
                raise FilterTypeError(f"{kind} in a {found}", item.span)
        return found

    def _item(self, item: n.Node) -> str:
        match item:
            case n.Range(low=low, high=high):
                first, last = self.type_of(low), self.type_of(high)
                if first != last:
                    raise FilterTypeError(f"a range from {first} to {last}", item.span)
                kind = first
            case n.PairPattern():
                self._parts(item, "pair")
                return "pair"
            case n.LargePattern():
                self._parts(item, "large community")
                return "lc"
            case n.ExtendedPattern():
                self._parts(item, "extended community")
                return "ec"
            case n.PrefixPattern():
                self._require(item.prefix, "prefix", "a prefix set")
                return "prefix"
            case _:
                kind = self.type_of(item)
        if kind == "prefix":
            return kind
        if kind not in SET_ELEMENTS:
            raise FilterTypeError(f"{kind} cannot be a member of a set", item.span)
        return kind

    def _parts(self, item: n.Node, what: str) -> None:
        for part in children(item):
            match part:
                case n.Wildcard():
                    pass
                case n.Range(low=low, high=high):
                    self._require(low, "int", f"a {what} pattern")
                    self._require(high, "int", f"a {what} pattern")
                case _:
                    self._require(part, "int", f"a {what} pattern")

    def _mask(self, node: n.MaskOf) -> str:
        for at, item in enumerate(node.items):
            match item:
                case n.MaskAny() | n.MaskOne():
                    pass
                case n.MaskPlus():
                    if at == 0:
                        raise FilterTypeError("`+` needs an item before it", item.span)
                case n.Range(low=low, high=high):
                    self._require(low, "int", "a path mask")
                    self._require(high, "int", "a path mask")
                case _:
                    found = self.type_of(item)
                    if found not in ("int", "int set", EMPTY_SET_TYPE, "any"):
                        raise FilterTypeError(f"a path mask takes int or int set, not {found}", item.span)
        return "bgpmask"

    # calls ------------------------------------------------------------------------

    def _call(self, node: n.Call) -> str:
        ref = node.function
        if len(node.arguments) != len(ref.parameters):
            wanted = len(ref.parameters)
            raise FilterTypeError(
                f"{ref.name} takes {wanted} argument{'s' if wanted != 1 else ''}, not {len(node.arguments)}",
                node.span,
            )
        for argument, parameter in zip(node.arguments, ref.parameters, strict=True):
            found = self.type_of(argument)
            if not accepts(parameter.type, found, argument):
                raise FilterTypeError(
                    f"{parameter.name} of {ref.name} is {parameter.type}, not {found}", argument.span
                )
        result = self.returned(ref)
        # BIRD accepts a function that only accepts or rejects where a value is wanted: the run ends before
        # the value is needed.
        return result if result is not None and result != "void" else "any"

    def _builtin(self, node: n.Builtin) -> str:
        name, arguments = node.name, node.arguments
        if name in CALL_STYLE:
            if len(arguments) != 2:
                raise FilterTypeError(f"{name} takes two arguments, not {len(arguments)}", node.span)
            return self._method(n.Method(arguments[0], name, arguments[1:], span=node.span))
        if name in ("defined", "format"):
            self._count(node, 1)
            self.type_of(arguments[0])
            return "bool" if name == "defined" else "string"
        if name == "from_hex":
            self._count(node, 1)
            self._require(arguments[0], "string", "from_hex")
            return "bytestring"
        if name == "roa_check":
            self._count(node, 1, 3)
            if len(arguments) == 3:
                self._require(arguments[1], "prefix", "roa_check")
                self._require(arguments[2], "int", "roa_check")
            return "enum roa"
        if name.startswith("aspa_check"):
            self._count(node, *((3,) if name == "aspa_check" else (1,)))
            if len(arguments) == 3:
                self._require(arguments[1], "bgppath", name)
                self._require(arguments[2], "bool", name)
            return "enum aspa"
        raise FilterTypeError(f"there is no function {name}", node.span)

    def _count(self, node: n.Builtin, *allowed: int) -> None:
        if len(node.arguments) not in allowed:
            wanted = " or ".join(map(str, allowed))
            raise FilterTypeError(
                f"{node.name} takes {wanted} arguments, not {len(node.arguments)}", node.span
            )

    def _method(self, node: n.Method) -> str:
        target = self.type_of(node.target)
        if target == "route":  # an element of a block of routes
            return self.attribute(n.Attribute(node.name, span=node.span))
        method = METHODS.get((target, node.name))
        if target == "any":
            return "any"
        if method is None:
            place = node.place if node.place is not n.NO_SPAN else node.span
            raise FilterTypeError(f"{target} has no method `{node.name}`", place, _similar(target, node.name))
        arguments = node.arguments or ()
        if "" in method.arguments:
            if arguments:
                raise FilterTypeError(f"{node.name} takes no argument", node.span)
            return method.result
        if len(arguments) != 1:
            raise _one_argument(node, arguments)
        method_argument(target, node.name, self.type_of(arguments[0]), arguments[0].span)
        return method.result


def _similar(target: str, name: str) -> str:
    return closest(name, (method for kind, method in METHODS if kind == target))


def _one_argument(node: n.Method, arguments: tuple[n.Node, ...]) -> FilterTypeError:
    """The error for no or several arguments; several numbers are likely a community without parentheses."""
    message = f"{node.name} takes one argument, not {len(arguments)}"
    if not arguments:
        return FilterTypeError(message, node.span)
    first, last = arguments[0].span, arguments[-1].span
    place = n.Span(first.file, first.line, first.column, last.end_line, last.end_column)
    if not all(isinstance(each, n.Literal) and each.type == "int" for each in arguments):
        return FilterTypeError(message, place)
    numbers = ", ".join(str(each.value) for each in arguments if isinstance(each, n.Literal))
    return FilterTypeError(message, place, f"({numbers})")


def method_argument(target: str, name: str, found: str, span: n.Span) -> str:
    """The argument type of a method under which a value of type `found` is passed."""
    allowed = METHODS[target, name].arguments
    if found in allowed:
        return found
    for wanted in allowed:
        if fits(found, wanted):
            return wanted
    raise FilterTypeError(f"{name} of {target} takes {' or '.join(allowed)}, not {found}", span)


def matches(left: str, right: str) -> bool:
    """True if `left ~ right` is accepted at load."""
    if "any" in (left, right) or (left, right) in _MATCHES or (left, right) in FAILING_MATCHES:
        return True
    return right == f"{left} set" or right == EMPTY_SET_TYPE


def has_order(kind: str) -> bool:
    """True if values of this type are ordered; as in BIRD, comparing others fails only at run time."""
    return kind in _ORDERED or kind in ENUMS or kind == "any"


def _returns_of(node: n.Node) -> Iterator[n.Return]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, n.Return):
            yield found
        waiting += reversed(list(children(found)))


def falls_through(node: n.Node) -> bool:
    """True if a statement may end without `return` and without a decision."""
    match node:
        case n.Return() | n.Decide():
            return False
        case n.Block(statements=statements):
            return all(falls_through(inner) for inner in statements)
        case n.If(then=then, otherwise=otherwise):
            return otherwise is None or falls_through(then) or falls_through(otherwise)
        case n.Case(arms=arms):
            return all(arm.labels for arm in arms) or any(falls_through(arm.body) for arm in arms)
    return True


def empty_value(type_name: str) -> Any:
    """The value of an absent attribute or of a variable without a value; None if that is void."""
    return _EMPTY_VALUES.get(type_name)


_EMPTY_VALUES: Final[dict[str, Any]] = {
    "bgppath": EMPTY_PATH,
    "clist": EMPTY_COMMUNITIES,
    "eclist": EMPTY_EXTENDED,
    "lclist": EMPTY_LARGE,
}

__all__ = [
    "ELEMENTS",
    "TYPES",
    "Typing",
    "accepts",
    "children",
    "empty_value",
    "falls_through",
    "fits",
    "has_order",
    "matches",
    "method_argument",
    "operands",
]
