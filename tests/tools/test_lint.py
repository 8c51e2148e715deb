"""The lints of `pybird check`, code by code."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import pybird
from pybird.tools.check import as_json, check
from pybird.tools.lint.codes import CODES, ERROR, MISSING_POLICY, OTHER
from pybird.tools.lint.run import LINTS, findings
from pybird.tools.text import Texts
from tests.conf.loading import DEVICE, TextFiles, language

ROOT = Path(__file__).resolve().parents[2]


def remarks(text: str, **files: str) -> list[tuple[str, str]]:
    """Code and the text it points at, of all lines after `protocol device`."""
    found = {name.replace("_", "."): body for name, body in files.items()}
    whole = DEVICE + text
    reading = language().examine_text(whole, "bird.conf", TextFiles(found))
    lines = whole.split("\n")
    return [(each.code, lines[each.span.line - 1][each.span.column - 1 :]) for each in findings(reading)]


def codes(text: str, **files: str) -> list[str]:
    return [code for code, _ in remarks(text, **files)]


STATIC = "protocol static {{ ipv4 {{ import {}; }}; }}\n"
USED = STATIC.format("filter f")


def filtered(body: str, before: str = "") -> list[tuple[str, str]]:
    return remarks(f"{before}filter f {{\n{body}\n}}\n{USED}")


def test_every_code_is_documented() -> None:
    text = (ROOT / "docs" / "lint.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)`", text, re.MULTILINE) == list(CODES)


LINT = Path(pybird.__file__).parent / "tools" / "lint"
SAID_BY_READING = {
    "other",
    "not-acted-on",
    "not-run",
    "refused",
    "shadowed-keyword",
    "error",
    "missing-policy",
}


def _looks_at_a_context(made: Any) -> bool:
    """`(context: LintContext) -> Iterator[Finding]`."""
    return [*made.__annotations__.values()] == ["LintContext", "Iterator[Finding]"]


def test_every_lint_is_run() -> None:
    found = 0
    for path in LINT.glob("*.py"):
        module = import_module(f"pybird.tools.lint.{path.stem}")
        for name, made in vars(module).items():
            if inspect.isgeneratorfunction(made) and _looks_at_a_context(made):
                found += made in LINTS
                assert name.startswith("_") or made in LINTS, f"{name} is not in LINTS"
    assert found >= len(LINTS)


def test_the_codes_of_the_lints_are_those_of_the_table() -> None:
    sources = [ast.parse(path.read_text()) for path in LINT.glob("*.py") if path.stem != "codes"]
    texts = {n.value for tree in sources for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    assert CODES.keys() - SAID_BY_READING <= texts, "no lint says it"
    calls = [n for tree in sources for n in ast.walk(tree) if isinstance(n, ast.Call)]
    given = {
        n.args[0].value
        for n in calls
        if ast.unparse(n.func) == "Finding" and isinstance(n.args[0], ast.Constant)
    }
    assert given
    assert given <= CODES.keys()


@pytest.mark.parametrize("code", sorted(CODES.keys() - {OTHER}))
def test_every_code_has_a_test_here(code: str) -> None:
    constant = {ERROR: "ERROR", MISSING_POLICY: "MISSING_POLICY"}.get(code, f'"{code}"')
    assert Path(__file__).read_text().count(constant) > (code in SAID_BY_READING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("define A = 1;", ("unused-constant", "A = 1;")),
        ("function f() -> bool { return f(); }", ("unused-function", "f() -> bool { return f(); }")),
        ("filter f { accept; }", ("unused-filter", "f { accept; }")),
        ("template static t { ipv4; }", ("unused-template", "t { ipv4; }")),
        ("ipv4 table t;", ("unused-table", "t;")),
        ("attribute int x;", ("unused-attribute", "x;")),
    ],
)
def test_definitions_that_nothing_uses(text: str, expected: tuple[str, str]) -> None:
    assert remarks(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "define A = 1;\ndefine B = A;\nprotocol static { ipv4 { preference B; }; }",
        f"function ok() -> bool {{ return true; }}\n{STATIC.format('where ok()')}",
        f"filter f {{ accept; }}\n{USED}",
        "template static t { ipv4; }\nprotocol static from t { }",
        "ipv4 table t;\nprotocol static { ipv4 { table t; }; }",
        "peer table t;\nprotocol radv { peers; interface \"a\" { router discovery; }; }",
        "roa4 table t;\n" + STATIC.format("where roa_check(t, net, 1) = ROA_VALID"),
        f"attribute int x;\nfilter f {{ x = 1; accept; }}\n{USED}",
        f"filter f {{ int A; A = 1; if A > net.len then reject; accept; }}\n{USED}",
    ],
)  # fmt: skip
def test_definitions_that_are_used(text: str) -> None:
    assert codes(text) == []


def test_what_a_protocol_that_is_not_run_names_is_used() -> None:
    text = "filter f { accept; }\nipv4 table t;\n"
    text += "protocol ospf { ipv4 { table t; import filter f; }; area 0 {}; }"
    assert "unused-filter" not in codes(text)
    assert "unused-table" not in codes(text)


def test_names_used_in_an_included_file_are_used() -> None:
    assert (
        codes('define A = 1;\ninclude "a.inc";\n', a_inc="protocol static { ipv4 { preference A; }; }") == []
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("accept;\nreject;", "reject;"),
        ("if net.len > 8 then accept; else reject;\nprint 1;", "print 1;"),
        ("if true then accept;\nreject;", "reject;"),
        ("if 1 > 2 then\nprint 1;\nreject;", "print 1;"),
        ("if ! false then accept; else\nreject;", "reject;"),
        ("case net.len { 8: accept; else: reject; }\nprint 2;", "print 2;"),
        ("for int a in bgp_path do { reject;\nprint 1;\n}\naccept;", "print 1;"),
    ],
)
def test_what_is_never_reached(body: str, place: str) -> None:
    assert filtered(body) == [("unreachable", place)]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("if net.len > 8 then accept;\nif net.len > 8 then\nprint 1;\nreject;", "print 1;"),
        ("if net.len > 8 then print 1; else if net.len = 3 then print 2; else if net.len > 8 then\n"
         "print 3;\nreject;", "print 3;"),
        ("if net.len > 8 then accept;\nprint 1;\nif net.len = 7 then print 2; else if net.len > 8 then\n"
         "print 3;\nreject;", "print 3;"),
        ("if net.len > 8 then { bgp_med = 1; accept; }\nif net.len > 8 then\nprint 1;\nreject;", "print 1;"),
    ],
)  # fmt: skip
def test_what_was_asked_above(body: str, place: str) -> None:
    assert filtered(body) == [("unreachable", place)]


@pytest.mark.parametrize(
    "body",
    [
        "if bgp_med > 8 then print 1;\nif bgp_med > 8 then print 2;\naccept;",  # both are reached
        "if bgp_med > 8 then accept;\nbgp_med = 9;\nif bgp_med > 8 then print 2;\nreject;",
        "if bgp_med > 8 then accept; else bgp_med = 9;\nif bgp_med > 8 then print 2;\nreject;",
        "if bgp_med > 8 then accept;\nmaybe();\nif bgp_med > 8 then print 2;\nreject;",
        "if odd() then accept;\nif odd() then reject;\nreject;",  # a function may change what it asks for
        "if net ~ A then accept;\nif net ~ B then reject;\nreject;",  # the same set under two names
        "case net.len { 8: accept; 9: reject; else: print 1; }\nreject;",
    ],
)
def test_what_was_not_asked_above(body: str) -> None:
    before = "define A = [ 10.0.0.0/8 ];\ndefine B = [ 10.0.0.0/8 ];\n"
    before += (
        "function maybe() { bgp_med = 7; }\nfunction odd() -> bool { bgp_med = 1; return net.len > 8; }\n"
    )
    names = [code for code, _ in filtered(body, before)]
    assert [code for code in names if not code.startswith("unused")] == []


def test_after_a_function_that_always_decides() -> None:
    function = "function end() { if net.len > 8 then accept; reject; }\n"
    assert filtered("end();\nprint 1;", function) == [("unreachable", "print 1;")]


@pytest.mark.parametrize(
    "body",
    [
        "if DEBUG then print 1;\naccept;",
        "case net.len { 8: accept; }\nreject;",
        "if net.len > 8 then { accept; }\nreject;",
        "for int a in bgp_path do reject;\naccept;",
        "maybe();\naccept;",
    ],
)
def test_what_may_be_reached(body: str) -> None:
    before = "define DEBUG = false;\nfunction maybe() { if net.len > 30 then reject; }\n"
    names = [code for code, _ in filtered(body, before)]
    assert [code for code in names if not code.startswith("unused")] == []


def test_a_filter_that_can_end_without_a_decision() -> None:
    assert filtered("if net.len > 8 then accept;") == [("no-decision", "}")]
    assert remarks(STATIC.format("filter { print 1; }")) == [("no-decision", "}; }; }")]
    assert filtered("if net.len > 8 then accept; else reject;") == []
    assert filtered("case net.len { 8: accept; else: reject; }") == []


def ends_of(body: str) -> list[tuple[str, str]]:
    """What is said of a function with this body."""
    text = f"function f(int a) -> int {{ {body} }}\n{STATIC.format('where f(net.len) = 1')}"
    return [(code, shown) for code, shown in remarks(text) if code == "no-return"]


def test_a_function_that_can_end_without_its_value() -> None:
    assert [code for code, _ in ends_of("if a = 1 then return 1;")] == ["no-return"]
    assert [code for code, _ in ends_of("case a { 1: return 1; }")] == ["no-return"]
    assert ends_of("if a = 1 then return 1; return 2;") == []
    assert ends_of("if a = 1 then return 1; reject;") == []
    assert ends_of("case a { 1: return 1; else: return 2; }") == []
    plain = f"function f() {{ print 1; }}\n{STATIC.format('filter { f(); accept; }')}"
    assert "no-return" not in codes(plain)


def test_a_name_that_hides_a_keyword() -> None:
    assert codes(f"define passive = 1;\n{STATIC.format('where net.len > passive')}") == ["shadowed-keyword"]


def test_a_pipe_to_a_table_that_nobody_reads() -> None:
    pipe = "ipv4 table t;\nprotocol pipe p { table master4; peer table t; import none; export all; }\n"
    assert codes(pipe) == ["unread-table"]
    assert codes(pipe + "protocol kernel { ipv4 { table t; export all; }; }") == []
    assert codes(pipe.replace("import none", "import all")) == []
    further = "ipv4 table u;\nprotocol pipe q { table t; peer table u; import none; export all; }\n"
    assert remarks(pipe + further) == [
        ("unread-table", "q { table t; peer table u; import none; export all; }")
    ]
    assert codes(pipe + further + "protocol kernel { ipv4 { table u; export all; }; }") == []


def test_a_function_that_does_not_say_what_it_returns() -> None:
    use = STATIC.format("where f() = 1")
    assert remarks(f"function f() {{ return 1; }}\n{use}") == [("inferred-type", "f() { return 1; }")]
    assert codes(f"function f() -> int {{ return 1; }}\n{use}") == []
    assert codes("function f() { if net.len > 8 then accept; print 1; }\nfilter g { f(); reject; }\n"
                 + STATIC.format("filter g")) == []  # fmt: skip


def test_a_session_without_policy_is_an_error_with_a_code(tmp_path: Path) -> None:
    session = "protocol bgp {{ local as 1; neighbor 10.0.0.1 as {}; ipv4{}; }}\n"
    policy = " { import all; export none; }"
    for text, expected in (
        (session.format(2, ""), [MISSING_POLICY]),
        (session.format(2, policy), []),
        (session.format(1, ""), []),  # internal
        ("protocol bgp { local as 1; }", [ERROR]),
    ):
        path = tmp_path / "bird.conf"
        path.write_text(DEVICE + text)
        checked = check(language(), str(path), Texts())
        assert [each["code"] for each in as_json([checked], ok=True)["errors"]] == expected


def test_deprecated_forms_name_the_new_one() -> None:
    assert codes("protocol static { ipv4; disabled 0; }") == ["deprecated"]
    assert codes("protocol static { ipv4; disabled no; }") == []
    new = "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; ipv4; connect delay time 3; }"
    assert codes(new) == []
    assert codes(new.replace("ipv4;", "ipv4 { missing lladdr ignore; };")) == ["deprecated"]
    assert codes(f"filter f int a; {{ a = net.len; if a > 8 then accept; reject; }}\n{USED}") == [
        "deprecated"
    ]
    session = "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; ipv4; start delay time 3; }"
    assert codes(session) == ["deprecated"]


def test_a_name_of_its_own_hides_nothing() -> None:
    assert codes(f"define calm = 1;\n{STATIC.format('where net.len > calm')}") == []


@pytest.mark.usefixtures("refused")
def test_what_is_refused_and_what_is_not() -> None:
    session = "protocol bgp {{ local as 1; neighbor 10.0.0.1 as 1; {}; ipv4; }}"
    assert codes(session.format("confederation 5")) == ["refused"]
    assert codes(session.format("hold time 5")) == []


def test_what_is_not_run_or_not_acted_on() -> None:
    assert codes("protocol bgp { local as 1; neighbor 10.0.0.1 as 1; bfd off; ipv4; }") == []
    assert codes("protocol perf p { ipv4; }") == ["not-run"]
    assert codes("debug latency all;") == ["not-acted-on"]
