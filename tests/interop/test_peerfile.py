"""A peer file on a real disk, between real namespaces."""

import os

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import until


def reader(number, path):
    text = autopeer(number, kernel=False).replace("protocol radv {", "protocol radv { disabled;")
    return text + (f'protocol peerfile {{ file "{path}"; }}' if path else "")


def replace(path, text):
    """As an editor or a tool does: a new file in the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


@pytest.fixture
def two(lab):
    a, b = lab.pair()
    until(lambda: b.link_local())
    path = a.folder / "peers"
    path.write_text(f"{b.link_local()}%eth0 b eth0\n")
    ours, other = a.pybird(reader(1, path)), b.pybird(reader(2, None))
    until(lambda: ours.established() == ["auto01"] and len(other.established()) == 1)
    return path, ours, other


def test_a_file_is_followed(two):
    path, ours, _ = two
    since = ours.protocols()["auto01"][4]
    good = path.read_text()
    replace(path, good + "fe80::9%eth0 nobody\n")
    until(lambda: "fe80::9" in ours.cli("show peers"))
    replace(path, good + "fe80::zz%eth0\n")
    until(lambda: "an IP address is expected here" in ours.cli("show protocols peerfile1"))
    assert "    fe80::zz%eth0\n" in ours.text()
    assert "fe80::9" in ours.cli("show peers")
    replace(path, good)
    until(lambda: "fe80::9" not in ours.cli("show peers"))
    assert ours.protocols()["auto01"][4] == since
    assert f"{path}: 1 neighbor" in ours.cli("show protocols all peerfile1")
    replace(path, "")
    until(lambda: not ours.established())
