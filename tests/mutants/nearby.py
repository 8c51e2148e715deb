"""Which test files are near a module, by what imports what.

Nearest are those that import it themselves or are named after it; then the folder
of tests that has the name of the module's folder; then those that import it
through a helper or one other module; then the scenarios, which run everything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# Tiers of their own: real daemons, long searches, these changes themselves.
APART = {"interop", "side_by_side", "fuzz", "generated", "mutants"}
WHOLE = "scenarios"  # tests of whole routers


class Nearby:
    """The imports of a checkout, read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        files = [*root.glob("pybird/**/*.py"), *root.glob("tests/**/*.py")]
        self._names = {module_name(path.relative_to(root)) for path in files}
        self._imports = {module_name(path.relative_to(root)): self._imported(path) for path in sorted(files)}
        self.tests = [file for file in map(self._relative, sorted(files)) if is_test_file(file)]

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _imported(self, path: Path) -> set[str]:
        return {name for name in imports(ast.parse(path.read_text())) if name in self._names}

    def distances(self, file: str) -> dict[str, int]:
        """The test files near a source file, each with its distance, 0 to 3."""
        module = module_name(Path(file))
        ranked = {test: self._distance(test, module) for test in self.tests}
        return {test: distance for test, distance in ranked.items() if distance is not None}

    def _distance(self, test: str, module: str) -> int | None:
        *folders, name = module.split(".")
        path = Path(test)
        direct = self._imports[module_name(path)]
        if module in direct or (path.stem == f"test_{name}" and path.parent.name in folders):
            return 0
        if path.parent.name in folders:
            return 1
        reached = direct | self._through_helpers(direct)
        if module in reached or any(module in self._imports[each] for each in reached):
            return 2
        return 3 if path.parent.name == WHOLE else None

    def _through_helpers(self, direct: set[str]) -> set[str]:
        """What the helpers of a test import, and their helpers."""
        seen: set[str] = set()
        waiting = {name for name in direct if name.startswith("tests.")}
        while waiting:
            helper = waiting.pop()
            seen.add(helper)
            waiting |= {name for name in self._imports[helper] if name.startswith("tests.")} - seen
        return {name for helper in seen for name in self._imports[helper]}


def is_test_file(file: str) -> bool:
    path = Path(file)
    return path.parts[0] == "tests" and path.name.startswith("test_") and not APART & set(path.parts)


def module_name(path: Path) -> str:
    """`pybird.core.table` of pybird/core/table.py; a package is named by its folder."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.Module) -> Iterator[str]:
    """What a module may import when it runs: modules, and names that may be modules."""
    for node in running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one, without what only the type checker reads."""
    for child in ast.iter_child_nodes(node):
        if is_for_types(child):
            continue
        yield child
        yield from running(child)


def is_for_types(node: ast.AST) -> bool:
    """Whether only the type checker enters here."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
