"""What holds for every protocol that is run, shown by one example of each.

A new protocol has its line in `EXAMPLES`: with what it needs to do something on
a machine with `192.0.2.1/24` on `eth0`, beside a router that peers with whom it hears.
"""

from contextlib import suppress
from pathlib import Path

import pytest

from pybird.cli.attribute_text import source_name
from pybird.conf.errors import ConfigErrors
from pybird.core.life import ProtocolState
from pybird.proto import PROTOCOLS
from tests.fuzz.running import Small
from tests.fuzz.targets import language
from tests.reload.test_like_a_start import AFTER, shown, started

ROOT = Path(__file__).parents[2]
ROUTE = "protocol static own { ipv4; route 10.1.0.0/16 blackhole; }"
EXAMPLES = {
    "device": "protocol device p { }",
    "direct": "protocol direct p { ipv4; }",
    "static": "protocol static p { ipv4; route 10.2.0.0/16 blackhole; }",
    "kernel": "protocol kernel p { ipv4 { export all; }; }",
    "pipe": "protocol pipe p { table master4; peer table t; export all; }",
    "radv": 'protocol radv p { peers; interface "eth*" { router discovery on; }; }',
    "lldp": 'protocol lldp p { peers; interface "eth*" { transmit; }; }',
    "peerfile": 'protocol peerfile p { file "/peers"; }',
    "bgp": "protocol bgp p { local as 1; neighbor 192.0.2.2 as 2; ipv4 { import all; export all; }; }",
}
RUN = sorted(kind.name for kind in PROTOCOLS if kind.instance is not None)

every = pytest.mark.parametrize("name", RUN)


def config(name):
    return language().read(f"router id 10.0.0.1; ipv4 table t; {ROUTE} {EXAMPLES[name]}")


def test_every_protocol_that_is_run_has_its_example():
    assert EXAMPLES.keys() == {*RUN}


@every
def test_disabled_it_is_down_and_quiet_and_enabled_it_is_what_it_was(name):
    world, untouched = started(config(name)), started(config(name))
    world.run(7)
    router = world.nodes["a"].router
    instance = router.protocols["p"]
    router.disable(instance)
    world.run(3)
    assert instance.state is ProtocolState.DOWN
    places = [(table, key) for table in router.tables.values() for key in list(table.keys())]
    left = [key for table, key in places if any(rte.source.name == "p" for rte in table.get(key))]
    assert not left
    world.run(AFTER)
    router.enable(instance)
    world.run(7)
    untouched.run(7)
    assert shown(world) == shown(untouched)
    assert not [line for line in world.log if line.level == "bug"]


@every
def test_it_is_shown_in_each_state(name):
    small = Small(language(), config(name))
    for command in (
        "show protocols all",
        "disable p",
        "show protocols all",
        "enable p",
        "show protocols all",
    ):
        answer = small.ask(command)
        assert b"internal error" not in answer
    small.expect_no_bug()


@pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("statement", ["protocol", "template"])
def test_an_empty_block_is_right_or_an_error_of_the_text(kind, statement):
    text = f"router id 10.0.0.1; protocol device {{ }} {statement} {kind.name} p {{ }}"
    with suppress(ConfigErrors):
        language().read(text)


@every
def test_the_type_of_its_routes_has_a_word(name):
    (kind,) = (each.kind for each in PROTOCOLS if each.name == name)
    assert kind == 0 or source_name(kind) != "unknown"


@pytest.mark.checkout
@every
def test_it_stands_in_the_list_of_what_is_run(name):
    run = (ROOT / "docs" / "status.md").read_text().partition("## Run\n")[2].partition("\n## ")[0]
    assert f"`{name}`" in run.replace("`protocol ", "`")
