"""Which module of a package imports which, and the circles of that.

An import counts as run-time wherever it stands, inside functions too: one that
is put there to dodge a circle is a circle all the same. Only what stands under
`if TYPE_CHECKING` is for types. That Python runs the `__init__` of a folder
before its modules is left out.
"""

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Graph: TypeAlias = dict[str, set[str]]


@dataclass(frozen=True)
class Imports:
    """Who imports whom, by names without the package's own: `core.router`."""

    run_time: Graph
    all: Graph  # those for types too


def read_imports(root: Path) -> Imports:
    """The imports between the modules of the package in this folder."""
    paths = {_name(root, path): path for path in sorted(root.rglob("*.py"))}
    run_time: Graph = {name: set() for name in paths}
    for_types: Graph = {name: set() for name in paths}
    for name, path in paths.items():
        for node, type_only in _import_nodes(ast.parse(path.read_text()), False):
            targets = {_nearest(target, paths) for target in _targets(node, root.name, paths)}
            (for_types if type_only else run_time)[name] |= targets - {name, ""}
    return Imports(run_time, {name: run_time[name] | for_types[name] for name in paths})


def circles(graph: Graph) -> list[frozenset[str]]:
    """The sets of modules that reach each other, each as large as it can be."""
    reached = {name: _reached(graph, name) for name in graph}
    found = (frozenset(other for other in reached[name] if name in reached[other]) for name in sorted(graph))
    return [circle for circle in dict.fromkeys(found) if circle]


def shortest(graph: Graph, circle: Iterable[str]) -> str:
    """The shortest way from one of these modules back to itself: `a -> b -> a`."""
    ways = [way for name in sorted(circle) if (way := _way_back(graph, name))]
    return " -> ".join(min(ways, key=len)) if ways else "no circle"


def _reached(graph: Graph, start: str) -> set[str]:
    """All modules that `start` imports, by others too; itself only when in a circle."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in graph[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def _way_back(graph: Graph, start: str) -> list[str]:
    ways = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for target in sorted(graph[way[-1]]):
            if target == start:
                return [*way, start]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _nearest(target: str, paths: dict[str, Path]) -> str:
    """The module itself, or the one that a name was taken from."""
    while target and target not in paths:
        target = target.rpartition(".")[0]
    return target


def _targets(node: ast.Import | ast.ImportFrom, package: str, paths: dict[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (
            a.name.removeprefix(f"{package}.") for a in node.names if a.name.startswith(f"{package}.")
        )
        return
    assert node.level == 0, f"line {node.lineno}: relative import"
    module = node.module or ""
    if module != package and not module.startswith(f"{package}."):
        return
    below = module.removeprefix(package).removeprefix(".")
    for alias in node.names:
        one = f"{below}.{alias.name}".removeprefix(".")
        yield one if one in paths else below


def _import_nodes(tree: ast.AST, type_only: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, type_only
        elif isinstance(node, ast.If) and _asks_type_checking(node.test):
            for inner in node.body:
                yield from _import_nodes(ast.Module([inner], []), True)
            for inner in node.orelse:
                yield from _import_nodes(ast.Module([inner], []), type_only)
        else:
            yield from _import_nodes(node, type_only)


def _asks_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
