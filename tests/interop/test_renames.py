"""Interfaces get other names and other numbers under a running daemon."""

import json
import os
from pathlib import Path

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import until
from tests.interop.test_autopeer import up


def any_name(number):
    return autopeer(number, kernel=False).replace('interface "eth0"', 'interface "eth*"')


def joined(lab):
    a, b = lab.pair()
    first, second = a.pybird(any_name(1)), b.pybird(any_name(2))
    up(first)
    return a, b, first, second


def index_of(host, name):
    return json.loads(host.ip("-j", "link", "show", name))[0]["ifindex"]


def told(daemon):
    commands = ("show interfaces", "show protocols all", "show peers", "show route all")
    return "\n".join(map(daemon.cli, commands))


def sockets(daemon):
    """How many sockets the daemon has open."""
    folder = Path(f"/proc/{daemon.process.pid}/fd")
    return sum(os.readlink(link).startswith("socket:") for link in folder.iterdir())


def test_a_new_name_while_up_and_back(lab):
    a, _b, first, _second = joined(lab)
    since = first.protocols()["auto01"][4]
    try:
        a.ip("link", "set", "eth0", "name", "eth7")
    except AssertionError as error:
        pytest.skip(f"this kernel renames no interface that is up: {error}")
    until(lambda: "%eth7" in first.cli("show protocols all auto01"), 5)
    assert first.protocols()["auto01"][4] == since, "the session did not notice"
    assert "eth0" not in told(first)
    a.ip("link", "set", "eth7", "name", "lan0")  # which RAdv does not mean
    until(lambda: "fe80" not in first.cli("show peers"), 5)
    assert "auto01" not in first.protocols()
    a.ip("link", "set", "lan0", "name", "eth0")
    up(first)
    assert "lan0" not in told(first)
    assert "eth7" not in told(first)


def test_the_same_name_with_another_number(lab):
    a, b, first, second = joined(lab)
    was, before = index_of(a, "eth0"), sockets(first)
    a.ip("link", "del", "eth0")
    until(lambda: "fe80" not in first.cli("show peers"), 5)
    lab.wire(a, b)
    assert index_of(a, "eth0") != was
    up(first)
    up(second)
    for daemon in (first, second):
        assert [name for name in daemon.protocols() if name.startswith("auto0")] == ["auto01"]
        assert len([line for line in daemon.cli("show peers").splitlines() if line.startswith("fe80:")]) == 1
    assert f"(index={was})" not in first.cli("show interfaces")
    until(lambda: sockets(first) == before, 5, "nothing stays open")
    assert "<BUG>" not in first.text() + second.text()


def test_away_to_another_namespace_and_back(lab):
    a, _b, first, _second = joined(lab)
    c = lab.host("c")
    a.ip("link", "set", "eth0", "netns", c.namespace)
    until(lambda: "fe80" not in first.cli("show peers"), 5)
    assert "eth0" not in told(first)
    c.ip("link", "set", "eth0", "netns", a.namespace)
    a.link("eth0", True)
    up(first)
    assert "<BUG>" not in first.text()
