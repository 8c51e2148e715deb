"""What every command owes its users, shown by one line of each.

A new command has a line in `BIRDS` or `OWN`. Each line is understood, has a help, and is
answered as text in both dialects and as JSON.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pybird.cli.registry import commands
from pybird.core.command_parts import rule_of
from pybird.proto import PROTOCOLS
from tests.cli.lab import Lab, language

BIRDS = {
    "show_status": "show status",
    "show_memory": "show memory",
    "show_protocols": "show protocols all",
    "show_route": "show route all",
    "show_interfaces": "show interfaces",
    "show_interfaces_summary": "show interfaces summary",
    "show_symbols": "show symbols",
    "show_static": "show static",
    "show_ospf": "show ospf",
    "show_rip": "show rip interfaces",
    "show_babel": "show babel routes",
    "show_bfd": "show bfd sessions",
    "show_mpls_ranges": "show mpls ranges",
    "show_threads": "show threads",
    "mrt_dump": "mrt dump",
    "mrtdump": "mrtdump all off",
    "configure": "configure",
    "configure_check": "configure check",
    "configure_confirm": "configure confirm",
    "configure_undo": "configure undo",
    "configure_status": "configure status",
    "enable": "enable st4",
    "disable": "disable st4",
    "restart": "restart st4",
    "reload": "reload all",
    "reload_filters": "reload filters all",
    "reload_bgp": "reload bgp all",
    "debug": "debug all off",
    "dump": "dump routes",
    "eval": "eval 1 + 1",
    "echo": "echo off",
    "timeformat": "timeformat iso long",
    "restrict": "restrict",
    "down": "down",
    "graceful_restart": "graceful restart",
}

# Those that BIRD does not have; docs/shell.md says what they do.
OWN = {
    "show_version": "show version",
    "show_route_refused": "show route refused",
    "show_peers": "show peers",
    "prune": "prune all",
    "output": "output text",
    "dialect": "dialect 2",
    "help": "help",
}
LINES = BIRDS | OWN

each = pytest.mark.parametrize("command", list(commands(PROTOCOLS)), ids=lambda command: command.rule)


def test_every_command_has_its_line() -> None:
    assert LINES.keys() == {command.rule for command in commands(PROTOCOLS)}


@each
def test_its_line_is_understood_as_it(command) -> None:
    assert rule_of(language().parse_command(LINES[command.rule])) == command.rule


@each
def test_its_syntax_begins_with_its_words(command) -> None:
    first = command.syntax.partition("[")[0].partition("(")[0].partition("<")[0].split()
    assert first
    assert LINES[command.rule].split()[: len(first)] == first


@each
def test_it_says_what_it_does(command) -> None:
    assert command.help, "the first line of the handler's docstring is the help"


@pytest.mark.parametrize("form", ["dialect 2", "dialect 3", "output json"])
def test_it_is_answered_in_every_form(form: str) -> None:
    for rule, line in LINES.items():
        lab = Lab()
        lab.ask(form)
        answer = lab.ask(line)
        assert answer, rule
        assert "internal error" not in answer, rule


@pytest.mark.checkout
@pytest.mark.parametrize("rule", sorted(OWN))
def test_a_command_that_bird_does_not_have_is_documented(rule: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "shell.md").read_text()
    section = text.partition("## Commands that BIRD does not have\n")[2].partition("\n## ")[0]
    (syntax,) = (command.syntax for command in commands(PROTOCOLS) if command.rule == rule)
    assert f"`{syntax.partition('[')[0].partition('(')[0].strip()}" in section
