"""`show peers` as the shell draws it: who found a neighbor, and what its cable leads to."""

import io

from rich.console import Console

from pybird.client.tables import ReplyTables

ROW = {
    "reply": "peer_row",
    "code": 1030,
    "table": "peers",
    "address": "fe80::2:2",
    "interface": "eth0",
    "source": "lldp1",
    "since": "2026-12-01T10:00:00.000+00:00",
    "expires": 100.4,
    "child": "auto01",
    "state": "up",
    "why": "Established",
    "orphan_since": None,
    "prune_in": None,
    "sources": ["lldp1"],
    "system": "spine1",
    "port": "swp7",
    "cable": "right",
}


def drawn(**changes):
    screen = Console(file=io.StringIO(), width=160, color_system=None)
    text = ReplyTables(screen, today="2026-12-01").text([{**ROW, **changes}])
    return [line.split() for line in text.splitlines()]


def test_who_found_it_and_the_names_of_its_system_and_port():
    heading, row = drawn()
    assert heading[:4] == ["Neighbor", "Interface", "Found", "by"]
    assert row[:3] == ["fe80::2:2", "eth0", "lldp1"]
    assert row[-4:] == ["up", "Established", "[spine1", "swp7]"]


def test_all_who_found_it_are_named():
    (_, row) = drawn(sources=["radv1", "lldp1"])
    assert row[2:4] == ["radv1,", "lldp1"]


def test_without_names_nothing_stands_in_their_place():
    (_, row) = drawn(system="", port="")
    assert row[-2:] == ["up", "Established"]
    (_, row) = drawn(system="", port="swp7")
    assert row[-1] == "[swp7]"


def test_an_orphan_has_no_finder():
    (_, row) = drawn(source="---", sources=[], system="", port="")
    assert row[2] == "---"
