"""A field whose values are words says which (`Literal`), and reading a configuration keeps to that."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from pybird.conf.model import Config, Symbol, SymbolKind
from pybird.conf.scope import predefined
from pybird.filter.nodes import Node
from pybird.values.attributes import AttributeDecl
from tests.conf.loading import DEVICE, load

PEER = "local as 65001; neighbor 10.0.0.2 "
LINK = 'interface "eth0" {{ {} }};'

# An option, `|` between its forms, and the section that it stands in.
OPTIONS = [
    ("log {} all;", '"/x"|"/x" 100000 "/y"|fixed "/x" 1000000|syslog|stderr|udp 127.0.0.1'),
    ("protocol babel {{ ipv4; " + LINK + " }}", "type wired|type wireless|type tunnel"),
    ("protocol babel {{ ipv4; " + LINK + " }}", "next hop prefer native|next hop prefer ipv6"),
    (
        "protocol babel {{ ipv4; " + LINK + " }}",
        'authentication none|authentication mac; password "x"|authentication mac permissive; password "x"',
    ),
    (
        "protocol bfd {{ " + LINK + " }}",
        'authentication none|authentication simple; password "x"'
        '|authentication keyed md5; password "x"|authentication keyed sha1; password "x"'
        '|authentication meticulous keyed md5; password "x"'
        '|authentication meticulous keyed sha1; password "x"',
    ),
    ("protocol kernel {{ ipv4; {}; }}", "learn|learn off|learn all"),
    ("protocol rip {{ ipv4; " + LINK + " }}", "mode multicast|mode broadcast"),
    (
        "protocol rip ng {{ ipv6; " + LINK + " }}",
        "ttl security|ttl security off|ttl security tx only",
    ),
    (
        "protocol rip {{ ipv4; " + LINK + " }}",
        'authentication none|authentication plaintext; password "x"|authentication md5; password "x"',
    ),
    (
        "protocol ospf {{ ipv4; area 0 {{ " + LINK + " }}; }}",
        'authentication none|authentication simple; password "x"|authentication cryptographic; password "x"',
    ),
    (
        "protocol ospf {{ ipv4; area 0 {{ " + LINK + " }}; }}",
        "type broadcast|type bcast|type ptp|type pointopoint|type nbma|type nonbroadcast|type ptmp"
        "|type pointomultipoint",
    ),
    (
        "protocol ospf v3 {{ ipv6; area 0 {{ " + LINK + " }}; }}",
        "ttl security|ttl security off|ttl security tx only",
    ),
    (
        "protocol ospf {{ ipv4; area 0 {{}}; {}; }}",
        "graceful restart|graceful restart off|graceful restart aware",
    ),
    ("protocol perf {{ ipv4; {}; }}", "mode import|mode export"),
    (
        "roa4 table r; protocol rpki {{ roa4 {{ table r; }}; remote 10.0.0.1; transport tcp {{ {}; }}; }}",
        'authentication none|authentication md5; password "x"',
    ),
    ("protocol static {{ ipv4 {{ import limit 5 action {}; }}; }}", "warn|block|restart|disable"),
    ("protocol bgp {{ " + PEER + "{}; }}", "internal|external"),
    ("protocol bgp {{ " + PEER + "as 1; graceful restart {}; }}", "on|off|aware"),
    ("protocol bgp {{ " + PEER + "as 1; long lived graceful restart {}; }}", "on|off|aware"),
    ("protocol bgp {{ " + PEER + "as 1; persist {}; }}", "no|established|yes"),
    (
        "protocol bgp {{ " + PEER + "as 1; local role {}; }}",
        "peer|provider|customer|rs_server|rs_client",
    ),
    (
        "protocol bgp {{ " + PEER + "as 1; {}; }}",
        'authentication none|authentication md5; password "x"|authentication ao; keys '
        '{ key { id 1; secret "x"; preferred; }; key { id 2; secret "y"; deprecated; }; '
        'key { id 3; secret "z"; }; }',
    ),
    *(
        ("protocol bgp {{ " + PEER + "as 1; ipv4 {{ import all; export all; {}; }}; }}", options)
        for options in (
            "next hop self|next hop self off|next hop self ibgp|next hop self ebgp",
            "next hop keep|next hop keep off|next hop keep ibgp|next hop keep ebgp",
            "next hop prefer global|next hop prefer local",
            "link local next hop format native|link local next hop format single"
            "|link local next hop format double",
            "gateway direct|gateway recursive",
            "aigp|aigp off|aigp originate",
            "add paths|add paths off|add paths rx|add paths tx",
        )
    ),
]


def texts() -> Iterator[str]:
    for section, options in OPTIONS:
        ending = ";" if "interface" in section else ""
        yield from (section.format(option + ending) for option in options.split("|"))


def words_of(hint: Any) -> tuple[Any, ...] | None:
    """The words of a field that holds words; None: it holds something else."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        found = [words_of(each) for each in get_args(hint) if each is not type(None)]
        if len(found) == 1 and found[0] is not None:
            return (*found[0], None) if type(None) in get_args(hint) else found[0]
    return None


def held(value: object) -> Iterator[tuple[type, str, tuple[Any, ...], object]]:
    """Each field of words below a value: its class, its name, its words and what it holds."""
    if isinstance(value, (tuple, list)):
        for each in value:
            yield from held(each)
    elif is_dataclass(value) and not isinstance(value, Node):
        hints = get_type_hints(type(value))
        for field in fields(value):
            found = words_of(hints[field.name])
            inner = getattr(value, field.name)
            if found is not None:
                yield type(value), field.name, found, inner
            else:
                yield from held(inner)


@pytest.fixture(scope="module")
def configs() -> list[Config]:
    return [load(DEVICE + "router id 1.1.1.1;" + text) for text in texts()]


def test_a_field_of_words_holds_one_of_its_words(configs: list[Config]) -> None:
    for config in configs:
        for kind, name, words, value in held((config.logs, config.protocols)):
            assert value in words, f"{kind.__name__}.{name} is {value!r}"


def test_each_word_of_a_field_can_be_written(configs: list[Config]) -> None:
    written: dict[tuple[str, str], set[object]] = {}
    every: dict[tuple[str, str], tuple[object, ...]] = {}
    for config in configs:
        for kind, name, words, value in held((config.logs, config.protocols)):
            written.setdefault((kind.__name__, name), set()).add(value)
            every[kind.__name__, name] = words
    unwritten = {key: set(words) - written[key] for key, words in every.items() if set(words) - written[key]}
    assert unwritten == {}
    assert len(every) > 20


SYMBOLS = """
    thread group a { };
    define b = 1;
    function c() { }
    filter d { accept; }
    ipv4 table e;
    attribute int f;
    mpls domain g { label range h { start 1000; length 1; }; };
    template static i { ipv4; }
    protocol static j from i { }
"""


def test_each_kind_of_symbol_can_be_declared_and_there_is_no_other() -> None:
    attribute = AttributeDecl("preference", "int")
    names = [predefined({attribute.name: attribute}, {}).names, load(SYMBOLS).symbols]
    found = {each.kind for meanings in names for each in meanings.values() if isinstance(each, Symbol)}
    assert found == set(get_args(SymbolKind))
