"""Errors: where, under what, and in which words."""

from __future__ import annotations

import pytest

from pybird.conf import values
from pybird.conf.errors import ConfigError
from pybird.conf.language import MOST_ERRORS
from pybird.conf.options import Refused, checked_switch
from pybird.proto.static.build import OPTIONS as STATIC_OPTIONS
from tests.conf.loading import DEVICE, error, errors, language, load

UNBOUND = "Local address or an interface must be configured for strict bind"
BGP = "protocol bgp a { local as 1; neighbor 10.0.0.1 as 2; ipv4 { import all; export all; };%s }\n"


def marked(text: str) -> tuple[str, int, int, int]:
    """The text without its `«»` marks, and the line and columns that they mark."""
    before, rest = text.split("«")
    inside, after = rest.split("»")
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return before + inside + after, line, column, column + len(inside)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DEVICE + BGP % " «confederation 5»;", "BIRD has `confederation 5`, PyBIRD does not yet"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("refused")
def test_what_a_router_refuses_has_its_place_too(text: str, message: str) -> None:
    plain, line, column, end = marked(text)
    refusal = load(plain).refusals[-1]
    assert message in refusal.message
    assert (refusal.line, refusal.column, refusal.span.end_column) == (line, column, end)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("router id 1.2.3.4\n«protocol» device {}\n", "`;` missing before `protocol`"),
        ("«table» x;\n" + DEVICE, "`table` needs the type of its routes"),
        (DEVICE + BGP % "«gateway» recursive;",
         "`gateway` is an option of channels: it stands in `ipv4 { ... }` or `ipv6 { ... }`"),
        (DEVICE + BGP % "«next» hop self;",
         "`next` is an option of channels: it stands in `ipv4 { ... }` or `ipv6 { ... }`"),
        (DEVICE + BGP % "igp «table» master4;",
         "`igp table` is an option of channels: it stands in `ipv4 { ... }` or `ipv6 { ... }`"),
        ("protocol device { «scn» time 5; }", "`scn` is not an option here"),
        ("protocol «bpg» y { }\n" + DEVICE, "`bpg` is not a protocol"),
        ("protocol static { ipv4 { «learn» x; }; }", "`learn` is not an option here"),
        (DEVICE + BGP % "hold «tme» 5;", "unexpected `tme`, expected `down` or `time`"),
        (DEVICE + BGP % "hold time «2»;", "Hold time must be in range 3-65535 or zero"),
        (DEVICE + BGP % "local port «70000»;", "Invalid port number"),
        (DEVICE + BGP % 'hold time «"x"»;', "a number expected here, this is a text"),
        (DEVICE + BGP % "rr cluster id «::1»;", "Router IDs must be hexadecimal numbers or IPv4 addresses"),
        (DEVICE + BGP % " ipv6 { table «master4»; };", "Incompatible table type: master4 is not for ipv6"),
        (DEVICE + BGP % " ipv6 { table «nope»; };", "routing table `nope` is not defined"),
        (DEVICE + BGP % " ipv6 { import filter «nope»; };", "filter `nope` is not defined"),
        (DEVICE + BGP % " «ipv4 { }»;", "Multiple ipv4 channels"),
        (DEVICE + "filter f { if true «thn» accept; }", "unexpected `thn`, expected an operator or `then`"),
        (DEVICE + "filter f { «x» = 5; accept; }", "`x` is not defined"),
        (DEVICE + "filter f { int x; int «x»; accept; }", "Symbol 'x' already defined"),
        (DEVICE + "define A = 1; filter f { «A» = 5; accept; }", "`A` is a constant; it cannot be set"),
        (DEVICE + "function f(int a) -> int { return a; } define B = «f(1, 2)»;",
         "Function 'f' expects 1 argument, got 2"),
        (DEVICE + "define B = «f»(1);", "function `f` is not defined"),
        (DEVICE + "define A = 1; define «A» = 2;", "Symbol 'A' already defined"),
        (DEVICE + "attribute «enum nope» x;", "no such enumeration: enum nope"),
        (DEVICE + "attribute bgp 8 «bytestring» x;", "Attribute 8 type must be clist, not bytestring"),
        (DEVICE + "attribute bgp 200 «int» x;", "Attribute 200 type must be bytestring, not int"),
        ("protocol kernel { «roa4»; }", "protocol kernel has no roa4 channel"),
    ],
)  # fmt: skip
def test_the_caret_is_under_what_is_wrong(text: str, message: str) -> None:
    plain, line, column, end = marked(text)
    found = error(plain)
    assert message in found.message
    assert (found.line, found.column, found.span.end_column) == (line, column, end)
    mark = found.show().split("\n")[2]
    assert mark.index("^") - 4 == column - 1
    assert mark.count("^") + mark.count("~") == max(end - column, 1)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("protocol bpg y { }\n" + DEVICE, "bgp"),
        ("protocol device { scn time 5; }", "scan"),
        (DEVICE + "filter foo { acept; }", "accept"),
        (DEVICE + "filter foo { bgp_comunity.add((1,2)); accept; }", "bgp_community"),
        (DEVICE + "define PEERS = 1; define A = PEER;", "PEERS"),
        (DEVICE + "template bgp common { local as 1; } protocol bgp from comon { }", "common"),
        (DEVICE + BGP % " ipv6 { exprot all; };", "export"),
    ],
)
def test_did_you_mean(text: str, hint: str) -> None:
    assert error(text).hint == hint


def test_birds_one_line_comes_first() -> None:
    found = error("protocol device {\n  scan time x;\n}\n")
    assert str(found) == "bird.conf:2:13 `x` is not defined"
    assert found.show().split("\n")[0] == str(found)


def test_expected_is_said_in_the_users_words() -> None:
    found = error("router id;" + DEVICE)
    assert found.message == "unexpected `;`, expected a value or `from`"
    assert found.expected == ("a value", "`from`")


def test_every_independent_error_is_reported() -> None:
    found = errors(
        "define A = B;\n"
        "protocol device { scn time 5; scan tim 6; }\n"
        "protocol static { ipv4; route 10.0.0.0/8 via; route 11.0.0.0/8 blackhole; }\n"
        "filter f { if net ~ then accept; if true thn accept; }\n"
        "protocol bgp { local as 0; neighbor 1.1.1.1 as 1; }\n"
    )
    assert [each.line for each in found] == [1, 2, 2, 3, 4, 4, 5]


def test_what_follows_from_an_error_is_not_reported() -> None:
    found = error("define A = 1 +;\ndefine B = A;\nfilter f { if A = 1 then accept; }\n" + DEVICE)
    assert found.line == 1


def test_the_other_place_is_named() -> None:
    found = error("define A = 1;\n" + DEVICE + "define A = 2;\n")
    assert found.related is not None
    text, span = found.related
    assert (text, span.line, span.column) == ("constant declared here", 1, 8)
    assert "bird.conf:1:8 constant declared here" in found.show()


def test_an_open_block_is_shown_where_it_was_opened() -> None:
    found = error(DEVICE + "protocol static {\n  ipv4;\n")
    assert found.message == "the file ends inside a block"
    assert found.related is not None
    assert (found.related[1].line, found.related[1].column) == (2, 17)


def test_a_statement_at_the_left_edge_shows_that_a_block_was_not_closed() -> None:
    found = error("filter f {\n  if true then { accept;\n}\nfilter g { accept; }\n" + DEVICE)
    assert (found.message, found.line) == ("the block before `filter` is not closed", 4)
    assert found.related is not None
    assert found.related[1].line == 2, "the brace at the edge closes the filter, so the other one is open"


def test_a_forgotten_semicolon_before_a_brace() -> None:
    assert error(DEVICE + "filter f { accept }").message == "`;` missing before `}`"


def test_checks_at_the_end_of_a_block_carry_its_closing_brace() -> None:
    found = error(DEVICE + "protocol bgp {\n  local as 1; neighbor 1.1.1.1 as 2;\n  ipv4;\n}\n")
    assert (found.message, found.line) == ("EBGP requires explicit import and export policies", 5)
    assert found.related is not None
    assert found.related[1].line == 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("neighbor 1.1.1.1 as 2;", "Local AS number must be set"),
        ("local as 1;", "Neighbor must be configured"),
        ("local as 1; neighbor 1.1.1.1;", "Remote AS number must be set"),
        ("local as 1; neighbor 1.1.1.1 as 2; rr client;", "Only internal neighbor can be RR client"),
        ("local as 1; neighbor 1.1.1.1 as 2; strict bind;", UNBOUND),
        ("local as 1; neighbor 1.1.1.1 as 2; passive; strict bind;", UNBOUND),
        ("local as 1; neighbor range 1.1.1.0/24 as 2; strict bind;", UNBOUND),
        ("local as 1; neighbor range fe80::/10 external; strict bind;", UNBOUND),
        ("local as 1; neighbor 1.1.1.1 as 1; rs client;", "Only external neighbor can be RS client"),
        ("local as 1; neighbor fe80::1 as 1;", "Link-local neighbor address requires specified interface"),
        ("local as 1; neighbor 1.1.1.1 as 2; ipv4 { import all; };", "EBGP requires explicit export policy"),
        ("local as 1; neighbor 1.1.1.1 as 2; ipv4 { export all; };", "EBGP requires explicit import policy"),
    ],
)
def test_what_a_bgp_protocol_needs(body: str, message: str) -> None:
    found = errors(DEVICE + f"protocol bgp {{ {body} }}\n")
    assert message in [each.message for each in found]


@pytest.mark.parametrize(
    "body",
    [
        "local 10.0.0.1 as 1; neighbor 10.0.0.2 as 2;",
        'local as 1; neighbor 10.0.0.2 as 2; interface "eth0";',
        "local as 1; neighbor fe80::1%eth0 as 2;",
        'local as 1; neighbor range fe80::/10 external; interface range "eth*";',
    ],
)
def test_strict_bind_needs_an_address_or_an_interface(body: str) -> None:
    load(DEVICE + f"protocol bgp {{ {body} strict bind; ipv6 {{ import all; export all; }}; }}\n")


def test_a_tab_before_the_error_stays_a_tab() -> None:
    shown = error("protocol device {\n\tscn time 5;\n}").show().split("\n")
    assert shown[1:3] == ["    \tscn time 5;", "    \t^~~"]


def test_errors_come_in_the_order_of_reading() -> None:
    found = errors('define A = x;\ninclude "a.inc";\ndefine B = y;\n' + DEVICE, a_inc="define C = z;\n")
    assert [(each.file, each.line) for each in found] == [("bird.conf", 1), ("a.inc", 1), ("bird.conf", 3)]


def test_an_error_shows_without_a_source_line() -> None:
    assert ConfigError("broken", error("x").span).show().startswith("bird.conf:1:1 broken")


def test_in_a_command_the_word_that_does_not_fit_is_named_not_the_one_before():
    for line, message in (
        ("disable x for now", "unexpected `for`, expected a text in quotes or the end"),
        ("debug b1 foo", "unexpected `foo`, expected `.`, `all`, `off` or `{`"),
    ):
        with pytest.raises(ConfigError) as raised:
            language().parse_command(line)
        assert raised.value.message == message


TEMPLATE = DEVICE + "\ntemplate static base {\n  ipv4;\n  check link;\n}\n"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router that refuses `check link` of static protocols."""
    monkeypatch.setitem(STATIC_OPTIONS, "check_link", Refused("dead links would be used", checked_switch))


@pytest.mark.usefixtures("refusing")
def test_what_is_refused_in_a_template_counts_when_a_protocol_uses_it() -> None:
    unused = load(TEMPLATE + "protocol static own { ipv4; }\n")
    assert not unused.refusals
    (warning,) = (each for each in unused.warnings if each.code == "refused")
    assert warning.span.line == 5
    assert "refuses to start with a protocol that uses it" in warning.text

    used = load(TEMPLATE + "protocol static own from base { }\n")
    (refusal,) = used.refusals
    assert (refusal.line, refusal.column) == (5, 3)
    assert refusal.related is not None
    assert (refusal.related[0], refusal.related[1].line) == ("used here", 7)


@pytest.mark.usefixtures("refusing")
def test_what_is_refused_in_a_template_passes_through_others_and_is_said_once() -> None:
    between = TEMPLATE + "template static more from base { igp table master4; }\n"
    assert not load(between).refusals
    twice = load(between + "protocol static one from more { }\nprotocol static two from base { }\n")
    assert [(each.line, each.related and each.related[1].line) for each in twice.refusals] == [(5, 8)]


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("ipv4 { igp table t4; igp table s4; }", None),
        ("ipv4 { igp table t6; }", "Mismatched IGP table type"),
        ("ipv4 { igp table t6; extended next hop off; }", "Mismatched IGP table type"),
        ("ipv4 { igp table t4; igp table t6; extended next hop; }", None),
        ("direct; ipv4 { igp table t6; }", None),
        ("ipv6 { igp table t4; }", "Mismatched IGP table type"),
        ("ipv6 { igp table t4; extended next hop; }", None),
        ("direct; ipv4 { igp table r4; }", "Mismatched IGP table type"),
        ("ipv4 mpls { igp table t4; }", None),
        ("ipv4 mpls { igp table t6; }", "Mismatched IGP table type"),
        ("vpn4 mpls { table v4; igp table t4; }", None),
        ("vpn4 mpls { table v4; igp table t6; }", "Mismatched IGP table type"),
        ("ipv6 mpls { igp table t4; }", "Mismatched IGP table type"),
        ("flow4 { table f4; igp table t4; }", "IGP table not allowed here"),
    ],
)
def test_igp_tables_are_of_the_families_that_next_hops_can_have(channel: str, message: str | None) -> None:
    tables = "ipv4 table t4; ipv4 table s4; ipv6 table t6; roa4 table r4; flow4 table f4; vpn4 table v4;\n"
    bgp = f"protocol bgp {{\n local as 1; neighbor 1.1.1.1 as 1;\n {channel};\n}}\n"
    if message is None:
        load(DEVICE + tables + bgp)
    else:
        assert [each.message for each in errors(DEVICE + tables + bgp)] == [message]


def test_an_igp_table_of_the_other_family_says_what_it_needs() -> None:
    bgp = "ipv6 table t6;\nprotocol bgp {\n local as 1; neighbor 1.1.1.1 as 1;\n ipv4 { igp table t6; };\n}\n"
    told = error(DEVICE + bgp).show().split("\n")[-1]
    assert told.endswith(":5:2 next hops of the other family need `extended next hop`")


def test_a_missing_policy_says_what_to_write() -> None:
    bgp = "protocol bgp {\n local as 1; neighbor 1.1.1.1 as 2;\n ipv4 %s;\n}\n"
    both, imports, exports = (
        error(DEVICE + bgp % body) for body in ("", "{ export all; }", "{ import all; }")
    )
    assert (
        both.show()
        .split("\n")[-1]
        .endswith(":4:2 write `import all; export none;`, or with `where ...` into this ipv4 channel")
    )
    assert "write `import all;` or `import where ...;` into" in imports.show()
    assert "write `export all;` or `export where ...;` into" in exports.show()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", ":4:2 table master4 is not sorted: write `ipv4 table master4 sorted;`"),
        ("ipv4 table t;", ":2:12 table t is not sorted: write `ipv4 table t sorted;`"),
    ],
)
def test_secondary_names_the_table_that_is_not_sorted(table: str, told: str) -> None:
    use = "table t; " if table else ""
    text = f"{table}\nprotocol bgp {{ local as 1; neighbor 1.1.1.1 as 2;\n ipv4 {{ {use}import all; "
    found = error(DEVICE + text + "export all; secondary; };\n}\n")
    assert found.message == "BGP with secondary option requires sorted table"
    assert found.show().split("\n")[-1].endswith(told)


@pytest.mark.parametrize("body", ["neighbor 1.1.1.1 remote-as 2;", "neighbor 1.1.1.1; remote-as 2;"])
def test_the_words_of_other_routers_have_a_guess(body: str) -> None:
    found = error(DEVICE + f"protocol bgp {{ local as 1; {body} ipv4 {{ import all; export all; }}; }}\n")
    assert (found.message, found.hint) == ("unexpected `remote-as`", "neighbor ... as")


def test_a_set_that_is_not_closed_names_its_opening() -> None:
    found = error("define A = [ 10.0.0.0/8,\n 10.1.0.0/16\ndefine B = 5;\n" + DEVICE)
    assert (found.message, found.line) == ("`]` missing before `define`", 3)
    assert found.related is not None
    assert (found.related[0], found.related[1].line, found.related[1].column) == ("opened here", 1, 12)
    found = error("filter f { if net ~ [ 1.0.0.0/8 then accept; reject; }\n" + DEVICE)
    assert found.message == "`]` missing before `then`"
    assert found.related is not None


def test_a_set_in_an_included_file_that_is_not_closed_names_its_opening() -> None:
    sets = "define A = [ 1, 2,\n 3\n"
    found = error('include "sets.conf";\ndefine B = 5;\n' + DEVICE, **{"sets.conf": sets})
    assert found.message == "`]` missing before `define`"
    assert found.related is not None
    assert (found.related[1].file, found.related[1].line) == ("sets.conf", 1)


def test_an_error_of_a_file_that_is_included_again_is_told_once() -> None:
    broken = "\n".join(["define x = 1;"] * 4)
    main = 'include "broken.conf";\n' * 50 + DEVICE
    found = errors(main, **{"broken.conf": broken})
    assert [(each.file, each.line) for each in found] == [("broken.conf", line) for line in (1, 2, 3, 4)]


def test_a_bounded_number_of_errors_is_told() -> None:
    found = errors("define x = nosuch + 1;\n" * 500 + DEVICE)
    assert len(found) == MOST_ERRORS + 1
    assert found[-1].message == f"{500 - MOST_ERRORS} more errors"
    assert found[-1].line == MOST_ERRORS + 1


@pytest.mark.parametrize(
    "use",
    [
        "define N = twice(60);",
        "define S = [1, (twice(60))];",
        "filter f { if 1 ~ [1, (twice(60))] then accept; }",
    ],
)
def test_a_function_that_does_not_end_is_an_error_where_it_is_called(
    use: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "MOST_STEPS_READING", 1000)
    twice = "function twice(int x) -> int { if x = 0 then return 1; return twice(x - 1) + twice(x - 1); }"
    found = error(f"{twice}\n{use}\n{DEVICE}")
    assert (found.message, found.line) == ("this takes more than 1000 loop iterations and function calls", 2)


def test_a_channel_whose_name_goes_on_is_told_how() -> None:
    found = error("vpn4 table v;\nprotocol bgp { local as 1; neighbor 10.0.0.1 as 2; vpn4 { table v; }; }")
    assert found.message == "protocol bgp has no vpn4 channel"
    assert found.hint == "vpn4 mpls"
