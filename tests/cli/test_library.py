"""The client library, against our socket and against text recorded from BIRD."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from pybird import PyBird
from pybird.client import Client, CommandFailedError
from pybird.client.compat import _peers, _routes
from tests.cli.served import served


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("ctl")) as path:
        yield path


def test_rows(socket: str) -> None:
    with Client(socket) as client:
        assert [row["name"] for row in client.protocols()][:2] == ["device1", "st4"]
        assert client.protocols(details=True)[1]["detail"]["channels"][0]["table"] == "master4"
        assert client.status()["router_id"] == "10.0.0.1"
        assert [row["net"] for row in client.routes("table master6")] == ["2001:db8:200::/48"]
        assert client.peers() == []
        assert client.text("show symbols imp_b") == "imp_b   \tfilter"
        assert client.configure() == "Reconfigured"


def test_refused_commands_raise_and_the_connection_lives(socket: str) -> None:
    with Client(socket) as client:
        with pytest.raises(CommandFailedError) as raised:
            list(client.routes("9.9.9.0/24"))
        assert (raised.value.code, raised.value.text) == (8001, "Network not found")
        with pytest.raises(CommandFailedError):
            client.text("nonsense")
        assert len(client.protocols()) == 5


def test_pybird_asks_our_daemon(socket: str) -> None:
    bird = PyBird(socket_file=socket)
    status = bird.get_bird_status()
    assert (status["version"], status["router_id"], status["hostname"]) == ("2.19.2", "10.0.0.1", "alpha")
    assert isinstance(status["last_reboot"], datetime)
    assert bird.get_peer_status() == []
    assert bird.get_peer_status("nosuch") == []
    routes = {route["prefix"]: route for route in bird.get_routes()}
    assert routes["203.0.113.0/24"]["peer"] == "10.0.0.2"
    assert routes["203.0.113.128/25"]["next_hops"] == [("192.0.2.77", "dum0"), ("10.0.0.2", "va")]
    assert [route["source"] for route in bird.get_prefix_info("198.51.100.1")] == ["st4"]
    assert bird.get_prefix_info("9.9.9.9") == []
    bird.check_config()
    bird.configure()


def coded(code: int, text: str) -> list[tuple[int, str]]:
    return [(code, line) for line in text.splitlines()]


def test_routes_of_bird_2() -> None:
    text = """Table master4:
198.18.1.0/24        unicast [to_b 13:45:33.703 from 10.0.0.9] * (100) [AS64512i]
\tvia 10.0.0.2 on va
\tType: BGP univ
\tBGP.origin: IGP
\tBGP.as_path: 65002 64512
\tBGP.next_hop: 10.0.0.2
\tBGP.community: (65002,1) (65001,100)
                     unreachable [st4 2026-11-22] (200)"""
    assert _routes(coded(1007, text)) == [
        {
            "prefix": "198.18.1.0/24",
            "peer": "10.0.0.2",
            "interface": "va",
            "next_hops": [("10.0.0.2", "va")],
            "source": "to_b",
            "time": "13:45:33.703",
            "origin": "IGP",
            "as_path": "65002 64512",
            "next_hop": "10.0.0.2",
            "community": "65002:1 65001:100",
        },
        {"prefix": "198.18.1.0/24", "peer": None, "interface": None, "source": "st4", "time": "2026-11-22"},
    ]


def test_sessions_of_bird_3() -> None:
    lines = [
        (1002, "to_b       BGP        ---        up     2026-11-22 13:44:32  Established   "),
        *coded(
            1006,
            """  Description:        Bravo eBGP
  BGP state:          Established
    Neighbor address: 10.0.0.2
    Neighbor AS:      65002
    Neighbor ID:      10.0.0.2
    Source address:   10.0.0.1
  Channel ipv4
    Routes:         2 imported, 2 filtered, 7 exported, 2 preferred
    Route change stats:     received   rejected   filtered    ignored   RX limit      limit   accepted
      Import updates:              7          0          3          2          0          0          2
      Export withdraws:            0        ---        ---          2        ---        ---          0
  Channel ipv6
    Routes:         1 imported, 3 exported, 1 preferred
      Import updates:              1          0          0          0          0          0          1""",
        ),
        (1002, "st4        Static     master4    up     13:44:28.750  "),
    ]
    (peer,) = _peers(lines)
    assert peer["last_change"] == datetime(2026, 11, 22, 13, 44, 32)
    assert (peer["name"], peer["state"], peer["up"], peer["address"]) == (
        "to_b",
        "Established",
        True,
        "10.0.0.2",
    )
    assert (peer["routes_imported"], peer["routes_exported"]) == (3, 10)
    assert (peer["import_updates_received"], peer["import_updates_accepted"]) == (8, 3)
    assert peer["export_withdraws_received"] == 0
    assert "export_withdraws_rejected" not in peer


def test_the_configuration_file_keeps_octets_that_are_not_utf8(tmp_path) -> None:
    path = tmp_path / "bird.conf"
    path.write_bytes(b"protocol device {} # caf\xe9\n")
    bird = PyBird("/none", config_file=str(path))
    bird.put_config(bird.get_config() + "# ours\n")
    assert path.read_bytes() == b"protocol device {} # caf\xe9\n# ours\n"
    with pytest.raises(ValueError, match="config file is not set"):
        PyBird("/none").get_config()
