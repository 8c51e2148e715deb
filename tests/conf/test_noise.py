"""One mistake gives one error, or few: a sign or a word taken away anywhere, and what is said then."""

from __future__ import annotations

import re
from collections import Counter

from tests.conf.loading import errors, language

CONFIG = """
log syslog all;
router id 192.0.2.5;
define BOGONS = [ 10.0.0.0/8{8,32}, 172.16.0.0/12+, 192.168.0.0/16{16,32} ];
define ASNS = [ 0, 23456, 64496..131071 ];

protocol device {
  scan time 10;
}

function is_bogon() -> bool {
  if bgp_path ~ [= * ASNS * =] then return true;
  return net ~ BOGONS;
}

filter transit_in {
  if is_bogon() then {
    print "bogon: ", net;
    reject;
  }
  case net.type {
    NET_IP4: if net.len > 24 then reject;
    else: reject;
  }
  bgp_local_pref = 200;
  bgp_community.add((65010, 120));
  accept;
}

template bgp transit {
  local as 65010;
  hold time 90;
  ipv4 {
    import filter transit_in;
    export none;
  };
}

protocol bgp transit_ams from transit {
  description "the old one";
  neighbor 192.0.2.1 as 64999;
}

protocol static anycast {
  ipv4;
  route 198.51.100.0/24 blackhole;
  route 203.0.113.0/24 via 192.0.2.1;
}

protocol kernel {
  ipv4 {
    import none;
    export filter {
      krt_prefsrc = 192.0.2.5;
      accept;
    };
  };
}
"""
PIECES = re.compile(
    r"[;{}()\[\]=~,]|\b(?:then|as|via|import|export|filter|protocol|neighbor|function|define)\b"
)


def mutations() -> list[tuple[int, str]]:
    """(line, text) with one piece taken away."""
    found = []
    for piece in PIECES.finditer(CONFIG):
        if CONFIG[: piece.start()].count('"') % 2 == 0:
            line = CONFIG[: piece.start()].count("\n") + 1
            found.append((line, CONFIG[: piece.start()] + CONFIG[piece.end() :]))
    return found


def test_the_configuration_is_right() -> None:
    assert len(language().read(CONFIG).protocols) == 4


def test_one_mistake_makes_little_noise() -> None:
    numbers: Counter[int] = Counter()
    for line, text in mutations():
        found = errors(text)
        told = "\n".join(map(str, found))
        numbers[len(found)] += 1
        assert found[0].line >= line, told
        assert len(found) <= 3, f"line {line}:\n{told}"
    assert sum(numbers.values()) > 100
    assert numbers[1] >= 0.85 * sum(numbers.values()), numbers


def test_after_an_error_the_next_option_is_read_as_one() -> None:
    found = errors("protocol kernel { ipv4 { import al; exprot all; }; }\n")
    assert [(error.message.partition(", ")[0], error.hint) for error in found] == [
        ("unexpected `al`", "all"),
        ("`exprot` is not an option here", "export"),
    ]


def test_an_error_does_not_hide_the_next_statement() -> None:
    found = errors(
        "protocol device { }\n"
        'include "nosuch.conf";\n'
        "if net.len > 24 then reject;\n"
        "protocol static a-b {\n  ipv4;\n  rout 10.0.0.0/8 blackhole;\n}\n"
        "define MY = AS65001;\n"
    )
    assert [error.line for error in found] == [2, 3, 4, 6, 8]
