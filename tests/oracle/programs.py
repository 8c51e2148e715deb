"""Random filters: text that BIRD's type checker takes, and that does something.

A `Writer` takes its choices from hypothesis, which makes a program that fails
small, or from dice (`choices.py`). Constants come from small pools so that
tests hit as often as they miss.
"""

from __future__ import annotations

import re

from tests.oracle.choices import Choices
from tests.oracle.expressions import ExpressionWriter
from tests.oracle.pools import DECLARED, ENUMS, INTS, LISTS, SCALARS, SETS, SETTINGS, STAYING, V4


class Writer(ExpressionWriter):
    """Writes one program; `tells`: it prints all attributes at its ends."""

    def __init__(self, choices: Choices, version: str = "3", *, tells: bool = False) -> None:
        super().__init__(choices, version)
        self.tells = tells
        self.returns: str | None = None

    # -------------------------------------------------------------- program

    def program(self, name: str) -> str:
        """The text: constants, functions, and a filter of this name."""
        body = self.definitions(name)
        used = [
            f"attribute {kind} {each};"
            for each, kind in self.custom.items()
            if re.search(rf"\b{each}\b", body)
        ]
        return "\n".join([*used, body])

    def shared(self) -> list[str]:
        """The attributes that are not built in."""
        return [f"attribute {kind} {each};" for each, kind in self.custom.items()]

    def definitions(self, name: str) -> str:
        """The text without the attributes that programs share; all names begin with that of the filter."""
        parts = self.several(0, 2, lambda: self.definition(f"{name}_c{len(self.constants)}"))
        parts += self.several(0, 2, lambda: self.function(f"{name}_f{len(self.functions)}"))
        if self.chance(15):
            parts.append(self.recursive(f"{name}_r"))
        self.scopes = [{}]
        self.returns = None
        opening = self.opening()
        body = self.statements(3, 1, 8)
        ending = self.dump() + self.one(["accept;", "reject;", "accept;", 'accept "yes ", preference;', ""])
        parts.append(f"filter {name} {{\n{opening}{body}{ending}\n}}")
        return "\n".join(parts)

    def definition(self, name: str) -> str:
        kind = self.one([each for each in [*SCALARS, "int set", "pair set", "prefix set"] if each != "rd"])
        self.constants[name] = kind
        return f"define {name} = {self.constant(kind)};"

    def opening(self) -> str:
        """Attributes to begin with, where the route has none."""
        found = self.several(0, 7, self.beginning)
        return " ".join(found) + "\n" if found else ""

    def beginning(self) -> str:
        return self.one(
            [
                f"bgp_path.prepend({self.one(INTS)});",
                f"bgp_community.add({self.constant('pair')});",
                f"bgp_ext_community.add({self.constant('ec')});",
                f"bgp_large_community.add({self.constant('lc')});",
                f"bgp_med = {self.one(INTS)};",
            ]
        )

    def dump(self) -> str:
        """Print every attribute; nothing where they can be seen in another way."""
        shown = [f'" ", {name}' for name in self.attributes]
        return f'print "end", {", ".join(shown)}; ' if self.tells else ""

    def function(self, name: str) -> str:
        parameters = [(self.fresh("p"), self.one(DECLARED)) for _ in range(self.choices.below(3))]
        self.scopes = [dict(parameters)]
        self.returns = self.one([kind for kind in [*SCALARS, "bgppath", "clist", "void"] if kind != "quad"])
        body = self.statements(2, 0, 4)
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

    def statements(self, depth: int, least: int, most: int) -> str:
        return "".join([f"{each}\n" for each in self.several(least, most, lambda: self.statement(depth))])

    def block(self, depth: int) -> str:
        self.scopes.append({})
        body = self.statements(depth, 1, 3)
        self.scopes.pop()
        return f"{{\n{body}}}"

    def statement(self, depth: int, *, declares: bool = True) -> str:
        kinds = (
            ["print"] * 3
            + ["set"] * 3
            + ["declare"] * (3 if declares else 0)
            + ["assign"] * 3
            + ["change"] * 3
            + ["unset"]
        )
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
        bare = self.chance(20) and not self.old
        value = "" if bare else f" = {self.expr(kind, 2)}"
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
        if name in SETTINGS:
            return f"{name} = {self.one(SETTINGS[name])};"
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
        names = [name for name in self.attributes if name not in STAYING]
        return f"unset({self.one(names)});"

    def _print(self, depth: int) -> str:
        if self.old:  # BIRD 2.0 moves about what stands beside a call that prints
            called, self.functions = self.functions, {}
            text = f"print {', '.join(self.several(1, 3, lambda: self.expr(self.printable(), 2)))};"
            self.functions = called
            return text
        return f"print {', '.join(self.several(1, 3, lambda: self.expr(self.printable(), 2)))};"

    def printable(self) -> str:
        return self.one([*SCALARS, *["int", "bool", "bool"] * 4, *LISTS, *SETS, *ENUMS])

    def _if(self, depth: int) -> str:
        then = self.block(depth - 1)
        other = ""
        if self.chance(40):
            other = f" else {self._if(depth - 1) if self.chance(30) else self.block(depth - 1)}"
        return f"if {self.expr('bool', 3)} then {then}{other}"

    def _case(self, depth: int) -> str:
        kind = self.one(["int", "int", "pair", "ip", "enum bgp_origin", "lc", "quad", "enum rtd"])
        subject = "net.len" if kind == "int" and self.chance(40) else self.expr(kind, 2)
        labels = self.case_labels(kind)
        arms = []
        for label in labels:
            self.scopes.append({})
            arms.append(f"{label}: {self.arm(depth - 1)}")
            self.scopes.pop()
        if self.chance(60):
            self.scopes.append({})
            arms.append(f"else: {self.arm(depth - 1)}")
            self.scopes.pop()
        return f"case {subject} {{\n" + "\n".join(arms) + "\n}"

    def arm(self, depth: int) -> str:
        """What an arm does: BIRD 3 takes no declaration there."""
        return self.statement(depth, declares=not self.bitwise)

    def case_labels(self, kind: str) -> list[str]:
        """Labels that do not overlap."""
        found = {
            "int": ["0, 5, 24", "1..3", "8..16, 100", "(60000 + 5000)..65535", "4200000000"],
            "pair": ["(0,0)", "(1,*)", "(2..3,5)", "(65000,1..100)"],
            "ip": ["1.2.3.4", "10.0.0.0..10.255.255.255"],
            "quad": ["1.2.3.4", "10.0.0.0..10.255.255.255"],
            "lc": ["(0,0,0)", "(1,*,*)", "(2,3,1..5)"],
            "enum bgp_origin": ["ORIGIN_IGP", "ORIGIN_EGP"],
            "enum rtd": ["RTD_UNICAST", "RTD_BLACKHOLE..RTD_UNREACHABLE"],
        }[kind]
        return [label for label in found if self.chance(60)] or found[:1]

    def _for(self, depth: int) -> str:
        kind = self.one(list(LISTS))
        name = self.fresh("i")
        sequence = self.expr(kind, 2)
        self.scopes.append({name: LISTS[kind]})
        self.walked.append(name)
        body = self._print(depth) if self.chance(30) else self.block(depth - 1)
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
