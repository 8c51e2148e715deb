"""Changes of the code that a test must notice, kept beside the rule they break.

Each table of `known/*.toml` is one of them:

    [[mutant]]
    rule = "close sends what is buffered"       # as the test's name says it
    file = "pybird/io/stream.py"
    before = '''
    lines of the file as they are; they occur once
    '''
    after = '''
    the same, broken
    '''
    tests = ["tests/io/test_stream.py::test_close_sends_what_is_buffered"]

`make mutants KNOWN=1` applies them one by one. The unit tier only asks whether
they still fit the code (`problems`), so that a move takes its entries along.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

KNOWN = Path(__file__).with_name("known")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file; `rule` says what it breaks, for the reader."""

    rule: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The file's text with the change.

        Raises:
            ValueError: `before` does not stand there exactly once.
        """
        found = text.count(self.before) if self.before else 0
        if found != 1:
            raise ValueError(f"`before` occurs {found} times in {self.file}")
        return text.replace(self.before, self.after)


def read(folder: Path = KNOWN) -> list[Mutant]:
    """Every entry, file by file."""
    return [mutant for path in sorted(folder.glob("*.toml")) for mutant in entries(path)]


def entries(path: Path) -> Iterator[Mutant]:
    """The tables of one file, each with these five keys and no others."""
    for table in tomllib.loads(path.read_text())["mutant"]:
        yield Mutant(**{**table, "tests": tuple(table["tests"])})


def problems(mutant: Mutant, root: Path) -> list[str]:
    """Why an entry does not fit the checkout at `root`; none when it does."""
    found = [f"no test {name}" for name in mutant.tests if not is_test(root, name)]
    if not mutant.tests:
        found.append("names no test")
    path = root / mutant.file
    if not path.is_file():
        return [*found, f"no file {mutant.file}"]
    try:
        changed = mutant.applied(path.read_text())
    except ValueError as error:
        return [*found, str(error)]
    try:
        same = ast.dump(ast.parse(changed)) == ast.dump(ast.parse(path.read_text()))
    except SyntaxError as error:
        return [*found, f"`after` is no Python: {error}"]
    return [*found, "`after` means the same as `before`"] if same else found


def is_test(root: Path, name: str) -> bool:
    """Whether `FILE::[CLASS::]FUNCTION[PARAMETERS]` names a function that stands there."""
    file, *inside = name.partition("[")[0].split("::")
    return bool(inside) and "::".join(inside) in functions(root / file)


@lru_cache
def functions(path: Path) -> frozenset[str]:
    """The functions of a test file; those of a class as `CLASS::FUNCTION`."""
    if not path.is_file():
        return frozenset()
    return frozenset(named(ast.parse(path.read_text()).body))


def named(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """The names of the functions of a module or class."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from named(node.body, f"{prefix}{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
