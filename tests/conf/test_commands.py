"""Commands and expressions of the control socket."""

from __future__ import annotations

import pytest

from pybird.conf.errors import ConfigError
from pybird.filter import nodes as n
from pybird.values.net import Prefix
from tests.conf.loading import DEVICE, language, load

CONFIG = load(DEVICE + "define A = 5; filter mine { accept; } function up(int x) -> int { return x + 1; }")


def test_a_command_is_a_tree() -> None:
    assert language().parse_command("show status").data == "show_status"


def test_a_wrong_command_says_what_was_expected() -> None:
    with pytest.raises(ConfigError) as caught:
        language().parse_command("show statsu")
    assert caught.value.hint == "status"


def test_keywords_win_over_names_in_commands() -> None:
    assert language().parse_command("show route count").trees()[0].data == "count"


def test_a_filter_in_a_command() -> None:
    tree = language().parse_command("show route where net.len > A")
    policy = next(item for item in tree.trees() if item.data == "policy_where")
    made = language().filter_of(policy, CONFIG)
    assert isinstance(made.body.statements[0], n.If)
    named = language().parse_command("show route filter mine").trees()[0]
    assert language().filter_of(named, CONFIG) == CONFIG.filters["mine"]


def test_a_broken_filter_in_a_command_is_shown_there() -> None:
    policy = language().parse_command("show route where net.len > B").trees()[0]
    with pytest.raises(ConfigError) as caught:
        language().filter_of(policy, CONFIG)
    assert (caught.value.column, caught.value.source_line) == (28, "show route where net.len > B")


def test_expressions() -> None:
    assert language().expression("A", CONFIG) == n.Literal("int", 5)
    assert isinstance(language().expression("up(A) + 1", CONFIG), n.Binary)
    tree = language().parse_command("eval 10.0.0.0/8")
    assert language().expression_of(tree.children[0], CONFIG) == n.Literal(
        "prefix", Prefix.parse("10.0.0.0/8")
    )


def test_commands_have_no_include() -> None:
    with pytest.raises(ConfigError):
        language().parse_command('include "x";')
