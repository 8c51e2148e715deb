"""Commands about RIP, which PyBIRD understands but does not run."""

from __future__ import annotations

from typing import Final

from pybird.core.command_targets import named_protocol, none_running
from pybird.core.commands import Command

COMMANDS: Final = (
    Command(
        "show_rip",
        none_running("RIP", "Show information about RIP protocol."),
        'show rip (interfaces|neighbors) [<name>] ["<interface>"]',
        named_protocol,
        after="show_peers",
    ),
)
