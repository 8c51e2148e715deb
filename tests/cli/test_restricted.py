"""What a restricted client may say."""

from pybird.cli.registry import commands
from pybird.proto import PROTOCOLS

HARMLESS = {"configure_status", "dialect", "echo", "help", "output", "restrict", "timeformat"}


def test_a_new_command_that_is_more_than_a_look_is_refused_unless_it_is_listed() -> None:
    allowed = {command.rule for command in commands(PROTOCOLS) if not command.restricted}
    assert {rule for rule in allowed if not rule.startswith("show_")} == HARMLESS
