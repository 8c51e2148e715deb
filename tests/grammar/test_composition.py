"""The grammar is composed as its table of contents says."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import pybird
from pybird.conf import channels, tables
from pybird.conf import protocols as protocols_conf

PACKAGE = Path(pybird.__file__).parent
FOLDER = tables.grammar_folder()
SHARED = ("lexical", "expression", "filter", "common")
RULE = re.compile(r"^[!?]*(_?[a-z][a-z0-9_]*)\s*:", re.MULTILINE)


@pytest.fixture(scope="module")
def strict() -> tables.ParserTables:
    return tables.build(FOLDER, strict=True)


def plain(path: str) -> str:
    text = (FOLDER / f"{path}.lark").read_text()
    return re.sub(r"//.*", "", text)


def protocols() -> list[str]:
    return re.findall(r"^%import \.(\w+)\.protocol -> \1$", plain("bird"), re.MULTILINE)


def test_no_conflict_is_resolved_silently(strict: tables.ParserTables) -> None:
    assert len(strict.states) > 1000


def test_shared_rules_are_not_copied_into_protocols(strict: tables.ParserTables) -> None:
    shared = {name for file in SHARED for name in RULE.findall(plain(file))}
    own = {name.lstrip("_") for file in (*protocols(), "commands") for name in RULE.findall(plain(file))}
    prefixes = tuple(f"{name}__" for name in (*protocols(), "commands"))
    made = {rule[1].lstrip("_") for rule in strict.rules}
    copies = {name for name in made if name.startswith(prefixes) and name.split("__", 1)[1] in shared - own}
    assert not copies


def test_terminals_are_not_copied(strict: tables.ParserTables) -> None:
    terminals = set(strict.patterns)
    assert not [name for name in terminals if "__" in name]


def test_every_protocol_file_is_in_the_table_of_contents() -> None:
    files = {path.stem for path in FOLDER.glob("*.lark")} - {*SHARED, "bird", "commands"}
    assert files == set(protocols())


def test_no_rule_is_unused(strict: tables.ParserTables) -> None:
    used = Counter(name for state in strict.states for name in state)
    assert all(rule[1] in used for rule in strict.rules if rule[1] not in tables.STARTS)


def test_three_start_symbols(strict: tables.ParserTables) -> None:
    assert set(strict.starts) == set(tables.STARTS)


# ------------------------------------------------ what is read is looked at

CHOICE = re.compile(r"^[!?]*([a-z_][a-z0-9_]*)\s*:(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
ALIAS = re.compile(r"->\s*(\w+)")
NAME = re.compile(r"\b[a-z][a-z0-9_]*\b")
SHARED_OPTIONS = {"protocol_item": protocols_conf.COMMON, "channel_item": channels.CHANNEL}
ELSEWHERE = {*SHARED_OPTIONS, "key_expression"}  # below; any block of an aggregator is one


def offered(text: str) -> set[str]:
    """Rules of which a text may have one or another: behind `->`, and in the rules that begin with `_`."""
    found: set[str] = set()
    for name, body in CHOICE.findall(re.sub(r'"[^"]*"', "", text)):
        found |= set(ALIAS.findall(body))
        if name.startswith("_"):
            found |= set(NAME.findall(ALIAS.sub("", body)))
    return found


def handled(*paths: Path) -> set[str]:
    """The rules that builders know: keys of handlers, cases, and what is looked for.

    The fields that are set bear the same names: they do not count.
    """
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Dict(keys=named):
                    found |= {key.value for key in named if isinstance(key, ast.Constant)}
                case ast.MatchValue() | ast.Compare() | ast.Tuple():
                    found |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
                case ast.Call(func=ast.Attribute(attr="find" | "first" | "has")):
                    found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
                case ast.keyword(arg=str(rule)):
                    found.add(rule)
    return found


@pytest.mark.checkout
@pytest.mark.parametrize("name", protocols())
def test_every_option_of_the_grammar_has_its_handler(name: str) -> None:
    """`Builder.each` leaves out what it has no handler for, since some items are read elsewhere."""
    own = PACKAGE / "proto" / name
    known = handled(*own.glob("build*.py"), *own.glob("commands.py"), *(PACKAGE / "conf").glob("*.py"))
    if any(own.glob("commands.py")):
        known |= {"protocol_name", "interface_mask"}  # `core/command_targets.py`
    assert offered(plain(name)) - known - ELSEWHERE == set()


@pytest.mark.checkout
@pytest.mark.parametrize("rule", SHARED_OPTIONS)
def test_every_shared_option_of_the_grammar_has_its_handler(rule: str) -> None:
    (body,) = (body for name, body in CHOICE.findall(plain("common")) if name == rule)
    assert set(ALIAS.findall(body)) == SHARED_OPTIONS[rule].keys()
