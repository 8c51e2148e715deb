"""What README.md and docs/shell.md show is what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.conf.tables import load as load_tables
from pybird.tools.fmt import Formatter
from tests.cli.lab import Lab
from tests.conf.loading import CACHE, language

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.checkout  # it reads documents

TIME = re.compile(r"\d\d:\d\d:\d\d\.\d{3}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+]+")


def blocks(name: str) -> list[str]:
    """The fenced blocks of a document."""
    return re.findall(r"^```\n(.*?)^```$", (ROOT / name).read_text(), re.MULTILINE | re.DOTALL)


def masked(text: str) -> str:
    lines = TIME.sub("T", DATE.sub("DATE", text)).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def plain(reply: str) -> str:
    """A reply as a client prints it: without codes, and without a last line that only ends it."""
    lines = [re.sub(r"^(\d{4}[- ]| )", "", line) for line in reply.splitlines()]
    return "\n".join(lines[:-1] if not lines[-1] else lines)


def test_the_shell_answers_as_documented() -> None:
    config, *sessions = (block for block in blocks("docs/shell.md") if not block.startswith("pybirdc"))
    lab = Lab(config)
    asked = 0
    for session in sessions:
        for exchange in re.split(r"^bird> ", session, flags=re.MULTILINE)[1:]:
            command, _, answer = exchange.partition("\n")
            assert masked(plain(lab.ask(command))) == masked(answer), command
            asked += 1
    assert asked > 10


def test_the_first_configuration_of_the_readme() -> None:
    (config,) = (block for block in blocks("README.md") if block.startswith("router id"))
    loaded = language().read(config, "bird.conf")
    assert not loaded.warnings
    assert Formatter(load_tables(CACHE)).format(config) == config


def test_the_mistakes_of_the_readme() -> None:
    (shown,) = (block for block in blocks("README.md") if block.startswith("bird.conf:"))
    first, second = [line.strip() for line in shown.splitlines() if line.startswith("    ")][::2]
    text = f"router id 1.1.1.1;\n\n\nprotocol bgp auto {{\n  {first}\n  local as 1;\n}}\n\n{second}\n"
    with pytest.raises(ConfigErrors) as raised:
        language().read(text, "bird.conf")
    assert "\n".join(error.show() for error in raised.value.errors) == shown.rstrip("\n")
