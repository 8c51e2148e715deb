"""The grammar is composed as its table of contents says."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from pybird.conf import tables

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
