"""The syntax tree of the filter language, which the builder makes and the compiler reads.

Names are resolved: a constant is a `Literal`, a local has a number unique in
its function, a call refers to the function itself. Equal nodes mean the same
program: spans are not compared. Types are the manual's words
(`"int"`, `"pair set"`, `"enum rts"`); `"void"` means no value, `"any"` a type
that is only known at run time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from weakref import ref


class Anchor:
    """The place of a statement in its file. Moving it moves all spans of a statement that did not change."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line


class Span:
    """A place in the config text: 1-based line and column, end exclusive.

    With an anchor as `file`, lines count from the line of the anchor.
    """

    __slots__ = ("_end", "_file", "_line", "column", "end_column")

    def __init__(
        self, file: str | Anchor = "", line: int = 0, column: int = 0, end_line: int = 0, end_column: int = 0
    ) -> None:
        self._file: Final = file
        self._line: Final = line
        self._end: Final = end_line
        self.column: Final = column
        self.end_column: Final = end_column

    @property
    def file(self) -> str:
        return self._file if isinstance(self._file, str) else self._file.file

    @property
    def line(self) -> int:
        return self._line if isinstance(self._file, str) else self._file.line + self._line

    @property
    def end_line(self) -> int:
        return self._end if isinstance(self._file, str) else self._file.line + self._end

    def _values(self) -> tuple[str, int, int, int, int]:
        return self.file, self.line, self.column, self.end_line, self.end_column

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Span{self._values()}"


NO_SPAN = Span()


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all nodes."""

    span: Span = field(default=NO_SPAN, compare=False, kw_only=True, repr=False)


# ---------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value known when the config is read. `name` is the constant it came from."""

    type: str
    value: Any
    name: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Local(Node):
    """A variable or parameter; `slot` is unique in the function or filter."""

    name: str
    slot: int
    type: str


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """An attribute of the route: `net`, `bgp_path`, `preference`, or a custom one."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`!x`; op is "!"."""

    op: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`+ - * / ++ & | = != < <= > >= ~ !~ && ||`."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class PairNode(Node):
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class LargeCommunityNode(Node):
    first: Node
    second: Node
    third: Node


@dataclass(frozen=True, slots=True)
class ExtendedCommunityNode(Node):
    """`(rt, key, value)`; kind is "rt", "ro", "generic" or "unknown"."""

    kind: str
    key: Node
    value: Node
    number: Node | None = None  # of `unknown`


# Set items. An item that is a single expression is that expression's node.


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`a..b`, both ends included."""

    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Wildcard(Node):
    """`*` as a part of a pair, ec or lc pattern."""


@dataclass(frozen=True, slots=True)
class PairPattern(Node):
    """Parts are expressions, `Range` or `Wildcard`."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class LargePattern(Node):
    first: Node
    second: Node
    third: Node


@dataclass(frozen=True, slots=True)
class ExtendedPattern(Node):
    kind: str
    key: Node
    value: Node
    number: Node | None = None


@dataclass(frozen=True, slots=True)
class PrefixPattern(Node):
    """`P`, `P+`, `P-`, `P{low,high}`: lengths low..high of what P covers or is covered by.

    `low` and `high` are None for a plain `P`; the builder resolves + and -.
    """

    prefix: Node
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class SetOf(Node):
    """`[ ... ]`. A prefix set of only plain literals is a `Literal` instead."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MaskOf(Node):
    """`[= ... =]`. Items: expressions, `Range`, `SetOf`, `MaskAny`, `MaskOne`, `MaskPlus`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MaskAny(Node):
    """`*`: any run of AS numbers."""


@dataclass(frozen=True, slots=True)
class MaskOne(Node):
    """`?`: one AS number."""


@dataclass(frozen=True, slots=True)
class MaskPlus(Node):
    """`+`: one or more of the item before."""


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A call of a user's function."""

    function: FunctionRef
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Builtin(Node):
    """`defined`, `format`, `from_hex`, `roa_check`, `aspa_check…`, and the call style
    of list methods (`prepend`, `append`, `add`, `delete`, `filter`)."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Method(Node):
    """`object.name` or `object.name(arguments)`; arguments None without parentheses.

    `place` is the span of the name.
    """

    target: Node
    name: str
    arguments: tuple[Node, ...] | None = None
    place: Span = field(default=NO_SPAN, compare=False, kw_only=True, repr=False)


# ----------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Block(Node):
    statements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node | None = None


@dataclass(frozen=True, slots=True)
class Arm(Node):
    """One arm of `case`: set items; empty for `else:`."""

    labels: tuple[Node, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Case(Node):
    subject: Node
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class For(Node):
    variable: Local
    sequence: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Declare(Node):
    """Declares a local variable; without a value it is an empty list or path, or void.

    `bare`: declared in the old place before the body, where lists and paths are void too.
    """

    variable: Local
    value: Node | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """Target: `Local` or `Attribute`."""

    target: Node
    value: Node


@dataclass(frozen=True, slots=True)
class Unset(Node):
    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Return(Node):
    value: Node | None = None


@dataclass(frozen=True, slots=True)
class Decide(Node):
    """`accept`, `reject` or `error`, with what to log."""

    verdict: str
    message: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Print(Node):
    arguments: tuple[Node, ...]
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Evaluate(Node):
    """An expression as a statement: a call, or `attribute.method(…);`, which sets the attribute."""

    expression: Node


@dataclass(frozen=True, slots=True)
class Assert(Node):
    """`bt_assert(condition);`. `text` is the condition as written, `parts` what a failure shows."""

    condition: Node
    text: str = field(default="", compare=False)
    parts: tuple[Node, ...] = field(default=(), compare=False)
    part_texts: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class CheckAssign(Node):
    """`bt_check_assign(target, value);`: assign, then assert that reading gives the same value."""

    target: Node
    value: Node
    text: str = field(default="", compare=False)


# ---------------------------------------------------------- definitions


@dataclass(frozen=True, slots=True)
class Function(Node):
    """A user's function. `return_type` None: not declared, so it is inferred."""

    name: str
    parameters: tuple[Local, ...]
    body: Block
    return_type: str | None = None


class FunctionRef:
    """A function by identity, so that recursion is possible.

    The builder makes the reference when it reads the name and sets `function`
    when the body ends. References compare by `digest`, which covers the function
    with everything it calls (`filter/digest.py`). Calls in the function's own body
    use `within()`, which does not keep it alive: the daemon runs without the cycle
    collector, so a reference cycle would never be freed.
    """

    __slots__ = ("__weakref__", "_digest", "_function", "_whole", "name", "parameters", "return_type")

    def __init__(self, name: str, parameters: tuple[Local, ...], return_type: str | None) -> None:
        self.name = name
        self.parameters = parameters
        self.return_type = return_type
        self._function: Function | None = None
        self._digest: str = ""
        self._whole: ref[FunctionRef] | None = None  # set in what `within` returns

    def within(self) -> FunctionRef:
        """A reference for calls in the function's own body, which does not keep the function alive."""
        inner = FunctionRef(self.name, self.parameters, self.return_type)
        inner._whole = ref(self)
        return inner

    @property
    def identity(self) -> FunctionRef:
        """The one reference that identifies the function, from wherever it is called."""
        whole = self._whole() if self._whole is not None else None
        return self if whole is None else whole

    @property
    def function(self) -> Function | None:
        """The function; None while its body is being read."""
        return self.identity._function

    @function.setter
    def function(self, function: Function) -> None:
        self._function = function

    @property
    def digest(self) -> str:
        """The digest of the function; empty until its body has been read."""
        return self.identity._digest

    @digest.setter
    def digest(self, digest: str) -> None:
        self.identity._digest = digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionRef) and self.name == other.name and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """A filter; `name` is None for one written where it is used."""

    name: str | None
    body: Block


ACCEPT = Filter("ACCEPT", Block((Decide("accept"),)))
REJECT = Filter("REJECT", Block((Decide("reject"),)))
