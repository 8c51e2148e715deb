"""What stands in the lists is there: cases, points, rows of docs/differences.md."""

import re
from pathlib import Path

import pytest

from tests.side_by_side.case import CASES
from tests.side_by_side.cases import load
from tests.side_by_side.differences import DIFFERENCES, OLDER
from tests.side_by_side.pending import PENDING

load()
ROWS = Path(__file__).parents[2] / "docs" / "differences.md"


def test_lists_name_cases():
    named = {
        *(one.case for one in DIFFERENCES),
        *OLDER,
        *(entry.partition(": ")[0] for entry in PENDING),
    }
    assert named <= CASES.keys()


@pytest.mark.checkout
def test_every_difference_has_its_row_in_the_document():
    text = ROWS.read_text()
    missing = [(one.case, one.row) for one in DIFFERENCES if one.row not in text]
    assert not missing


def test_what_is_pending_names_its_point():
    assert all(re.match(r"points? \d\.\d+", point) for point in PENDING.values()), PENDING


def test_what_is_as_frr_is_of_a_case_that_asks_frr():
    assert [one.case for one in DIFFERENCES if one.as_frr and not CASES[one.case].frr] == []


def test_a_difference_says_why_and_stands_once():
    assert all(one.why for one in DIFFERENCES)
    keys = [(one.case, one.key) for one in DIFFERENCES]
    assert len(keys) == len(set(keys))
