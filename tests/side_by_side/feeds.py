"""Random feeds: `python -m tests.side_by_side.feeds --seed N --seconds S`.

A round has neighbors of many kinds with options and filters drawn from its seed.
They announce and withdraw some thousands of routes of few networks, all daemons
hear the same, and what each then has as best routes and has told each neighbor
must be the same. A round can be run again by its number: `--rounds 1 --seed N`.

What would depend on the order of arrival is left out: `prefer older`, MEDs that
differ within one neighboring AS (unless all are compared), and options that
compare some pairs of routes only, on some sessions only. So is what is different
on purpose (docs/differences.md): AS 0, a cluster id on a session that is no client's.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.lab import Lab
from tests.side_by_side import wire
from tests.side_by_side.case import Case, Column, Side, bgp, bgp6, run
from tests.side_by_side.speaker import Session
from tests.side_by_side.world import kinds_for

KINDS = ("ebgp", "ebgp", "ibgp", "rr client", "rs client", "2-octet", "ibgp")
NETWORKS = 60
SHOWN = 6

IMPORTS = (
    "all",
    "all",
    "filter { if (1,1) ~ bgp_community then bgp_local_pref = 150; accept; }",
    "filter { if net.len > 20 then bgp_path.prepend(64500); accept; }",
    "filter { bgp_community.add((7,7)); if bgp_path.len > 4 then reject; accept; }",
    "filter { bgp_med = 50; bgp_large_community.add((7,7,7)); accept; }",
    "filter { if bgp_path ~ [= * 70 * =] then reject; bgp_community.delete([(1,*)]); accept; }",
    "filter { if bgp_origin = ORIGIN_EGP then preference = 90; accept; }",
)
EXPORTS = (
    "all",
    "all",
    "filter { bgp_path.prepend(64501); accept; }",
    "filter { bgp_med = 33; accept; }",
    "filter { if (1,2) ~ bgp_community then reject; bgp_community.add((8,8)); accept; }",
    "filter { bgp_ext_community.add((rt,8,8)); bgp_large_community.delete([(1,*,*)]); accept; }",
    "filter { if source = RTS_STATIC then { bgp_local_pref = 40; accept; } accept; }",
    "where bgp_path.len < 5",
)
OPTIONS = ("", "", "allow local as 1;", "interpret communities off;", "default bgp_local_pref 120;")
CHANNELS = ("", "", "next hop self;", "next hop keep;", "preference 110;")
# Options that must be the same on all sessions.
COMMON = ("", "", "path metric off;", "igp metric off;")


@dataclass
class Plan:
    """One round: the configuration, the sessions with their options, and steps to take in phases.

    A step is `(session, prefixes, attributes)`; without attributes a withdrawal.
    """

    config: str
    sessions: dict[int, dict[str, Any]]
    phases: list[list[tuple[int, tuple[str, ...], dict[str, Any] | None]]] = field(default_factory=list)
    closed: int = 0


def drawn(seed: int) -> Plan:
    """The round of this number."""
    dice = random.Random(seed)
    v6 = dice.random() < 0.3
    med_metric = dice.random() < 0.3
    common = dice.choice(COMMON) + ("med metric on;" if med_metric else "")
    plan = Plan(_around(v6), {})
    for number in range(2, dice.randint(6, 12)):
        kind = dice.choice(KINDS)
        _add_session(plan, dice, number, kind, common, v6)
    networks = list(_networks(dice, v6))
    # alike on all sessions, also behind a filter that puts one AS in front of several paths
    meds = {} if med_metric else {net: dice.choice((None, dice.randrange(50))) for net in networks}
    for _ in range(3):
        plan.phases.append([_step(dice, plan, networks, meds, v6) for _ in range(dice.randint(100, 400))])
    plan.closed = dice.choice(list(plan.sessions))
    return plan


def _around(v6: bool) -> str:
    if v6:
        return """protocol direct { ipv6; }
protocol static own { ipv6; route 2001:db8:150::/48 via 2001:db8:a::12; route 2001:db8:f01::/48 unreachable; }
"""
    return """protocol direct { ipv4; }
protocol static own { ipv4; route 10.150.0.0/16 via 10.0.0.12; route 10.99.1.0/24 unreachable; }
"""


def _add_session(plan: Plan, dice: random.Random, number: int, kind: str, common: str, v6: bool) -> None:
    internal = kind in ("ibgp", "rr client")
    flags = {"rr client": "rr client;", "rs client": "rs client;"}.get(kind, "")
    if kind == "rr client" and dice.random() < 0.4:
        flags += f"rr cluster id 9.9.9.{dice.randint(1, 2)};"
    text = (bgp6 if v6 else bgp)(
        number,
        65001 if internal else None,
        f"{flags} {common} {dice.choice(OPTIONS)}",
        dice.choice(CHANNELS),
        imports=dice.choice([each for each in IMPORTS if "med metric" in common or "bgp_med" not in each]),
        exports=dice.choice(EXPORTS),
    )
    plan.config += text
    plan.sessions[number] = {"internal": internal, "four_octets": kind != "2-octet", "kind": kind}


def _networks(dice: random.Random, v6: bool) -> Iterator[str]:
    for number in range(NETWORKS):
        length = dice.choice((16, 20, 24))
        yield f"2001:db8:{0x1000 + number:x}::/{32 + length // 2}" if v6 else f"20.{number}.0.0/{length}"


def _step(
    dice: random.Random, plan: Plan, networks: Sequence[str], meds: Mapping[str, int | None], v6: bool
) -> tuple[int, tuple[str, ...], dict[str, Any] | None]:
    number = dice.choice(list(plan.sessions))
    if dice.random() < 0.2:
        return number, tuple(dice.sample(networks, dice.randint(1, 6))), None
    terms = plan.sessions[number]
    path = [dice.randrange(60, 80) for _ in range(dice.randint(1 if terms["internal"] else 0, 4))]
    if dice.random() < 0.05:
        path.append(65001)
    if not terms["internal"]:
        path.insert(0, 65000 + number)
    chosen = tuple(dice.sample(networks, 1 if meds else dice.randint(1, 6)))
    found: dict[str, Any] = {"path": tuple(path), "origin": dice.randrange(3)}
    found["next_hop"] = _hop(dice, number, terms, v6)
    if meds and meds[chosen[0]] is not None:
        found["med"] = meds[chosen[0]]
    elif not meds and dice.random() < 0.5:
        found["med"] = dice.randrange(50)
    if terms["internal"]:
        found["local_pref"] = dice.choice((90, 100, 100, 100, 150))
        if dice.random() < 0.2:
            found["originator"] = f"10.9.9.{dice.randint(1, 9)}"
            found["clusters"] = [f"9.9.9.{dice.randint(1, 4)}" for _ in range(dice.randint(1, 2))]
    if dice.random() < 0.5:
        found["communities"] = [(1, dice.randint(1, 3)) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.1:
        found["communities"] = [(65535, dice.choice((65281, 65282, 65283)))]
    if dice.random() < 0.2:
        found["large"] = [(dice.randint(1, 2), 2, dice.randint(1, 3))]
    if dice.random() < 0.2:
        found["extended"] = [bytes((dice.choice((0, 0x40)), 2, 0, 1, 0, 0, 0, dice.randrange(9)))]
    if dice.random() < 0.1:
        found["raw"] = wire.attribute(200, bytes((dice.randrange(9),)), dice.choice((0xC0, 0xE0)))
    return number, chosen, found


def _hop(dice: random.Random, number: int, terms: Mapping[str, Any], v6: bool) -> str:
    own = f"2001:db8:a::{number}" if v6 else f"10.0.0.{number}"
    roll = dice.random()
    if roll < 0.6:
        return own
    if roll < 0.8 or not terms["internal"]:
        return own[: own.rindex(":" if v6 else ".") + 1] + str(dice.randint(60, 63))
    if roll < 0.9:
        return "2001:db8:150::1" if v6 else "10.150.0.1"
    return "2001:db8:200::1" if v6 else "10.200.0.1"


def played(side: Side, plan: Plan) -> dict[str, Any]:
    """What one daemon makes of it, after each phase."""
    side.start(plan.config)
    sessions = {number: _session(side, number, plan.sessions[number]) for number in plan.sessions}
    found: dict[str, Any] = {}
    for phase, steps in enumerate(plan.phases, 1):
        for number, prefixes, attributes in steps:
            if attributes is None:
                sessions[number].withdraw(*prefixes)
            else:
                sessions[number].announce(*prefixes, **attributes)
        side.settle(0.5)
        found[f"{phase}: best"] = side.best()
        for number, session in sessions.items():
            found[f"{phase}: to p{number} ({plan.sessions[number]['kind']})"] = session.table()
            found[f"{phase}: p{number} told"] = {"notifications": session.notifications()}
        if phase == 1:
            sessions[plan.closed].close()
            side.settle(0.5)
            sessions[plan.closed] = _session(side, plan.closed, plan.sessions[plan.closed])
    return found


def _session(side: Side, number: int, terms: Mapping[str, Any]) -> Session:
    if terms["four_octets"]:
        return side.session(number).connect()
    capabilities = wire.multiprotocol(wire.IPV4) + wire.multiprotocol(wire.IPV6) + wire.capability(2)
    return side.session(number, four_octets=False, capabilities=capabilities).connect()


@dataclass(frozen=True)
class Found:
    """One network of one look where daemons differ."""

    look: str
    net: str
    values: dict[str, Any]


def compared(columns: Sequence[Column]) -> Iterator[Found]:
    """Where ours differs from BIRD 2.19, or from the one BIRD that is here."""
    answers = {column.kind.name: column.answers for column in columns}
    reference = next(name for name in ("bird 2.19", "bird 2.0", "bird 3") if name in answers)
    for look in sorted({look for one in answers.values() for look in one}):
        shown = {name: _as_dict(one.get(look)) for name, one in answers.items()}
        for net in sorted({net for one in shown.values() for net in one}):
            values = {name: one.get(net) for name, one in shown.items()}
            if values["pybird"] != values[reference]:
                yield Found(look, net, values)


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"": value}


def round_in(lab: Lab, seed: int) -> list[Found]:
    """Run one round; what differs."""
    plan = drawn(seed)
    one = Case(f"feed {seed}", lambda side: played(side, plan))
    return list(compared(run(lab, one, kinds_for(False, "2.0"))))


def round_of(seed: int) -> list[Found]:
    """Run one round in a laboratory of its own."""
    with tempfile.TemporaryDirectory(prefix="pybird-feed-") as folder, Lab(Path(folder)) as lab:
        found = round_in(lab, seed)
        bugs = lab.bugs()
    assert not bugs, "\n".join(bugs)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.side_by_side.feeds")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=0, help="so many, whatever they take")
    parser.add_argument("--config", action="store_true", help="print the configuration of the round")
    options = parser.parse_args()
    if options.config:
        print(drawn(options.seed).config)
        return 0
    end, seed, bad = time.monotonic() + options.seconds, options.seed, 0
    while seed < options.seed + options.rounds if options.rounds else time.monotonic() < end:
        found = round_of(seed)
        bad += bool(found)
        print(f"round {seed}: {len(found)} differences", flush=True)
        for one in found[:SHOWN]:
            print(f"  {one.look} {one.net}", *(f"    {k:>9}: {v}" for k, v in one.values.items()), sep="\n")
        seed += 1
    print(f"{seed - options.seed} rounds from {options.seed}, {bad} with differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
