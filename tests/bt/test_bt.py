"""Our own assertions hold, are many and distinct, and notice what breaks."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import FunctionType

import pytest

from pybird.filter.compile import compile_block
from pybird.filter.errors import FilterTypeError
from pybird.filter.methods import METHODS, MethodCode
from pybird.filter.nodes import Assert, Block
from pybird.filter.route_context import constant_subject
from pybird.filter.runtime import EXPORTS
from pybird.tools.test import Trial
from tests.bt.claims import DECLARED, FILES, FOLDER, OF_CODE, assertions, language, loaded, methods

LEAST = 1000
LEAST_PER_METHOD = 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_assertion_holds(path: Path) -> None:
    trial = Trial(loaded(path))
    trial.run_suites()
    failures = [failure for result in trial.results for failure in result.failures]
    assert [(each.text, each.values, each.problem) for each in failures] == []


def by_method() -> dict[tuple[str, str], list[Assert]]:
    """The assertions that use each method."""
    found: dict[tuple[str, str], list[Assert]] = defaultdict(list)
    for path in FILES:
        for claim in assertions(loaded(path)) if path.stem not in (*OF_CODE, "aspa") else ():
            for method in methods(claim):
                found[method].append(claim)
    return found


def test_there_are_many_and_all_are_distinct() -> None:
    constants = [path for path in FILES if path.stem not in OF_CODE]
    texts = [claim.text for path in constants for claim in assertions(loaded(path))]
    assert len(texts) >= LEAST
    assert len(set(texts)) == len(texts)


def test_each_method_has_enough() -> None:
    found = by_method()
    assert {key: len(found[key]) for key in METHODS if len(found[key]) < LEAST_PER_METHOD} == {}


def broken(method: MethodCode) -> list[dict[str, str]]:
    """Ways to break a method: it gives nothing, or something near to what it should."""
    near = {"int": "({0} + 1)", "bool": "(not {0})"}.get(method.result)
    ways = [dict.fromkeys(method.arguments, "None")]
    if near is not None:
        ways.append({key: near.replace("{0}", code) for key, code in method.arguments.items()})
    return ways


def fails(claims: list[Assert]) -> bool:
    """True when one of the assertions does not hold now."""
    heard = []
    subject = constant_subject(lambda _text: None)
    subject.asserted = heard.append
    try:
        compiled = compile_block(Block(tuple(claims)), DECLARED)
    except FilterTypeError:
        return True
    compiled.run(subject)
    return len(heard) < len(claims) or any(not each.holds for each in heard)


NEVER = """protocol device {}
function f() {
    bgppath p; clist c; eclist e; lclist l;
    bt_assert(!(p ~ 1)); bt_assert(!(c ~ (1,2))); bt_assert(!(e ~ (rt,1,2))); bt_assert(!(l ~ (1,2,3)));
}
bt_test_suite(f, "never")
"""
FUNCTIONS = [name for name, made in EXPORTS.items() if isinstance(made, FunctionType)]
# Where a function of the runtime is used; the others are used with variables too.
USED_IN = {
    "append": "text",
    "aspa_check": "aspa",
    "from_hex": "text",
    "net_part": "nets",
    "only_addresses": "clist",
    "roa_check": "tables",
    "without_addresses": "clist",
}


def test_what_is_taken_and_never_matches_is_an_error(monkeypatch) -> None:
    """No assertion can be about it, as each would fail: the failure itself is what must be there."""

    def problems() -> list[str]:
        trial = Trial(language().read(NEVER))
        trial.run_suites()
        return [failure.problem for result in trial.results for failure in result.failures]

    assert len(problems()) == 4
    assert all(problems())
    monkeypatch.setitem(EXPORTS, "cannot_match", lambda *_operands: False)
    assert not any(problems())


@pytest.mark.checkout  # compiled functions are not broken one by one
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ("cannot_match", "no_order")])
def test_a_broken_function_of_the_runtime_is_noticed(name, monkeypatch) -> None:
    config = loaded(FOLDER / f"{USED_IN.get(name, 'variables')}.conf")  # constants are computed before
    monkeypatch.setitem(EXPORTS, name, lambda *_arguments: None)
    trial = Trial(config)
    try:
        trial.run_suites()
    except Exception:  # it is noticed
        return
    assert any(result.failures for result in trial.results)


QUADS = [(key, kind) for key, row in METHODS.items() for kind in row.arguments if kind.startswith("quad")]


@pytest.mark.parametrize(("key", "kind"), QUADS, ids=str)
def test_a_broken_form_for_quads_is_noticed(key, kind, monkeypatch) -> None:
    """No literal is a quad: the assertions are those about variables."""
    row = METHODS[key]
    monkeypatch.setitem(METHODS, key, MethodCode(row.result, {**row.arguments, kind: "None"}))
    trial = Trial(loaded(FOLDER / "variables.conf"))
    try:
        trial.run_suites()
    except Exception:  # it is noticed
        return
    assert any(result.failures for result in trial.results)


@pytest.fixture(scope="module")
def claims() -> dict[tuple[str, str], list[Assert]]:
    return by_method()


@pytest.mark.parametrize("key", METHODS, ids="-".join)
def test_a_broken_method_is_noticed(key, claims, monkeypatch) -> None:
    used = claims[key][:LEAST_PER_METHOD]
    right = METHODS[key]
    assert not fails(used)
    for code in broken(right):
        monkeypatch.setitem(METHODS, key, MethodCode(right.result, code))
        assert fails(used), code
    # Each type of argument has a code of its own; quads have a test of their own.
    for kind in right.arguments:
        if kind in ("quad", "quad set"):
            continue
        monkeypatch.setitem(METHODS, key, MethodCode(right.result, {**right.arguments, kind: "None"}))
        assert fails(claims[key]), kind
