"""Warnings are given once per change."""

from __future__ import annotations

from pybird.conf.errors import new_warnings
from pybird.conf.rereading import ReadUnits
from tests.conf.loading import language

HEAD = "router id 1.1.1.1;\nprotocol device {}\n"
BGP = (
    "protocol bgp {} {{ local as 1; neighbor 10.0.0.{} as 2; hold time {};\n"
    " bfd on;\n ipv4 {{ import all; export all; }}; }}\n"
)


def test_a_warning_is_new_once(tmp_path) -> None:
    path = tmp_path / "bird.conf"
    for memory in (None, ReadUnits()):
        before: tuple = ()
        for text, expected in (
            (HEAD + BGP.format("a", 1, 90), [4]),
            (HEAD + BGP.format("a", 1, 90), []),
            (HEAD + "\n\n" + BGP.format("a", 1, 90), []),  # moved
            (HEAD + BGP.format("a", 1, 180), []),  # changed elsewhere
            (HEAD + BGP.format("a", 1, 180) + BGP.format("b", 2, 90), [7]),
            (HEAD + BGP.format("b", 2, 90) + "protocol ospf { area 0 {}; }\n", [6]),
            (HEAD, []),
            (HEAD + BGP.format("a", 1, 90), [4]),  # gone and back
        ):
            path.write_text(text)
            now = language().load(str(path), memory=memory).warnings
            assert [each.span.line for each in new_warnings(before, now)] == expected, text
            before = now
