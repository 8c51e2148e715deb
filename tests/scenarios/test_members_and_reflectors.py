"""A confederation with two reflectors in one member, under seeded faults: no route is lost or kept wrongly.

    o1 (outside) - a1, b1 clients of r1 and s1, all on one switch: AS 65001
                   r1 - r2 (65002) - r3 (65003) - s1: a ring of members;  r3 - o2 (outside)

Routers die and come back, cables and TCP fail, routes go and come, sessions are disabled, reloads change
cluster ids, add-path and what goes outside. At the end everybody has exactly the routes that there are,
and on every session the receiver has what a model makes of the sender's table: reflection (RFC 4456, 6 and
8), members in the path (RFC 5065, 4.1), loops, next hops and the export filter.
"""

import random
from typing import NamedTuple

import pytest

from pybird.values.address import Address
from pybird.values.aspath import CONFED_SEQUENCE, SEQUENCE, AsPath
from pybird.values.net import Prefix
from tests.scenarios.lab import Lab, read

ASES = {
    "r1": 65001,
    "s1": 65001,
    "a1": 65001,
    "b1": 65001,
    "r2": 65002,
    "r3": 65003,
    "o1": 65010,
    "o2": 65020,
}
NUMBERS = {name: number for number, name in enumerate(ASES, 1)}
OUTSIDE = ("o1", "o2")
REFLECTORS = ("r1", "s1")
CLIENTS = ("a1", "b1")
CONFEDERATION = 100
SWITCH = 1  # of the first member
# Sessions beside those on the switch: number of the cable, its ends.
CABLES = {2: ("r1", "r2"), 3: ("s1", "r3"), 4: ("r2", "r3"), 5: ("a1", "o1"), 6: ("r3", "o2")}
TIMES = "connect delay time 1; connect retry time 2; error wait time 1, 4; hold time 9;"
ROUTES = {"one": 1, "two": 2}  # static protocol: third octet of its network
EVERYWHERE = range(1, 255)


class Shape(NamedTuple):
    """What reloads change."""

    one_cluster: bool = True
    paths: bool = False
    hides_two: bool = False  # routes of `two` are not told to the outside


class Link(NamedTuple):
    """One end of a session."""

    own: str
    other: str
    cable: int

    @property
    def address(self) -> Address:
        return Address.parse(f"10.200.{self.cable}.{NUMBERS[self.own]}")

    @property
    def back(self) -> "Link":
        return Link(self.other, self.own, self.cable)

    @property
    def internal(self) -> bool:
        return ASES[self.own] == ASES[self.other]

    @property
    def member(self) -> bool:
        return not self.internal and self.own not in OUTSIDE and self.other not in OUTSIDE

    @property
    def to_client(self) -> bool:
        return self.own in REFLECTORS and self.other in CLIENTS


def links() -> list[Link]:
    inside = [("r1", "s1"), *((reflector, client) for reflector in REFLECTORS for client in CLIENTS)]
    found = [Link(*ends, SWITCH) for ends in inside] + [Link(*ends, cable) for cable, ends in CABLES.items()]
    return [end for link in found for end in (link, link.back)]


LINKS = links()


def cluster(name: str, shape: Shape) -> int:
    """The cluster id of a reflector."""
    return 0x0B000001 if shape.one_cluster else 0x0A000000 + NUMBERS[name]


def session(link: Link, shape: Shape) -> str:
    options, channel = "", "next hop self;"
    imports, exports = "all", "all"
    remote_as = CONFEDERATION if link.own in OUTSIDE else ASES[link.other]
    if link.own not in OUTSIDE:
        options = f"confederation {CONFEDERATION};"
    if link.member:
        options += " confederation member;"
        imports = "filter { bgp_local_pref = bgp_local_pref - 1; accept; }"
        channel += " add paths on;" if shape.paths else ""
    elif link.internal:
        channel = "next hop self ebgp;"
    elif link.own not in OUTSIDE and shape.hides_two:
        hidden = ", ".join(f"10.{number}.2.0/24" for number in NUMBERS.values())
        exports = f"filter {{ if net ~ [{hidden}] then reject; accept; }}"
    if link.own in REFLECTORS and link.internal:
        options += f" rr cluster id {Address.from_v4(cluster(link.own, shape))};"
        options += " rr client;" if link.to_client else ""
    return (
        f"protocol bgp {link.other} {{ local {link.address} as {ASES[link.own]}; direct;"
        f" neighbor {link.back.address} as {remote_as}; {options} {TIMES}"
        f" ipv4 {{ import {imports}; export {exports}; {channel} }}; }}\n"
    )


def text(name: str, shape: Shape) -> str:
    number = NUMBERS[name]
    static = "".join(
        f"protocol static {kind} {{ ipv4; route 10.{number}.{octet}.0/24 blackhole; }}\n"
        for kind, octet in ROUTES.items()
    )
    sessions = "".join(session(link, shape) for link in LINKS if link.own == name)
    return f"router id 10.0.0.{number};\nprotocol device {{ }}\n{static}{sessions}"


class Story:
    """The network, and what happens to it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"members {seed}")
        self.shape = Shape(*(self.random.random() < 0.5 for _ in Shape._fields))
        lab = self.lab = Lab(seed, dad=None)
        for name in ASES:
            lab.router(name, text(name, self.shape))
        on_switch = [name for name in ASES if ASES[name] == 65001]
        lab.segment("switch", *((name, f"eth{SWITCH}") for name in on_switch))
        for cable, ends in CABLES.items():
            lab.link(ends[0], f"eth{cable}", ends[1], f"eth{cable}")
        for link in {link.address: link for link in LINKS}.values():
            lab.nodes[link.own].host.add_address(f"eth{link.cable}", f"{link.address}/24")
        self.cut: set[tuple[str, int]] = set()

    def alive(self) -> list[str]:
        return [name for name in ASES if self.lab.nodes[name].router is not None]

    def step(self) -> None:
        act = self.random.choice(
            [self.flap] * 4 + [self.kill, self.start, self.start, self.wire, self.wire, self.reset]
            + [self.toggle, self.reload, self.refresh]
        )  # fmt: skip
        act()
        self.lab.run(self.random.choice((0, 0.02, 0.5, 2.0, 12.0)))

    def kill(self) -> None:
        alive = self.alive()
        if len(alive) > 5:
            self.lab.nodes[self.random.choice(alive)].kill()

    def start(self) -> None:
        for name in ASES:
            if self.lab.nodes[name].router is None:
                self.lab.nodes[name].start(text(name, self.shape))
                return

    def flap(self) -> None:
        """A route goes or comes."""
        self.switch(self.random.choice(self.alive()), self.random.choice(list(ROUTES)))

    def toggle(self) -> None:
        link = self.random.choice(LINKS)
        if link.own in self.alive():
            self.switch(link.own, link.other)

    def switch(self, name: str, protocol: str) -> None:
        router = self.lab.nodes[name].router
        (router.disable if self.is_on(name, protocol) else router.enable)(router.protocols[protocol])

    def is_on(self, name: str, protocol: str) -> bool:
        return self.lab.nodes[name].router.protocols[protocol].enabled

    def wire(self) -> None:
        """A cable is pulled or put back."""
        link = self.random.choice(LINKS)
        self.plug(link.own, link.cable)

    def plug(self, name: str, cable: int) -> None:
        if (name, cable) in self.cut:
            self.cut.discard((name, cable))
            self.lab.link_up(name, f"eth{cable}")
        else:
            self.cut.add((name, cable))
            self.lab.link_down(name, f"eth{cable}")

    def reset(self) -> None:
        for endpoint in self.lab.nodes[self.random.choice(self.alive())].host.tcp.endpoints[:2]:
            endpoint.fail("Connection reset by peer")
            if endpoint.peer is not None:
                endpoint.peer.fail("Connection reset by peer")

    def reload(self) -> None:
        field = self.random.choice(Shape._fields)
        self.shape = self.shape._replace(**{field: not getattr(self.shape, field)})
        for name in self.alive():
            self.lab.nodes[name].router.reconfigure(read(text(name, self.shape)))

    def refresh(self) -> None:
        link = self.random.choice(LINKS)
        if link.own in self.alive():
            router = self.lab.nodes[link.own].router
            router.reload(router.protocols[link.other], imports=True, exports=self.random.random() < 0.5)

    def end(self) -> None:
        """Put all together again, and wait longer than any timer."""
        for name, cable in sorted(self.cut):
            self.plug(name, cable)
        self.lab.run(1)
        while len(self.alive()) < len(ASES):
            self.start()
        for link in LINKS:
            if not self.is_on(link.own, link.other):
                self.switch(link.own, link.other)
        self.lab.run(30)

    # what must hold -------------------------------------------------------

    def check(self) -> None:
        bugs = [str(line) for line in self.lab.log if line.level == "bug"]
        assert not bugs, "\n".join(bugs)
        for link in LINKS:
            router = self.lab.nodes[link.own].router
            assert router.protocols[link.other].info().strip() == "Established", link
        for name in ASES:
            assert set(self.lab.nets(name, "master4")) == self.wanted(name), (name, self.shape)
        for link in LINKS:
            assert self.received(link.back) == self.told(link), (link, self.shape)

    def wanted(self, name: str) -> set[str]:
        found = set()
        for owner, number in NUMBERS.items():
            for kind, octet in ROUTES.items():
                hidden = self.shape.hides_two and kind == "two" and name in OUTSIDE and owner != name
                if self.is_on(owner, kind) and not hidden:
                    found.add(f"10.{number}.{octet}.0/24")
        return found

    def received(self, link: Link) -> dict[str, set[str]]:
        """The paths that a router has from this neighbor, by network."""
        router = self.lab.nodes[link.own].router
        table, found = router.tables["master4"], {}
        for net in self.lab.nets(link.own, "master4"):
            for rte in table.get(Prefix.parse(net).key):
                if rte.source.name == link.other:
                    found.setdefault(net, set()).add(str(router.pool.view(rte.attrs)["bgp_path"]))
        return found

    def told(self, link: Link) -> dict[str, set[str]]:
        """What the neighbor must have by the sender's table."""
        table, found = self.lab.nodes[link.own].router.tables["master4"], {}
        for net in self.lab.nets(link.own, "master4"):
            routes = table.get(Prefix.parse(net).key)
            for rte in routes if link.member and self.shape.paths else routes[:1]:
                path = self.path_told(link, net, rte)
                if path is not None:
                    found.setdefault(net, set()).add(str(path))
        return found

    def path_told(self, link: Link, net: str, rte) -> AsPath | None:
        """The path as the neighbor has it; None: it is not sent, or not taken."""
        view = self.lab.nodes[link.own].router.pool.view(rte.attrs)
        path, source = view.get("bgp_path") or AsPath(), rte.source.name
        origin = next((each for each in LINKS if each.own == link.own and each.other == source), None)
        if source == link.other or (link.other in OUTSIDE and self.shape.hides_two and ".2.0/" in net):
            return None
        if link.internal and origin is not None and origin.internal:
            if not (origin.to_client or link.to_client):
                return None
            if view.get("bgp_next_hop") == link.back.address:
                return None
            clusters = list((view.get("bgp_cluster_list") or AsPath()).items)
            if origin.to_client or link.to_client:
                clusters.insert(0, cluster(link.own, self.shape))
            if link.other in REFLECTORS and cluster(link.other, self.shape) in clusters:
                return None
            if (view.get("bgp_originator_id") or 0x0A000000 + NUMBERS[source]) == 0x0A000000 + NUMBERS[
                link.other
            ]:
                return None
        if link.own in OUTSIDE:
            return path.prepend(ASES[link.own])
        if link.other in OUTSIDE:
            left = AsPath.of([each for each in path.segments if each[0] == SEQUENCE]).prepend(CONFEDERATION)
            return None if ASES[link.other] in left.members else left
        if link.member:
            if ASES[link.other] in path.members:
                return None
            inside = [number for kind, each in path.segments if kind == CONFED_SEQUENCE for number in each]
            behind = [each for each in path.segments if each[0] != CONFED_SEQUENCE]
            return AsPath.of([(CONFED_SEQUENCE, (ASES[link.own], *inside)), *behind])
        return path


def play(seed: int, steps: int = 20) -> None:
    story = Story(seed)
    story.lab.run(8)
    for _ in range(steps):
        story.step()
    story.end()
    story.check()


@pytest.mark.parametrize("seed", range(20))
def test_no_route_is_lost_or_kept_wrongly(seed):
    play(seed)


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_no_route_is_lost_or_kept_wrongly_in_a_thousand_histories(part):
    for seed in range(50 * part + 20, 50 * part + 70):
        play(seed)
