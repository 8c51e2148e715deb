"""One program and one route, through the compiler and through the oracle."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.filter.attributes import declarations_of
from pybird.filter.compile import compile_filter
from pybird.filter.format import show_value
from pybird.filter.route_context import RouteContext
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.aspath import SEQUENCE, SET, AsPath
from pybird.values.attributes import AttributeDecl, AttributePool
from pybird.values.community import CommunityList, ExtendedList, LargeList
from pybird.values.net import NetType, Prefix
from pybird.values.route import Dest, Hop, NextHop, RouteSource, Rte
from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Pair
from tests.oracle.choices import Choices
from tests.oracle.evaluator import Outcome, Route, run
from tests.oracle.lift import lift
from tests.oracle.values import Drained, Net, Value

ERROR = "filters, line "
UNDECIDED = "did not return accept nor reject"
HOP = Hop(Dest.UNICAST, (NextHop(Address.parse("192.0.2.9"), 3, "d0"),))
SOURCE = RouteSource("edge1", 11, None, address=Address.parse("10.0.0.9"))
HEAD = "router id 192.0.2.1;\nprotocol device {}\n"
BASE = declarations_of(*[protocol.attributes for protocol in PROTOCOLS])
PREFERENCE = 200  # of static routes, as in the BIRDs that are asked
ON_LINK = [Prefix.parse("192.0.2.0/24"), Prefix.parse("2001:db8:9::/64")]
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


class Given(NamedTuple):
    """A route that a filter gets."""

    net: Prefix
    attributes: dict[str, Any]
    source: RouteSource = SOURCE

    def __repr__(self) -> str:
        shown = [f"{name} = {show_value(value)}" for name, value in self.attributes.items()]
        return f"<{self.net} of {self.source.name}: {', '.join(shown)}>"


def some_route(choices: Choices) -> Given:
    """A network and attributes as BGP may bring them."""
    asns = [1, 2, 3, 65000, 65535, 65536, 4200000000]

    def some(most: int) -> list[int]:
        return [asns[choices.below(len(asns))] for _ in range(choices.below(most))]

    segments = [(SEQUENCE, tuple(some(5)))]
    if choices.below(4) == 3:
        segments += [(SET, (1, 65000)), (SEQUENCE, tuple(some(3)))]
    elif choices.below(6) == 5:
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
    found["bgp_med"] = asns[choices.below(len(asns))]
    found["bgp_local_pref"] = 100
    kept = {name: value for name, value in found.items() if choices.below(3)}
    return Given(Prefix.parse(NETS[choices.below(len(NETS))]), kept)


class Links:
    """The interfaces that a filter can name, as in the namespace of the real BIRDs."""

    def neighbor(self, address: Address) -> tuple[int, str] | None:
        """The interface on whose link an address is."""
        return (3, "d0") if any(net.contains(address) for net in ON_LINK) else None

    def interface(self, name: str) -> int:
        """The index of an interface; 0 without one."""
        return {"d0": 3, "d1": 2}.get(name, 0)

    def roa_check(self, table: str, net: Any, asn: int) -> int:
        return 0

    def roa_states(self, table: str, net_type: NetType) -> Any:
        raise AssertionError("no ROA tables here")

    def aspa_check(self, table: str, path: Any, upstream: bool) -> int:
        return 0


class Result(NamedTuple):
    """What can be seen of a run: the verdict, an error, printed lines, attributes as the filter left them."""

    verdict: bool | None
    failed: bool
    printed: tuple[str, ...]
    attributes: dict[str, Value]


def by_oracle(config: Config, name: str, given: Given) -> Result:
    """Run by the oracle."""
    types = {each.name: each.type for each in declared(config).values()}
    before = {each: lift(types[each], value) for each, value in given.attributes.items()}
    for each, value in before.items():
        if value.data == ():  # it is there, and empty
            before[each] = Value(value.kind, Drained())
    way = HOP.nexthops[0]
    source = given.source
    for each, value in {
        "preference": PREFERENCE, "gw": way.gateway, "ifname": way.ifname, "ifindex": way.ifindex,
        "weight": way.weight, "dest": int(HOP.dest), "from": source.address, "proto": source.name,
        "source": source.kind,
    }.items():  # fmt: skip
        before[each] = lift(types[each], value)
    net = given.net
    prefix = Net("ip4" if net.address.is_v4 else "ip6", int.from_bytes(net.address.octets, "big"), net.length)
    outcome: Outcome = run(config.filters[name], Route(prefix, before, types))
    after = {each: value for each, value in {**before, **outcome.changes}.items() if value.kind != "void"}
    return Result(outcome.verdict, outcome.failed, tuple(outcome.printed), after)


def by_product(config: Config, name: str, given: Given) -> list[Result]:
    """Run by the compiled filter, once as it is and once with the tests of the network done ahead."""
    known = declared(config)
    compiled = compile_filter(config.filters[name], known)
    pool = AttributePool(known.values())
    net = given.net
    rte = Rte(pool.edit(pool.empty, given.attributes), given.source, HOP, PREFERENCE, 0.0)
    net_type = NetType.IP4 if net.address.is_v4 else NetType.IP6
    found = []
    for masked in (False, True):
        if masked and compiled.inputs.per_net:
            break
        logged: list[str] = []
        subject = RouteContext(pool, net_type, logged.append, Links())
        subject.load(rte, net.key)
        if masked:
            verdict: bool | None = compiled.run_masked(subject, compiled.masks(net_type).mask(net.key))
        else:
            verdict = compiled.run(subject)
        failed = bool(logged) and logged[-1].startswith(ERROR)
        if logged and UNDECIDED in logged[-1]:
            verdict = None
        printed = logged[:-1] if failed or verdict is None else logged
        after = {**subject.view, **subject.changes, **beside(subject)}
        values = {each: lift(known[each].type, value) for each, value in after.items() if value is not None}
        found.append(Result(verdict, failed, tuple(printed), values))
    return found


def beside(subject: RouteContext) -> dict[str, Any]:
    """What a filter sees that does not stand in the attribute set."""
    return {
        "preference": subject.preference, "gw": subject.gateway(), "ifname": subject.ifname(),
        "ifindex": subject.ifindex(), "weight": subject.weight(), "dest": subject.dest(),
        "from": subject.origin(), "proto": subject.rte.source.name, "source": subject.rte.source.kind,
    }  # fmt: skip


def differences(config: Config, name: str, routes: list[Given]) -> list[str]:
    """What is seen differently on these routes."""
    found = []
    for given in routes:
        expected = by_oracle(config, name, given)
        found += [
            f"{given}\noracle:   {expected}\ncompiler: {result}"
            for result in by_product(config, name, given)
            if not equal(result, expected)
        ]
    return found


def equal(result: Result, expected: Result) -> bool:
    """Equal as far as it matters: a failed run changes nothing."""
    if (result.verdict, result.failed, result.printed) != expected[:3]:
        return False
    return result.failed or result.attributes == expected.attributes
