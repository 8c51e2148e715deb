"""Reading again gives what reading afresh gives, and reads only what changed."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybird.conf import rereading
from pybird.conf.builder import Builder
from pybird.conf.errors import ConfigErrors
from pybird.conf.include import DiskFiles, Sources
from pybird.conf.options import Refused, checked_switch
from pybird.conf.rereading import ReadUnits
from pybird.conf.scope import Scope
from pybird.conf.toplevel import TopLevel
from pybird.proto.static.build import OPTIONS as STATIC_OPTIONS
from tests.conf.loading import TextFiles, language
from tests.conf.test_corpus import CORPUS, entries
from tests.fuzz.seeds import Seed, configs
from tests.fuzz.texts import mutated

# A configuration in slots, of which each edit changes some. What stands further
# down depends on what stands above, by name, by default or by counting.
SLOTS: tuple[tuple[str, ...], ...] = (
    ("", "hostname \"a\";", "router id 1.1.1.1; router id 2.2.2.2;", "router id 1.1.1.1;"),
    ("define A = 1;", "define A = 2;", "define A = 1 ;", "define\nA = 1;", "define A = [1, 2];"),
    ("", "define passive = 3;", "define bgp = A;"),
    ("", "ipv4 table t4;", "ipv4 table t4 sorted;", "ipv6 table t4;", "ipv4 table master4 { sorted; };"),
    ("", "ipv4 table t5;"),
    ("", "peer table near;", "peer table peers;"),
    ("", "attribute int mine;", "attribute ip mine;"),
    (
        "define S = [ 10.0.0.0/8+ ];",
        "define S = [ 10.0.0.0/8+,\n  11.0.0.0/8 ];",
        "include \"s.inc\";",
        "define S = [\ninclude \"items.inc\";\n];",
    ),
    ("function f(int a) -> bool { return a > A; }", "function f(int a) -> bool { return a > 5; }",
     "function f(int a) { return a = A; }", "function f(int a)\n{ return f(a); }"),
    ("filter in_a { if net ~ S then accept; reject; }", "filter in_a { if f(3) then accept; reject; }",
     "filter in_a int x; { x = 2; accept; }", "filter in_a { mine = 1; accept; }"),
    ("template bgp T { local as 65000; hold time 90; }", "template bgp T { local as 65000; hold time 91; }",
     "template bgp T { local as 65000; hold time 0 + A; start delay time 3; }",
     "template bgp T { local as 65000; ipv4 { import filter in_a; export none; }; }"),
    ("protocol device {}", "protocol device { scan time 7; }", "protocol device D {}"),
    ("protocol static { ipv4; route 10.0.0.0/8 blackhole; }", "protocol static one { ipv4 { table t4; }; }",
     "protocol static { ipv4; }\n protocol static { ipv6; }", ""),
    ("", "protocol kernel { ipv4; }", "protocol kernel K { ipv4 { export all; }; }",
     "protocol kernel { ipv4; } protocol kernel { ipv4 { table t4; }; }"),
    ("protocol bgp B from T { neighbor 10.0.0.1 as 1; ipv4 { import filter in_a; export all; }; }",
     "protocol bgp B from T { neighbor 10.0.0.1 as A; ipv4 { import where f(1); export all; }; }",
     "protocol bgp B from T { neighbor range fe80::/10 external; peers { from \"e*\"; }; }",
     "protocol bgp from T { neighbor 10.0.0.1 as 65000; ipv4 { table t4; }; };", ";"),
    ("", "protocol pipe P { table t4; peer table t5; import all; export where f(2); }"),
    ("", "log stderr all;", "log stderr { info }; log stderr { info };"),
    ("", "bt_test_suite(f, \"f\")", "timeformat route iso long;",
     "mpls domain D { label range L { start 100; length 5; }; };"),
    ("", "include \"more.inc\";", "include \"*.inc\";"),
)  # fmt: skip
GAPS = ("\n", "\n\n", " ", "\n# a comment\n", "\n/* a\n comment */ ", "\n;\n")
FILES: tuple[dict[str, str], ...] = (
    {"s.inc": "define S = [ 12.0.0.0/8 ];", "items.inc": "1.0.0.0/8", "more.inc": "protocol direct {}"},
    {"s.inc": "\n\ndefine S = [ 12.0.0.0/8 ];\n", "items.inc": "2.0.0.0/8", "more.inc": "# none\n"},
    {
        "s.inc": "define S = [ 13.0.0.0/8 ];",
        "items.inc": "2.0.0.0/8,\n3.0.0.0/8",
        "more.inc": "define Z = A;",
    },
)


def outcome(files: dict[str, str], memory: ReadUnits | None) -> Any:
    """Everything about a configuration that anybody can see, places included."""
    try:
        config = language().load("bird.conf", TextFiles(files), memory)
    except ConfigErrors as found:
        return [(error.show(), error.span) for error in found.errors], found.warnings
    places = [(each.name, each.span) for each in (*config.tables, *config.protocols)]
    places += [(channel.name, channel.span) for each in config.protocols for channel in each.channels]
    places += [(each.name, each.span) for each in config.filters.values()]
    symbols = {name: (each, each.span) for name, each in config.symbols.items()}
    refusals = [(each.show(), each.span) for each in config.refusals]
    functions = list(config.functions.items())
    return config, config.warnings, places, list(symbols.items()), refusals, functions, list(config.filters)


def same(files: dict[str, str], memory: ReadUnits) -> bool:
    """The two ways of reading agree; True if the text is accepted."""
    fresh = outcome(files, None)
    assert outcome(files, memory) == fresh
    return len(fresh) > 2


@st.composite
def histories(draw: Any) -> list[dict[str, str]]:
    """Versions of a configuration, each made from the one before by some edits."""
    chosen = [0] * len(SLOTS)
    gaps = ["\n"] * len(SLOTS)
    files = 0
    found = []
    for _ in range(draw(st.integers(2, 5))):
        text = "".join(
            gap + SLOTS[at][choice] for at, (gap, choice) in enumerate(zip(gaps, chosen, strict=True))
        )
        found.append({"bird.conf": text, **FILES[files]})
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(SLOTS) - 1))
            chosen[at] = draw(st.integers(0, len(SLOTS[at]) - 1))
        gaps[draw(st.integers(0, len(SLOTS) - 1))] = draw(st.sampled_from(GAPS))
        files = draw(st.integers(0, len(FILES) - 1)) if draw(st.booleans()) else files
    return found


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(histories())
def test_any_history_of_edits_gives_what_a_fresh_reading_gives(history: list[dict[str, str]]) -> None:
    memory = ReadUnits()
    for files in history:
        same(files, memory)


def test_histories_are_mostly_right_and_mostly_kept() -> None:
    accepted: list[bool] = []
    kept: list[int] = []

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(histories())
    def look(history: list[dict[str, str]]) -> None:
        memory = ReadUnits()
        for files in history:
            accepted.append(same(files, memory))
            kept.append(memory.kept)

    look()
    assert sum(accepted) > len(accepted) / 4
    assert sum(each > 5 for each in kept) > len(kept) / 4


SEEDS = [Seed(text, files) for text, files in configs() if len(text) < 3000]


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(mutated(SEEDS), st.data())
def test_pieces_moved_about_give_what_a_fresh_reading_gives(after: Seed, data: Any) -> None:
    before = data.draw(st.sampled_from(SEEDS))
    memory = ReadUnits()
    for seed in (before, after, before):
        same({**seed.files, "bird.conf": seed.text}, memory)


@pytest.mark.checkout
@pytest.mark.skipif(not entries(), reason=f"no corpus of real configurations in {CORPUS}")
@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_a_real_configuration_is_kept_when_it_is_read_again(entry: dict[str, Any]) -> None:
    path = str(CORPUS / entry["id"] / entry["main"])
    memory = ReadUnits()
    fresh = language().load(path)
    for _ in range(2):
        config = language().load(path, memory=memory)
        assert config == fresh
        assert config.warnings == fresh.warnings
        assert list(config.symbols.items()) == list(fresh.symbols.items())


# ------------------------------------------------------------ what is read anew

BASE = """define A = 1;
define S = [ 10.0.0.0/8+ ];
function f(int a) -> bool { return a > A; }
filter in_a { if f(3) then accept; reject; }
template bgp T { local as 65000; hold time 90; }
protocol bgp B1 from T { neighbor 10.0.0.1 as 1; ipv4 { import filter in_a; export none; }; }
protocol bgp B2 from T { neighbor 10.0.0.2 as 1; ipv4 { import where net ~ S; export none; }; }
"""


def load(text: str, memory: ReadUnits) -> tuple[int, int]:
    same({"bird.conf": text}, memory)
    return memory.read, memory.kept


@pytest.mark.parametrize(
    ("old", "new", "read"),
    [
        ("", "", 0),
        ("as 1; ipv4 { import filter", "as 2; ipv4 { import filter", 1),  # one peer
        ("A = 1", "A = 2", 4),  # A, f, in_a, B1
        ("10.0.0.0/8+", "11.0.0.0/8", 2),  # S, B2
        ("time 90", "time 91", 3),  # T, B1, B2
        ("define S", "\n# moved\ndefine S", 0),
        ("define S", " define S", 2),  # another column, and who names it
        ("define A", "define B = 7; # new\ndefine A", 1),  # A stands elsewhere, and means what it meant
    ],
)
def test_what_changed_and_what_uses_it_is_read_anew(old: str, new: str, read: int) -> None:
    memory = ReadUnits()
    assert load(BASE, memory) == (7, 0)
    assert load(BASE.replace(old, new, 1), memory)[0] == read
    assert load(BASE.replace(old, new, 1), memory)[0] == 0


def test_a_new_default_table_reaches_who_named_none() -> None:
    text = "protocol static a { ipv4; }\nprotocol static b { ipv6; }\n"
    memory = ReadUnits()
    load(text, memory)
    assert load("ipv4 table first;\n" + text, memory) == (1, 2)  # master4 is still before it
    text = "roa4 table x;\n" + text.replace("ipv4;", "roa4;")
    load(text, memory)
    assert load("roa4 table w;\n" + text, memory) == (2, 2)


def test_what_counts_protocols_or_looks_at_them_is_read_each_time() -> None:
    memory = ReadUnits()
    text = "protocol static { ipv4; }\nprotocol kernel K { ipv4; }\nprotocol static s { ipv4; }\n"
    load(text, memory)
    assert load(text, memory) == (2, 1)


def test_a_statement_with_an_include_inside_is_read_again_when_a_file_of_it_says_something_else() -> None:
    memory = ReadUnits()
    text = 'define S = [\ninclude "items";\n];\nprotocol static s { ipv4 { import where net ~ S; }; }\n'
    for items, kept in (("10.0.0.0/8", 0), ("10.0.0.0/8", 2), ("11.0.0.0/8", 0), ("11.0.0.0/8", 2)):
        assert same({"bird.conf": text, "items": items}, memory)
        assert memory.kept == kept


def test_or_when_its_pattern_finds_other_files_or_a_name_in_a_file_means_something_else() -> None:
    memory = ReadUnits()
    text = 'define A = {};\nprotocol static s {{ ipv4;\ninclude "*.list";\n}}\n'
    one = {"1.list": "route 10.0.0.0/8 blackhole { preference = A; };\n"}
    two = {**one, "2.list": "route 11.0.0.0/8 blackhole;\n"}
    for value, files, kept in ((1, one, 0), (1, one, 2), (1, two, 1), (2, two, 0), (2, two, 2), (2, one, 1)):
        assert same({"bird.conf": text.format(value), **files}, memory)
        assert memory.kept == kept


def test_places_after_an_include_follow_their_statement() -> None:
    memory = ReadUnits()
    text = 'protocol static s { ipv4 { import none;\ninclude "more";\n\n};\nroute 10.0.0.0/8 blackhole;\n}\n'
    for gap, kept in (("", 0), ("\n\n", 1), ("\n", 1)):
        assert same({"bird.conf": gap + text, "more": "preference 5;\n"}, memory)
        assert memory.kept == kept


def test_the_same_text_twice_stands_at_two_places() -> None:
    memory = ReadUnits()
    for gap in ("", "\n", "\n\n"):
        text = f"log stderr all;\n{gap}log stderr all;\nprotocol static s {{ ipv4; }}\n"
        config = language().load("bird.conf", TextFiles({"bird.conf": text}), memory)
        assert [each.span.line for each in config.logs] == [1, 2 + len(gap)]
    assert memory.kept == 3


def test_of_two_that_set_the_same_the_last_holds() -> None:
    memory = ReadUnits()
    for first in ("2", "0"):  # the second statement is kept
        text = f"debug commands {first};\ndebug commands (2);\nprotocol static s {{ ipv4; }}\n"
        config = language().load("bird.conf", TextFiles({"bird.conf": text}), memory)
        assert config.debug_commands == 2


def test_whatever_statements_add_to_is_kept() -> None:
    """A new field of `Builder` or `TopLevel` stands in the tables of `rereading.py`, or is not kept."""
    builder = Builder(Sources(DiskFiles()), {}, Scope(), {})
    passing = {
        "sources",
        "types",
        "scope",
        "enum_types",
        "errors",
        "declared",
        "default_peers",
        "peers_asked",
        "begin",
    }
    passing |= {
        "template",
        "building",
        "errors_before",
        "type",
        "always_reread",
        "defaults_given",
        "replaced",
    }
    passing |= {"budget", "of_command"}
    assert set(vars(builder)) == passing | {*rereading.BUILDER_DICTIONARIES, *rereading.BUILDER_LISTS}
    assert set(vars(TopLevel(builder))) == {
        "builder",
        "values",
        *rereading.TOP_DICTIONARIES,
        *rereading.TOP_LISTS,
    }


def test_a_broken_file_says_all_and_forgets_nothing() -> None:
    memory = ReadUnits()
    load(BASE, memory)
    broken = BASE.replace("as 1;", "as ;").replace("A = 1", "A = Q")
    found, _ = outcome({"bird.conf": broken}, memory)
    assert len(found) >= 2
    assert load(BASE, memory) == (0, 7)


def test_a_file_of_another_name_is_another_file(tmp_path: Path) -> None:
    memory = ReadUnits()
    for name in ("a.conf", "b.conf"):
        (tmp_path / name).write_text(BASE)
        config = language().load(str(tmp_path / name), memory=memory)
        assert memory.kept == 0
        assert config.protocols[0].span.file == str(tmp_path / name)


def test_readings_with_a_memory_leave_nothing_behind() -> None:
    memory = ReadUnits()

    def read(text: str) -> None:
        outcome({"bird.conf": text}, memory)

    read(BASE)
    gc.collect()
    gc.disable()
    try:
        for number in range(5):
            read(BASE.replace("A = 1", f"A = {number}"))
            read(BASE.replace("as 1;", "as ;"))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_is_refused_in_a_template_is_refused_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever used it first: the next one is refused when that is gone, though it was not read again."""
    monkeypatch.setitem(STATIC_OPTIONS, "check_link", Refused("dead links would be used", checked_switch))
    base = "protocol device {}\n\ntemplate static T {\n  ipv4;\n  check link;\n}\n"
    first, second = "protocol static one from T {}\n", "protocol static two from T {}\n"
    memory = ReadUnits()
    for text, line, user in (
        (base, 0, 0),
        (base + first + second, 5, 7),
        (base + second, 5, 7),
        (f"# moved\n{base}{second}", 6, 8),
        (base, 0, 0),
        (base + first, 5, 7),
    ):
        same({"bird.conf": text}, memory)
        config = language().load("bird.conf", TextFiles({"bird.conf": text}), memory)
        found = [(each.line, each.related and each.related[1].line) for each in config.refusals]
        assert found == ([(line, user)] if line else [])
