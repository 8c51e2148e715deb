"""The parser's tables in the cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pybird.conf import tables
from tests.conf.loading import CACHE, language

SMALL = {
    "bird": 'config: "a"*\ncommand: "b"\nexpression: NAME\n%import .lexical (NAME)\n',
    "lexical": "NAME: /[a-z]+/\n",
}


@pytest.fixture
def grammar(tmp_path: Path) -> Path:
    folder = tmp_path / "grammar"
    folder.mkdir()
    for name, text in SMALL.items():
        (folder / f"{name}.lark").write_text(text)
    return folder


def cached(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_tables_are_kept_for_the_next_start(tmp_path: Path, grammar: Path) -> None:
    made = tables.load(tmp_path / "cache", grammar)
    path = cached(tmp_path / "cache")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    again = tables.load(tmp_path / "cache", grammar)
    assert again == made
    assert path.stat().st_mtime_ns == before


def test_a_cache_that_others_can_write_is_not_read(tmp_path: Path, grammar: Path) -> None:
    tables.load(tmp_path / "cache", grammar)
    path = cached(tmp_path / "cache")
    path.write_bytes(b"")
    path.chmod(0o666)
    assert tables.load(tmp_path / "cache", grammar).states
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_broken_cache_is_made_again(tmp_path: Path, grammar: Path) -> None:
    tables.load(tmp_path / "cache", grammar)
    cached(tmp_path / "cache").write_bytes(b"nonsense")
    assert tables.load(tmp_path / "cache", grammar).states


def test_without_a_writable_folder_tables_are_made_in_memory(tmp_path: Path, grammar: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert tables.load(blocked / "cache", grammar).states


def test_a_changed_grammar_has_another_name(grammar: Path) -> None:
    before = tables.fingerprint(grammar)
    with open(grammar / "lexical.lark", "a", encoding="utf-8") as file:
        file.write("// a comment\n")
    assert tables.fingerprint(grammar) != before


def test_tables_of_former_grammars_go_when_there_are_many(tmp_path: Path, grammar: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "other").write_text("")
    for number in range(20):
        old = cache / f"tables-{number}.marshal"
        old.write_text("")
        os.utime(old, (1000 + number, 1000 + number))
    tables.load(cache, grammar)
    names = sorted(path.name for path in cache.iterdir())
    mine = f"tables-{tables.fingerprint(grammar)}.marshal"
    newest = [f"tables-{number}.marshal" for number in range(20 - tables.KEPT + 1, 20)]
    assert names == sorted(["other", mine, *newest])


def test_a_wheel_brings_its_tables(tmp_path: Path, grammar: Path) -> None:
    tables.ship(grammar, grammar / tables.SHIPPED)
    assert tables.load(tmp_path / "cache", grammar).keywords == {"a": "A", "b": "B"}
    assert not (tmp_path / "cache").exists()


def test_tables_of_another_grammar_are_not_used(tmp_path: Path, grammar: Path) -> None:
    tables.ship(grammar, grammar / tables.SHIPPED)
    (grammar / "bird.lark").write_text(SMALL["bird"].replace('"a"*', '"a" "c"'))
    assert "c" in tables.load(tmp_path / "cache", grammar).keywords
    assert cached(tmp_path / "cache")


def test_a_warm_start_makes_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    language()
    monkeypatch.setattr(tables, "build", None)
    assert tables.load(CACHE).states
