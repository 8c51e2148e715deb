"""One program and one route, through the compiler and through the oracle."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.filter.attributes import declarations_of
from pybird.filter.compile import compile_filter
from pybird.filter.subject import Subject
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.aspath import SEQUENCE, SET, AsPath
from pybird.values.attributes import AttributeDecl, AttributePool
from pybird.values.community import CommunityList, ExtendedList, LargeList
from pybird.values.net import NetType, Prefix
from pybird.values.route import Dest, Hop, NextHop, Rte, Source
from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Pair
from tests.oracle.evaluator import Outcome, Route, run
from tests.oracle.lift import lift
from tests.oracle.values import Drained, Net, Value

ERROR = "filters, line "
UNDECIDED = "did not return accept nor reject"
HOP = Hop(Dest.UNICAST, (NextHop(Address.parse("10.0.0.1"), 3, "eth0"),))
SOURCE = Source("edge1", 11, None, address=Address.parse("10.0.0.9"))
HEAD = "router id 192.0.2.1;\nprotocol device {}\n"
BASE = declarations_of(*[protocol.attributes for protocol in PROTOCOLS])
PREFERENCE = 200  # of static routes, as in the BIRDs that are asked
NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "1.2.3.4/32", "0.0.0.0/0", "2001:db8::/32", "::/0"]


@cache
def language() -> Language:
    """The language, made once."""
    return Language(PROTOCOLS, cache=Path.home() / ".cache" / "pybird")


def read(program: str) -> Config:
    """The configuration of a program; ConfigErrors when it is refused."""
    return language().read(HEAD + program)


def declared(config: Config) -> dict[str, AttributeDecl]:
    """All attributes, those of the program too."""
    own = tuple([each.declaration for each in config.attributes])
    return {**BASE, **declarations_of(own)}


def random_attributes(dice: Random) -> dict[str, Any]:
    """Attributes as BGP may bring them."""
    asns = [1, 2, 3, 65000, 65535, 65536, 4200000000]

    def some(most: int) -> list[int]:
        return [asns[dice.randrange(len(asns))] for _ in range(dice.randrange(most))]

    segments = [(SEQUENCE, tuple(some(5)))]
    if dice.randrange(4) == 0:
        segments += [(SET, (1, 65000)), (SEQUENCE, tuple(some(3)))]
    elif dice.randrange(6) == 0:
        segments.insert(0, (SET, (2, 3)))
    found: dict[str, Any] = {}
    found["bgp_path"] = AsPath.of([each for each in segments if each[1]])
    found["bgp_community"] = CommunityList.of(
        dict.fromkeys([Pair.of(a % 65536, b % 65536) for a, b in zip(some(4), some(4), strict=False)])
    )
    found["bgp_ext_community"] = ExtendedList.of(
        dict.fromkeys([ExtendedCommunity.of("rt", a, 2) for a in some(3)])
    )
    found["bgp_large_community"] = LargeList.of(dict.fromkeys([LargeCommunity(a, 2, 3) for a in some(3)]))
    found["bgp_med"] = asns[dice.randrange(len(asns))]
    found["bgp_local_pref"] = 100
    return {name: value for name, value in found.items() if dice.randrange(3)}


class Result(NamedTuple):
    """What can be seen of a run: the verdict, an error, printed lines, attributes as the filter left them."""

    verdict: bool | None
    failed: bool
    printed: tuple[str, ...]
    attributes: dict[str, Value]


def by_oracle(config: Config, name: str, net: Prefix, attributes: dict[str, Any]) -> Result:
    """Run by the oracle."""
    types = {each.name: each.type for each in declared(config).values()}
    before = {each: lift(types[each], value) for each, value in attributes.items()}
    for each, value in before.items():
        if value.data == ():  # it is there, and empty
            before[each] = Value(value.kind, Drained())
    before["preference"] = Value("int", PREFERENCE)
    prefix = Net("ip4" if net.address.is_v4 else "ip6", int.from_bytes(net.address.octets, "big"), net.length)
    outcome: Outcome = run(config.filters[name], Route(prefix, before, types))
    after = {each: value for each, value in {**before, **outcome.changes}.items() if value.kind != "void"}
    return Result(outcome.verdict, outcome.failed, tuple(outcome.printed), after)


def by_product(config: Config, name: str, net: Prefix, attributes: dict[str, Any]) -> list[Result]:
    """Run by the compiled filter, once as it is and once with the tests of the network done ahead."""
    known = declared(config)
    compiled = compile_filter(config.filters[name], known)
    pool = AttributePool(known.values())
    rte = Rte(pool.edit(pool.empty, attributes), SOURCE, HOP, PREFERENCE, 0.0)
    net_type = NetType.IP4 if net.address.is_v4 else NetType.IP6
    found = []
    for masked in (False, True):
        if masked and compiled.inputs.per_net:
            break
        logged: list[str] = []
        subject = Subject(pool, net_type, logged.append)
        subject.load(rte, net.key)
        if masked:
            verdict: bool | None = compiled.run_masked(subject, compiled.mask_of(net.key, net_type))
        else:
            verdict = compiled.run(subject)
        failed = bool(logged) and logged[-1].startswith(ERROR)
        if logged and UNDECIDED in logged[-1]:
            verdict = None
        printed = logged[:-1] if failed or verdict is None else logged
        after = {**subject.view, **subject.changes, "preference": subject.preference}
        values = {each: lift(known[each].type, value) for each, value in after.items() if value is not None}
        found.append(Result(verdict, failed, tuple(printed), values))
    return found


def differences(program: str, name: str, dice: Random, config: Config) -> list[str]:
    """What is seen differently on a few random routes."""
    found = []
    for _ in range(3):
        net, attributes = Prefix.parse(NETS[dice.randrange(len(NETS))]), random_attributes(dice)
        expected = by_oracle(config, name, net, attributes)
        found += [
            f"{net} {attributes}\noracle:   {expected}\ncompiler: {result}\n{program}"
            for result in by_product(config, name, net, attributes)
            if not equal(result, expected)
        ]
    return found


def equal(result: Result, expected: Result) -> bool:
    """Equal as far as it matters: a failed run changes nothing."""
    if (result.verdict, result.failed, result.printed) != expected[:3]:
        return False
    return result.failed or result.attributes == expected.attributes
