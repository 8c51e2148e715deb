"""Places where a file can be broken: small changes that still are Python.

Each is a piece of text with another one instead, found on the syntax tree:
comparisons and conditions turned round, `and` for `or`, a dropped `not`, numbers
one off, `+` for `-`, statements and calls left out, a return too early.

Left alone is what no test should pin: texts, docstrings, lines that only write
to the log or a trace, annotations, asserts, decorators, what `raise` says, and
everything that only the type checker reads.
"""

from __future__ import annotations

import ast
import random
import re
from dataclasses import dataclass
from difflib import ndiff

from tests.mutants.nearby import is_for_types

OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OTHER: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
PASSED_THROUGH = {"sorted", "reversed", "min", "max", "abs"}  # a call whose first argument could stand for it
FOR_PEOPLE = re.compile(r"_*(log|trace|warn|debug)")  # what is called by a line that only writes to the log
UNTESTED = {"__repr__", "__str__"}
BUFFER = 4096  # a power of two from here on is a size that may as well be another


@dataclass(frozen=True, slots=True)
class Place:
    """A change of `file`: its octets from `start` to `end` become `new`. `line` counts from 1."""

    file: str
    line: int
    kind: str
    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        """The file's text with the change."""
        octets = text.encode()
        return (octets[: self.start] + self.new.encode() + octets[self.end :]).decode()

    def compiles(self, text: str) -> bool:
        """Whether the change leaves Python; in a pattern of `match` it may not."""
        try:
            compile(self.applied(text), self.file, "exec", dont_inherit=True)
        except SyntaxError:
            return False
        return True

    def difference(self, text: str) -> list[str]:
        """The lines that change, `- ` before and `+ ` after."""
        lines = ndiff(text.splitlines(), self.applied(text).splitlines())
        return [line for line in lines if line.startswith(("- ", "+ "))]


def places(file: str, text: str) -> list[Place]:
    """All places of a file, in the order of the text; not each of them compiles."""
    finder = Finder(file, text)
    finder.visit(ast.parse(text))
    return sorted(finder.found, key=lambda place: (place.start, place.end, place.new))


def draw(texts: dict[str, str], lines: dict[str, set[int]], number: int, dice: random.Random) -> list[Place]:
    """So many places on these lines, at most one on each; the same dice draw the same ones."""
    on_line: dict[tuple[str, int], list[Place]] = {}
    for file in sorted(lines):
        for place in places(file, texts[file]):
            if place.line in lines[file]:
                on_line.setdefault((file, place.line), []).append(place)
    drawn = []
    for (file, _line), found in dice.sample([*on_line.items()], len(on_line)):
        place = dice.choice(found)
        if len(drawn) < number and place.compiles(texts[file]):
            drawn.append(place)
    return sorted(drawn, key=lambda place: (place.file, place.start))


class Finder(ast.NodeVisitor):
    """Walks a syntax tree and collects places."""

    def __init__(self, file: str, text: str) -> None:
        self.found: list[Place] = []
        self._file = file
        self._function = ""  # the one we are in
        self._starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    # what is left alone -------------------------------------------------

    def _nothing(self, node: ast.AST) -> None:
        """Nothing below this node is broken."""

    visit_JoinedStr = visit_Assert = visit_MatchValue = visit_Import = visit_ImportFrom = _nothing  # noqa: N815

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arguments(self, node: ast.arguments) -> None:
        for default in [*node.defaults, *node.kw_defaults]:
            if default is not None:
                self.visit(default)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name in UNTESTED:
            return
        self.visit(node.args)
        outer, self._function = self._function, node.name
        if isinstance(node.returns, ast.Constant) and node.returns.value is None:
            self._return_early(node.body)
        self._visit_all(node.body)
        self._function = outer

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    # statements ---------------------------------------------------------

    def visit_If(self, node: ast.If) -> None:
        if is_for_types(node):
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        called = node.value.value if isinstance(node.value, ast.Await) else node.value
        if not isinstance(called, ast.Call) or only_logs(called):
            return
        self._replace(node, "pass", "call left out")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Name) and target.id.startswith("__") for target in node.targets):
            return
        kept = (ast.Attribute, ast.Subscript)  # without a local name the next line falls over
        if self._function != "__init__" and all(isinstance(target, kept) for target in node.targets):
            self._replace(node, "pass", "assignment left out")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(node, "pass", "assignment left out")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        if not isinstance(node.exc, ast.Name) or node.exc.id != "NotImplementedError":
            self._replace(node, "pass", "raise left out")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self._replace(node, "pass", "return left out")
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._replace(node, "pass", "del left out")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace(node, "pass", "continue left out")

    def visit_Break(self, node: ast.Break) -> None:
        self._replace(node, "pass", "break left out")

    # expressions --------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> None:
        for number, operator in enumerate(node.ops):
            ops = [*node.ops]
            ops[number] = OPPOSITE[type(operator)]()
            self._replace(node, ast.unparse(ast.Compare(node.left, ops, node.comparators)), "comparison")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._replace(node, f"({ast.unparse(ast.BoolOp(other, node.values))})", "and/or")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._replace(node, f"({ast.unparse(node.operand)})", "not left out")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        other = OTHER.get(type(node.op))
        if other is not None and not (is_no_number(node.left) or is_no_number(node.right)):
            self._replace(node, f"({ast.unparse(ast.BinOp(node.left, other(), node.right))})", "operator")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in PASSED_THROUGH and node.args:
            self._replace(node, f"({ast.unparse(node.args[0])})", "call left out")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._replace(node, str(not value), "constant")
        elif isinstance(value, int | float) and not is_buffer(value):
            self._replace(node, str(value + 1), "constant")
            if value > 0:
                self._replace(node, f"({value - 1})", "constant")

    # ----------------------------------------------------------------------

    def _visit_all(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def _negate(self, test: ast.expr) -> None:
        """Turn a plain condition round; one with an operator has places of its own."""
        if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.NamedExpr):
            self._replace(test, f"(not ({ast.unparse(test)}))", "condition")

    def _return_early(self, body: list[ast.stmt]) -> None:
        """Leave a function that returns nothing before its last statements."""
        if self._function == "__init__":
            return
        for node in body[:-1]:
            if not isinstance(node, ast.Expr | ast.Return | ast.Raise) or is_call(node):
                self._replace(node, "return", "return too early")

    def _replace(self, node: ast.expr | ast.stmt, new: str, kind: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        self.found.append(Place(self._file, node.lineno, kind, start, end, new))


def only_logs(call: ast.Call) -> bool:
    """Whether a call only writes to the log or a trace."""
    return any(FOR_PEOPLE.match(name) for name in ast.unparse(call.func).split("."))


def is_buffer(value: float) -> bool:
    return isinstance(value, int) and value >= BUFFER and value & (value - 1) == 0


def is_call(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not only_logs(node.value)


def is_no_number(node: ast.expr) -> bool:
    """Whether an operand is a text, a list or a type, which other operators refuse."""
    if isinstance(node, ast.Name):
        return node.id[0].isupper() and not node.id.isupper()
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, int | float)
    return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp)
