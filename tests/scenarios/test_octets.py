"""Octets that are not UTF-8: in BIRD any octets may stand in a text, and go through as they are."""

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.io.tcp import md5_option
from pybird.proto import PROTOCOLS
from pybird.values.net import Prefix
from pybird.values.text import to_octets, to_text
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import Lab, language

LATIN = to_text(b"caf\xe9")
TEXT = f"""
router id 192.0.2.%d;
hostname "{LATIN}";
define NAME = "{LATIN}";
filter in_ {{ print "from ", NAME; if proto = "{LATIN}" then reject; accept; }}
filter out {{ if proto ~ "{LATIN}*" then reject; accept; }}
protocol device {{ }}
protocol static own {{ description "{LATIN}"; ipv4; route 10.%d.0.0/16 blackhole; }}
protocol direct {{ interface "{LATIN}"; ipv4; }}
protocol radv {{ peers {{ }}; interface "eth*" {{ router discovery yes; dnssl "{LATIN}.example"; }}; }}
protocol bgp b {{
  description "{LATIN}"; local as %d; neighbor range fe80::/10 external; password "{LATIN}";
  dynamic name "b"; peers {{ }}; advertise hostname on;
  ipv4 {{ import filter in_; export filter out; extended next hop; }};
}}
"""


class Asked(Lab):
    """Two routers, and a control session on each."""

    def __init__(self):
        super().__init__()
        self.sessions = {}
        for number, name in ((1, "a"), (2, "b")):
            self.add(name, TEXT % (number, number, 65000 + number))
        self.link("a", "eth0", "b", "eth0")
        self.run(5)

    def ask(self, name, line):
        """What this router answers."""
        if name not in self.sessions:
            router, stream = self.nodes[name].router, FakeStream()
            console = Console(router, commands(PROTOCOLS), language(), language().load, lambda graceful: None)
            self.sessions[name] = stream, console.open(stream)
        stream, session = self.sessions[name]
        stream.out = b""
        session.received(line + b"\n")
        self.run(0.01)
        return stream.out


@pytest.fixture
def lab():
    return Asked()


def test_a_session_with_such_texts_comes_up(lab):
    assert lab.up("a") == ["b1"]
    assert [line for line in lab.log if line.level in ("bug", "error")] == []
    assert f"from {LATIN}" in lab.nodes["a"].messages("info")


def test_commands_and_answers_have_them(lab):
    assert b"Description:    caf\xe9\n" in lab.ask("a", b"show protocols all own")
    assert lab.ask("a", b'eval "\xe9\xff"') == b"0023 \xe9\xff\n"
    assert b"10.1.0.0/16" in lab.ask("a", b'show route where proto ~ "ow*" && proto != "\xe9"')
    assert lab.ask("a", b'disable b1 "\xe9"') == b"0009-b1: disabled\n0000 \n"
    assert b"Message:        \xe9\n" in lab.ask("a", b"show protocols all b1")
    lab.ask("a", b"output json")
    assert b'"message": "?"' in lab.ask("a", b"show protocols all b1")


def test_the_neighbor_gets_what_is_utf8(lab):
    """RFC 9003, section 2; draft-walton-bgp-hostname-capability: both are UTF-8 on the wire."""
    assert b"Hostname: caf?\n" in lab.ask("b", b"show protocols all b1")
    lab.ask("a", b'disable b1 "caf\xe9"')
    lab.run(0.1)
    assert any("caf?" in text for text in lab.nodes["b"].messages())


def test_the_octets_of_a_password_are_the_key():
    assert to_octets(LATIN) == b"caf\xe9"
    assert b"caf\xe9\0" in md5_option(Prefix.parse("192.0.2.1/32"), LATIN, 0)
