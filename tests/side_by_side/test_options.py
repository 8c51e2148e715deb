"""Every option that acts is compared with BIRD's, or stands here with the reason why it is not."""

import re
from pathlib import Path

import pytest

from pybird.conf.options import Ignored, Refused, Taken
from tests.side_by_side.case import CASES
from tests.side_by_side.cases import load
from tests.test_options_act import TABLES, phrase

load()
pytestmark = pytest.mark.checkout  # with the documents that the tables are compared with

ROOT = Path(__file__).parents[2]
STRUCTURE = "every case has it, or it is a block of options"
OWN = "PyBIRD's own or its own way: automatic peering, tests/interop/test_autopeer.py"
LLDP = "BIRD has no LLDP: tests/interop/test_lldp.py"
OWN_RESTARTS = "PyBIRD's own: tests/interop/test_after_notification.py"
PEERFILE = "BIRD has no peer file: tests/interop/test_peerfile.py"
WITHOUT = {
    "bgp: bgp channel": STRUCTURE,
    "bgp: mpls channel": "compared in mpls.py",
    "bgp: bgp peers": OWN,
    "bgp: persist": OWN,
    "bgp: child prune time": OWN,
    "bgp: child prune off": OWN,
    "bgp: hold down after": OWN,
    "bgp: hold down time": OWN,
    "bgp: hold down forget time": OWN,
    "bgp: hold down off": OWN,
    "bgp: interface range": OWN,
    "bgp: enable link local next hop": "PyBIRD's own: tests/interop/test_link_local_next_hop.py",
    "bgp: graceful restart after notification": OWN_RESTARTS,
    "bgp channel: next hop address": "compared in every `next_hops_from_*`",
    "bgp channel: next hop self": "compared in every `next_hops_from_*`",
    "bgp channel: next hop keep": "compared in every `next_hops_from_*` and `next_hops_kept`",
    "bgp channel: next hop prefer": "compared in `next_hop_prefer_v6` and `halves_of_next_hops_*`",
    "bgp channel: link local format": "compared in `link_local_next_hop_format`",
    "bgp channel: aigp": "compared in `aigp` and aigp.py",
    "bgp channel: aigp originate": "compared in `aigp` and aigp.py",
    "bgp channel: gateway": "compared in every `next_hops_from_*`",
    "channel: export policy": STRUCTURE,
    "channel: export in": "of protocols that are not run",
    "channel: import limit": "compared in `limits`",
    "channel: receive limit": "compared in `limits`",
    "channel: export limit": "compared in `limits`",
    "channel: debug": "compared in traces.py",
    "channel: from option": OWN,
    "channel: persist": OWN,
    "channel: expect": OWN,
    "device: scan time": "nothing to see: changes come by Netlink",
    "direct: channel": STRUCTURE,
    "kernel: channel": STRUCTURE,
    "kernel: mpls channel": "understood, not run",
    "kernel: merge paths": "compared in `merged_routes`",
    "kernel: netlink rx buffer": "of the socket only: tests/io/test_kernel.py",
    "static: channel": STRUCTURE,
    "static: peers channel": OWN,
    "static: mpls channel": "compared in mpls.py",
    "radv: channel": STRUCTURE,
    "radv: peers channel": OWN,
    "radv: discovery": OWN,
    "radv: min ra interval": "a bound of random times: tests/scenarios/test_advertisements.py",
    "lldp: peers channel": LLDP,
    "lldp: interface": LLDP,
    "lldp: system name": LLDP,
    "lldp: transmit": LLDP,
    "lldp: tx interval": LLDP,
    "lldp: tx hold": LLDP,
    "peerfile: peers channel": PEERFILE,
    "peerfile: file": PEERFILE,
    "protocol: restart time": "compared in `limit_restart_waits`: BIRD 3 has it, too",
    "protocol: debug": "compared in traces.py",
    "protocol: vrf": "this kernel need not have VRFs: tests/interop/test_vrf.py",
    "protocol: vrf default": "this kernel need not have VRFs: tests/interop/test_vrf.py",
}


def acting():
    """`where: option` of all that does something."""
    return {
        f"{where}: {phrase(where, rule)}"
        for where, table in TABLES.items()
        for rule, handler in table.items()
        if not isinstance(handler, (Ignored, Refused, Taken))
    }


def compared():
    return {option for one in CASES.values() for option in one.options}


def test_every_option_that_acts_has_a_case_or_a_reason():
    assert acting() - compared() - WITHOUT.keys() == set()


def test_cases_and_reasons_name_options_that_act():
    assert compared() - acting() == set()
    assert WITHOUT.keys() - acting() == set()


def test_an_option_with_a_case_needs_no_reason():
    assert WITHOUT.keys() & compared() == set()


@pytest.mark.parametrize(
    "path", sorted({path for text in WITHOUT.values() for path in re.findall(r"tests/[\w/.]+", text)})
)
def test_a_reason_names_tests_that_are_there(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(
    "reason", sorted({text for text in WITHOUT.values() if "`" in text and "compared in" in text})
)
def test_a_reason_names_cases_that_are_there(reason):
    named = reason.split("`")[1].rstrip("*")
    assert any(name.startswith(named) for name in CASES)
