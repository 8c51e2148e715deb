"""A case for each requirement of docs/autopeer-spec.md that can be seen from outside.

The number of a case is that of its section in the document. A case raises
AssertionError, or lets a `wait` end, where the device does not do what it should.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.bench import (
    ALL_NODES,
    DEVICE,
    OURS,
    OURS6,
    SECOND,
    TESTER,
    Bench,
    called,
    wait,
)
from tests.side_by_side import wire
from tests.side_by_side.speaker import Session

QUIET = 4.0  # seconds in which nothing may happen
SOON = 6.0  # seconds within which a neighbor is called
LATE = 20.0


@dataclass(frozen=True)
class Case:
    """`session`: it runs on a bench whose neighbor is Established already, and leaves it so."""

    number: str
    text: str
    run: Callable[[Bench], None] | Callable[[Bench, Session], None]
    session: bool


CASES: list[Case] = []


def case(number: str, text: str, session: bool = False) -> Callable[[Callable], Callable]:  # type: ignore[type-arg]
    def registered(run: Callable) -> Callable:  # type: ignore[type-arg]
        CASES.append(Case(number, text, run, session))
        return run

    return registered


# ------------------------------------------------------------------- sender


@case("3.1a", "an RA within 4 s of the start: to all nodes, hop limit 255, from a link-local address")
def first_ra(bench: Bench) -> None:
    ra = wait(bench.ras, 4, "an RA")[0]
    assert (ra.hop_limit, ra.code, ra.source, ra.destination) == (255, 0, DEVICE, ALL_NODES)
    assert ra.lifetime > 0


@case("3.1b", "three RAs within 20 s of the start")
def initial_ras(bench: Bench) -> None:
    wait(lambda: len(bench.ras()) >= 3, 20, "three RAs")


@case("3.2", "a Router Solicitation at the start")
def solicits(bench: Bench) -> None:
    wait(lambda: any(each.kind == 133 for each in list(bench.heard)), 5, "an RS")


def unhurried(bench: Bench) -> None:
    """Wait until the device may send its next RA and need not yet: 3 to 6 s after one (RFC 4861, 6.2.6)."""
    wait(lambda: bench.ras() and time.monotonic() - bench.ras()[-1].time > 3.2, LATE, "a pause between RAs")


@case("3.3", "a Solicitation is answered within 1 s")
def answers(bench: Bench) -> None:
    unhurried(bench)
    since = time.monotonic()
    bench.solicit()
    wait(lambda: bench.ras(since), 1, "an RA")


@case("3.4", "an RA from an unknown router is answered with an RA within 1 s (latecomer)")
def answers_latecomer(bench: Bench) -> None:
    unhurried(bench)
    since = time.monotonic()
    bench.advertise()
    wait(lambda: bench.ras(since), 1, "an RA")


@case("3.5", "an RA with lifetime 0 when the daemon stops")
def last_ra(bench: Bench) -> None:
    wait(bench.ras, LATE, "an RA")
    bench.daemon.stop()
    wait(lambda: any(ra.lifetime == 0 for ra in bench.ras()), 2, "an RA with lifetime 0")


# ----------------------------------------------------------------- receiver


@case("4.1", "a router is called within 6 s of its first RA")
def discovers(bench: Bench) -> None:
    bench.advertise()
    assert bench.calls(bench.neighbor(), SOON)


def ignored(bench: Bench, **wrong: object) -> None:
    """This RA makes the device call nobody; a good one afterwards does."""
    one = bench.neighbor()
    end = time.monotonic() + QUIET
    while time.monotonic() < end:
        bench.advertise(**wrong)  # type: ignore[arg-type]
        assert not bench.calls(one, 1), "it was taken"
    bench.advertise()
    assert bench.calls(one, SOON), "nor was a good one"


@case("4.2a", "not from hop limit 64 (forged from elsewhere)")
def forged_hops(bench: Bench) -> None:
    ignored(bench, hop_limit=64)


@case("4.2b", "not from a global source")
def forged_source(bench: Bench) -> None:
    bench.tester.address("2001:db8:9::1/64", "eth0")
    bench.host.address("2001:db8:9::d/64", "eth0")
    one = bench.neighbor()
    one.source = "2001:db8:9::1"
    for _ in range(3):
        bench.advertise(source="2001:db8:9::1")
        assert not called(one, 1.3, up=False), "it was taken"


@case("4.2c", "not with ICMP code 1")
def forged_code(bench: Bench) -> None:
    ignored(bench, data=bytes((134, 1, 0, 0, 64, 0, 7, 8)) + bytes(8))


@case("4.2d", "not with an option of length 0")
def empty_option(bench: Bench) -> None:
    ignored(bench, data=bytes((134, 0, 0, 0, 64, 0, 7, 8)) + bytes(8) + bytes((1, 0)) + bytes(6))


@case("4.2e", "not with an option longer than the packet")
def long_option(bench: Bench) -> None:
    ignored(bench, data=bytes((134, 0, 0, 0, 64, 0, 7, 8)) + bytes(8) + bytes((1, 2)) + bytes(6))


@case("4.2f", "not with fewer than 16 octets")
def short(bench: Bench) -> None:
    ignored(bench, data=bytes((134, 0, 0, 0, 64, 0, 7, 8)))


@case("4.2g", "not with a wrong checksum")
def bad_checksum(bench: Bench) -> None:
    ignored(bench, wrong=1)


@case("4.3", "not from lifetime 0 of an unknown router")
def stranger_withdraws(bench: Bench) -> None:
    ignored(bench, lifetime=0)


@case("4.4", "an RA with our own source address makes no neighbor")
def own_echo(bench: Bench) -> None:
    bench.advertise(source=DEVICE)
    time.sleep(1)
    assert bench.comes_up(bench.neighbor()), "it peers with nobody afterwards"


# ----------------------------------------------------------------- liveness


@case("5.1a", "lifetime 0 ends the session with a Cease")
def withdrawn(bench: Bench) -> None:
    one = bench.session()
    bench.advertise(lifetime=0)
    wait(lambda: one.closed, 3, "the session ends")
    assert [code for code in one.codes() if code.startswith("6/")], one.notifications()


@case("5.1b", "its routes are gone then")
def withdrawn_routes(bench: Bench) -> None:
    one = bench.session()
    announce(one, OURS6, TESTER)
    wait(lambda: "via" in bench.routes(OURS6), 5, "the route")
    bench.advertise(lifetime=0)
    wait(lambda: not bench.routes(OURS6), 3, "the route is gone")


@case("5.2", "the session ends when the lifetime has run out")
def expires(bench: Bench) -> None:
    one = bench.neighbor()
    assert bench.comes_up(one, lifetime=6)
    wait(lambda: one.closed, 12, "the session ends")


@case("5.3", "a neighbor that never refreshes a long lifetime keeps its session")
def never_refreshes(bench: Bench) -> None:
    one = bench.session()
    time.sleep(10)
    assert one.established


@case("5.4", "a neighbor that withdrew itself is called again after its next RA")
def returns(bench: Bench) -> None:
    one = bench.session()
    bench.advertise(lifetime=0)
    time.sleep(2)
    one.close()
    assert bench.comes_up(one, LATE)


@case("5.5", "a neighbor whose session was lost is called again within 6 s")
def lost(bench: Bench) -> None:
    one = bench.session()
    one.close()
    assert bench.calls(one, SOON)


@case("5.6", "a link that went down and up has a session again")
def link_flaps(bench: Bench) -> None:
    one = bench.session()
    bench.tester.link("eth0", False)
    wait(lambda: "state DOWN" in bench.host.ip("link", "show", "eth0"), 3, "the link is down")
    one.close()
    time.sleep(1)
    bench.tester.link("eth0", True)
    for host, address in ((bench.tester, TESTER), (bench.tester, SECOND), (bench.host, DEVICE)):
        if address not in host.ip("-6", "addr", "show", "dev", "eth0"):
            host.address(f"{address}/64", "eth0")
    time.sleep(1)
    assert bench.comes_up(bench.neighbor(), LATE)


# -------------------------------------------------------------- connections


@case("6.1", "a neighbor that connects before its RA was heard gets a session, at the latest with its RA")
def connects_first(bench: Bench) -> None:
    wait(bench.ras, LATE, "an RA")
    one = bench.neighbor()
    if not one.attempt(3):
        bench.advertise()
        wait(lambda: one.attempt(2), SOON, "a session")


@case("6.2a", "a neighbor that refuses is called again within 20 s")
def refused(bench: Bench) -> None:
    bench.advertise()
    time.sleep(6)  # nobody listens
    bench.advertise()
    assert bench.calls(bench.neighbor(), LATE)


@case("6.2b", "so is one that closes the connection before its OPEN, as FRR does before it heard an RA")
def closes(bench: Bench) -> None:
    one = bench.neighbor(mute=True)
    bench.advertise()
    assert bench.calls(one, SOON)
    assert bench.calls(bench.neighbor(), LATE)


@case("6.3", "of two connections at once one stays (RFC 4271, 6.8)")
def collides(bench: Bench) -> None:
    one, two = bench.neighbor(silent=True), bench.neighbor()
    bench.advertise()
    assert called(one, LATE, up=False)
    wait(lambda: one.opening is not None, 3, "an OPEN")
    two.attempt(1)
    one.send(wire.message(wire.KEEPALIVE))
    wait(lambda: one.closed or two.closed, 5, "one of them is closed")
    wait(lambda: one.established or two.established, 5, "the other one is Established")
    assert one.closed is not two.closed


@case("6.4", "a second connection leaves the Established one alone")
def second(bench: Bench) -> None:
    one, two = bench.session(), bench.neighbor()
    two.attempt(2)
    two.close()
    time.sleep(1)
    assert one.established


@case("6.5", "hop limit 64 of the neighbor's packets is accepted where no TTL security is configured")
def hop_limit(bench: Bench) -> None:
    bench.advertise()
    one = bench.neighbor(ttl=64)
    wait(lambda: one.attempt(2), LATE, "a session")


@case("6.6", "a neighbor with our own AS is refused on an external session: 2/2")
def wrong_as(bench: Bench) -> None:
    bench.advertise()
    one = bench.neighbor(asn=65001)
    assert called(one, LATE, up=False)
    wait(lambda: "2/2" in one.codes(), 3, "a NOTIFICATION 2/2")


# --------------------------------------------------------- several neighbors


@case("7.1", "two neighbors on a link have a session each")
def two_neighbors(bench: Bench) -> None:
    one = bench.session()
    assert bench.comes_up(bench.neighbor(SECOND), LATE)
    assert one.established


@case("7.2", "one address on two links is two neighbors")
def two_links(bench: Bench) -> None:
    one = bench.session()
    assert bench.comes_up(bench.neighbor(link="eth1"), LATE)
    assert one.established


@case("7.3", "when one of two on a link withdraws itself, the other keeps its session")
def one_of_two(bench: Bench) -> None:
    one = bench.session()
    other = bench.neighbor(SECOND)
    assert bench.comes_up(other, LATE)
    assert one.established
    bench.advertise(lifetime=0)
    time.sleep(2)
    assert other.established


# ---------------------------------------------------------- next hops, sent

LL = TESTER
GLOBAL = "2001:db8:77::1"
HOPS = {
    "link-local": (LL,),
    "link-local, link-local": (LL, LL),
    "::, link-local": ("::", LL),
    "global, link-local": (GLOBAL, LL),
}


def hops_of(one: Session, prefix: str) -> str:
    """The next hop with which the device announced a network."""
    found = wait(lambda: one.table("next_hop").get(prefix), 5, f"{prefix} is announced")
    return str(found)


@case("8.1a", "IPv6 routes are announced with our link-local address in the next hop", session=True)
def sent_next_hop(bench: Bench, one: Session) -> None:
    assert hops_of(one, "2001:db8:1::1/128").split()[-1] == DEVICE


@case("8.1b", "with an address in its first half, not :: (GoBGP uses that half)", session=True)
def sent_first_half(bench: Bench, one: Session) -> None:
    assert hops_of(one, "2001:db8:1::1/128").split()[0] != "::"


@case("8.1c", "IPv4 routes have the same next hops where both sides announced RFC 8950", session=True)
def sent_ipv4(bench: Bench, one: Session) -> None:
    assert hops_of(one, "10.1.0.1/32").split()[-1] == DEVICE


@case("8.1d", "and are not announced to a neighbor that did not")
def sent_no_ipv4(bench: Bench) -> None:
    one = bench.session(extended=False)
    hops_of(one, "2001:db8:1::1/128")
    time.sleep(1)
    assert "10.1.0.1/32" not in one.table()


# ------------------------------------------------------ next hops, received


def announce(one: Session, prefix: str, *hops: str) -> None:
    attributes = wire.attribute(1, b"\0") + wire.attribute(2, wire.path_octets((one.asn,)))
    one.send(wire.update(wire.mp_reach([prefix], list(hops)) + attributes))


def taken(prefix: str, hops: tuple[str, ...]) -> Callable[[Bench, Session], None]:
    def run(bench: Bench, one: Session) -> None:
        announce(one, prefix, *hops)
        try:
            wait(lambda: f"{LL} dev eth0" in bench.routes(prefix), 5, f"a route via {LL}")
        finally:
            one.send(wire.withdrawal([prefix]) if ":" in prefix else wire.update(wire.mp_unreach([prefix])))
            wait(lambda: not bench.routes(prefix), 3, "the route is gone")
        assert one.established

    return run


for letter, (name, hops) in zip("abcd", HOPS.items(), strict=True):
    case(f"8.2{letter}", f"an IPv6 route with ({name}) goes to the link-local address", session=True)(
        taken(OURS6, hops)
    )
for letter, (name, hops) in zip("efgh", HOPS.items(), strict=True):
    case(f"8.2{letter}", f"an IPv4 route with ({name}) does", session=True)(taken(OURS, hops))


@case("8.2i", "a route with :: alone is not used, and the session stays", session=True)
def unspecified(bench: Bench, one: Session) -> None:
    announce(one, OURS6, "::")
    time.sleep(1)
    assert not bench.routes(OURS6)
    assert one.established


@case("8.2j", "a next hop of 15 octets ends the session with 3/x (RFC 7606, 7.11)")
def wrong_length(bench: Bench) -> None:
    one = bench.session()
    value = bytes.fromhex("0002010f" + "fe80" + "00" * 13 + "00" + "30" + "20010db80002")
    attributes = wire.attribute(1, b"\0") + wire.attribute(2, wire.path_octets((one.asn,)))
    one.send(wire.update(wire.attribute(14, value, 0x80) + attributes))
    wait(lambda: one.closed, 5, "the session ends")
    assert [code for code in one.codes() if code.startswith("3/")], one.notifications()


@case("9.1", "the device stops: NOTIFICATION 6/2 or 6/3 on the session")
def stops(bench: Bench) -> None:
    one = bench.session()
    bench.daemon.stop()
    wait(lambda: one.closed, 5, "the session ends")
    assert {"6/2", "6/3"} & set(one.codes()), one.notifications()
