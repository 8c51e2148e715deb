"""The assertions of `tests/bt/*.conf`, read for other uses than running them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pybird.conf.language import Language
from pybird.conf.model import Config, Suite
from pybird.filter import nodes as n
from pybird.filter.methods import CALL_STYLE
from pybird.filter.types import Typing, children
from pybird.proto import PROTOCOLS

OF_CODE = ("members", "routes", "variables")  # about functions, variables and the route
FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.conf"))
DECLARED = {decl.name: decl for each in PROTOCOLS for decl in each.attributes}


@cache
def language() -> Language:
    """The language, made once."""
    return Language(PROTOCOLS, cache=Path.home() / ".cache" / "pybird")


@cache
def loaded(path: Path) -> Config:
    """One of the files."""
    return language().load(str(path))


def assertions(config: Config) -> Iterator[n.Assert]:
    """Every assertion of a configuration's suites."""
    for test in config.tests:
        if not isinstance(test, Suite):
            continue
        assert test.function.function is not None
        yield from (each for each in _below(test.function.function.body) if isinstance(each, n.Assert))


def methods(claim: n.Assert) -> set[tuple[str, str]]:
    """The methods that the condition calls: type and name."""
    typing = Typing(DECLARED)
    found = set()
    for node in _below(claim.condition):
        if isinstance(node, n.Method):
            found.add((typing.type_of(node.target), node.name))
        elif isinstance(node, n.Builtin) and node.name in CALL_STYLE:
            found.add((typing.type_of(node.arguments[0]), node.name))
    return found


def _below(node: n.Node) -> Iterator[n.Node]:
    yield node
    for child in children(node):
        yield from _below(child)


def head(path: Path) -> str:
    """What stands before the first function, without definitions: tables and their routes."""
    text = path.read_text().partition("\nfunction ")[0]
    return re.sub(r"^define .*\n", "", text, flags=re.MULTILINE)


def definitions(path: Path) -> dict[str, str]:
    """Name and expression of each `define`."""
    return dict(re.findall(r"^define (\w+) = (.*);$", path.read_text(), re.MULTILINE))


def spelled_out(text: str, known: dict[str, str]) -> str:
    """The text with definitions put in their places: BIRD 3.3 damages lists that are constants."""
    if not known:
        return text
    names = re.compile(rf"\b({'|'.join(known)})\b")
    while names.search(text):
        text = names.sub(lambda found: known[found[1]], text)
    return text
