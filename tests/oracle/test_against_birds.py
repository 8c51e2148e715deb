"""Random filters do the same in real BIRDs as in the oracle and in the compiler.

Each program is the import filter of a static route; what it prints, its errors
and its end are compared. What one side refuses the other refuses too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import Config
from pybird.values.address import UNSPECIFIED_V6
from pybird.values.net import Prefix
from pybird.values.route import RouteSource
from tests.oracle.bird import GROUP, HEAD, NET, plain, printed
from tests.oracle.choices import Dice
from tests.oracle.compare import Given, Result, by_oracle, by_product, read
from tests.oracle.programs import Writer
from tests.real_bird import VERSIONS, refusal

pytestmark = pytest.mark.long

# BIRD 2.0 takes no chains of methods.
NARROWER = ("syntax error",)
STATIC = 1  # RTS_STATIC
PROGRAMS = int(os.environ.get("ORACLE_PROGRAMS", "200"))  # of each BIRD


def logged(result: Result, name: str) -> list[str]:
    """What a daemon would log."""
    lines = [plain(line) for line in result.printed]
    if result.failed:
        lines.append("error")
    elif result.verdict is None:
        lines.append(f"Filter {name} did not return accept nor reject. Make up your mind")
    return lines


@pytest.mark.parametrize("version", VERSIONS)
def test_birds_agree(version: str, tmp_path: Path) -> None:
    ran, differ = disagreements(version, range(PROGRAMS), tmp_path)
    assert not differ, "\n\n".join(differ)
    assert ran > PROGRAMS // 2


def disagreements(version: str, seeds: range, tmp_path: Path) -> tuple[int, list[str]]:
    """How many programs of these seeds ran, and what was seen differently."""
    shared = "\n".join(Writer(Dice(0), version).shared()) + "\n"
    taken: dict[str, tuple[str, Config]] = {}
    differ: list[str] = []
    for seed in seeds:
        name = f"t{seed}"
        text = Writer(Dice(seed), version, tells=True).definitions(name) + "\n"
        refused = refusal(version, HEAD + shared + text, tmp_path)
        try:
            config = read(shared + text)
        except ConfigErrors as found:
            if refused is None:
                differ.append(f"only we refuse: {found.errors[0].show()}")
            continue
        if refused is None:
            taken[name] = (text, config)
        elif not any(known in refused for known in NARROWER):
            differ.append(f"only BIRD refuses: {refused}")
    sender = None if version == "3" else UNSPECIFIED_V6  # `from` of a static route
    ran = 0
    for at in range(0, len(taken), GROUP):
        group = {name: taken[name][0] for name in list(taken)[at : at + GROUP]}
        try:
            by_bird = printed(version, Writer(Dice(0), version), group, tmp_path)
        except (ConnectionError, pytest.skip.Exception):
            continue  # there are programs that crash a BIRD
        for name, text in group.items():
            config = taken[name][1]
            ran += name in by_bird
            route = Given(Prefix.parse(NET), {}, RouteSource(f"static_{name}", STATIC, None, address=sender))
            ours = [by_oracle(config, name, route), *by_product(config, name, route)]
            if any(logged(each, name) != by_bird.get(name) for each in ours):
                seen = [f"BIRD:   {by_bird.get(name)}", *[f"PyBIRD: {logged(each, name)}" for each in ours]]
                differ.append("\n".join([*seen, text]))
    return ran, differ
