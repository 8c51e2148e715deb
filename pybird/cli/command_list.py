"""Writes the client's list of commands from the registry.

`python -m pybird.cli.command_list > pybird/client/command_list.py` after a
command was added or its help changed; a test compares the two.
"""

from __future__ import annotations

import sys

from pybird.cli.registry import commands
from pybird.proto import PROTOCOLS

WIDTH = 110  # of a line, as pyproject.toml has it

LOCAL = (
    ("quit", "Quit the client"),
    ("exit", "Exit the client"),
)
GROUPS = {
    "show": "Show status information",
    "configure": "Reload configuration",
}
# `show protocols all` is a command of its own in abbreviations: `s p a`.
EXTRA = (
    ('show protocols all [<protocol> | "<pattern>"]', "Show routing protocols and details"),
    ('show neighbors [table <t> | "<interface>"]', "Show discovered neighbors and their sessions"),
)


def rows() -> list[tuple[str, str]]:
    """(syntax, help) of every command, those of the client first."""
    found: list[tuple[str, str]] = [*LOCAL]
    for command in commands(PROTOCOLS):
        found.append((command.syntax, command.help))
        found += [row for row in EXTRA if row[0].startswith(command.syntax.split(" [")[0] + " ")]
    return found + [row for row in EXTRA if row not in found]


def source() -> str:
    """The module that the client imports, as `ruff format` writes it."""
    lines = [
        '"""The commands that the client knows; written by `pybird.cli.command_list`."""',
        "",
        "# ruff: noqa: E501  a row is one command",
        "",
        "from __future__ import annotations",
        "",
        "COMMANDS: tuple[tuple[str, str], ...] = (",
        *(line for row in rows() for line in _row(row)),
        ")",
        "",
        f"GROUPS: dict[str, str] = {{{', '.join(f'{_quoted(k)}: {_quoted(v)}' for k, v in GROUPS.items())}}}",
        "",
    ]
    return "\n".join(lines)


def _row(row: tuple[str, str]) -> list[str]:
    """A pair in one line, or if that is too long in four."""
    syntax, text = map(_quoted, row)
    line = f"    ({syntax}, {text}),"
    if len(line) <= WIDTH:
        return [line]
    return ["    (", f"        {syntax},", f"        {text},", "    ),"]


def _quoted(text: str) -> str:
    """The text as Python writes it, in double quotes unless it has some."""
    return repr(text) if '"' in text or "'" in text else f'"{text}"'


if __name__ == "__main__":
    sys.stdout.write(source())
