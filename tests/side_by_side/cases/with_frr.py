"""Where BIRD gives no answer to follow, FRR is asked too: what neighbors hear from each.

BIRD 2 and 3 send next hops that their neighbor must refuse, and take loops; the
RFCs say what to do, and FRR shows what another implementation makes of them.
"""

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, bgp6, case
from tests.side_by_side.cases.next_hop_matrix import alike
from tests.side_by_side.frr import frr, frr6, router

DIRECT = "protocol direct { ipv4; ipv6; }\n"
HOPS = {
    "own of sender": "10.0.0.2",
    "third party": "10.0.0.99",
    "other link": "172.16.0.9",
    "nowhere": "10.200.0.1",
    "ours": "10.0.0.1",
    "ours, second": "10.0.0.101",
    "ours, loopback": "192.168.7.1",
    "network": "10.0.0.0",
    "broadcast": "10.0.0.255",
    "of a receiver": "10.0.0.3",
    "of a client": "10.0.0.5",
}
HOPS6 = {
    "global, ll": ("2001:db8:a::2", "fe80::2"),
    "third party, ll": ("2001:db8:a::99", "fe80::99"),
    "off the link, ll": ("2001:db8:200::1", "fe80::2"),
    "other link": ("2001:db8:b::9",),
    "loopback": ("::1",),
    "ours": ("2001:db8:a::1",),
    "ours, ll": ("2001:db8:a::1", "fe80::1"),
    "of a receiver": ("2001:db8:a::3",),
    "of a receiver, ll": ("2001:db8:a::3", "fe80::3"),
}


def heard(hops, receivers):
    """What each receiver has as the next hop of each; networks are numbered by their next hop."""
    found = {}
    for name, session in receivers.items():
        sent = session.table("next_hop")
        told = {net.split("/")[0].rstrip(":"): alike(hop) for net, hop in sent.items()}
        for number, hop in enumerate(hops):
            net = f"2001:db8:{number + 4096:x}" if ":" in session.source else f"10.1.{number}.0"
            found[f"{hop}: to {name}"] = told.get(net)
    return found


@case(frr=True)
def next_hops_and_frr(side: Side):
    """From an external neighbor: RFC 4271, 5.1.3 and 6.3."""
    side.start(
        DIRECT + bgp(2) + bgp(3) + bgp(4, 65001) + bgp(5, 65001, "rr client;"),
        router(frr(2), frr(3), frr(4, 65001), frr(5, 65001, "route-reflector-client")),
    )
    told, ebgp, ibgp, client = side.connect(2, 3, 4, 5)
    for number, hop in enumerate(HOPS.values()):
        told.announce(f"10.1.{number}.0/24", next_hop=hop)
    side.settle(1)
    return heard(HOPS, {"ebgp": ebgp, "ibgp": ibgp, "rr client": client})


@case(frr=True)
def internal_next_hops_and_frr(side: Side):
    """From an internal neighbor, whose next hops the IGP leads to."""
    side.start(
        DIRECT + bgp(2, 65001) + bgp(3) + bgp(5, 65001, "rr client;"),
        router(frr(2, 65001), frr(3), frr(5, 65001, "route-reflector-client")),
    )
    told, ebgp, client = side.connect(2, 3, 5)
    for number, hop in enumerate(HOPS.values()):
        told.announce(f"10.1.{number}.0/24", next_hop=hop)
    side.settle(1)
    return heard(HOPS, {"ebgp": ebgp, "rr client": client})


NO_HOSTS = {
    "loopback": "127.0.0.1",
    "zero": "0.0.0.0",
    "limited broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
}


@case(frr=True)
def next_hops_of_nobody_and_frr(side: Side):
    """Addresses that are no host's: whether the route, or the session, goes (RFC 4271, 6.3)."""
    senders = {"external": [2, 4, 5, 6], "internal": [7, 8, 9, 10]}
    text, neighbors = bgp(3), [frr(3)]
    for kind, numbers in senders.items():
        for number in numbers:
            asn = 65001 if kind == "internal" else None
            text += bgp(number, asn)
            neighbors.append(frr(number, asn))
    side.start(DIRECT + text, router(*neighbors))
    (heard,) = side.connect(3)
    sessions = {}
    for kind, numbers in senders.items():
        for number, (name, hop) in zip(numbers, NO_HOSTS.items(), strict=True):
            (sessions[f"{name}, {kind}"],) = side.connect(number)
            sessions[f"{name}, {kind}"].announce(f"10.{number}.0.0/16", next_hop=hop)
    side.settle(1)
    sent = heard.table("next_hop")
    found = {f"{name}: sent": sent.get(f"10.{one.number}.0.0/16") for name, one in sessions.items()}
    return found | {f"{name}: session": one.codes() for name, one in sessions.items()}


@case(frr=True)
def next_hops_v6_and_frr(side: Side):
    """The forms of RFC 2545, and a global half that is off the link."""
    side.start(
        DIRECT + bgp6(2) + bgp6(3) + bgp6(5, 65001, "rr client;"),
        router(frr6(2), frr6(3), frr6(5, 65001, "route-reflector-client")),
    )
    told, ebgp, client = side.connect(2, 3, 5)
    for number, hop in enumerate(HOPS6.values(), 4096):
        told.announce(f"2001:db8:{number:x}::/48", next_hop=hop)
    side.settle(1)
    return heard(HOPS6, {"ebgp": ebgp, "rr client": client})


@case(frr=True)
def fe80_next_hops_and_frr(side: Side):
    """The same on a session over link-local addresses."""
    text = bgp6(2, local="fe80::1%eth0")
    side.start(DIRECT + text + bgp6(3), router(frr6(2, address="fe80::{}"), frr6(3)))
    told, ebgp = side.connect(2, 3)
    for number, hop in enumerate(HOPS6.values(), 4096):
        told.announce(f"2001:db8:{number:x}::/48", next_hop=hop)
    side.settle(1)
    return heard(HOPS6, {"ebgp": ebgp})


@case(frr=True)
def cluster_loops_and_frr(side: Side):
    """Our own id in CLUSTER_LIST or ORIGINATOR_ID, on sessions with and without clients (RFC 4456, 8)."""
    ibgp, client = frr(2, 65001), frr(4, 65001, "route-reflector-client")
    side.start(
        bgp(2, 65001) + bgp(4, 65001, "rr client;") + bgp(3),
        router(ibgp, client, frr(3)).replace("coalesce", "bgp cluster-id 10.0.0.1\n coalesce"),
    )
    plain, reflected, other = side.connect(2, 4, 3)
    for one in (plain, reflected):
        one.announce(f"10.{one.number}.1.0/24", originator="9.9.9.9", clusters=["10.0.0.1"])
        one.announce(f"10.{one.number}.2.0/24", originator="9.9.9.9", clusters=["8.8.8.8", "10.0.0.1"])
        one.announce(f"10.{one.number}.3.0/24", originator="9.9.9.9", clusters=["8.8.8.8"])
        one.announce(f"10.{one.number}.4.0/24", originator="10.0.0.1", clusters=["8.8.8.8"])
    side.settle(1)
    return {"ebgp": list(other.table()), "to client": reflected.table("cluster_list")}


@case(frr=True)
def refresh_and_frr(side: Side):
    """What follows a ROUTE-REFRESH without enhanced route refresh (RFC 2918)."""
    side.start(bgp(2) + bgp(3), router(frr(2), frr(3)))
    told, asking = side.connect(2, 3)
    told.announce("10.1.0.0/16", "10.2.0.0/16")
    side.settle(1)
    found = {}
    for name, ask in {
        "the family": wire.refresh(),
        "a family that was not negotiated": wire.refresh(wire.IPV6),
        "BoRR": wire.refresh(kind=1),
        "EoRR": wire.refresh(kind=2),
        "an unknown subtype": wire.refresh(kind=7),
        "255": wire.refresh(kind=255),
    }.items():
        before = len(asking.received)
        asking.send(ask)
        side.settle(1)
        since = asking.received[before:]
        nets = [net for kind, body in since if kind == wire.UPDATE for net in wire.read_update(body).reached]
        found[name] = [sorted(nets), asking.codes()]
    return found
