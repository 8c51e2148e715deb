"""`expect`: a cable that leads to the wrong neighbor is named, or refused with `enforce`."""

import json
from pathlib import Path

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.core.life import ProtocolState
from pybird.proto import PROTOCOLS
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import Lab, language, unnumbered

SAMPLES = Path(__file__).parents[2] / "samples"
RADV = "protocol radv {"
EXPECT = 'peers { expect "spine1" interface "eth1"; expect "spine2" interface "eth2"; };'
ENFORCED = EXPECT.replace(";", " enforce;", 1).replace('eth2"', 'eth2" enforce')


def router(number, name, *, says=True, lldp=False, peers="peers { };", more=""):
    """`says`: its name in its OPEN; `lldp`: and by LLDP."""
    text = f'hostname "{name}";\n' + unnumbered(
        number, peers, more=f"advertise hostname {'on' if says else 'off'}; {more}"
    )
    by_lldp = 'protocol lldp { interface "eth*" { transmit; }; }\n' if lldp else ""
    return text.replace(RADV, by_lldp + RADV)


def fabric(peers=EXPECT, *, says=True, lldp=False, dad=None, swapped=False, **options):
    """A leaf whose eth1 leads to spine1 and eth2 to spine2, or the other way around."""
    lab = Lab(dad=dad)
    lab.add("leaf", router(1, "leaf", says=says, lldp=lldp, peers=peers, **options))
    for number, name in enumerate(("spine1", "spine2"), 2):
        lab.add(name, router(number, name, says=says, lldp=lldp))
    for number, name in enumerate(("spine2", "spine1") if swapped else ("spine1", "spine2"), 1):
        lab.link("leaf", f"eth{number}", name, "eth9")
    return lab


def swap(lab):
    """Pull both cables out of the spines and plug each into the other one."""
    ends = [lab.nodes[name].host.nic("eth9") for name in ("spine1", "spine2")]
    for nic in ends:
        nic.host.set_link("eth9", False)
    one, two = (nic.segment for nic in ends)
    one.nics.remove(ends[0])
    two.nics.remove(ends[1])
    for nic, segment in zip(ends, (two, one), strict=True):
        nic.segment = segment
        segment.nics.append(nic)
    lab.run(3)
    for nic in ends:
        nic.host.set_link("eth9", True)


def ask(lab, *lines):
    """The answer of the leaf to the last of these commands."""
    console = Console(
        lab.nodes["leaf"].router, commands(PROTOCOLS), language(), language().load, lambda graceful: None
    )
    stream = FakeStream()
    session = console.open(stream)
    for line in lines:
        stream.taken()
        session.received(f"{line}\n".encode())
        lab.run(0.001)
    return stream.taken()


def rows(lab):
    """`show peers` of the leaf, by interface."""
    answer = ask(lab, "output json", "show peers").splitlines()
    found = [json.loads(line[line.index("{") :]) for line in answer if '"peer_row"' in line]
    return {row["interface"]: row for row in found}


def verdicts(lab):
    return {name: row["cable"] for name, row in rows(lab).items()}


def warnings(lab):
    return lab.nodes["leaf"].messages("warning")


def configure(lab, peers, **options):
    lab.nodes["leaf"].router.reconfigure(language().read(router(1, "leaf", peers=peers, **options)))
    lab.run(0.01)


def up(lab, count=2):
    return len(lab.up("leaf")) == count


def test_cables_that_are_right_are_so_and_nothing_is_said():
    lab = fabric()
    lab.expect(lambda: up(lab), 6, "both sessions")
    assert verdicts(lab) == {"eth1": "right", "eth2": "right"}
    assert warnings(lab) == []
    assert "miscabled" not in ask(lab, "show peers")


@pytest.mark.parametrize(("says", "lldp"), [(True, False), (False, True), (True, True)])
def test_two_swapped_cables_are_both_named_within_a_second(says, lldp):
    lab = fabric(says=says, lldp=lldp)
    lab.expect(lambda: up(lab) and set(verdicts(lab).values()) == {"right"}, 6, "both are right")
    swap(lab)
    wrong = {"eth1": "wrong", "eth2": "wrong"}
    lab.expect(lambda: verdicts(lab) == wrong and len(warnings(lab)) == 2, 1, "both are named")
    port = " eth9" if lldp else ""
    assert sorted(warnings(lab)) == [
        f"auto: eth1 is miscabled: leads to spine2{port}, expected spine1",
        f"auto: eth2 is miscabled: leads to spine1{port}, expected spine2",
    ]
    lab.expect(lambda: up(lab), 3, "without `enforce` they peer all the same")
    assert f"up Established, miscabled: leads to spine2{port}, expected spine1" in ask(
        lab, 'show peers "eth1"'
    )
    swap(lab)
    lab.expect(lambda: up(lab) and set(verdicts(lab).values()) == {"right"}, 3, "both are right again")
    assert len(warnings(lab)) == 2


def test_by_lldp_they_are_named_before_an_address_can_be_used():
    lab = fabric(lldp=True, dad=(1.4, 1.9))
    lab.expect(lambda: up(lab), 8, "both sessions")
    swap(lab)
    lab.expect(lambda: len(warnings(lab)) == 2, 0.1, "both are named")
    assert lab.entries("leaf") == []
    assert "Cable of eth1:" in ask(lab, "show protocols all auto")
    assert "miscabled: leads to spine2 eth9, expected spine1" in ask(lab, "show protocols all auto")


@pytest.mark.parametrize(("says", "lldp"), [(True, False), (False, True), (True, True)])
def test_enforced_there_is_no_session_with_the_wrong_neighbor(says, lldp):
    lab = fabric(ENFORCED, says=says, lldp=lldp)
    lab.expect(lambda: up(lab), 6, "both sessions")
    swap(lab)
    lab.run(100)
    assert lab.up("leaf") == []
    assert not lab.knows("leaf", "spine1")
    shown = ask(lab, "show peers")
    assert shown.count("miscabled: leads to spine") == 2
    swap(lab)
    lab.expect(lambda: up(lab), 3, "both sessions are back")


def test_enforced_a_wrong_neighbor_is_refused_with_connection_rejected():
    lab = fabric(ENFORCED, swapped=True)
    lab.expect(lambda: "miscabled" in ask(lab, 'show peers "eth1"'), 3, "it is named")
    lab.run(3)
    assert lab.up("leaf") == []
    received = [text for text in lab.nodes["spine1"].messages() if "Received:" in text]
    assert received
    assert all("Connection rejected" in text for text in received)
    row = rows(lab)["eth1"]
    assert row["why"].endswith("BGP Error: Connection rejected, miscabled: leads to spine2, expected spine1")


def test_enforced_a_refused_neighbor_is_tried_again_after_the_error_wait_time():
    lab = fabric(ENFORCED, swapped=True)
    lab.run(30)
    refused = [text for text in lab.nodes["leaf"].messages("info") if "Error: miscabled" in text]
    assert len(refused) == 2, refused  # each neighbor once
    spine = lab.nodes["spine2"]
    spine.router.reconfigure(language().read(router(3, "spine1")))
    lab.expect(lambda: up(lab, 1), 61, "its name fits now")
    assert rows(lab)["eth1"]["cable"] == "right"


@pytest.mark.parametrize("enforce", ["", " enforce"])
def test_a_neighbor_without_a_name_is_not_checked_or_with_enforce_refused(enforce):
    lab = fabric(f'peers {{ expect "spine*"{enforce}; }};', says=False)
    lab.run(10)
    row = rows(lab)["eth1"]
    assert row["cable"] == "unknown"
    assert "expected spine*, it says no name" in row["why"]
    assert up(lab, 0 if enforce else 2)
    assert warnings(lab) == []


def test_the_first_that_fits_the_interface_counts():
    lab = fabric('peers { expect "spine9" interface "eth2"; expect "spine*"; };')
    lab.expect(lambda: up(lab), 6, "both sessions")
    assert verdicts(lab) == {"eth1": "right", "eth2": "wrong"}


def test_without_expect_nothing_is_checked():
    lab = fabric("peers { };")
    lab.expect(lambda: up(lab), 6, "both sessions")
    assert verdicts(lab) == {"eth1": "", "eth2": ""}


def test_a_reload_judges_the_sessions_that_are_there():
    lab = fabric("peers { };")
    lab.expect(lambda: up(lab), 6, "both sessions")
    since = {child.name: child.since for child in lab.children("leaf")}
    configure(lab, 'peers { expect "spine1"; };')
    assert verdicts(lab) == {"eth1": "right", "eth2": "wrong"}
    assert warnings(lab) == ["auto: eth2 is miscabled: leads to spine2, expected spine1"]
    assert {child.name: child.since for child in lab.children("leaf")} == since
    configure(lab, 'peers { expect "spine1" enforce; };')
    lab.run(5)
    (child,) = [child for child in lab.children("leaf") if child.state is ProtocolState.UP]
    assert child.since == since[child.name]
    configure(lab, "peers { };")
    lab.expect(lambda: up(lab), 61, "both sessions")


def test_lldp_that_says_another_name_ends_an_enforced_session():
    lab = fabric(ENFORCED, says=False, lldp=True)
    lab.expect(lambda: up(lab), 6, "both sessions")
    spine = lab.nodes["spine1"]
    spine.router.reconfigure(
        language().read(
            router(2, "leaf7", says=False, lldp=True).replace(
                "protocol lldp { interface", 'protocol lldp { system name "leaf7"; interface'
            )
        )
    )
    lab.run(5)
    assert up(lab, 1)
    assert "auto: miscabled: leads to leaf7 eth9, expected spine1" in ask(lab, 'show peers "eth1"')


def test_enforced_a_wrong_neighbor_that_connects_is_refused():
    lab = fabric(ENFORCED, says=False, lldp=True, swapped=True, more="passive;")
    lab.run(30)
    assert lab.up("leaf") == []
    assert lab.children("leaf") == []
    assert any(
        "connection from" in text and "miscabled" in text for text in lab.nodes["leaf"].messages("info")
    )


@pytest.mark.checkout
def test_the_sample_is_read_and_expects_each_spine_on_its_uplink():
    lab = Lab(dad=None)
    lab.add("leaf", (SAMPLES / "autopeer-cables.conf").read_text())
    for number, name in enumerate(("spine1", "spine2", "other"), 2):
        lab.add(name, router(number, name, lldp=True))
    for port, name in (("swp49", "spine1"), ("swp50", "other"), ("swp1", "spine2")):
        lab.link("leaf", port, name, "eth9")
    lab.run(6)
    assert verdicts(lab) == {"swp49": "right", "swp50": "wrong", "swp1": "wrong"}
    assert up(lab, 2)


def test_a_disabled_protocol_judges_nobody():
    lab = fabric(says=False, lldp=True)
    lab.expect(lambda: up(lab), 6, "both sessions")
    router_of = lab.nodes["leaf"].router
    router_of.disable(router_of.protocols["auto"])
    lab.run(1)
    swap(lab)
    lab.run(5)
    assert warnings(lab) == []
    router_of.enable(router_of.protocols["auto"])
    lab.run(1)
    assert len(warnings(lab)) == 2
