"""docs/protocols/bgp.md: each row names code and a test that are there, and no RFC is without rows."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import pybird

TESTS = Path(__file__).parent.parent
PACKAGE = Path(pybird.__file__).parent
BGP = PACKAGE / "proto" / "bgp"
DOCUMENT = TESTS.parent / "docs" / "protocols" / "bgp.md"

_HEADING = re.compile(r"^## (RFC \d+.*)$", re.MULTILINE)
_COLUMNS = ("section", "what", "code", "test")
# "RFC 4271 section 5, 1997, 4360": a number, or a list that begins with one.
_NAMED = re.compile(r"RFC (\d{4})((?: section [\d.]+)?(?:(?:,| and) \d{4}(?!\d))*)")


class Row(NamedTuple):
    rfc: str
    section: str
    what: str
    code: str
    test: str


def rows(text: str) -> list[Row]:
    """The rows of all tables with our four columns below a heading that begins with an RFC."""
    found = []
    heading, wanted = "", False
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:] if _HEADING.match(line) else ""
            wanted = False
        cells = tuple(cell.strip() for cell in line.strip("|").split(" | ")) if line.startswith("|") else ()
        if cells == _COLUMNS:
            wanted = True
        elif not cells:
            wanted = False
        elif wanted and heading and not set(line) <= set("|-"):
            assert len(cells) == 4, line
            found.append(Row(heading, *cells))
    return found


def numbers(text: str) -> set[str]:
    """The RFCs that a text names."""
    found = set()
    for first, more in _NAMED.findall(text):
        found.add(first)
        found.update(re.findall(r"(?:,|and) (\d{4})", more))
    return found


def missing_code(row: Row) -> bool:
    """True if the row's file is neither one of BGP nor one of the package."""
    path = row.code.strip("`")
    return not row.code.startswith("`") or not any((root / path).is_file() for root in (BGP, PACKAGE))


def missing_test(row: Row) -> bool:
    """True if the row's test is not there."""
    path, _, name = row.test.strip("`").partition("::")
    file = TESTS / path
    return not name or not file.is_file() or f"def {name}(" not in file.read_text()


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return rows(DOCUMENT.read_text())


@pytest.mark.checkout
def test_each_row_names_code_and_a_test_that_are_there(table):
    assert len(table) > 100
    assert [row for row in table if missing_code(row) or missing_test(row)] == []


@pytest.mark.checkout
def test_every_rfc_that_the_code_names_has_rows(table):
    claimed = numbers(" ".join(row.rfc for row in table))
    named = {
        number: str(path.relative_to(BGP))
        for path in sorted(BGP.rglob("*.py"))
        for number in numbers(path.read_text())
        if int(number) not in ELSEWHERE
    }
    assert len(named) > 30
    assert {number: path for number, path in named.items() if number not in claimed} == {}


# Not BGP's own, or named to say that it is not meant.
ELSEWHERE = {
    2439,  # damping of routes
    4291,  # addresses of IPv6
}


def test_what_is_not_there_is_found():
    head = "## RFC 1\n\n| section | what | code | test |\n|---|---|---|---|\n"
    (row,) = rows(head + "| 1 | a | `peer.py` | `bgp/test_peer.py::test_x` |\n")
    assert row == Row("RFC 1", "1", "a", "`peer.py`", "`bgp/test_peer.py::test_x`")
    assert not missing_code(row)
    assert missing_test(row)
    assert missing_code(row._replace(code="`nothing.py`"))
    assert not missing_test(row._replace(test="`bgp/test_rfc_rows.py::test_what_is_not_there_is_found`"))


def test_rfcs_are_found_in_lists_too():
    assert numbers("RFC 4271 section 5, 1997, 4360; RFC 7606, 7.10 and RFC 8950, 4") == {
        "4271",
        "1997",
        "4360",
        "7606",
        "8950",
    }
