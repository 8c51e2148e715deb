"""Commands about OSPF, which PyBIRD understands but does not run."""

from __future__ import annotations

from typing import Final

from pybird.core.command_targets import named_protocol, none_running
from pybird.core.commands import Command

COMMANDS: Final = (
    Command(
        "show_ospf",
        none_running("OSPF", "Show information about OSPF protocol."),
        'show ospf [<name> | neighbors|interface [<name>] ["<interface>"] | topology|state [all] [<name>]'
        " | lsadb [global | area <id> | link] [type <num>] [lsid <id>] [self | router <id>] [<name>]]",
        named_protocol,
        after="show_peers",
    ),
)
