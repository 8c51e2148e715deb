"""Random filters: text that BIRD's type checker takes, and that does something.

A `Writer` draws from a `random.Random`; hypothesis gives one whose choices it
can shrink. Constants come from small pools so that tests hit as often as they
miss. What would be an error in a constant expression is not written, because
the whole text would be refused.
"""

from __future__ import annotations

from random import Random

INTS = ["0", "1", "2", "3", "5", "24", "100", "200", "65000", "65535", "65536", "0xFFFFFFFF", "4200000000"]
SMALL = ["0", "1", "2", "3", "5", "24", "100", "65000", "65535"]
IPS = ["1.2.3.4", "10.0.0.1", "10.1.2.3", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1", "fe80::1"]
V4 = ["1.2.3.4", "10.0.0.1", "10.1.2.3", "0.0.0.0"]
PREFIXES = [
    "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "0.0.0.0/0", "192.168.0.0/16", "1.2.3.4/32",
    "2001:db8::/32", "2001:db8:1::/48", "::/0", "fe80::/10",
]  # fmt: skip
OTHER_NETS = [
    "(10:20 10.0.0.0/8)",
    "(10:21 10.1.0.0/16)",
    "(10.0.0.0/8 max 24 as 10)",
    "(1.2.3.4/32 max 32 as 0)",
]
RDS = ["10:20", "0:10:20", "2:10:20", "1.2.3.4:20", "70000:20"]
STRINGS = ['"abc"', '"a"', '""', '"hello world"', '"a*b"', '"B"', '"ab"']
PATTERNS = ['"a*"', '"*b*"', '"?"', '"*"', '"abc"', r'"a\*b"', '""', '"h*d"', '"a?"']
ENUMS = {
    "enum rts": ["RTS_STATIC", "RTS_BGP", "RTS_PIPE", "RTS_DEVICE"],
    "enum bgp_origin": ["ORIGIN_IGP", "ORIGIN_EGP", "ORIGIN_INCOMPLETE"],
    "enum roa": ["ROA_UNKNOWN", "ROA_VALID", "ROA_INVALID"],
    "enum net_type": ["NET_IP4", "NET_IP6", "NET_VPN4", "NET_ROA4"],
}
ATTRIBUTES = {
    "bgp_origin": "enum bgp_origin", "bgp_path": "bgppath", "bgp_med": "int", "bgp_local_pref": "int",
    "bgp_community": "clist", "bgp_ext_community": "eclist", "bgp_large_community": "lclist",
    "bgp_originator_id": "quad", "bgp_cluster_list": "clist", "bgp_next_hop": "ip", "ospf_metric1": "int",
    "ospf_router_id": "quad", "rip_tag": "int", "krt_prefsrc": "ip", "krt_realm": "int", "preference": "int",
}  # fmt: skip
# Of later BIRDs than Debian's; the second part is of BIRD 3.
CUSTOM = {
    "my_int": "int", "my_ip": "ip", "my_quad": "quad", "my_list": "clist", "my_path": "bgppath",
    "my_large": "lclist", "my_extended": "eclist", "my_string": "string", "my_bytes": "bytestring",
}  # fmt: skip
CUSTOM_3 = {"my_bool": "bool", "my_pair": "pair", "my_prefix": "prefix", "my_ec": "ec", "my_lc": "lc"}
SCALARS = ["int", "bool", "pair", "quad", "ip", "prefix", "ec", "lc", "rd", "string"]
LISTS = {"bgppath": "int", "clist": "pair", "eclist": "ec", "lclist": "lc"}
SETS = ["int", "pair", "ip", "ec", "lc", "rd"]
DECLARED = [*SCALARS, *LISTS, "int set", "pair set", "prefix set", "ec set", "lc set", "ip set"]
NO_VALUE = ("pair", "quad", "ip", "prefix", "ec", "lc", "rd", "string", "bytestring")


class Writer:
    """Writes one program that a BIRD of this version ("2.0", "2.19", "3") takes."""

    def __init__(self, dice: Random, version: str = "3") -> None:
        self.dice = dice
        self.old = version == "2.0"
        self.bitwise = version == "3"
        self.custom = {"2.0": {}, "2.19": CUSTOM, "3": {**CUSTOM, **CUSTOM_3}}[version]
        self.attributes = {**ATTRIBUTES, **self.custom}
        self.functions: dict[str, tuple[list[str], str]] = {}
        self.scopes: list[dict[str, str]] = []
        self.constants: dict[str, str] = {}
        self.walked: list[str] = []  # variables of `for`
        self.names = 0
        self.returns: str | None = None

    # -------------------------------------------------------------- choices

    def chance(self, percent: int) -> bool:
        return self.dice.randrange(100) < percent

    def one(self, options: list[str]) -> str:
        return options[self.dice.randrange(len(options))]

    def fresh(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def variables(self, kind: str) -> list[str]:
        found = {name: its for scope in self.scopes for name, its in scope.items()}
        return [name for name, its in found.items() if its == kind]

    # -------------------------------------------------------------- program

    def program(self, name: str) -> str:
        """The text: constants, functions, and a filter of this name."""
        return "\n".join([*self.shared(), *self.definitions(name)])

    def shared(self) -> list[str]:
        """The attributes that are not built in."""
        return [f"attribute {kind} {each};" for each, kind in self.custom.items()]

    def definitions(self, name: str) -> list[str]:
        """The text without the attributes that programs share; all names begin with that of the filter."""
        parts: list[str] = []
        for _ in range(self.dice.randrange(3)):
            kind = self.one([*SCALARS, "int set", "pair set", "prefix set"])
            if kind == "rd":
                kind = "int"
            parts.append(f"define {name}_c{len(self.constants)} = {self.constant(kind)};")
            self.constants[f"{name}_c{len(self.constants)}"] = kind
        parts += [self.function(f"{name}_f{at}") for at in range(self.dice.randrange(3))]
        if self.chance(15):
            parts.append(self.recursive(f"{name}_r"))
        self.scopes = [{}]
        self.returns = None
        body = self.statements(3, self.dice.randrange(2, 9))
        ending = [self.dump(), self.one(["accept;", "accept;", "reject;", 'accept "yes ", preference;', ""])]
        parts.append(f"filter {name} {{\n{self.opening()}{body}{' '.join(ending)}\n}}")
        return parts

    def opening(self) -> str:
        """Attributes to begin with, where the route has none."""
        found = [
            f"bgp_path.prepend({self.one(INTS)});" if self.chance(60) else "",
            f"bgp_path.prepend({self.one(INTS)});" if self.chance(60) else "",
            f"bgp_community.add({self.constant('pair')});" if self.chance(60) else "",
            f"bgp_community.add({self.constant('pair')});" if self.chance(40) else "",
            f"bgp_ext_community.add({self.constant('ec')});" if self.chance(40) else "",
            f"bgp_large_community.add({self.constant('lc')});" if self.chance(40) else "",
            f"bgp_med = {self.one(INTS)};" if self.chance(40) else "",
        ]
        return " ".join(part for part in found if part) + "\n"

    def dump(self) -> str:
        """Print every attribute."""
        shown = [f'" ", {name}' for name in self.attributes]
        return f'print "end", {", ".join(shown)};'

    def function(self, name: str) -> str:
        parameters = [(self.fresh("p"), self.one(DECLARED)) for _ in range(self.dice.randrange(3))]
        self.scopes = [dict(parameters)]
        self.returns = self.one([kind for kind in [*SCALARS, "bgppath", "clist", "void"] if kind != "quad"])
        body = self.statements(2, self.dice.randrange(1, 5))
        last = f"return {self.expr(self.returns, 2)};" if self.returns != "void" else ""
        listed = "; ".join(f"{kind} {each}" for each, kind in parameters)
        self.functions[name] = ([kind for _, kind in parameters], self.returns)
        return f"function {name}({listed}) {{\n{body}{last}\n}}"

    def recursive(self, name: str) -> str:
        self.scopes = [{"n": "int"}]
        kind = self.one(["int", "bgppath", "clist"])
        first = self.expr(kind, 1)
        step = {
            "int": f"{name}(n - 1) {self.one(['+', '-', '*'])} {self.expr('int', 1)}",
            "bgppath": f"prepend({name}(n - 1), n)",
            "clist": f"add({name}(n - 1), (1, n))",
        }[kind]
        self.functions[name] = (["recursive"], kind)
        return f"function {name}(int n) {{ if n = 0 then return {first}; return {step}; }}"

    # ----------------------------------------------------------- statements

    def statements(self, depth: int, count: int) -> str:
        return "".join([self.statement(depth) + "\n" for _ in range(count)])

    def block(self, depth: int) -> str:
        self.scopes.append({})
        body = self.statements(depth, self.dice.randrange(1, 4))
        self.scopes.pop()
        return f"{{\n{body}}}"

    def statement(self, depth: int) -> str:
        kinds = ["declare"] * 3 + ["assign"] * 3 + ["set"] * 3 + ["change"] * 3 + ["print"] * 3 + ["unset"]
        if depth > 0:
            kinds += ["if"] * 4 + ["case", "case", "for", "for", "block"]
        if self.functions:
            kinds += ["call"]
        if self.chance(6):
            kinds = ["decide"]
        kind: str = getattr(self, f"_{self.one(kinds)}")(depth)
        return kind

    def _declare(self, depth: int) -> str:
        kind, name = self.one(DECLARED), self.fresh("x")
        value = "" if self.chance(20) and not self.old else f" = {self.expr(kind, 2)}"
        self.scopes[-1][name] = kind
        return f"{kind} {name}{value};"

    def _assign(self, depth: int) -> str:
        kinds = [kind for kind in DECLARED if self.variables(kind)]
        if not kinds:
            return self._set(depth)
        kind = self.one(kinds)
        names = [name for name in self.variables(kind) if name not in self.walked]
        return f"{self.one(names)} = {self.expr(kind, 2)};" if names else self._set(depth)

    def _set(self, depth: int) -> str:
        name = self.one(list(self.attributes))
        kind = self.attributes[name]
        if name == "preference":
            return f"preference = {self.one(['1', '150', '65535'])};"
        value = self.one(V4) if kind == "quad" and self.chance(70) else self.expr(kind, 2)
        return f"{name} = {value};"

    def _change(self, depth: int) -> str:
        kind = self.one(list(LISTS))
        names = [name for name, its in self.attributes.items() if its == kind]
        names += [name for name in self.variables(kind) if name not in self.walked]
        target = self.one(names)
        if self.chance(8):
            return f"{target}.empty;"
        return f"{target}.{self.edit(kind, 2)};"

    def edit(self, kind: str, depth: int) -> str:
        """`add(x)`, `delete(x)`, `filter(x)`, `prepend(x)` of a list or path."""
        element = LISTS[kind]
        if kind == "bgppath":
            what = self.one(["prepend", "prepend", "delete", "delete set", "filter set"])
            argument = self.set_of("int", depth) if what.endswith("set") else self.expr("int", depth - 1)
            return f"{what.split()[0]}({argument})"
        what = self.one(
            ["add", "add", "add list", "delete", "delete list", "delete set", "filter list", "filter set"]
        )
        if what.endswith("list"):
            argument = self.expr(kind, depth - 1)
        elif what.endswith("set"):
            argument = self.set_of(element, depth)
        else:
            argument = self.expr(element, depth - 1)
            if kind == "clist" and self.chance(15):
                argument = self.one(V4)
        return f"{what.split()[0]}({argument})"

    def _unset(self, depth: int) -> str:
        names = [name for name in self.attributes if name != "preference"]
        return f"unset({self.one(names)});"

    def _print(self, depth: int) -> str:
        shown = [self.expr(self.printable(), 2) for _ in range(self.dice.randrange(1, 4))]
        return f"{self.one(['print', 'print', 'print'])} {', '.join(shown)};"

    def printable(self) -> str:
        return self.one([*SCALARS, *LISTS, *ENUMS])

    def _if(self, depth: int) -> str:
        then = self.block(depth - 1)
        other = ""
        if self.chance(40):
            other = f" else {self.block(depth - 1)}" if self.chance(70) else f" else {self._if(depth - 1)}"
        return f"if {self.expr('bool', 3)} then {then}{other}"

    def _case(self, depth: int) -> str:
        kind = self.one(["int", "int", "pair", "ip", "enum bgp_origin", "lc", "quad"])
        subject = "net.len" if kind == "int" and self.chance(40) else self.expr(kind, 2)
        labels = self.case_labels(kind)
        arms = []
        for label in labels:
            self.scopes.append({})
            arms.append(f"{label}: {self.statement(depth - 1)}")
            self.scopes.pop()
        if self.chance(60):
            self.scopes.append({})
            arms.append(f"else: {self.statement(depth - 1)}")
            self.scopes.pop()
        return f"case {subject} {{\n" + "\n".join(arms) + "\n}"

    def case_labels(self, kind: str) -> list[str]:
        """Labels that do not overlap."""
        found = {
            "int": ["0, 5, 24", "1..3", "8..16, 100", "(60000 + 5000)..65535", "4200000000"],
            "pair": ["(0,0)", "(1,*)", "(2..3,5)", "(65000,1..100)"],
            "ip": ["1.2.3.4", "10.0.0.0..10.255.255.255"],
            "quad": ["1.2.3.4", "10.0.0.0..10.255.255.255"],
            "lc": ["(0,0,0)", "(1,*,*)", "(2,3,1..5)"],
            "enum bgp_origin": ["ORIGIN_IGP", "ORIGIN_EGP"],
        }[kind]
        return [label for label in found if self.chance(60)] or found[:1]

    def _for(self, depth: int) -> str:
        kind = self.one(list(LISTS))
        name = self.fresh("i")
        sequence = self.expr(kind, 2)
        self.scopes.append({name: LISTS[kind]})
        self.walked.append(name)
        body = self.block(depth - 1) if self.chance(70) else self._print(depth)
        self.walked.pop()
        self.scopes.pop()
        return f"for {LISTS[kind]} {name} in {sequence} do {body}"

    def _block(self, depth: int) -> str:
        return self.block(depth - 1)

    def _call(self, depth: int) -> str:
        return f"{self.call(self.one(list(self.functions)), 2)};"

    def _decide(self, depth: int) -> str:
        if self.returns is not None and self.returns != "void" and self.chance(60):
            return f"return {self.expr(self.returns, 2)};"
        return f"{{ {self.dump()} {self.one(['accept', 'reject'])}; }}"

    # ---------------------------------------------------------- expressions

    def expr(self, kind: str, depth: int) -> str:
        """An expression of this type; it binds as tightly as a name."""
        if kind.endswith(" set"):
            return self.set_of(kind.removesuffix(" set"), depth)
        leaf = depth <= 0 or self.chance(25)
        options = self.sources(kind)
        if leaf or (options and self.chance(30)):
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
        return found + [name for name, its in self.attributes.items() if its == kind]

    def call(self, name: str, depth: int) -> str:
        parameters, _ = self.functions[name]
        if parameters == ["recursive"]:
            return f"{name}({self.dice.randrange(5)})"
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
                return self.one(PREFIXES) if self.chance(80) else self.one(OTHER_NETS)
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
        choice = self.dice.randrange(12)
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
            return f"{self.operand('prefix', depth)}.{self.one(['len', 'len', 'len', 'maxlen', 'asn'])}"
        if choice == 10:
            return f"{self.operand('clist', depth)}.len"
        return f"{self.operand(self.one(['eclist', 'lclist']), depth)}.len"

    def operand(self, kind: str, depth: int) -> str:
        """What may stand before a dot; methods of constants are errors when they fail."""
        names = self.sources(kind)
        if kind == "prefix":
            return self.one(["net", *names]) if names or self.chance(90) else "net"
        if names and self.chance(70):
            return self.one(names)
        return f"({self.expr(kind, depth)})" if kind not in ("ip",) else self.expr(kind, depth)

    def _x_bool(self, depth: int) -> str:
        choice = self.dice.randrange(10)
        if choice < 2:
            return f"({self.expr('bool', depth)} {self.one(['&&', '||'])} {self.expr('bool', depth)})"
        if choice == 2:
            return f"(!{self.expr('bool', depth)})"
        if choice == 3:
            return f"defined({self.one([*self.attributes])})"
        if choice < 6:
            return f"({self.compared(depth)})"
        return f"({self.matched(depth)})"

    def compared(self, depth: int) -> str:
        if self.chance(60):
            kind = self.one([*SCALARS, *LISTS, *ENUMS])
            other = self.one([*SCALARS, *LISTS]) if self.chance(5) else kind
            return f"{self.expr(kind, depth)} {self.one(['=', '!='])} {self.expr(other, depth)}"
        kinds = ["int", "pair", "quad", "ip", "prefix", "ec", "lc", "rd", *ENUMS]
        if not self.old:
            kinds += ["string", "bool", "bgppath"]
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
                second = self.one(PATTERNS) if self.chance(80) else self.expr("string", depth)
            case "enum":
                second = self.one(
                    ["[ORIGIN_IGP]", "[ORIGIN_IGP, ORIGIN_INCOMPLETE]", "[]"][: 2 if self.old else 3]
                )
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
        items = [self.set_item(element) for _ in range(self.dice.randrange(1, 4))]
        if element == "prefix":
            v4 = self.chance(75)
            items = [self.prefix_pattern(v4) for _ in items]
        return f"[{', '.join(items)}]" if self.chance(95) else "[]"

    def prefix_pattern(self, v4: bool) -> str:
        prefix = self.one([each for each in PREFIXES if ("." in each) == v4])
        length, bits = int(prefix.partition("/")[2]), 32 if v4 else 128
        low = self.dice.randrange(bits + 1)
        high = self.dice.randrange(low, bits + 1)
        return prefix + self.one(["", "+", "-", f"{{{low},{high}}}", f"{{{length},{bits}}}", "+"])

    def set_item(self, element: str) -> str:
        match element:
            case "int":
                return self.one(
                    ["1", "2..5", "100", "65000..65535", "(2 + 3)", "0", "4200000000..0xFFFFFFFF"]
                )
            case "pair":
                return self.one(
                    [
                        "(1,2)",
                        "(1,*)",
                        "(*,5)",
                        "(2..3,100)",
                        "(65000,1..100)",
                        "(*,1..3)",
                        "(1..2,*)",
                        "(0,0)..(1,5)",
                    ]
                )
            case "ip":
                return self.one(["1.2.3.4", "10.0.0.0..10.255.255.255", "::", "2001:db8::..2001:db8::ffff"])
            case "ec":
                return self.one(["(rt,1,2)", "(rt,10,*)", "(ro,1,0..100)", "(rt,70000,*)", "(ro,65000,5)"])
            case "lc":
                return self.one(
                    ["(1,2,3)", "(1,*,*)", "(0,1..5,*)", "(65000,1,0..100)", "(1,2,3)..(5,0,0)", "(1..5,*,*)"]
                )
            case "rd":
                return self.one(["10:20", "10:0..10:100", "70000:1..70000:30"])
        return ""

    def mask(self, depth: int) -> str:
        items = []
        for _ in range(self.dice.randrange(5)):
            item = self.one(
                ["*", "*", "?", "1", "2", "65000", "1..3", "[1, 65000..65535]", "[]", "(1+1)", "var", "+"]
            )
            if item == "var":
                names = [*self.variables("int"), *self.variables("int set")]
                item = self.one(names) if names else "(bgp_path.first)"
            if item == "+" and (not items or items[-1] in ("+", "*")):
                item = "?"
            items.append(item)
        return f"[= {' '.join(items)} =]"

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
        choice = self.dice.randrange(3)
        if choice == 0:
            return f"{self.one(['net', *self.sources('prefix')])}.ip"
        if choice == 1:
            names = self.sources("ip") or ["10.1.2.3"]
            return f"{self.one(names)}.mask({self.one(['0', '8', '24', '32', 'net.len'])})"
        return self.one(IPS)

    def _x_prefix(self, depth: int) -> str:
        return self.one(["net", "net", *PREFIXES])

    def _x_string(self, depth: int) -> str:
        kind = self.one([*SCALARS, *LISTS])  # not of enums: their codes differ
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
