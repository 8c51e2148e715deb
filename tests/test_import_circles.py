"""No module imports itself by way of others (docs/architecture.md).

At run time there is no circle at all. A circle that is there for types only may
stand in `KNOWN`, which may only shrink: break one, and its entry goes.
"""

from pathlib import Path

import pytest

import pybird
from tests.import_graph import Graph, Imports, circles, read_imports, shortest

# Each circle for types: its modules, and why it is still there.
KNOWN: dict[str, str] = {
    "core.channel core.protocol": "a protocol makes its channels, and each tells it what comes",
}


def faults(imports: Imports, known: dict[str, str]) -> list[str]:
    """What is wrong with a package's circles, for people; nothing when all is well."""
    listed = {frozenset(modules.split()) for modules in known}
    at_run_time, there = circles(imports.run_time), circles(imports.all)
    return [
        *(f"circle at run time: {shortest(imports.run_time, circle)}" for circle in at_run_time),
        *(
            f"circle: {_shortest_new(imports.all, circle, listed)}\n  of all: {' '.join(sorted(circle))}"
            for circle in there
            if circle not in listed
        ),
        *(
            f"no such circle any more, take it from the list: {' '.join(sorted(circle))}"
            for circle in listed
            if circle not in there
        ),
    ]


def _shortest_new(graph: Graph, circle: frozenset[str], listed: set[frozenset[str]]) -> str:
    """The shortest through a module that stands in no listed circle, when there is one."""
    old = frozenset().union(*listed)
    return shortest(graph, circle - old or circle)


def test_modules_import_each_other_in_no_circle():
    found = faults(read_imports(Path(pybird.__file__).parent), KNOWN)
    assert not found, "\n".join(found)


# ------------------------------------------------ the test itself notices


def package(folder: Path, texts: dict[str, str]) -> Imports:
    """The imports of a package `toy` of these modules."""
    for name, text in texts.items():
        path = folder / "toy" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_imports(folder / "toy")


TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


def test_a_package_without_circles_has_no_faults(tmp_path):
    toy = package(tmp_path, {"a": "import toy.b", "b": "from toy import c", "c": "from os import path"})
    assert toy.run_time == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert faults(toy, {}) == []


@pytest.mark.parametrize(
    "back",
    ["import toy.a", "from toy import a", "from toy.a import x", "def f():\n    from toy.a import x"],
)
def test_a_circle_at_run_time_is_shown_by_its_shortest_way(tmp_path, back):
    toy = package(
        tmp_path, {"a": "import toy.b\nimport toy.d", "b": "import toy.c", "c": back, "d": "import toy.b"}
    )
    assert faults(toy, {"a b c d": "a list does not help"}) == ["circle at run time: a -> b -> c -> a"]


def test_a_circle_for_types_is_a_fault_unless_it_is_listed(tmp_path):
    toy = package(tmp_path, {"a": "import toy.b", "b": f"{TYPES}from toy.a import A"})
    assert faults(toy, {}) == ["circle: a -> b -> a\n  of all: a b"]
    assert faults(toy, {"a b": "they know each other"}) == []


def test_what_stands_beside_type_checking_runs(tmp_path):
    toy = package(tmp_path, {"a": "import toy.b", "b": f"{TYPES}import os\nelse:\n    import toy.a"})
    assert faults(toy, {"a b": ""}) == ["circle at run time: a -> b -> a"]


def test_a_listed_circle_that_grows_is_shown_by_what_is_new(tmp_path):
    toy = package(
        tmp_path,
        {"a": "import toy.b\nimport toy.c", "b": f"{TYPES}import toy.a", "c": f"{TYPES}import toy.a"},
    )
    assert faults(toy, {"a b": ""}) == [
        "circle: c -> a -> c\n  of all: a b c",
        "no such circle any more, take it from the list: a b",
    ]


def test_a_listed_circle_that_is_gone_must_leave_the_list(tmp_path):
    toy = package(tmp_path, {"a": "import toy.b", "b": ""})
    assert faults(toy, {"a b": ""}) == ["no such circle any more, take it from the list: a b"]


def test_a_folder_and_its_modules_are_told_apart(tmp_path):
    """`from toy.core import x` is of the folder, `from toy.core import b` of its module b."""
    toy = package(tmp_path, {"core/__init__": "x = 1", "core/b": "", "a": "from toy.core import b, x"})
    assert toy.run_time["a"] == {"core", "core.b"}
