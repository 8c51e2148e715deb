"""Sets as bgpq4 prints them, out of a registry of ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conf.loading import language
from tests.generated.irr import registry
from tests.generated.programs import birds, program, verdict

pytestmark = pytest.mark.checkout  # the reader is the same when it is compiled

# What is asked for, the family, and how many entries come of it.
PREFIXES = [
    ("-4", "AS-ONE", 7),
    ("-4A", "AS-ONE", 5),
    ("-4 -m 24", "AS-ONE", 5),
    ("-4 -R 24", "AS-ONE", 6),
    ("-4A -R 32 -r 26", "AS-ONE", 4),
    ("-4A", "AS3333 AS2121", 4),
    ("-6", "AS-ONE", 3),
    ("-6A -R 64", "AS-ONE", 1),
    ("-6 -R 48 -r 40", "AS-ONE", 1),
]
NUMBERS = [("-f 3333", "AS-ONE", 3), ("-W 1 -f 3333", "AS-ONE", 3), ("-t", "AS-ONE", 3), ("-t", "AS-NONE", 1)]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with registry() as number:
        yield number


def printed(port: int, options: str, objects: str, name: str) -> str:
    """What bgpq4 prints."""
    command = [program("bgpq4"), "-h", f"127.0.0.1:{port}", "-b", "-l", name]
    done = subprocess.run(
        [*command, *options.split(), *objects.split()], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout


def accepted(text: str, folder: Path) -> int:
    """Read it, have real BIRDs read it too; the entries of the set named S."""
    path = folder / "bird.conf"
    path.write_text(text)
    config = language().load(str(path))
    for bird in birds().values():
        assert verdict(bird, path) == ""
    found = config.symbols["S"].value.value
    return len(found.patterns if hasattr(found, "patterns") else found.intervals)


@pytest.mark.parametrize(("options", "objects", "count"), PREFIXES)
def test_sets_of_prefixes(port: int, options: str, objects: str, count: int, tmp_path: Path) -> None:
    text = printed(port, options, objects, "define S")
    family = "6" if "-6" in options else "4"
    text += "filter f { if net ~ S then accept; reject; }\n"
    text += f"protocol static {{ ipv{family} {{ import filter f; }}; }}\n"
    assert accepted(text, tmp_path) == count


@pytest.mark.parametrize(("options", "objects", "count"), NUMBERS)
def test_sets_of_as_numbers(port: int, options: str, objects: str, count: int, tmp_path: Path) -> None:
    text = printed(port, options, objects, "define S")
    text += "function f() { return bgp_path ~ [= 1 * =] && bgp_path.last ~ S; }\nprotocol device {}\n"
    assert accepted(text, tmp_path) == count


def test_a_set_in_an_included_file_with_a_name_of_its_own(port: int, tmp_path: Path) -> None:
    (tmp_path / "set.conf").write_text(printed(port, "-4A", "AS-ONE", "S"))
    lines = (tmp_path / "set.conf").read_text().split("\n", 1)
    assert lines[0] == "S = ["
    text = f'define\ninclude "{tmp_path}/set.conf";\nprotocol device {{}}\n'
    assert accepted(text, tmp_path) == 5
