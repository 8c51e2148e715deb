"""The tool itself, on a package of two functions in a folder of its own."""

import pytest

from tests.mutants.copies import Copy
from tests.mutants.running import Chosen, Clean, Outcome, Verdict, judged, try_change
from tests.mutants.timing import Seconds

CODE = """def least(a, b):
    return a if a < b else b


def most(a, b):
    return a if a > b else b
"""
TEST = """from package.code import least


def test_least():
    assert least(1, 2) == 1
"""


@pytest.fixture
def copy(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # starts faster
    source = tmp_path / "source"
    for path, text in {"package/code.py": CODE, "test_code.py": TEST}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    return Copy(source, tmp_path / "copy")


def with_change(copy, before, after, tests="test_code.py"):
    changed = CODE.replace(before, after)
    return try_change(copy, "package/code.py", changed, Chosen((tests,), 60), Clean())


def test_a_change_lasts_as_long_as_its_block_and_never_reaches_the_source(copy, tmp_path):
    there = copy.root / "package/code.py"
    with copy.changed("package/code.py", "broken"):
        assert there.read_text() == "broken"
    assert there.read_text() == (tmp_path / "source/package/code.py").read_text() == CODE


def test_a_change_is_undone_when_its_tests_cannot_run(copy):
    with pytest.raises(OSError, match="no tests"), copy.changed("package/code.py", "broken"):
        raise OSError("no tests")
    assert (copy.root / "package/code.py").read_text() == CODE


def test_a_fault_that_a_test_sees_is_noticed_and_one_that_none_sees_is_not(copy):
    assert with_change(copy, "a < b", "a > b") == Outcome(Verdict.NOTICED, "test_code.py::test_least")
    assert with_change(copy, "a > b", "a < b") == Outcome(Verdict.UNNOTICED)


def test_a_change_that_cannot_be_imported_is_broken_not_noticed(copy):
    outcome = with_change(copy, "def least", "def list")
    assert outcome.verdict is Verdict.BROKEN
    assert "ImportError" in outcome.by


PARAMETERS = """import pytest


@pytest.mark.parametrize("a", [1, 2])
def test_a(a):
    assert a == 1
"""


def test_a_named_test_that_fails_without_the_change_too_proves_nothing(copy):
    (copy.root / "test_code.py").write_text(PARAMETERS)
    outcome = with_change(copy, "a > b", "a < b", "test_code.py::test_a")
    assert outcome == Outcome(Verdict.BROKEN, "fails without the change too: test_code.py::test_a[2]")


def test_a_nearby_test_that_fails_without_the_change_too_is_left_out(copy):
    (copy.root / "test_code.py").write_text(TEST + "\n\ndef test_of_something_else():\n    assert False\n")
    assert with_change(copy, "a > b", "a < b") == Outcome(Verdict.UNNOTICED)


def test_what_a_test_file_takes_is_measured_and_kept(copy, tmp_path):
    path = tmp_path / "build" / "seconds.json"
    seconds = Seconds(path)
    seconds.measure(copy, "test_code.py", 60)
    seconds.save()
    known = Seconds(path)
    assert known.missing({"test_code.py", "test_new.py"}) == ["test_new.py"]
    assert known.nearest({"test_code.py": 0}, 50) == ["test_code.py"]


def test_a_change_that_never_ends_is_noticed(copy):
    assert copy.run(["-c", "import time; time.sleep(99)"], 0.02) == (None, "")
    assert judged(None, "") == Outcome(Verdict.NOTICED, "too slow")


def test_only_a_failing_test_counts_as_noticed():
    assert judged(0, "3 passed in 0.1s").verdict is Verdict.UNNOTICED
    assert judged(0, "2 skipped in 0.1s") == Outcome(Verdict.UNNOTICED, "skipped")
    assert judged(1, "FAILED t.py::test[a - b] - assert [1]") == Outcome(Verdict.NOTICED, "t.py::test[a - b]")
    assert judged(1, "ERROR t.py::test - ValueError: in a fixture").verdict is Verdict.NOTICED
    assert judged(-11, "").verdict is Verdict.NOTICED
    assert judged(1, "FAILED t.py::test - ImportError: no such name").verdict is Verdict.BROKEN
    assert judged(1, "ERROR t.py - SyntaxError: invalid syntax").verdict is Verdict.BROKEN
    assert judged(2, "ERROR t.py\n1 error in 0.1s").verdict is Verdict.BROKEN
    assert judged(4, "ERROR: not found: t.py::test\n").verdict is Verdict.BROKEN
    assert judged(5, "1 deselected in 0.1s") == Outcome(Verdict.BROKEN, "1 deselected in 0.1s")
