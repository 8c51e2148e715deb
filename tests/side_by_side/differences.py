"""Where PyBIRD is to show something else than BIRD, and why.

An entry names a row of docs/differences.md by its first words; a test looks for
the row, and fails as well when there is no difference any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A key of a case where ours is `ours` and BIRD's is not; in a key, `*` stands for any text.

    `row`: text that stands in docs/differences.md; `why`: the reason in short.
    `as_frr`: in a case with a column of FRR, it shows what ours does; False: it does not.
    """

    case: str
    key: str
    ours: Any
    why: str
    row: str
    as_frr: bool = False


# What PyBIRD shows, by case and key, where many keys have one reason.
_OFF_LINK: dict[str, dict[str, Any]] = {
    "next_hops_from_ebgp": {"other link: to ebgp": "10.0.0.1", "other link: to ebgp, address": "10.0.0.77"},
    "next_hops_from_ebgp_recursive": {
        "nowhere: to ebgp": "10.0.0.1",
        "nowhere: to ebgp, address": "10.0.0.77",
        "other link: to ebgp": "10.0.0.1",
        "other link: to ebgp, address": "10.0.0.77",
        "resolved: to ebgp": "10.0.0.1",
        "resolved: to ebgp, address": "10.0.0.77",
    },
    "next_hops_from_ebgp_gateway_set": {
        "other link: to ebgp": "10.0.0.1",
        "other link: to ebgp, address": "10.0.0.77",
    },
    "next_hops_from_ibgp_direct": {
        "other link: to ebgp": "10.0.0.1",
        "other link: to ebgp, address": "10.0.0.77",
    },
    "next_hops_from_rs_client": {
        "other link: to ebgp": "10.0.0.1",
        "other link: to ebgp, address": "10.0.0.77",
    },
    "next_hops_v6_from_ebgp": {
        "other link: to ebgp": "2001:db8:a::1 fe80::1",
        "other link: to fe80 ebgp": ":: fe80::1",
    },
    "next_hops_v6_from_rs_client": {
        "other link: to ebgp": "2001:db8:a::1 fe80::1",
        "other link: to fe80 ebgp": ":: fe80::1",
    },
    "next_hops_v6_from_fe80_ebgp": {
        "other link: to ebgp": "2001:db8:a::1 fe80::1",
        "other link: to fe80 ebgp": ":: fe80::1",
    },
    "next_hops_v6_from_fe80_ibgp": {
        "other link: to ebgp": "2001:db8:a::1 fe80::1",
        "other link: to fe80 ebgp": ":: fe80::1",
    },
    "next_hops_kept": {
        "plain": {
            "10.4.0.0/24": "10.0.0.4",
            "10.4.1.0/24": "10.0.0.66",
            "10.4.2.0/24": "10.0.0.4",
            "10.4.3.0/24": "10.0.0.1",
        }
    },
}
_ON_NO_LINK = {
    "neighbor_outside_of_all_networks": {
        "sent": {"10.1.0.0/16": "10.77.0.2", "10.2.0.0/16": "10.0.0.1", "10.3.0.0/16": "10.0.0.9"}
    }
}
_LINK_LOCAL: dict[str, dict[str, Any]] = {
    "next_hops_v6_from_ebgp": {
        "global, ll: to ibgp": "2001:db8:a::2",
        "global, ll: to ibgp, other link": "2001:db8:a::2",
        "global, ll: to rr client": "2001:db8:a::2",
        "of a receiver, ll: to ibgp": "2001:db8:a::3",
        "of a receiver, ll: to ibgp, other link": "2001:db8:a::3",
        "of a receiver, ll: to rr client": "2001:db8:a::3",
        "third party, ll: to ibgp": "2001:db8:a::99",
        "third party, ll: to ibgp, other link": "2001:db8:a::99",
        "third party, ll: to rr client": "2001:db8:a::99",
    },
    "next_hops_v6_from_ibgp": {
        "global, ll: to rr client": "2001:db8:a::2",
        "nowhere, ll: to fe80 rs client": "2001:db8:200::1",
        "nowhere, ll: to rr client": "2001:db8:200::1",
        "nowhere, ll: to rs client": "2001:db8:200::1",
        "of a receiver, ll: to rr client": "2001:db8:a::3",
        "ours, ll: to fe80 rs client": "2001:db8:a::1",
        "ours, ll: to rr client": "2001:db8:a::1",
        "ours, ll: to rs client": "2001:db8:a::1",
        "third party, ll: to rr client": "2001:db8:a::99",
    },
    "next_hops_v6_from_rs_client": {
        "global, ll: to ibgp": "2001:db8:a::2",
        "global, ll: to ibgp, other link": "2001:db8:a::2",
        "global, ll: to rr client": "2001:db8:a::2",
        "of a receiver, ll: to ibgp": "2001:db8:a::3",
        "of a receiver, ll: to ibgp, other link": "2001:db8:a::3",
        "of a receiver, ll: to rr client": "2001:db8:a::3",
        "third party, ll: to ibgp": "2001:db8:a::99",
        "third party, ll: to ibgp, other link": "2001:db8:a::99",
        "third party, ll: to rr client": "2001:db8:a::99",
    },
    "next_hops_v6_from_fe80_ebgp": {
        "global, ll: to ibgp": "2001:db8:a::2",
        "global, ll: to ibgp, other link": "2001:db8:a::2",
        "global, ll: to rr client": "2001:db8:a::2",
        "of a receiver, ll: to ibgp": "2001:db8:a::3",
        "of a receiver, ll: to ibgp, other link": "2001:db8:a::3",
        "of a receiver, ll: to rr client": "2001:db8:a::3",
        "third party, ll: to ibgp": "2001:db8:a::99",
        "third party, ll: to ibgp, other link": "2001:db8:a::99",
        "third party, ll: to rr client": "2001:db8:a::99",
    },
    "next_hops_v6_from_fe80_ibgp": {
        "global, ll: to rr client": "2001:db8:a::2",
        "ll: to rr client": "2001:db8:a::1",
        "of a receiver, ll: to rr client": "2001:db8:a::3",
        "third party, ll: to rr client": "2001:db8:a::99",
    },
}
_HALF: dict[str, dict[str, Any]] = {
    "next_hops_v6_from_fe80_ebgp": {
        "nowhere, ll: kept": ["unicast via fe80::2 on eth0 (100) [AS65002i]"],
        "nowhere, ll: to ebgp": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to ebgp, export filter": "2001:db8:a::66",
        "nowhere, ll: to ebgp, other link": "2001:db8:b::1 fe80::1",
        "nowhere, ll: to fe80 ebgp": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to fe80 ibgp": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to fe80 rs client": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to ibgp": "2001:db8:200::1",
        "nowhere, ll: to ibgp, other link": "2001:db8:200::1",
        "nowhere, ll: to ibgp, self": "2001:db8:a::1",
        "nowhere, ll: to rr client": "2001:db8:200::1",
        "nowhere, ll: to rs client": "2001:db8:200::1 fe80::2",
    },
    "next_hops_v6_from_fe80_ibgp": {
        "nowhere, ll: kept": ["unicast via fe80::2 on eth0 (100) [i]"],
        "nowhere, ll: to ebgp": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to ebgp, export filter": "2001:db8:a::66",
        "nowhere, ll: to ebgp, other link": "2001:db8:b::1 fe80::1",
        "nowhere, ll: to fe80 ebgp": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to fe80 rs client": "2001:db8:200::1 fe80::2",
        "nowhere, ll: to rr client": "2001:db8:200::1",
        "nowhere, ll: to rs client": "2001:db8:200::1 fe80::2",
    },
}
_OFF_LINK |= {
    f"confederation_next_hops_from_{name}": {"other link: to outside": "10.0.0.1"}
    for name in ("member", "outside")
}
_NO_HOST: dict[str, dict[str, Any]] = {
    "strange_next_hops": {"ibgp 224.0.0.1": [None, None], "ibgp 255.255.255.255": [None, None]}
}

_OURS_THERE = {
    "our link-local: kept": ["via 2001:db8:a::2 on eth0"],
    "our link-local: kernel": ["2001:db8:17::/48 via 2001:db8:a::2 dev eth0 proto bird metric 32"],
}
_OUR_HALF: dict[str, dict[str, Any]] = {
    "halves_of_next_hops_default": _OURS_THERE | {"our link-local: sent": "2001:db8:a::2"},
    "halves_of_next_hops_local": _OURS_THERE | {"our link-local: sent": "2001:db8:a::2"},
    "halves_of_next_hops_direct": _OURS_THERE,
    "halves_of_next_hops_direct_local": _OURS_THERE,
}
_OF_THE_LINK: dict[str, dict[str, Any]] = {
    f"halves_of_next_hops_{name}": {
        f"{hop}: {key}": value
        for number, hop in ((10, "no global"), (11, "link-local alone"))
        for key, value in (
            ("kept", ["via fe80::2 on eth0"]),
            ("sent", ":: fe80::2"),
            ("kernel", [f"2001:db8:1{number:x}::/48 via fe80::2 dev eth0 proto bird metric 32"]),
        )
    }
    for name in ("direct", "direct_local")
}


# Of the cases with a column of FRR: those where FRR does as ours.
_AS_FRR = {
    "next_hops_and_frr": {"other link: to ebgp": "10.0.0.1"},
    "next_hops_v6_and_frr": {"other link: to ebgp": "2001:db8:a::1 fe80::1"},
    "fe80_next_hops_and_frr": {"other link: to ebgp": "2001:db8:a::1 fe80::1"},
}
_REFLECTED_AS_FRR = {
    "next_hops_v6_and_frr": {
        "global, ll: to rr client": "2001:db8:a::2",
        "of a receiver, ll: to rr client": "2001:db8:a::3",
        "third party, ll: to rr client": "2001:db8:a::99",
    }
}
_NO_HOST_AS_FRR = {
    "next_hops_of_nobody_and_frr": {
        "limited broadcast, internal: sent": None,
        "multicast, internal: sent": None,
    }
}


def _each(found: dict[str, dict[str, Any]], why: str, row: str, as_frr: bool = False) -> Iterator[Difference]:
    for case, keys in found.items():
        for key, ours in keys.items():
            yield Difference(case, key, ours, why, row, as_frr)


# Networks without OTC that neighbors of every role get.
_TO_ALL = ("10.2.1.0/24", "10.3.1.0/24", "10.7.1.0/24", "10.8.1.0/24", "10.99.1.0/24")

_EVPN_BROKEN: dict[str, dict[str, Any]] = {
    "evpn_broken": {
        "a label too few": [[], 2],
        "a MAC of 40 bits": [[], 2],
        "an IP address of 24 bits": [[], 2],
        "an auto-discovery route that is too long": [[], 2],
        "a multicast route without address": [[], 2],
        "a segment that is too short": [[], 2],
        "a route that is cut off": [["3/10"], 0],
    }
}
_EVPN_PREFIX: dict[str, dict[str, Any]] = {
    "evpn_segments_and_prefixes": {
        "prefixes": ["evpn prefix 65001:1 7 10.3.3.0/24"],
        "left": [],
    }
}
_EVPN_ESI: dict[str, dict[str, Any]] = {
    "evpn_segments_and_prefixes": {
        "segment": "T:T:T:09",
        "outside": "2 0000fde90000000100010203040506070809000000073002005e00530100000641",
    }
}

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "next_hop_through_a_route_over_itself",
        "withdrawn",
        {
            "0.0.0.0/0": "p2",
            "10.8.0.0/16": "p3",
            "10.9.0.0/16": "p3",
        },
        "BIRD looks again only when the best route changes",
        "next hops after the recursive route has gone that covered itself",
    ),
    Difference(
        case="link_local_alone",
        key="sent",
        ours={"2001:db8:77::/48": "fe80::1 fe80::1"},
        why="GoBGP uses the first half",
        row="the next hop of a session over link-local addresses alone",
    ),
    Difference(
        case="required_paths",
        key="rx, they 7",
        ours=[False, ["2/7"]],
        why="RFC 7911, 4",
        row="add-path with a direction other than 1, 2 and 3",
    ),
    Difference(
        case="rr_cluster",
        key="best",
        ours={"10.1.0.0/16": "p2 unreachable", "10.2.0.0/16": "p3 unreachable"},
        why="a loop is one on every session",
        row="a route whose CLUSTER_LIST has our cluster id, on a session that is no client's",
    ),
    Difference(
        case="preferences_from_outside",
        key="default: with",
        ours=["100", "7"],
        why="every route has one",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="preferences_from_outside",
        key="not allowed: with",
        ours=["100", "7"],
        why="every route has one",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="preferences_from_outside",
        key="own defaults: with",
        ours=["70", "7"],
        why="every route has one",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="preferences_from_outside",
        key="own defaults: with, sent",
        ours={"local_pref": "70", "med": "7"},
        why="it is as if it had not been sent",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="confederation_paths",
        key="to rs client, from members",
        ours={
            f"10.{number}.{kind}.0/24": path
            for number in (3, 7, 8)
            for kind, path in ((1, ""), (2, "65077 65078"))
        },
        why="nobody outside may get them",
        row="members of our confederation in the path of a route for an `rs client` outside",
    ),
    *(
        Difference(
            case="confederation_short_numbers",
            key=f"members alone, to p{number}",
            ours={"as_path": path},
            why="it would be malformed",
            row="AS4_PATH of a path of members alone",
        )
        for number, path in ((3, "(65001 65006 23456)"), (4, "(65006 23456)"))
    ),
    Difference(
        case="odd_paths",
        key="as 0",
        ours=[None, None, None],
        why="RFC 7607",
        row="an AS path with AS 0",
    ),
    Difference(
        case="graceful_opens",
        key="default",
        ours=[[1, "00010001"], [2, ""], [65, "0000fde9"]],
        why="FRR would answer no ROUTE-REFRESH",
        row="enhanced route refresh (70) with `graceful restart off`",
    ),
    Difference(
        case="which_stale_routes_a_new_session_leaves",
        key="lost in 71",
        ours=[{}, ["up", "Established"], ["State: UP", "Routes: 0 imported, 2 exported, 0 preferred"]],
        why="RFC 9494, 4.2",
        row="capability 71 says that its forwarding state is lost",
    ),
    Difference(
        case="which_stale_routes_a_new_session_leaves",
        key="not in 64",
        ours=[
            {"10.5.0.0/16": ["(100s) [AS65005i]", "(65535,6)"]},
            ["up", "Established"],
            [
                "Neighbor graceful restart active",
                "State: UP",
                "Routes: 1 imported, 1 exported, 1 preferred",
                "Neighbor GR: Long-lived",
                "LL stale timer: 600/-",
            ],
        ],
        why="RFC 9494, 4.2",
        row="a family that 71 has with the F bit, and 64 does not list",
    ),
    Difference(
        case="addresses_of_sockets",
        key="default",
        ours=["0.0.0.0:179", "[::]:179"],
        why="one listener for all",
        row="where BGP listens without `strict bind`",
    ),
    Difference(
        case="configured_med",
        key="beside other attributes",
        ours="4",
        why="the manual: what is configured locally is sent",
        row="a MED of a static route that has other BGP attributes, too",
    ),
    Difference(
        case="partial_bit",
        key="changed one that was partial",
        ours="1:1 8:8 [e0]",
        why="RFC 4271, 5: once set, it stays",
        row="the Partial bit of an attribute that a filter changes",
    ),
    Difference(
        case="rpki_without_answers",
        key="starts",
        ours=False,
        why="every invalid route would be taken",
        row="options in docs/status.md under Refused",
    ),
    Difference(
        case="refused_routes",
        key="external",
        ours=["Import updates:6 4 0", "Import withdraws:0 0 ---"],
        why="the neighbor withdrew nothing",
        row="What BGP itself does not take",
    ),
    Difference(
        case="refused_routes",
        key="internal",
        ours=["Import updates:3 3 0", "Import withdraws:0 0 ---"],
        why="the neighbor withdrew nothing",
        row="What BGP itself does not take",
    ),
    Difference(
        case="refused_routes",
        key="log",
        ours=[
            "<RMT> p2: Refused 10.2.0.0/16: own AS in the path",
            "<RMT> p2: Refused 10.3.0.0/16: own AS in the path",
            "<RMT> p2: Refused 10.4.0.0/16: first AS of the path is not the neighbor's",
            "<RMT> p2: Refused 127.0.0.0/8: bogus network",
            "<RMT> p3: Refused 10.5.0.0/16: own originator id",
            "<RMT> p3: Refused 10.6.0.0/16: own cluster id in the cluster list",
        ],
        why="why does this route not appear",
        row="What BGP itself does not take",
    ),
    Difference(
        case="cease_and_refused_tries",
        key="info",
        ours="start Active Received: Administrative shutdown",
        why="the neighbor said why it does not answer",
        row="After a Cease of the neighbor `show protocols` goes on telling",
    ),
    Difference(
        case="cease_and_refused_tries",
        key="details",
        ours=["BGP state: Active", "Last error: Received: Administrative shutdown"],
        why="the neighbor said why it does not answer",
        row="After a Cease of the neighbor `show protocols` goes on telling",
    ),
    Difference(
        case="limits_of_other_protocols",
        key="s1",
        ours="down Automatic shutdown: Route limit exceeded",
        why="why is it down",
        row="than BGP that a route limit disabled says so in the Info column",
    ),
    Difference(
        case="limits_of_other_protocols",
        key="s1 again",
        ours="down Automatic shutdown: Route limit exceeded",
        why="why is it down",
        row="than BGP that a route limit disabled says so in the Info column",
    ),
    Difference(
        case="limits_of_other_protocols",
        key="k",
        ours="down Automatic shutdown: Route limit exceeded",
        why="why is it down",
        row="than BGP that a route limit disabled says so in the Info column",
    ),
    Difference(
        case="info_of_bgp_protocols",
        key="no such address",
        ours="start Active Socket: Cannot assign requested address",
        why="nobody closed a connection",
        row="A connection from an address that no interface has",
    ),
    Difference(
        case="filtered_of_an_import_table",
        key="shown",
        ours=["0000"],
        why="as BIRD 2; `show route import table` has them",
        row="with an import table and without `import keep filtered`",
    ),
    Difference(
        case="filtered_of_an_import_table",
        key="counted",
        ours=["Routes: 1 imported, 0 exported, 1 preferred"],
        why="as BIRD 2; `show route import table` has them",
        row="with an import table and without `import keep filtered`",
    ),
    Difference(
        case="flow_broken",
        key="codes",
        ours=["3/10"],
        why="the networks are wrong, not the list of attributes",
        row="the NOTIFICATION for a malformed flow",
    ),
    *_each(_EVPN_BROKEN, "routes can be told apart by their lengths", "an EVPN route of a known type that"),
    *_each(_EVPN_PREFIX, "label, segment and gateway identify nothing", "an IP prefix route of EVPN"),
    *_each(_EVPN_ESI, "the neighbors need it", "the Ethernet segment of a MAC/IP route"),
    Difference(
        case="evpn_of_ipv6_sessions",
        key="multihop: via",
        ours={
            "evpn imet 65001:1 7 10.1.1.1": "via 10.0.0.3 on eth0",
            "evpn imet 65001:1 7 2001:db8::1": "unreachable",
        },
        why="nothing is wrong with them; BIRD 3.3 takes them",
        row="an EVPN route without label, with `gateway recursive`",
    ),
    *_each(_ON_NO_LINK, "the neighbor must refuse it", "a next hop that is not on that link"),
    *_each(_OFF_LINK, "the neighbor must refuse it", "a next hop that is not on that link"),
    *_each(
        _LINK_LOCAL, "it means nothing elsewhere", "a link-local next hop beside a global one, to a neighbor"
    ),
    *_each(
        _HALF,
        "an unnumbered neighbor would lose all routes",
        "a next hop of two addresses whose global one is not on the link",
    ),
    *_each(
        _OUR_HALF, "BIRD's kernel refuses it", "a next hop of two addresses whose link-local one is our own"
    ),
    *_each(
        _OF_THE_LINK, "the session tells the link", "a link-local next hop alone, with `gateway recursive`"
    ),
    *_each(_NO_HOST, "it is no address of a host", "a next hop that is no address of a host"),
    *_each(_AS_FRR, "the neighbor must refuse it", "a next hop that is not on that link", as_frr=True),
    *_each(
        _REFLECTED_AS_FRR,
        "it means nothing elsewhere",
        "a link-local next hop beside a global one, to a neighbor",
        as_frr=True,
    ),
    *_each(
        _NO_HOST_AS_FRR,
        "it is no address of a host",
        "a next hop that is no address of a host",
        as_frr=True,
    ),
    Difference(
        case="fe80_next_hops_and_frr",
        key="off the link, ll: to ebgp",
        ours="2001:db8:200::1 fe80::2",
        why="an unnumbered neighbor would lose all routes; FRR uses it as well, and sends itself",
        row="a next hop of two addresses whose global one is not on the link",
    ),
    Difference(
        case="only_to_customer",
        key="sent by customer",
        ours=dict.fromkeys(_TO_ALL, None),
        why="it is marked to go to customers only",
        row="a static route to which the configuration gave `bgp_otc`",
    ),
    Difference(
        case="only_to_customer",
        key="sent by rs_client",
        ours=dict.fromkeys(_TO_ALL, None),
        why="it is marked to go to customers only",
        row="a static route to which the configuration gave `bgp_otc`",
    ),
    Difference(
        case="only_to_customer",
        key="sent by peer",
        ours=dict.fromkeys(_TO_ALL, "65001"),
        why="it is marked to go to customers only",
        row="a static route to which the configuration gave `bgp_otc`",
    ),
    Difference(
        case="cluster_loops_and_frr",
        key="ebgp",
        ours=["10.2.3.0/24", "10.4.3.0/24"],
        why="a loop is one on every session",
        row="a route whose CLUSTER_LIST has our cluster id, on a session that is no client's",
        as_frr=True,
    ),
)

# Keys where 2.0.12 shows something else than 2.19.2, whom PyBIRD follows, and what it is:
# where there is no 2.19, these are not compared.
OLDER: dict[str, dict[str, str]] = {
    "next_hop_lengths_vpn6_multicast": {"48, link-local twice": "drops the route"},
    "next_hop_lengths_vpn6_mpls": {"48, link-local twice": "drops the route"},
    "odd_paths": {"set": "takes AS_SETs by default"},
    "confederation_segments": {
        f"{neighbor}: shape {shape}": "takes sets by default"
        for neighbor, shapes in (
            ("member", (7, 12)),
            ("another member", (7, 12)),
            ("member rs client", (7, 12)),
            ("internal", (6, 7, 12, 13)),
            ("client", (6, 7, 12, 13)),
        )
        for shape in shapes
    },
    "data_of_errors_told": {
        "long data": "shows 16 octets at most",
        "very long data": "shows 16 octets at most",
    },
    "commands_in_the_log": {"10 reload p2": "says nothing of what is not up"},
    "reloads_in_the_log": {
        "an import filter": "does not say for which direction",
        "an export filter": "does not say for which direction",
    },
}
