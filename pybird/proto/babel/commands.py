"""Commands about Babel, which PyBIRD understands but does not run."""

from __future__ import annotations

from typing import Final

from pybird.core.command_targets import named_protocol, none_running
from pybird.core.commands import Command

COMMANDS: Final = (
    Command(
        "show_babel",
        none_running("Babel", "Show information about Babel protocol."),
        'show babel (interfaces|neighbors|entries|routes) [<name>] ["<interface>"]',
        named_protocol,
        after="show_peers",
    ),
)
