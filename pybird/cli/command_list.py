"""Writes the client's list of commands from the registry.

`python -m pybird.cli.command_list > pybird/client/command_list.py` after a
command was added or its help changed; a test compares the two.
"""

from __future__ import annotations

import sys

from pybird.cli.registry import commands

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
    for command in commands():
        found.append((command.syntax, command.help))
        found += [row for row in EXTRA if row[0].startswith(command.syntax.split(" [")[0] + " ")]
    return found + [row for row in EXTRA if row not in found]


def source() -> str:
    """The module that the client imports."""
    lines = [
        '"""The commands that the client knows; written by `pybird.cli.command_list`."""',
        "",
        "# ruff: noqa: E501  a row is one command",
        "",
        "from __future__ import annotations",
        "",
        "COMMANDS: tuple[tuple[str, str], ...] = (",
        *(f"    ({row[0]!r}, {row[1]!r})," for row in rows()),
        ")",
        "",
        f"GROUPS: dict[str, str] = {GROUPS!r}",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(source())
