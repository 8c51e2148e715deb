"""Random expressions of every type that BIRD's type checker takes.

What would be an error in a constant expression is not written, because the
whole text would be refused. The first choice is always the simplest one.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.choices import Choices
from tests.oracle.pools import (
    ALWAYS_THERE,
    ATTRIBUTES,
    CUSTOM,
    CUSTOM_3,
    DISJOINT,
    ENUMS,
    INTS,
    IPS,
    LATER_NETS,
    LISTS,
    OTHER_NETS,
    OVERLAPPING,
    PATTERNS,
    PREFIXES,
    RDS,
    READ_ONLY,
    SCALARS,
    SETS,
    SMALL,
    STRINGS,
    V4,
)


class ExpressionWriter:
    """Writes expressions that a BIRD of this version ("2.0", "2.19", "3") takes."""

    def __init__(self, choices: Choices, version: str = "3") -> None:
        self.choices = choices
        self.old = version == "2.0"
        self.bitwise = version == "3"
        self.custom = {"2.0": {}, "2.19": CUSTOM, "3": {**CUSTOM, **CUSTOM_3}}[version]
        self.attributes = {**ATTRIBUTES, **self.custom}
        self.functions: dict[str, tuple[list[str], str]] = {}
        self.scopes: list[dict[str, str]] = []
        self.constants: dict[str, str] = {}
        self.walked: list[str] = []  # variables of `for`
        self.names = 0

    # -------------------------------------------------------------- choices

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; false is simpler."""
        return self.choices.below(100) >= 100 - percent

    def one(self, options: list[str]) -> str:
        """One of these; the first is the simplest."""
        return options[self.choices.below(len(options))]

    def several(self, least: int, most: int, make: Callable[[], str]) -> list[str]:
        """`least` to `most` pieces, each of which can be left out."""
        return [
            piece
            for piece in [
                self.choices.part(make if at < least else lambda: make() if self.chance(70) else "")
                for at in range(most)
            ]
            if piece
        ]

    def fresh(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def variables(self, kind: str) -> list[str]:
        found = {name: its for scope in self.scopes for name, its in scope.items()}
        return [name for name, its in found.items() if its == kind]

    # ---------------------------------------------------------- expressions

    def expr(self, kind: str, depth: int) -> str:
        """An expression of this type; it binds as tightly as a name."""
        if kind.endswith(" set"):
            return self.set_of(kind.removesuffix(" set"), depth)
        options = self.sources(kind)
        if depth <= 0 or not self.chance(75) or (options and self.chance(30)):
            return self.one(options) if options and self.chance(70) else self.constant(kind)
        calls = [name for name, (_, result) in self.functions.items() if result == kind]
        if calls and self.chance(25):
            return self.call(self.one(calls), depth)
        make = getattr(self, "_x_" + kind.replace(" ", "_"), None)
        if make is None:
            return self.one(options) if options and self.chance(60) else self.constant(kind)
        return str(make(depth - 1))

    def sources(self, kind: str) -> list[str]:
        """Variables, attributes and constants of this type."""
        found = self.variables(kind)
        found += [name for name, its in self.constants.items() if its == kind]
        every = [name for name, its in {**self.attributes, **READ_ONLY}.items() if its == kind]
        if not self.chance(20):  # most programs should come to their end
            every = [name for name in every if kind in LISTS or name in ALWAYS_THERE]
        return found + every

    def call(self, name: str, depth: int) -> str:
        parameters, _ = self.functions[name]
        if parameters == ["recursive"]:
            return f"{name}({self.choices.below(5)})"
        return f"{name}({', '.join([self.expr(kind, depth - 1) for kind in parameters])})"

    def constant(self, kind: str) -> str:
        match kind:
            case "int":
                return self.one(INTS)
            case "bool":
                return self.one(["true", "false"])
            case "pair":
                return f"({self.one(SMALL)},{self.one(SMALL)})"
            case "quad":
                return self.one(V4)
            case "ip":
                return self.one(IPS)
            case "prefix":
                others = OTHER_NETS if self.old else [*OTHER_NETS, *LATER_NETS]
                return self.one(others) if self.chance(25) else self.one(PREFIXES)
            case "ec":
                return (
                    f"({self.one(['rt', 'ro'])},{self.one(['1', '10', '65000', '70000'])},{self.one(SMALL)})"
                )
            case "lc":
                return f"({self.one(INTS)},{self.one(INTS)},{self.one(INTS)})"
            case "rd":
                return self.one(RDS)
            case "string":
                return self.one(STRINGS)
            case "bytestring":
                return self.one(['from_hex("01:02")', 'from_hex("")', 'from_hex("ff00aa")'])
            case "bgppath":
                return self.one(["+empty+", "prepend(+empty+, 1)", "prepend(prepend(+empty+, 2), 65000)"])
            case "clist":
                return self.one(["-empty-", "add(-empty-, (1,2))", "add(add(-empty-, (1,2)), (65000,100))"])
            case "eclist":
                return self.one(["--empty--", "add(--empty--, (rt,1,2))"])
            case "lclist":
                return self.one(["---empty---", "add(---empty---, (1,2,3))"])
        if kind.endswith(" set"):
            return self.set_of(kind.removesuffix(" set"), 0)
        return self.one(ENUMS[kind])

    def _x_int(self, depth: int) -> str:
        choice = self.choices.below(12)
        if choice < 4:
            return f"({self.expr('int', depth)} {self.one(['+', '-', '*'])} {self.expr('int', depth)})"
        if choice == 4:
            divisor = self.one(["1", "2", "100", "bgp_med", "bgp_path.len", "net.len"])
            return f"({self.expr('int', depth)} / {divisor})"
        if choice == 5 and self.bitwise:
            return f"({self.expr('int', depth)} {self.one(['|', '&'])} {self.expr('int', depth)})"
        if choice == 6:
            return (
                f"{self.operand('bgppath', depth)}.{self.one(['first', 'last', 'len', 'last_nonaggregated'])}"
            )
        if choice == 7 and not self.old:
            return f"{self.operand('pair', depth)}.{self.one(['asn', 'data'])}"
        if choice == 8 and not self.old:
            return f"{self.operand('lc', depth)}.{self.one(['asn', 'data1', 'data2'])}"
        if choice == 9:
            methods = [
                "len",
                "len",
                "len",
                "maxlen",
                "asn",
                *(["vlan_id", "evpn_tag"] if not self.old else []),
            ]
            return f"{self.operand('prefix', depth)}.{self.one(methods)}"
        if choice == 10:
            return f"{self.operand('clist', depth)}.len"
        return f"{self.operand(self.one(['eclist', 'lclist']), depth)}.len"

    def operand(self, kind: str, depth: int) -> str:
        """What may stand before a dot; methods of constants are errors when they fail."""
        names = self.sources(kind)
        if kind == "prefix":
            return self.one(["net", *names])
        if names and self.chance(70):
            return self.one(names)
        return f"({self.expr(kind, depth)})" if kind not in ("ip",) else self.expr(kind, depth)

    def _x_bool(self, depth: int) -> str:
        choice = self.choices.below(10)
        if choice < 2:
            return f"({self.expr('bool', depth)} {self.one(['&&', '||'])} {self.expr('bool', depth)})"
        if choice == 2:
            return f"(!{self.expr('bool', depth)})"
        if choice == 3:
            return f"defined({self.one([*self.attributes, *READ_ONLY])})"
        if choice < 6:
            return f"({self.compared(depth)})"
        return f"({self.matched(depth)})"

    def compared(self, depth: int) -> str:
        if self.chance(60):
            kind = self.one([*SCALARS, *LISTS, *SETS, *ENUMS])
            other = self.one([*SCALARS, *LISTS, *SETS]) if self.chance(5) else kind
            return f"{self.expr(kind, depth)} {self.one(['=', '!='])} {self.expr(other, depth)}"
        kinds = ["int", "pair", "quad", "ip", "prefix", "ec", "lc", *ENUMS]
        kinds += ["rd"] if self.old else ["string", "bool", "bgppath"]  # later BIRDs order rd otherwise
        kind = self.one(kinds)
        return f"{self.expr(kind, depth)} {self.one(['<', '<=', '>', '>='])} {self.expr(kind, depth)}"

    def matched(self, depth: int) -> str:
        op = self.one(["~", "~", "!~"])
        left, right = self.one(
            (["int|clist"] if not self.old else [])
            + [
                "bgppath|mask", "bgppath|mask", "int|bgppath", "pair|clist", "ec|eclist", "lc|lclist",
                "string|pattern", "ip|prefix", "prefix|prefix", "prefix|prefix set", "net|prefix set",
                "net|prefix set", "int|int set", "pair|pair set", "ip|ip set", "ec|ec set", "lc|lc set",
                "rd|rd set", "bgppath|int set", "clist|pair set", "eclist|ec set", "lclist|lc set",
                "quad|quad set", "clist|quad set",
                "enum bgp_origin|enum", "net|prefix",
            ]
        ).split("|")  # fmt: skip
        first = "net" if left == "net" else self.expr(left, depth)
        match right:
            case "mask":
                second = self.mask(depth)
            case "pattern":
                second = self.expr("string", depth) if self.chance(20) else self.one(PATTERNS)
            case "enum":
                second = self.one(
                    ["[ORIGIN_IGP]", "[ORIGIN_IGP, ORIGIN_INCOMPLETE]", "[]"][: 2 if self.old else 3]
                )
            case "pair set" if self.chance(20) and not self.old:
                second = self.one(["[(*,5)]", "[(*,1..3)]", "[(*,5), (1,2)]", "[(*,*)]"])
            case "quad set":
                second = "[1.2.3.4, 10.0.0.0..10.255.255.255]"
            case _:
                second = self.expr(right, depth)
        return f"{first} {op} {second}"

    def set_of(self, element: str, depth: int) -> str:
        """A set: a variable, a constant, or written out."""
        names = self.sources(f"{element} set")
        if depth > 0 and names and self.chance(40):
            return self.one(names)
        if self.chance(5):
            return "[]"
        if element == "prefix":
            v4 = not self.chance(25)
            items = self.several(1, 3, lambda: self.prefix_pattern(v4))
        else:
            pool = DISJOINT[element] if self.old else [*DISJOINT[element], *OVERLAPPING[element]]
            items = list(dict.fromkeys(self.several(1, 3, lambda: self.one(pool))))
        return f"[{', '.join(items)}]"

    def prefix_pattern(self, v4: bool) -> str:
        prefix = self.one([each for each in PREFIXES if ("." in each) == v4])
        length, bits = int(prefix.partition("/")[2]), 32 if v4 else 128
        low = self.choices.below(bits + 1)
        high = low + self.choices.below(bits + 1 - low)
        return prefix + self.one(["", "+", "-", f"{{{low},{high}}}", f"{{{length},{bits}}}", "+"])

    def mask(self, depth: int) -> str:
        items: list[str] = []
        for item in self.several(0, 4, self.mask_item):
            items.append("?" if item == "+" and (not items or items[-1] in ("+", "*")) else item)
        return f"[= {' '.join(items)} =]"

    def mask_item(self) -> str:
        names = [*self.variables("int"), *self.variables("int set"), "(bgp_path.first)"]
        fixed = ["*", "*", "?", "1", "2", "65000", "1..3", "[1, 65000..65535]", "[]", "(1+1)"]
        return self.one([*fixed, names[0], "+"])

    def _x_pair(self, depth: int) -> str:
        if not self.old and self.chance(30):
            return f"{self.operand('clist', depth)}.{self.one(['min', 'max'])}"
        left = self.one(["bgp_path.first", "bgp_med", "net.len", *self.variables("int"), *SMALL])
        return f"({left},{self.one(SMALL)})"

    def _x_ec(self, depth: int) -> str:
        if not self.old and self.chance(30):
            return f"{self.operand('eclist', depth)}.{self.one(['min', 'max'])}"
        left = self.one(["bgp_path.first", "bgp_med", "net.len", *self.variables("int"), "1.2.3.4", "70000"])
        return f"({self.one(['rt', 'ro'])},{left},{self.one(SMALL)})"

    def _x_lc(self, depth: int) -> str:
        if not self.old and self.chance(30):
            return f"{self.operand('lclist', depth)}.{self.one(['min', 'max'])}"
        return f"({self.expr('int', depth)},{self.expr('int', depth)},{self.expr('int', depth)})"

    def _x_ip(self, depth: int) -> str:
        choice = self.choices.below(4)
        if choice == 3 and not self.old:
            return f"{self.one(['net', *self.sources('prefix')])}.router_ip"
        if choice == 0:
            return f"{self.one(['net', *self.sources('prefix')])}.ip"
        if choice == 1:
            names = self.sources("ip") or ["10.1.2.3"]
            return f"{self.one(names)}.mask({self.one(['0', '8', '24', '32', 'net.len'])})"
        return self.one(IPS)

    def _x_prefix(self, depth: int) -> str:
        choice = self.choices.below(4)
        if choice == 3:
            return f"{self.one(['net', *self.sources('prefix')])}.{self.one(['src', 'dst'])}"
        return self.one(["net", "net", *PREFIXES])

    def _x_string(self, depth: int) -> str:
        kind = self.one([*SCALARS, *LISTS, *SETS])  # not of enums: their codes differ
        if self.old:
            return f"format({self.expr(kind, depth)})"
        return self.one(
            [
                f"format({self.expr(kind, depth)})",
                f"({self.expr('string', depth)} ++ {self.expr('string', depth)})",
            ]
        )

    def _x_bytestring(self, depth: int) -> str:
        return f"({self.expr('bytestring', depth)} ++ {self.expr('bytestring', depth)})"

    def _x_list(self, kind: str, depth: int) -> str:
        if self.old or self.chance(50):
            name, _, argument = self.edit(kind, depth).partition("(")
            return f"{name}({self.expr(kind, depth)}, {argument}"
        return f"{self.operand(kind, depth)}.{self.edit(kind, depth)}"

    def _x_bgppath(self, depth: int) -> str:
        return self._x_list("bgppath", depth)

    def _x_clist(self, depth: int) -> str:
        return self._x_list("clist", depth)

    def _x_eclist(self, depth: int) -> str:
        return self._x_list("eclist", depth)

    def _x_lclist(self, depth: int) -> str:
        return self._x_list("lclist", depth)
