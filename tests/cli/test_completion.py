"""TAB: keywords, arguments and names."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from pybird.client.completion import KnownNames, complete
from pybird.client.shell import LiveNames, ShellCompleter

NAMES = KnownNames(
    protocols=("edge1", "edge2", "my-peer"),
    tables=("master4", "peers"),
    filters=("imp_b",),
    interfaces=("eth0",),
    symbols=("edge1", "master4", "imp_b"),
)


def words(text: str) -> list[str]:
    return [candidate.text for candidate in complete(text, NAMES)[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("co", ["configure"]),
        ("show pr", ["protocols"]),
        ("show p", ["protocols", "peers"]),
        ("sh int", ["interfaces"]),
        ("show interfaces ", ["summary"]),
        ("enable e", ["edge1", "edge2"]),
        ("enable m", ["'my-peer'"]),
        ("show protocols all edge", ["edge1", "edge2"]),
        ("show route table ", ["master4", "peers", "all"]),
        ("show route protocol e", ["edge1", "edge2"]),
        ("show route refu", ["refused"]),
        ("show route refused e", ["edge1", "edge2"]),
        ("show route refused edge1 ", ["for", "in"]),
        ("show route refused for ", []),
        ("show route in ", []),
        ("reload in e", ["edge1", "edge2"]),
        ("show route table master4 pro", ["protocol"]),
        ("show route export ", ["edge1", "edge2", "'my-peer'"]),
        ("show route filter ", ["imp_b"]),
        ("show symbols imp", ["imp_b"]),
        ("show peers e", ['"eth0"']),
        ("xyz ", []),
        ("show xyz ", []),
        ("quit ", []),
    ],
)
def test_what_is_offered(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_the_begun_word_is_replaced() -> None:
    assert complete("show pro", NAMES)[0] == "pro"
    assert complete("show ", NAMES)[0] == ""


def test_everything_at_the_start() -> None:
    assert {"show", "configure", "quit", "enable", "down"} <= set(words(""))


def test_a_command_is_offered_with_its_help() -> None:
    assert complete("show stat", NAMES)[1][0].help == "Show router status"


def typed(text: str) -> list[str]:
    """The line after TAB, for each word that is offered."""
    names = LiveNames("no socket")
    names.get = lambda: NAMES  # type: ignore[method-assign]
    document = Document(text)
    found = ShellCompleter(names).get_completions(document, CompleteEvent())
    return [text[: len(text) + each.start_position] + each.text for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sh", ["show "]),
        ("show pro", ["show protocols "]),
        ("show route table", ["show route table "]),
        ("show route table mas", ["show route table master4 "]),
        ("enable m", ["enable 'my-peer' "]),
        ("show p", ["show protocols", "show peers"]),
        ("enable edge", ["enable edge1", "enable edge2"]),
    ],
)
def test_a_space_follows_a_word_that_is_complete(text: str, expected: list[str]) -> None:
    assert typed(text) == expected
