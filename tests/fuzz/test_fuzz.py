"""A little of `make fuzz` in every run of the tests, and that it finds what is to be found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybird.conf.errors import ConfigErrors
from pybird.conf.include import DiskFiles
from pybird.conf.language import Language
from pybird.conf.tree import Tree
from pybird.filter.nodes import Span
from tests.fuzz import __main__
from tests.fuzz.__main__ import one_round, report, run
from tests.fuzz.findings import Findings
from tests.fuzz.seeds import COMMANDS, Seed
from tests.fuzz.targets import TARGETS, HangError, bounded, config, inside, language
from tests.fuzz.texts import every

MAKERS = every(corpus=False)


@pytest.mark.parametrize("name", TARGETS)
def test_no_text_breaks_a_reader(name: str) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(MAKERS[name])
    def examine(seed: Seed) -> None:
        run(name, seed)

    examine()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_the_search_begins_with_is_obeyed(line: str) -> None:
    TARGETS["command"](line)


def test_what_breaks_a_reader_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: Language, text: str) -> Tree:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(Language, "parse_command", broken)
    found = Findings(tmp_path)
    for number in (1, 2):
        one_round("command", st.just(Seed("show status", {})), number, float("inf"), found)
    (path,) = found.places.values()
    assert "ZeroDivisionError" in path.read_text()
    assert path.read_text().endswith("--- bird.conf\nshow status")


def test_a_text_that_hangs_is_found() -> None:
    with pytest.raises(HangError), bounded(0.05):
        _never_ends()


@pytest.mark.parametrize(
    "span", [Span("a", 1, 1, 1, 3), Span("b", 1, 1, 1, 1), Span("a", 2, 1, 2, 1), Span("a")]
)
def test_a_place_outside_of_the_text_is_found(span: Span) -> None:
    inside(Span("a", 1, 1, 1, 2), {"a": "x"})
    with pytest.raises(AssertionError):
        inside(span, {"a": "x"})


# ------------------------------------------------------- what was found before

LONG = {
    "brackets": "(" * 20000,
    "blocks": "protocol device {} filter f { " + "{ " * 5000 + "}" * 5001,
    "open blocks": "{" * 20000,
    "open prefix lengths": "define A = [" + "1.2.3.4/8{" * 5000,
    "arms in arms": "protocol device {} filter f { " + "case 1 { 1: " * 3000 + "accept;" + "}" * 3000 + " }",
    "colons": ":" * 20000,
    "groups": "0a:" * 10000,
    "groups of an address": "::a" * 5000,
    "unknown names": "protocol device {}\n" + "".join(f"define A{i} = B{i};\n" for i in range(800)),
    "nearly known names": "protocol device {}\n"
    + "".join(f"define Axxxxx{i} = {i};\n" for i in range(800))
    + "".join(f"define C{i} = Axxxxy{i};\n" for i in range(100)),
}


@pytest.mark.parametrize("name", LONG)
def test_long_texts_are_no_trouble(name: str) -> None:
    for target in ("config", "layout"):
        run(target, Seed(LONG[name], {}))


def test_a_file_that_includes_itself_many_times_is_read_to_its_limit_once() -> None:
    text = '\ninclude "bird.conf";' * 9
    with pytest.raises(ConfigErrors) as caught:
        language().read(text, "bird.conf", Itself(text))
    (error,) = caught.value.errors
    assert (error.message, error.line) == ("Max include depth reached", 2)


class Itself:
    """Every file has this text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.left = 8

    def read(self, _path: str) -> str:
        self.left -= 1
        assert self.left
        return self.text

    def find(self, _pattern: str) -> list[str]:
        return []


def test_a_path_with_a_zero_in_it_is_no_path(tmp_path: Path) -> None:
    for name in ("a\0b", "a\0*"):
        path = tmp_path / "bird.conf"
        path.write_text(f'protocol device {{}}\ninclude "{name}";\n')
        with pytest.raises(ConfigErrors) as caught:
            language().load(str(path), DiskFiles())
        assert caught.value.errors[0].line == 2


def test_an_empty_file_has_a_place_and_a_line() -> None:
    config("; # nothing")


@pytest.mark.parametrize("text", ['"\udcff"', "\udcff", "define A = 1;\n# \udcff\nx", "define \xe9\udce9"])
def test_octets_that_are_no_text_are_shown_as_question_marks(text: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        language().read(text, "a\udcffb")
    for error in caught.value.errors:
        error.show().encode()


@pytest.mark.filterwarnings("error")
def test_asking_whether_a_literal_is_defined_warns_of_nothing() -> None:
    TARGETS["expression"]("defined(5) && defined(1 + 2) != false")


def test_a_large_file_with_dos_line_ends_is_refused_at_once() -> None:
    run("config", Seed("\r\n" * 30000, {}))


def _never_ends() -> None:
    while True:
        pass


def test_what_was_found_is_told_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = Findings(tmp_path)
    assert not report(tmp_path)
    assert capsys.readouterr().out == ""
    try:
        raise ValueError("broken")
    except ValueError as error:
        found.add("config", Seed("define x = \udcff" + "1" * 9999, {}), error)
    capsys.readouterr()
    assert report(tmp_path)
    told = capsys.readouterr().out
    for text in ("ValueError: broken", "define x = \\udcff1", "characters in all"):
        assert text in told


def test_one_number_stands_for_one_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__main__, "ROUND", 20)

    def texts(number: int) -> list[str]:
        made: list[str] = []
        strategy = MAKERS["birdtest"].map(lambda seed: made.append(seed.text) or seed)
        one_round("birdtest", strategy, number, float("inf"), Findings(tmp_path))
        return made

    assert texts(1) == texts(1) != texts(2)
