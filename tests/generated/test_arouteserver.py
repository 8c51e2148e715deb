"""Configurations of route servers as arouteserver makes them, for BIRD 2 and 3.

IRR data come from a `bgpq4` of ours that answers always the same; nothing else
is looked up.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conf.loading import language
from tests.generated.programs import birds, program, read_otherwise, verdict

BGPQ = """#!/bin/sh
case " $* " in
*asn_list*) echo '{"asn_list": [65001, 65010, 4200000001]}' ;;
*" -4 "*) echo '{"prefix_list": [{"prefix": "192.0.2.0/24", "exact": true},
  {"prefix": "198.51.0.0/16", "exact": false, "greater-equal": 20, "less-equal": 24},
  {"prefix": "203.0.112.0/20", "exact": false, "less-equal": 24}]}' ;;
*) echo '{"prefix_list": [{"prefix": "2001:db8:1::/48", "exact": true},
  {"prefix": "2001:db8::/32", "exact": false, "greater-equal": 40, "less-equal": 48}]}' ;;
esac
"""

pytestmark = pytest.mark.checkout  # the reader is the same when it is compiled

TO_PEERS = (
    "do_not_announce_to_peer", "announce_to_peer", "prepend_once_to_peer", "prepend_twice_to_peer",
    "prepend_thrice_to_peer", "add_noexport_to_peer", "add_noadvertise_to_peer",
)  # fmt: skip
TO_ALL = (
    "prefix_present_in_as_set", "prefix_not_present_in_as_set", "origin_present_in_as_set",
    "origin_not_present_in_as_set", "prefix_validated_via_rpki_roas", "route_validated_via_white_list",
    "rpki_bgp_origin_validation_not_performed", "rpki_bgp_origin_validation_valid",
    "rpki_bgp_origin_validation_unknown", "rpki_bgp_origin_validation_invalid", "blackholing",
    "do_not_announce_to_any", "prepend_once_to_any", "prepend_twice_to_any", "prepend_thrice_to_any",
    "add_noexport_to_any", "add_noadvertise_to_any",
)  # fmt: skip
BY_RTT = tuple(
    f"{what}_{side}_than"
    for what in ("do_not_announce_to_peers_with_rtt", "announce_to_peers_with_rtt",
                 "prepend_once_to_peers_with_rtt", "prepend_twice_to_peers_with_rtt",
                 "prepend_thrice_to_peers_with_rtt")
    for side in ("lower", "higher")
)  # fmt: skip
EVERY_COMMUNITY = {
    **{
        name: {"std": f"{at}:peer_as", "ext": f"rt:{at}:peer_as", "lrg": f"rs_as:{at}:peer_as"}
        for at, name in enumerate(TO_PEERS, 64600)
    },
    **{
        name: {"std": f"rs_as:{at}", "ext": f"ro:rs_as:{at}", "lrg": f"rs_as:{at}:0"}
        for at, name in enumerate(TO_ALL)
    },
    **{
        name: {"std": f"{64700 + at}:dyn_val", "lrg": f"rs_as:{200 + at}:dyn_val"}
        for at, name in enumerate(BY_RTT)
    },
}

QUIET: dict[str, Any] = {
    "never_via_route_servers": {"peering_db": False},
    "max_prefix": {"peering_db": {"enabled": False}},
}
NO_IRR = {"enforce_origin_in_as_set": False, "enforce_prefix_in_as_set": False, "tag_as_set": False}
PLAIN = {"filtering": {**QUIET, "irrdb": NO_IRR}}
IRR = {"filtering": QUIET, "graceful_shutdown": {"enabled": True}}
TAGGING = {
    "path_hiding": False,
    "gtsm": True,
    "passive": False,
    "prepend_rs_as": True,
    "filtering": {
        **QUIET,
        "irrdb": {"allow_longer_prefixes": True, "tag_as_set": True},
        "next_hop": {"policy": "same-as"},
        "reject_policy": {"policy": "tag"},
        "max_prefix": {"peering_db": {"enabled": False}, "general_limit_ipv4": 1000, "action": "restart"},
    },
    "communities": {
        "reject_cause": {"lrg": "rs_as:65520:dyn_val"},
        "rejected_route_announced_by": {"lrg": "rs_as:65521:dyn_val"},
        "prefix_present_in_as_set": {"lrg": "rs_as:7:1"},
    },
}
EVERYTHING = {
    "add_path": True,
    "rfc1997_wellknown_communities": {"policy": "rfc1997"},
    "filtering": {
        **QUIET,
        "allow_as_set": True,
        "next_hop": {"policy": "same-as"},
        "global_black_list_pref": [{"prefix": "198.51.100.0", "length": 24, "ge": 26, "le": 32}],
        "rpki_bgp_origin_validation": {"enabled": True, "reject_invalid": True},
    },
    "rpki_roas": {"source": "rtr"},
    "blackhole_filtering": {
        "policy_ipv4": "rewrite-next-hop", "policy_ipv6": "propagate-unchanged",
        "rewrite_next_hop_ipv4": "192.0.2.66", "announce_to_client": True,
        "client_community": {"peering_db": False},
    },
    "graceful_shutdown": {"enabled": True, "local_pref": 1},
    "rtt_thresholds": "5, 10, 20",
    "communities": EVERY_COMMUNITY,
    "custom_communities": {"colour": {"std": "65500:1", "lrg": "rs_as:1:1000"}},
}  # fmt: skip

NEXT_HOPS = {
    "policy": "authorized_addresses",
    "authorized_addresses_list": ["192.0.2.11", "2001:db8:1:1::99"],
}
CLIENTS = {
    "asns": {"AS65001": {"as_sets": ["AS-ONE"]}},
    "clients": [
        {
            "asn": 65001,
            "ip": ["192.0.2.11", "2001:db8:1:1::11"],
            "description": "a member",
            "cfg": {"filtering": {"next_hop": NEXT_HOPS}},
        },
        {
            "asn": 65002,
            "ip": "192.0.2.22",
            "password": "secret",
            "cfg": {
                "passive": False,
                "gtsm": True,
                "attach_custom_communities": [],
                "filtering": {
                    "irrdb": {"as_sets": ["AS-TWO"], "white_list_asn": [65009]},
                    "black_list_pref": [{"prefix": "203.0.113.0", "length": 24}],
                    "max_prefix": {"limit_ipv4": 500, "action": "shutdown"},
                },
                "blackhole_filtering": {"announce_to_client": False},
            },
        },
        {
            "asn": 4200000001,
            "ip": "2001:db8:1:1::33",
            "cfg": {"filtering": {"irrdb": {"as_sets": ["AS-X"]}}},
        },
    ],
}

SHORT = (("everything", "2.0.11"), ("everything", "3.3.2"), ("tagging", "2.19.2"))
WAYS = {"plain": PLAIN, "irr": IRR, "tagging": TAGGING, "everything": EVERYTHING}
VERSIONS = {"2.0.11": "2.0", "2.19.2": "2.19", "3.3.2": "3"}


def make(folder: Path, way: dict[str, Any], version: str) -> Path:
    """A configuration of that version."""
    generator = program("arouteserver")
    inside = "import os, pierky.arouteserver as p; print(os.path.dirname(p.__file__))"
    shown = subprocess.run(
        [str(Path(generator).parent / "python"), "-c", inside], capture_output=True, text=True, check=True
    )
    package = Path(shown.stdout.strip())
    (folder / "cache").mkdir()
    asker, meter = folder / "bgpq4", folder / "rtt"
    for path, text in ((asker, BGPQ), (meter, "#!/bin/sh\necho 12.5\n")):
        path.write_text(text)
        path.chmod(0o755)
    general = {"cfg": {"rs_as": 999, "router_id": "192.0.2.2", **way}}
    settings = {
        "cfg_dir": str(folder), "templates_dir": str(package / "templates"),
        "cache_dir": str(folder / "cache"), "logging_config_file": str(package / "config.d" / "log.ini"),
        "rtt_getter_path": str(meter),
        "bgpq3_path": str(asker), "bgpq3_host": "localhost", "check_new_release": False,
    }  # fmt: skip
    for name, value in (("arouteserver", settings), ("general", general), ("clients", CLIENTS)):
        (folder / f"{name}.yml").write_text(json.dumps(value))  # JSON is YAML
    paths = {"cfg": "arouteserver.yml", "general": "general.yml", "clients": "clients.yml"}
    command = [generator, "bird", *[f"--{option}={folder / path}" for option, path in paths.items()]]
    command += [f"--bogons={package / 'config.d' / 'bogons.yml'}", f"--target-version={version}"]
    target = folder / "bird.conf"
    command += [f"--output={target}", "--ignore-issues", "*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    (folder / "rpki_rtr_config.local").write_text("")
    target.write_text(target.read_text().replace("/etc/bird/", ""))  # where it looks for that file
    return target


@pytest.mark.parametrize(
    ("way", "version"),
    [
        pytest.param(way, version, marks=() if (way, version) in SHORT else pytest.mark.long)
        for way in WAYS
        for version in VERSIONS
    ],
)
def test_what_arouteserver_makes_is_accepted(way: str, version: str, tmp_path: Path) -> None:
    path = make(tmp_path, WAYS[way], version)
    config = language().load(str(path))
    assert len([each for each in config.protocols if each.type_name == "bgp"]) == 4
    assert read_otherwise(path) == [config, config, config]
    bird = birds().get(VERSIONS[version])
    assert bird is None or verdict(bird, path) == ""
