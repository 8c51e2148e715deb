"""What an operator sees of automatic peering: two simulated routers, one cable."""

from __future__ import annotations

import json

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.proto import PROTOCOLS
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import language, pair, unnumbered


class Pair:
    """Routers a and b, and a session on a."""

    def __init__(self, **texts: str) -> None:
        self.lab = pair(**texts)
        self.lab.run(5)
        router = self.lab.nodes["a"].router
        console = Console(router, commands(PROTOCOLS), language(), language().load, lambda graceful: None)
        self.stream = FakeStream()
        self.session = console.open(self.stream)  # type: ignore[arg-type]
        self.stream.taken()

    def ask(self, command: str) -> str:
        self.session.received(f"{command}\n".encode())
        self.lab.run(0.01)
        return self.stream.taken()


@pytest.fixture(scope="module")
def two() -> Pair:
    return Pair()


def test_show_peers_lists_the_neighbor_and_its_session(two: Pair) -> None:
    heading, row, end = two.ask("show peers").splitlines()
    assert heading == (
        "2030-Address                      Interface  Since          Expires  Session      State"
    )
    assert row.split()[:2] == ["1030-fe80::2:2", "eth0"]
    assert row.split()[-3:] == ["auto01", "up", "Established"]
    assert end == "0000 "
    assert two.ask('show neighbors "eth*"').splitlines()[1].startswith("1030-fe80::2:2")
    assert two.ask('show peers "wlan*"').splitlines()[1:] == ["0000 "]


def test_show_peers_as_json(two: Pair) -> None:
    two.ask("output json")
    row = json.loads(two.ask("show peers").splitlines()[0][5:])
    two.ask("output text")
    assert (row["address"], row["interface"], row["source"], row["child"], row["state"]) == (
        "fe80::2:2",
        "eth0",
        "radv1",
        "auto01",
        "up",
    )
    assert 0 < row["expires"] <= 30


def test_why_there_is_no_session() -> None:
    text = unnumbered(1).replace("neighbor range fe80::/10", "neighbor range fe80:1::/32")
    row = Pair(a=text).ask("show peers").splitlines()[1]
    assert "---" in row
    assert row.endswith("auto: outside range")


def test_routes_of_a_session(two: Pair) -> None:
    assert (
        two.ask("show route protocol auto01 table master4")
        .splitlines()[1]
        .startswith(" 10.2.0.1/32          unicast [auto01 ")
    )
    found = two.ask("show route 10.2.0.1/32 all").splitlines()
    assert found[2:] == [
        " \tvia fe80::2:2 on eth0",
        "1008-\tType: BGP univ",
        "1012-\tBGP.origin: IGP",
        " \tBGP.as_path: 65002",
        " \tBGP.next_hop: :: fe80::2:2",
        " \tBGP.local_pref: 100",
        "0000 ",
    ]
    for mode in ("export", "exported", "preexport"):
        assert "10.1.0.1/32" in two.ask(f"show route {mode} auto01.ipv4")
    assert two.ask("show route noexport auto01") == "0000 \n"


def test_show_protocols_all_of_a_session(two: Pair) -> None:
    found = two.ask("show protocols all auto01").splitlines()
    assert found[2] == "1006-  BGP state:          Established"
    assert "     Neighbor address: fe80::2:2%eth0" in found
    assert "     Routes:         1 imported, 1 exported, 1 preferred" in found
    assert found[-2:] == [" ", "0000 "]


def test_restarting_and_disabling_a_child() -> None:
    two = Pair()
    assert two.ask("disable auto01") == "0009-auto01: disabled\n0000 \n"
    two.lab.run(1)
    assert two.ask("show peers").splitlines()[1].split()[4:] == ["auto01", "down", "disabled"]
    assert two.ask("enable auto01") == "0011-auto01: enabled\n0000 \n"
    assert two.ask('disable auto01 "noisy"') == "0009-auto01: disabled\n0000 \n"
    assert two.ask("show peers").splitlines()[1].endswith('auto01       down disabled: "noisy"')
    assert two.ask("enable auto01") == "0011-auto01: enabled\n0000 \n"
    two.lab.run(90)
    assert two.ask("show peers").splitlines()[1].endswith("auto01       up Established")
    assert two.ask("reload auto01") == "0015-auto01: reloading\n0000 \n"
    assert two.ask("reload bgp in auto01") == "0015-auto01.ipv4: reloading\n auto01.ipv6: reloading\n0000 \n"


def orphaned(persist: str, *more: str) -> Pair:
    """a, and b, which does not advertise itself any more."""
    options = " ".join(more)
    two = Pair(
        a=unnumbered(1, f"peers {{ persist {persist}; }};", more=options),
        b=unnumbered(2, "peers { persist yes; };"),
    )
    router = two.lab.nodes["b"].router
    router.disable(router.protocols["radv1"])
    two.lab.run(1)
    return two


def test_an_orphan_in_show_peers_and_show_protocols() -> None:
    two = orphaned("established")
    assert two.ask("show peers").splitlines()[1].endswith("auto01       up orphan, Established")
    found = two.ask("show protocols all auto01").splitlines()
    assert any(line.startswith("1006-  Orphan since:") for line in found)
    assert not any("Autoprune at" in line for line in found)
    router = two.lab.nodes["b"].router
    router.disable(router.protocols["auto"])
    two.lab.run(15)
    assert two.ask("show peers").splitlines()[1].split("auto01")[1].strip() == (
        "start orphan, Passive       Received: Administrative shutdown, pruned in 45 s"
    )
    found = two.ask("show protocols all auto01").splitlines()
    (line,) = [line for line in found if "Autoprune at:" in line]
    assert line.startswith("   Autoprune at:")
    two.ask("output json")
    row = json.loads(two.ask("show peers").splitlines()[0][5:])
    assert row["orphan_since"].endswith("+00:00")
    assert 40 < row["prune_in"] < 50


def test_prune_removes_orphans_that_are_down_and_names_others() -> None:
    two = orphaned("yes")
    assert two.ask("prune all") == "0027-auto01: not pruned, established\n0000 \n"
    assert two.ask("disable auto01") == "0009-auto01: disabled\n0000 \n"
    assert two.ask("prune auto01") == "0027-auto01: not pruned, disabled\n0000 \n"
    router = two.lab.nodes["b"].router
    router.disable(router.protocols["auto"])
    assert two.ask("enable auto01") == "0011-auto01: enabled\n0000 \n"
    two.lab.run(1)
    assert two.ask("prune auto") == "0027-auto: not pruned, no orphan\n0000 \n"
    assert two.ask('prune "x*"') == "8003 No protocols match\n"
    assert two.ask('prune "auto*"') == "0026-auto01: pruned\n0000 \n"
    two.lab.run(1)
    assert "auto01" not in two.ask("show peers")
    assert two.ask("prune all") == "0000 \n"


def test_a_session_with_an_entry_is_no_orphan(two: Pair) -> None:
    assert two.ask("prune auto01") == "0027-auto01: not pruned, no orphan\n0000 \n"
