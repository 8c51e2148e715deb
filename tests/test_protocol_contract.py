"""What every protocol owes the rest of the program."""

import re
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from pybird.cli.registry import CORE, commands
from pybird.conf.model import ProtocolConfig
from pybird.core.protocol import Instance
from pybird.filter.types import TYPES
from pybird.proto import PROTOCOLS

GRAMMAR = Path(__file__).parents[1] / "grammar"
PREFERENCE = {  # the manual's defaults
    "direct": 240,
    "static": 200,
    "bgp": 100,
    "kernel": 10,
    "radv": 0,
}
RUN = [kind.name for kind in PROTOCOLS if kind.instance is not None]

each = pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda kind: kind.name)


def test_names_are_unique():
    names = [kind.name for kind in PROTOCOLS]
    assert len(names) == len(set(names))


@pytest.mark.checkout
@each
def test_it_has_a_grammar_file_or_shares_the_one_of_those_not_run(kind):
    if kind.instance is not None:
        root = (GRAMMAR / "bird.lark").read_text()
        assert (GRAMMAR / f"{kind.name}.lark").is_file()
        assert f"%import .{kind.name} " in root or f"%import .{kind.name}." in root


def command_rules(file: str) -> set[str]:
    """The commands of a grammar file: the names behind `->` of its rule `command`."""
    found = re.search(r"^command:.*(?:\n +\|.*)*", (GRAMMAR / f"{file}.lark").read_text(), re.MULTILINE)
    return set(re.findall(r"-> (\w+)", found[0])) if found else set()


@pytest.mark.checkout
@each
def test_its_commands_stand_in_its_grammar_file(kind):
    assert {command.rule for command in kind.commands} == command_rules(kind.name)


@pytest.mark.checkout
def test_the_other_commands_are_the_cores():
    assert {command.rule for command in CORE} == command_rules("commands")


def test_a_command_of_a_protocol_stands_behind_one_of_the_cores():
    core = {command.rule for command in CORE}
    for kind in PROTOCOLS:
        for command in kind.commands:
            listed = [each.rule for each in commands([kind])]
            assert command.after in core
            assert listed.index(command.rule) > listed.index(command.after)


@each
def test_its_config_is_a_frozen_value(kind):
    assert issubclass(kind.config, ProtocolConfig)
    assert is_dataclass(kind.config)
    assert kind.config.__dataclass_params__.frozen


@each
def test_its_preference_is_the_manuals(kind):
    if kind.name in PREFERENCE:
        assert kind.preference == PREFERENCE[kind.name]


def test_the_rows_that_name_a_table_are_birds():
    """`show protocols` leaves the Table column of all others empty."""
    assert {kind.name for kind in PROTOCOLS if kind.shows_table} == {"static", "kernel", "radv"}


@pytest.mark.parametrize("name", RUN)
def test_it_runs(name):
    kind = next(kind for kind in PROTOCOLS if kind.name == name)
    if isinstance(kind.instance, type):
        assert issubclass(kind.instance, Instance)
        assert kind.instance.start is not Instance.start
        assert kind.instance.stop is not Instance.stop


def test_attributes_are_declared_once():
    names = [decl.name for kind in PROTOCOLS for decl in kind.attributes]
    assert len(names) == len(set(names))
    codes = [decl.code for kind in PROTOCOLS for decl in kind.attributes if decl.code is not None]
    assert len(codes) == len(set(codes))


@each
def test_filters_have_the_types_of_its_attributes(kind):
    assert {decl.type for decl in kind.attributes} <= {*TYPES, "opaque"}


@each
def test_its_attributes_have_their_names_in_dialect_2(kind):
    """`Kernel.mtu`; a protocol that is not run shows none."""
    if kind.instance is not None:
        assert [decl.name for decl in kind.attributes if not decl.hidden and "." not in decl.label] == []


@each
def test_an_attribute_with_a_code_has_both_codecs(kind):
    for decl in kind.attributes:
        if decl.code is not None:
            assert decl.decode is not None, decl.name
            assert decl.encode is not None, decl.name
