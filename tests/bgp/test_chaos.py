"""Whatever happens to two routers, they end with one session and each other's routes."""

from random import Random

import pytest

from pybird.sim.faults import Lags

from .test_dynamic import FOUND_A, FOUND_B, children, lab_with, reload
from .world import auto, routes

NETS = ["198.51.100.0/24", "203.0.113.0/24"]
PAUSES = (0, 0.001, 0.01, 0.3, 3, 20, 100)  # seconds, shortened at random
ASN = {"a": 65001, "b": 65002}
PERSISTS = ["no", "established", "yes"]


def link_down(lab, name, random):
    lab.link_down(name, "eth0")


def link_up(lab, name, random):
    lab.link_up(name, "eth0")


def cut(lab, name, random):
    next(iter(lab.segments.values())).cut()


def restore(lab, name, random):
    next(iter(lab.segments.values())).restore()


def kill(lab, name, random):
    if lab.nodes[name].router is not None:
        lab.nodes[name].kill()


def power_off(lab, name, random):
    if lab.nodes[name].router is not None:
        lab.nodes[name].power_off()


def start(lab, name, random):
    if lab.nodes[name].router is None:
        lab.nodes[name].start()


def operate(lab, name, random):
    """Somebody at the shell."""
    router = lab.nodes[name].router
    if router is None:
        return
    which = random.choice(["found", "auto", *children(lab, name)])
    command = random.choice([router.enable, router.disable, router.restart])
    command(router.protocols[which])


def configure(lab, name, random):
    if lab.nodes[name].router is not None:
        options = {"hold_time": random.choice([9, 30]), "persist": random.choice(PERSISTS)}
        reload(lab, name, auto(ASN[name], **options))


EVENTS = (link_down, link_up, cut, restore, kill, power_off, start, operate, operate, configure)


def heal(lab):
    restore(lab, "a", None)
    for name in "ab":
        start(lab, name, None)
        lab.run(0.01)
        lab.link_up(name, "eth0")
    for _ in range(2):
        for name in "ab":
            router = lab.nodes[name].router
            for which in ("found", "auto", *children(lab, name)):
                if which in router.protocols:
                    router.enable(router.protocols[which])
        lab.run(400)


@pytest.mark.parametrize("seed", range(30))
def test_one_session_and_all_routes_in_the_end(seed):
    random = Random(seed)
    lab = lab_with(
        [routes(NETS[0]), FOUND_B, auto(65001, persist=random.choice(PERSISTS))],
        [routes(NETS[1]), FOUND_A, auto(65002)],
        seed=seed,
    )
    for node in lab.nodes.values():
        node.host.tcp.lags = Lags(random.choice([0, 0.003]), random.choice([0, 0.003]))
    lab.run(random.random() * 2)
    story = []
    for _ in range(14):
        name, event = random.choice("ab"), random.choice(EVENTS)
        story.append((round(lab.clock.now(), 3), name, event.__name__))
        event(lab, name, random)
        lab.run(random.choice(PAUSES) * random.random())
    heal(lab)
    assert not [line for line in lab.log if line.level == "bug"], story
    for name in "ab":
        (child,) = children(lab, name)
        assert lab.up(name, child), story
        assert lab.nets(name) == NETS, story
