"""What docs/ says of the sources is there."""

import re
from pathlib import Path

import pytest

import pybird

DOCS = Path(__file__).parent.parent / "docs"
PACKAGE = Path(pybird.__file__).parent
ROOTS = (DOCS.parent, PACKAGE)

# A path in code style or in brackets, of a file or folder of sources.
_STEPS = r"[a-z_]+(?:/[a-z_0-9]+)*/"
PATH = re.compile(rf"`({_STEPS}[a-z_0-9.]*)`|\(({_STEPS}[a-z_0-9]+\.py)\)")


def paths(text: str) -> set[str]:
    """The paths of sources that a text names."""
    return {a or b for a, b in PATH.findall(text)}


def missing(text: str) -> list[str]:
    """Those of them that are not there; what is built on the way is not asked for."""
    sources = [path for path in paths(text) if not path.startswith("build/")]
    return sorted(path for path in sources if not any((root / path).exists() for root in ROOTS))


@pytest.mark.checkout
@pytest.mark.parametrize("name", ["architecture.md", "contributing.md"])
def test_the_paths_of_the_documents_exist(name: str) -> None:
    text = (DOCS / name).read_text()
    assert len(paths(text)) >= 5
    assert missing(text) == []


def test_a_path_that_is_not_there_is_found() -> None:
    text = "See `core/tables.py`, `core/table.py`, `core/nothing/` and (conf/none.py)."
    assert missing(text) == ["conf/none.py", "core/nothing/", "core/tables.py"]
