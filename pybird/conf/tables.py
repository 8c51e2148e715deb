"""The parser's tables, made from the grammar by Lark and kept in a cache.

Lark reads `grammar/bird.lark` and computes the LALR(1) automaton; this module
flattens it into dictionaries of small integers that `parser.py` runs on. With
a warm cache Lark is not even imported.

A wheel brings the tables beside its grammar (`ship`, called when it is built);
they are used while they belong to the grammar files that are there. Otherwise
they are kept in a cache folder. The cache file is marshalled (numbers, texts,
tuples), named by a hash of the grammar files and of Lark's and Python's
version. It is used only when it belongs to our user and nobody else can write
it; a folder that cannot be written means that the tables are made again at
each start.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

SHIPPED = "tables.marshal"
STARTS = ("config", "command", "expression")
KEPT = 8  # newest tables in a cache folder; older ones are removed
FORMAT = 3  # raise it when the shape of the tables changes

DROP, KEEP, SPLICE = 0, 1, 2  # what happens to each part of a rule


@dataclass(frozen=True, slots=True)
class ParserTables:
    """The automaton.

    `states[s]` maps a terminal to a state to shift to (0 and up) or to the
    rule to reduce by, `-1 - rule`; and a nonterminal to a state. A rule is
    (length, left side, tree name or None to splice, inline a single child,
    what to do with each part). `keywords` and `operators` map text to terminal.
    """

    states: list[dict[str, int]]
    rules: list[tuple[int, str, str | None, bool, tuple[int, ...]]]
    starts: dict[str, int]
    ends: dict[str, int]
    keywords: dict[str, str]
    operators: dict[str, str]
    patterns: dict[str, str]


def grammar_folder() -> Path:
    """Where the grammar is: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "grammar", package.parent / "grammar"):
        if (folder / "bird.lark").is_file():
            return folder
    raise FileNotFoundError(f"no grammar in {package} or beside it")


def load(cache: str | PurePath | None = None, folder: Path | None = None) -> ParserTables:
    """The tables of the grammar, from the cache folder if it has them."""
    folder = folder or grammar_folder()
    shipped = _shipped(folder)
    if shipped is not None:
        return shipped
    if cache is None:
        return build(folder)
    path = Path(cache) / f"tables-{fingerprint(folder)}.marshal"
    found = _read(path)
    if found is not None:
        return ParserTables(*found)
    tables = build(folder)
    _write(path, _plain_values(tables))
    return tables


def fingerprint(folder: Path) -> str:
    """A hash of everything that tables in a cache depend on."""
    return _hash_of(folder, f"{_lark_version()} {sys.version}")


def _lark_version() -> str:
    """The file of Lark's that says its version: both Lark and importlib.metadata take long to import."""
    found = find_spec("lark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_text()


def ship(folder: Path, target: Path) -> None:
    """Write the tables of a grammar to `target`, for `SHIPPED` beside the grammar in a wheel."""
    value = (_hash_of(folder), _plain_values(build(folder)))
    target.write_bytes(marshal.dumps(value, 4))  # format 4: Python 3.4 and later


def _shipped(folder: Path) -> ParserTables | None:
    """The tables in the wheel, if they fit the grammar; as trustworthy as the code beside them."""
    try:
        digest, value = marshal.loads((folder / SHIPPED).read_bytes())
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return ParserTables(*value) if digest == _hash_of(folder) else None


def _hash_of(folder: Path, more: str = "") -> str:
    digest = hashlib.sha256(f"{FORMAT} {more}".encode())
    for file in sorted(folder.glob("*.lark")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _plain_values(tables: ParserTables) -> tuple[Any, ...]:
    return tuple(getattr(tables, name) for name in ParserTables.__dataclass_fields__)


def build(folder: Path, *, strict: bool = False) -> ParserTables:
    """Compute the tables. `strict` refuses every conflict that Lark would resolve silently."""
    from lark import Lark  # 60 ms that a warm cache saves
    from lark.lexer import Lexer

    class NoLexer(Lexer):
        """Lark's own lexer is not used; `lexer.py` makes the tokens."""

        def __init__(self, conf: object) -> None:
            pass

        def lex(self, *_: object) -> Iterator[Any]:
            yield from ()

    with open(folder / "bird.lark", encoding="utf-8") as file:
        lark = Lark(
            file, parser="lalr", lexer=NoLexer, start=list(STARTS), maybe_placeholders=False, strict=strict
        )
    return _flatten(lark)


def _flatten(lark: Any) -> ParserTables:
    table = lark.parser.parser._parse_table
    number = {state: index for index, state in enumerate(table.states)}
    rules = {rule: index for index, rule in enumerate(lark.rules)}
    states: list[dict[str, int]] = []
    for actions in table.states.values():
        flat = {}
        for symbol, (action, argument) in actions.items():
            shift = action.name == "Shift"
            flat[str(symbol)] = number[argument] if shift else -1 - rules[argument]
        states.append(flat)
    keywords, operators, patterns = {}, {}, {}
    for terminal in lark.terminals:
        pattern = terminal.pattern
        if pattern.type != "str":
            patterns[str(terminal.name)] = str(pattern.value)
        elif pattern.value.isidentifier():
            keywords[str(pattern.value)] = str(terminal.name)
        else:
            operators[str(pattern.value)] = str(terminal.name)
    return ParserTables(
        states,
        [_rule(rule) for rule in lark.rules],
        {str(name): number[state] for name, state in table.start_states.items()},
        {str(name): number[state] for name, state in table.end_states.items()},
        keywords,
        operators,
        patterns,
    )


def _rule(rule: Any) -> tuple[int, str, str | None, bool, tuple[int, ...]]:
    """Shaped as Lark shapes trees: `_rule` splices, `?rule` inlines an only child, texts are dropped."""
    left = str(rule.origin.name)
    parts = []
    for symbol in rule.expansion:
        if symbol.is_term:
            kept = rule.options.keep_all_tokens or not symbol.filter_out
            parts.append(KEEP if kept else DROP)
        else:
            parts.append(SPLICE if symbol.name.startswith("_") else KEEP)
    name = None if left.startswith("_") else _plain(str(rule.alias or left))
    inline = bool(rule.options.expand1 and not rule.alias)
    return len(rule.expansion), left, name, inline, tuple(parts)


def _plain(name: str) -> str:
    return name.rsplit("__", 1)[-1]


def _read(path: Path) -> Any:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                return None
            return marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return None


def _write(path: Path, value: Any) -> None:
    name = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(marshal.dumps(value))
        os.replace(name, path)
        _remove_stale(path.parent)
    except OSError:  # the tables are made again at the next start
        if name is not None:
            Path(name).unlink(missing_ok=True)  # leave no part of it on a full disk


def _remove_stale(folder: Path) -> None:
    """Keep the newest tables: those of former grammars, Larks and Pythons add up."""
    found = sorted(folder.glob("tables-*.marshal"), key=lambda path: path.lstat().st_mtime_ns, reverse=True)
    for path in found[KEPT:]:
        path.unlink(missing_ok=True)
