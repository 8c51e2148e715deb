"""PyBIRD does what docs/autopeer-spec.md says, and the table of docs/interop.md is that of the results."""

import re
from pathlib import Path

import pytest

from tests.conformance.__main__ import DOCUMENT, load, outcome, table
from tests.conformance.cases import CASES
from tests.conformance.devices import DEVICES
from tests.interop.lab import why_no_namespaces

SPEC = DOCUMENT.with_name("autopeer-spec.md")
REASON = why_no_namespaces()


# What runs each time; the others wait for more than they do.
QUICK = ("3.1a", "4.1", "4.2a", "5.1", "6.2b", "6.3", "7.1", "7.2", "8.1", "8.2")


def marks(number):
    return () if number.startswith(QUICK) else (pytest.mark.long,)


@pytest.mark.interop
@pytest.mark.skipif(REASON is not None, reason=str(REASON))
@pytest.mark.parametrize(
    "one", [pytest.param(each, marks=marks(each.number), id=each.number) for each in CASES]
)
def test_pybird_does_it(one):
    """The document counts in seconds, so a case that fails on a busy machine has a second try."""
    found = outcome(DEVICES["pybird"], one)
    assert found == "" or outcome(DEVICES["pybird"], one) == "", found


@pytest.mark.checkout
def test_each_case_is_a_requirement_of_the_document():
    text = SPEC.read_text()
    for one in CASES:
        section = re.match(r"\d+\.\d+", one.number)
        assert section is not None
        assert f"\n{section[0]}. " in text, one.number


def test_numbers_are_unique():
    numbers = [one.number for one in CASES]
    assert len(numbers) == len(set(numbers)) >= 30


@pytest.mark.checkout
def test_the_table_has_the_results_and_every_case():
    results = load()
    assert table(results) in DOCUMENT.read_text()
    assert {"pybird", "frr", "bird2.19", "bird3.3"} <= results.keys()
    for name, found in results.items():
        assert {one.number for one in CASES} == set(found["cases"]), name
    assert not [number for number, problem in results["pybird"]["cases"].items() if problem]


@pytest.mark.checkout
def test_the_documents_find_each_other():
    assert Path(SPEC).name in DOCUMENT.read_text()
    assert "(autopeer-spec.md)" in SPEC.with_name("autopeer.md").read_text()
