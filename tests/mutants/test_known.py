"""Every known mutant fits the code: so a move or a rename takes its entry along."""

from pathlib import Path

import pytest

from tests.mutants.known import Mutant, problems, read

ROOT = Path(__file__).resolve().parents[2]

CODE = """def least(a, b):
    return a if a < b else b
"""
TEST = """def test_least():
    assert least(1, 2) == 1


class TestMore:
    def test_equal(self):
        assert least(1, 1) == 1
"""


@pytest.mark.checkout
@pytest.mark.parametrize("mutant", read(), ids=lambda mutant: mutant.rule)
def test_a_known_mutant_fits_the_code(mutant):
    assert problems(mutant, ROOT) == []


def test_no_rule_stands_twice_with_the_same_change():
    changes = [(mutant.file, mutant.before, mutant.after) for mutant in read()]
    assert len(changes) == len(set(changes))


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "test_code.py").write_text(TEST)
    return tmp_path


def mutant(before="a < b", after="a > b", file="code.py", tests=("test_code.py::test_least",)):
    return Mutant("the least of two", file, before, after, tests)


def test_an_entry_that_fits_has_no_problem(checkout):
    assert problems(mutant(tests=("test_code.py::TestMore::test_equal[1-2]",)), checkout) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (mutant(file="gone.py"), "no file gone.py"),
        (mutant(before="a <= b"), "`before` occurs 0 times in code.py"),
        (mutant(before="b"), "`before` occurs 3 times in code.py"),
        (mutant(before=""), "`before` occurs 0 times in code.py"),
        (mutant(after="a <"), "`after` is no Python"),
        (mutant(after="(a  <  b)"), "`after` means the same as `before`"),
        (mutant(tests=()), "names no test"),
        (mutant(tests=("test_code.py::test_most",)), "no test test_code.py::test_most"),
        (mutant(tests=("test_code.py::test_equal",)), "no test test_code.py::test_equal"),
        (mutant(tests=("test_code.py",)), "no test test_code.py"),
        (mutant(tests=("test_gone.py::test_least",)), "no test test_gone.py::test_least"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_entry_that_no_longer_fits_says_why(checkout, entry, problem):
    (found,) = problems(entry, checkout)
    assert found.startswith(problem)
