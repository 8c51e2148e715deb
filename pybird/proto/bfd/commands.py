"""Commands about BFD, which PyBIRD understands but does not run."""

from __future__ import annotations

from typing import Final

from pybird.core.command_targets import named_protocol, none_running
from pybird.core.commands import Command

COMMANDS: Final = (
    Command(
        "show_bfd",
        none_running("BFD", "Show information about BFD sessions."),
        'show bfd sessions [<name>] [address <ip|prefix>] [(interface|dev) "<name>"] [ipv4|ipv6]'
        " [direct|multihop] [all]",
        named_protocol,
        after="show_peers",
    ),
)
