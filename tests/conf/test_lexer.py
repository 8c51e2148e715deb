"""Lexical facts, one by one (the manual's chapter on lexical rules, and real BIRDs)."""

from __future__ import annotations

from typing import Any

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.conf.literals import literal
from pybird.filter.nodes import NO_SPAN
from tests.conf.loading import DEVICE, error, errors, load


def constant(text: str) -> Any:
    """The value of `define A = text;`."""
    return load(f"define A = {text};\n{DEVICE}").symbols["A"].value.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("4294967295", 4294967295),
        ("0xfF", 255),
        ("0xFFFFFFFF", 4294967295),
        ('"a#b"', "a#b"),
        ('"a\\n"', "a\\n"),
        ('"Größe → ok"', "Größe → ok"),
        ("(1+2)*3-4/2", 7),
    ],
)
def test_numbers_and_texts(text: str, value: object) -> None:
    assert constant(text) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::", "::"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.0.0.0 / 8", "10.0.0.0/8"),
        ("::/0", "::/0"),
        ("0000::/8", "::/8"),
        ("::224.0.0.0/100", "::224.0.0.0/100"),
        ("02:00:00:00:00:0a", "02:00:00:00:00:0a"),
        ("65000:1", "65000:1"),
        ("0:65000:1", "65000:1"),
        ("2:65000:1", "2:65000:1"),
        ("1.2.3.4:5", "1.2.3.4:5"),
        ("65000:1 10.0.0.0/8", "65000:1 10.0.0.0/8"),
        ("10.0.0.0/8 max 24 as 65000", "10.0.0.0/8-24 AS65000"),
        ("2001:db8::/32 from 2001:db8:1::/48", "2001:db8::/32 from 2001:db8:1::/48"),
        ("neighbor fe80::1 % 3", "fe80::1%3"),
        ("peer fe80::1 % 3", "fe80::1%3"),
        ("aspa 65000", "65000"),
        ("mpls 100", "100"),
        ("eth 02:00:00:00:00:01 vlan 7", "02:00:00:00:00:01 vlan 7"),
    ],
)
def test_addresses_and_networks(text: str, shown: str) -> None:
    assert str(constant(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["01020304050607080910", "01:02:03:04:05:06:07:08:09:10", "hex:01:02:03:04:05:06:07:08:09:10"],
)
def test_octets(text: str) -> None:
    assert constant(text) == bytes.fromhex("01020304050607080910")


def test_hex_may_be_empty() -> None:
    assert constant("hex:") == b""


def test_flow_specifications() -> None:
    shown = str(constant("flow4 { dst 10.0.0.0/8; proto = 17; port > 24 && < 30 || 40..50; }"))
    assert shown.startswith("flow4 { dst 10.0.0.0/8; proto 17;")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4294967296", "Number out of range"),
        ("0x100000000", "Number out of range"),
        ("1.2.3.256", "Invalid IPv4 address 1.2.3.256"),
        ("1:2:3:4:5:6:7:8:9", "Invalid IPv6 address 1:2:3:4:5:6:7:8:9"),
        ("10.0.0.1/8", "Invalid IPv4 prefix 10.0.0.1/8, maybe you wanted 10.0.0.0/8"),
        ("fc::/8", "Invalid IPv6 prefix fc::/8, maybe you wanted ::/8"),
        ("10.0.0.0/33", "Invalid prefix length 33"),
    ],
)
def test_literals_out_of_range(text: str, message: str) -> None:
    found = error(f"define A = {text};\n{DEVICE}")
    assert found.message == message
    assert (found.line, found.column, found.span.end_column) == (1, 12, 12 + len(text))


@pytest.mark.parametrize("text", ["x" * 64, "'" + "a-b.c:d" + "'", "_x9"])
def test_symbols(text: str) -> None:
    assert text.strip("'") in load(f"define {text} = 1;\n{DEVICE}").symbols


def test_a_symbol_has_at_most_64_characters() -> None:
    assert error(f"define {'a' * 65} = 1;\n{DEVICE}").message == "Symbol too long"


@pytest.mark.parametrize("word", ["SHOW", "Protocol", "DEFINE"])
def test_keywords_are_lower_case(word: str) -> None:
    assert errors(f"{word} x;\n{DEVICE}")


@pytest.mark.parametrize("text", ["'a b'", "'a/b'", "'a"])
def test_quoted_symbols_hold_few_characters(text: str) -> None:
    assert errors(f"define {text} = 1;\n{DEVICE}")


@pytest.mark.parametrize("char", ["\r", "\ufeff", "\f", "\v", "\0", "é", "@", "`", "$"])
def test_unknown_characters_are_refused(char: str) -> None:
    found = error(f"{char}{DEVICE}")
    assert found.message.startswith("Unknown character")
    assert (found.line, found.column) == (1, 1)


def test_dos_line_ends_are_said_once() -> None:
    found = error("define a = 1;\r\ndefine b = 2;\r\nprotocol device {}\r\n")
    assert "DOS line ends" in found.message


@pytest.mark.parametrize("text", ["# é → ☃\n", "/* é\n */", "#\r\n", "/**/", "/***/", "/* # */", "# /* \n"])
def test_comments(text: str) -> None:
    assert load(text + DEVICE)


def test_a_comment_may_end_the_file() -> None:
    assert load(DEVICE + "# the end")


def test_comments_do_not_nest() -> None:
    assert error(f"/* a /* b */{DEVICE}").message == "Comment nesting not supported"


def test_an_unterminated_comment_is_an_error_at_the_end_that_says_where_it_begins() -> None:
    found = error(f"{DEVICE}/* a\nb")
    assert (found.message, found.line) == ("Unterminated comment", 3)
    assert found.related is not None
    assert (found.related[1].line, found.related[1].column) == (2, 1)


def test_a_string_ends_on_its_line() -> None:
    found = error('log "a\nb" all;\n' + DEVICE)
    assert (found.message, found.line, found.column) == ("Unterminated string", 1, 5)


def test_units_need_no_blank() -> None:
    assert load("watchdog warning 500ms; watchdog timeout 2 s;" + DEVICE)


def test_else_with_a_colon_is_one_word() -> None:
    body = "filter f { case net.len { 1: print 1; else%s: print 2; } accept; }"
    assert load(DEVICE + body % "")
    assert errors(DEVICE + body % " ")


def test_numbers_in_labels_do_not_eat_the_colon() -> None:
    assert load(DEVICE + "filter f { case bgp_path.len { 1:print 1; 2..3:print 2; } accept; }")


# ---------------------------------------------------------------- include


def test_include_takes_part_as_text_anywhere() -> None:
    text = 'protocol static {\n  ipv4;\n  include "routes.inc";\n}\n'
    config = load(text, routes_inc="route 10.0.0.0/8 blackhole;\nroute 11.0.0.0/8 blackhole;\n")
    assert len(config.protocols[0].routes) == 2


def test_half_a_block_may_come_from_a_file() -> None:
    config = load('include "half.inc";\nroute 10.0.0.0/8 blackhole;\n}\n', half_inc="protocol static { ipv4;")
    assert len(config.protocols[0].routes) == 1


def test_include_in_a_filter() -> None:
    text = DEVICE + 'filter f {\ninclude "f.inc";\nreject; }'
    assert load(text, f_inc="if net.len > 24 then accept;")


def test_includes_nest_and_patterns_are_sorted() -> None:
    config = load(
        'include "*.inc";\n' + DEVICE,
        b_inc="define B = A + 1;",
        a_inc='include "c.txt";\ndefine A = C;',
        c_txt="define C = 5;",
    )
    assert config.symbols["B"].value.value == 6


def test_include_is_at_most_8_deep() -> None:
    found = error('include "a.inc";\n' + DEVICE, a_inc='include "a.inc";\n')
    assert found.message == "Max include depth reached"
    assert found.file == "a.inc"


def test_an_error_in_an_included_file_names_that_file() -> None:
    found = error('define x = 1;\ninclude "a.inc";\n' + DEVICE, a_inc="\ndefine y = z;\n")
    assert (found.file, found.line, found.column, found.source_line) == ("a.inc", 2, 12, "define y = z;")


def test_include_only_begins_a_line() -> None:
    found = error('define q = 1; include "a.inc";\n' + DEVICE, a_inc="")
    assert found.message == "`include` must be the first word on its line"


# ------------------------------------------------------------ soft keywords


@pytest.mark.parametrize("word", ["neighbor", "bgp", "protocol", "define", "asn", "data1", "routes", "name"])
def test_keywords_may_be_names(word: str) -> None:
    config = load(f"{DEVICE}define {word} = 1;")
    assert config.symbols[word].value.value == 1


def test_a_keyword_as_a_name_is_warned_about() -> None:
    config = load("define neighbor = 1;\n" + DEVICE)
    assert [warning.text for warning in config.warnings] == ["Symbol 'neighbor' overrides existing keyword"]


def test_a_name_hides_the_keyword_from_there_on_and_the_error_says_so() -> None:
    found = error("define import = 2;\nprotocol static { ipv4 { import all; }; }\n" + DEVICE)
    assert found.message == "`import` is your own name here, not the keyword"
    assert found.related is not None
    assert found.related[1].line == 1


def test_a_parameter_hides_a_keyword_in_its_function_only() -> None:
    assert load(
        "function f(int import) -> int { int table = import; return table; }\n"
        "ipv4 table t;\nprotocol static { ipv4 { table t; import all; }; }"
    )


@pytest.mark.parametrize("word", ["in", "ng", "v2", "v3", "RTS_BGP", "NET_IP4", "ROA_VALID"])
def test_reserved_words_are_no_names(word: str) -> None:
    assert "reserved word" in error(f"define {word} = 1;\n{DEVICE}").message


def test_attributes_and_methods_named_as_keywords() -> None:
    assert load(
        DEVICE + "filter f { if source = RTS_BGP && from = 1.2.3.4 && preference > 5 then accept;"
        " if net.type = NET_IP4 && bgp_community.len > 0 then print proto; reject; }"
    )


def test_the_text_of_a_token_that_is_none() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        literal("LBRACE", "{", NO_SPAN)


def test_nothing_crashes_the_lexer() -> None:
    """Every single character, and pairs of the troublesome ones."""
    samples = [chr(code) for code in range(256)] + ["\"'", "'\"", "/*", "*/", "[=", "::", ":::", "1:", "0x"]
    for sample in samples:
        try:
            load(sample)
        except ConfigErrors:
            continue


def test_a_text_holds_no_nul_characters() -> None:
    nul, unterminated = errors('hostname "a\0b"; log "' + DEVICE)
    assert (nul.message, nul.line, nul.column) == ("a text holds no NUL characters", 1, 12)
    assert unterminated.column == 21
    assert [each.column for each in errors(DEVICE + 'hostname "a\0"; hostname "\0\0";')] == [12, 26]


def test_an_octet_that_is_not_utf8_is_called_so() -> None:
    found = error(DEVICE + b"define A \xfc= 1;".decode("utf-8", "surrogateescape"))
    assert (found.message, found.column) == ("Unknown octet 0xfc, which is not UTF-8", 10)
