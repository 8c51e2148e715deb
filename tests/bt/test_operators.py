"""Each operator has its assertions, and a broken one is noticed, for each pair of types that it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from pybird.filter import nodes as n
from pybird.filter.generate import _ARITHMETIC, ExpressionSource
from pybird.filter.types import _MATCHES, SET_ELEMENTS, Typing, children
from tests.bt.claims import DECLARED, FILES, OF_CODE, assertions, loaded
from tests.bt.test_bt import LEAST_PER_METHOD, fails

OPERATORS = (*_ARITHMETIC, "++", "=", "!=", "<", "<=", ">", ">=", "~", "!~", "&&", "||", "!")
BUILTINS = (
    "defined", "format", "from_hex", "roa_check", "aspa_check", "aspa_check_upstream",
    "aspa_check_downstream", "prepend", "append", "add", "delete", "filter",
)  # fmt: skip
ORDERED = ("int", "bool", "pair", "ec", "rd", "lc", "ip", "prefix", "string", "bgppath", "enum rts")
EQUAL = (*ORDERED, "mac", "clist", "eclist", "lclist", "bytestring", "int set", "pair set", "prefix set")
# No literal is a quad: those stand in variables.conf, with sets of every enumeration.
PAIRS = [
    *[pair for pair in sorted(_MATCHES) if "quad" not in pair[0] and "quad" not in pair[1]],
    *[(kind, f"{kind} set") for kind in SET_ELEMENTS if kind != "quad" and not kind.startswith("enum")],
    ("enum roa", "enum roa set"),
]
RARE = 3  # assertions of a pair of types at least


def below(node: n.Node) -> Iterator[n.Node]:
    yield node
    for child in children(node):
        yield from below(child)


@cache
def claims() -> list[n.Assert]:
    """The assertions that need neither tables nor a route."""
    kept = [path for path in FILES if path.stem not in (*OF_CODE, "aspa", "tables")]
    return [claim for path in kept for claim in assertions(loaded(path))]


@cache
def by_operator() -> dict[tuple[str, str, str], list[n.Assert]]:
    """The assertions that use an operator (`=` for `!=` too, and so on) with operands of two types."""
    typing = Typing(DECLARED)
    found: dict[tuple[str, str, str], list[n.Assert]] = defaultdict(list)
    for claim in claims():
        for node in below(claim.condition):
            if isinstance(node, n.Binary) and node.op not in ("&&", "||"):
                found[kind_of(node.op), typing.type_of(node.left), typing.type_of(node.right)].append(claim)
    return found


def kind_of(op: str) -> str:
    return {"!=": "=", "!~": "~", "<=": "<", ">": "<", ">=": "<"}.get(op, op)


def test_each_operator_and_function_has_enough() -> None:
    found: dict[str, int] = defaultdict(int)
    for path in FILES:
        for claim in assertions(loaded(path)):
            names = [getattr(node, "op", getattr(node, "name", "")) for node in below(claim.condition)]
            for name in dict.fromkeys(names):
                found[name] += 1
    assert {name: found[name] for name in (*OPERATORS, *BUILTINS) if found[name] < LEAST_PER_METHOD} == {}


def test_each_pair_of_types_has_some() -> None:
    found = by_operator()
    wanted = [("~", *pair) for pair in PAIRS]
    wanted += [("<", kind, kind) for kind in ORDERED] + [("=", kind, kind) for kind in EQUAL]
    assert {key: len(found[key]) for key in wanted if len(found[key]) < RARE} == {}


def broken(monkeypatch: pytest.MonkeyPatch, method: str, wrong: Callable[..., str | None]) -> None:
    """Let a method that writes the code of an operator write other code where `wrong` gives some."""
    right = getattr(ExpressionSource, method)

    def made(self: ExpressionSource, *arguments: Any) -> str:
        found = wrong(self, *arguments)
        return right(self, *arguments) if found is None else found

    monkeypatch.setattr(ExpressionSource, method, made)


@pytest.mark.long
@pytest.mark.parametrize("answer", ["False", "True"])
@pytest.mark.parametrize("pair", PAIRS, ids="~".join)
def test_a_broken_match_is_noticed(pair, answer, monkeypatch) -> None:
    def wrong(self, left, right):
        same = (self.typing.type_of(left), self.typing.type_of(right)) == pair
        return answer if same else None

    used = by_operator()["~", *pair]
    assert not fails(used)
    broken(monkeypatch, "_matches", wrong)
    assert fails(used)


@pytest.mark.long
@pytest.mark.parametrize("kind", ORDERED)
def test_a_broken_order_is_noticed(kind, monkeypatch) -> None:
    used = by_operator()["<", kind, kind]
    assert not fails(used)
    for answer in ("False", "True"):
        with monkeypatch.context() as patch:
            broken(patch, "_ordered", lambda self, op, of, *_, a=answer: a if of == kind else None)
            assert fails(used), answer


@pytest.mark.long
@pytest.mark.parametrize("kind", EQUAL)
def test_a_broken_equality_is_noticed(kind, monkeypatch) -> None:
    def wrong(self, node, answer):
        same = (
            node.op in ("=", "!=")
            and self.typing.type_of(node.left) == self.typing.type_of(node.right) == kind
        )
        return answer if same else None

    used = by_operator()["=", kind, kind]
    assert not fails(used)
    for answer in ("False", "True"):
        with monkeypatch.context() as patch:
            broken(patch, "_compare", lambda self, node, a=answer: wrong(self, node, a))
            assert fails(used), answer


@pytest.mark.long
@pytest.mark.parametrize("op", _ARITHMETIC)
def test_broken_arithmetic_is_noticed(op, monkeypatch) -> None:
    used = by_operator()[op, "int", "int"]
    assert not fails(used)
    for code in ("({} if True or {} else 0)", "({1})", "({0} + {1} + 1)"):
        monkeypatch.setitem(_ARITHMETIC, op, code)
        assert fails(used), code
