"""Configurations as netlab makes them for its BIRD routers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conf.loading import language
from tests.generated.programs import birds, program, read_otherwise, verdict

pytestmark = pytest.mark.checkout  # the reader is the same when it is compiled

ROUTERS = {"r1": {"bgp": {"as": 65001}}, "r2": {}, "r3": {"bgp": {"rr": True}}}
PLAIN: dict[str, Any] = {
    "module": ["bgp"],
    "bgp": {"as": 65000},
    "nodes": ROUTERS,
    "links": [{"r1": {}, "r2": {}}, {"r2": {}, "r3": {}}],
}
BOTH: dict[str, Any] = {
    **PLAIN,
    "addressing": {
        "loopback": {"ipv4": "10.0.0.0/24", "ipv6": "2001:db8:0::/48"},
        "p2p": {"ipv4": "10.1.0.0/16", "ipv6": "2001:db8:1::/48"},
        "lan": {"ipv4": "172.16.0.0/16", "ipv6": "2001:db8:2::/48"},
    },
    "module": ["bgp", "ospf", "bfd", "routing"],
    "plugin": ["bgp.session"],
    "links": [
        {"r1": {"bgp": {"gtsm": True, "password": "secret"}}, "r2": {}},
        {"r2": {}, "r3": {}, "ospf": {"cost": 5}},
        {"r3": {}, "ospf": {"area": "0.0.0.7"}},
    ],
}
VRFS: dict[str, Any] = {
    **PLAIN,
    "module": ["bgp", "ospf", "vrf"],
    "vrfs": {"red": {"links": [{"r1": {}, "r2": {}}]}, "blue": {"links": [{"r2": {}, "r3": {}}]}},
}
TOPOLOGIES = {"plain": (PLAIN, "2.0"), "both": (BOTH, "2.19"), "vrfs": (VRFS, "2.19")}
# The names that a router's files have where the main one includes them.
FILES = {"bird": "bird.conf", "bgp": "bgp.mod.conf", "ospf": "ospf.mod.conf", "routing": "routing.mod.conf",
         "bfd": "bfd.conf", "bgp.session": "bgp.session.conf", "bgp.policy": "bgp.policy.conf",
         "ospf.areas": "ospf.areas.conf", "evpn": "evpn.mod.conf", "vrf-daemon": "vrf.mod.conf"}  # fmt: skip


def make(folder: Path, topology: dict[str, Any]) -> list[Path]:
    """The main files of all routers."""
    text = json.dumps({"provider": "clab", "defaults": {"device": "bird"}, **topology})  # JSON is YAML
    (folder / "topology.yml").write_text(text)
    command = [program("netlab"), "create", "topology.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    found = []
    for made in sorted((folder / "node_files").glob("*/bird")):
        routers = folder / "routers" / made.parent.name
        routers.mkdir(parents=True)
        for each in made.parent.iterdir():
            if each.name in FILES:
                shutil.copy(each, routers / FILES[each.name])
        for each in routers.iterdir():
            each.write_text(each.read_text().replace("/etc/bird/", ""))
        found.append(routers / "bird.conf")
    return found


@pytest.mark.parametrize(
    "name", ["both", *(pytest.param(name, marks=pytest.mark.long) for name in TOPOLOGIES if name != "both")]
)
def test_what_netlab_makes_is_accepted(name: str, tmp_path: Path) -> None:
    topology, since = TOPOLOGIES[name]
    paths = make(tmp_path, topology)
    assert len(paths) == len(ROUTERS)
    for path in paths:
        config = language().load(str(path))
        assert any(each.type_name == "bgp" for each in config.protocols)
        assert read_otherwise(path) == [config, config, config]
        for version, bird in birds().items():
            assert version < since or verdict(bird, path) == ""
