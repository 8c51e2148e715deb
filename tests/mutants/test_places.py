"""Where code can be broken, which lines changed, which tests are near."""

import random
from pathlib import Path

import pytest

from tests.mutants.changed import hunks
from tests.mutants.nearby import Nearby
from tests.mutants.places import draw, places
from tests.mutants.timing import Seconds


def changes(text):
    """Every change of a text, as the line that it makes."""
    return [
        line[2:].strip()
        for place in places("code.py", text)
        for line in place.difference(text)
        if line[0] == "+"
    ]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a is None", ["x = a is not None"]),
        ("x = a and b", ["x = (a or b)"]),
        ("x = not a", ["x = (a)"]),
        ("x = a + b", ["x = (a - b)"]),
        ("x = 4", ["x = (3)", "x = 5"]),
        ("x = True", ["x = False"]),
        ("x = min(a, b)", ["x = (a)"]),
        ("f(a)", ["pass"]),
        ("a.b = c", ["pass"]),
        ("a += b", ["pass"]),
        ("raise E(3)", ["pass"]),
        ("x = [a for a in b if a]", ["x = [a for a in b if (not (a))]"]),
        ("def f(a=0): g(a)", ["def f(a=1): g(a)", "def f(a=0): pass"]),
        ("def f(a) -> None:\n    g(a)\n    h(a)", ["pass", "return", "pass"]),
        ("if a: x = b", ["if (not (a)): x = b"]),
        ('x = "ä" if a < b else c', ['x = "ä" if a <= b else c']),
    ],
)  # fmt: skip
def test_each_kind_of_place_is_found(code, changed):
    assert changes(code) == changed


@pytest.mark.parametrize(
    "code",
    [
        '"""3 < 4"""',
        "x: tuple[3]",
        "def f(a: x[3]) -> y[3]: return a",
        "assert a < b",
        "self.log(3)",
        "self._trace.note(a + 1)",
        'x = f"{a + 1}"',
        'x = a + ""',
        "x = 65536",
        "class A:\n    def __repr__(self): return a < b",
        "class A:\n    def __init__(self): self.a = b",
        "if TYPE_CHECKING:\n    x = 3",
        "__slots__ = (3, 4)",
        "@f(3)\ndef g(): return a",
        "def f(): raise NotImplementedError",
    ],
)
def test_what_no_test_should_pin_is_left_alone(code):
    assert changes(code) == []


CODE = "x = 3\ny = 4 < z\nmatch x:\n    case A(b=-1): f(x)\n" * 4
LINES = {"code.py": set(range(1, 17))}


def test_the_same_seed_draws_the_same_places_and_another_one_others():
    draws = [draw({"code.py": CODE}, LINES, 5, random.Random(seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_places_are_drawn_from_the_changed_lines_one_on_each():
    drawn = draw({"code.py": CODE}, {"code.py": {2, 5}}, 9, random.Random(1))
    assert [place.line for place in drawn] == [2, 5]


def test_every_place_that_is_drawn_compiles():
    for place in draw({"code.py": CODE}, LINES, 99, random.Random(1)):
        compile(place.applied(CODE), "code.py", "exec")


DIFFERENCE = """diff --git a/pybird/a.py b/pybird/a.py
--- a/pybird/a.py
+++ b/pybird/a.py
@@ -3 +3,2 @@ def f():
-old
+new
+new
@@ -9,2 +10,0 @@
-gone
-gone
@@ -12 +11 @@
-old
+new
diff --git a/pybird/b.py b/pybird/b.py
deleted file mode 100644
--- a/pybird/b.py
+++ /dev/null
@@ -1 +0,0 @@
-gone
"""


def test_the_new_lines_of_a_difference_are_those_that_changed():
    assert hunks(DIFFERENCE) == {"pybird/a.py": {3, 4, 11}}


@pytest.fixture
def near(tmp_path):
    files = {
        "pybird/core/table.py": "x = 3",
        "pybird/core/channel.py": "from pybird.core.table import x",
        "pybird/core/router.py": "from pybird.core.channel import x",
        "tests/core/lab.py": "from pybird.core import channel",
        "tests/core/test_other.py": "",
        "tests/io/test_table.py": "",
        "tests/io/test_direct.py": "from pybird.core import table",
        "tests/io/test_helped.py": "from tests.core.lab import channel",
        "tests/io/test_far.py": "from pybird.core.router import x",
        "tests/io/test_typed.py": "if TYPE_CHECKING:\n    from pybird.core.table import x",
        "tests/scenarios/test_chaos.py": "",
        "tests/interop/test_real.py": "from pybird.core import table",
    }
    for file, text in files.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Nearby(Path(tmp_path)).distances("pybird/core/table.py")


def test_tests_are_near_by_import_by_folder_or_as_scenarios(near):
    assert near == {
        "tests/io/test_direct.py": 0,
        "tests/core/test_other.py": 1,
        "tests/io/test_helped.py": 2,
        "tests/scenarios/test_chaos.py": 3,
    }


def test_the_nearest_then_quickest_tests_fill_the_budget_and_run_quickest_first(tmp_path):
    path = tmp_path / "seconds.json"
    path.write_text('{"near": 9, "quick": 1, "slow": 30, "far": 2, "scenario": 0.5}')
    seconds = Seconds(path)
    distances = {"near": 0, "slow": 1, "quick": 1, "far": 2, "scenario": 2}
    assert seconds.nearest(distances, 12) == ["scenario", "quick", "near"]
    assert seconds.missing({"near", "new"}) == ["new"]
