"""Writes the client's list of commands from the registry.

Run `python -m pybird.cli.command_list > pybird/client/command_list.py` after you
add a command or change its help; a test compares the file with the registry.
"""

from __future__ import annotations

import sys

from pybird.cli.registry import commands
from pybird.proto import PROTOCOLS

WIDTH = 110  # the line length that pyproject.toml sets

LOCAL = (
    ("quit", "Quit the client"),
    ("exit", "Exit the client"),
)
GROUPS = {
    "show": "Show status information",
    "configure": "Reload configuration",
}
# `show protocols all` is listed as a command of its own, so that `s p a` abbreviates it.
EXTRA = (
    ('show protocols all [<protocol> | "<pattern>"]', "Show routing protocols and details"),
    ('show neighbors [table <t> | "<interface>"]', "Show discovered neighbors and their sessions"),
)


def rows() -> list[tuple[str, str]]:
    """(syntax, help) of every command; those that the client itself carries out come first."""
    found: list[tuple[str, str]] = [*LOCAL]
    for command in commands(PROTOCOLS):
        found.append((command.syntax, command.help))
        found += [row for row in EXTRA if row[0].startswith(command.syntax.split(" [")[0] + " ")]
    return found + [row for row in EXTRA if row not in found]


def source() -> str:
    """The text of pybird/client/command_list.py, as `ruff format` lays it out."""
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
    """One (syntax, help) pair on one line, or on four if that is too long."""
    syntax, text = map(_quoted, row)
    line = f"    ({syntax}, {text}),"
    if len(line) <= WIDTH:
        return [line]
    return ["    (", f"        {syntax},", f"        {text},", "    ),"]


def _quoted(text: str) -> str:
    """The text as a Python literal; in double quotes, unless it holds quotes."""
    return repr(text) if '"' in text or "'" in text else f'"{text}"'


if __name__ == "__main__":
    sys.stdout.write(source())
