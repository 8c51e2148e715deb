"""A hub in every shape that a reload can give it, and a model of what it must send.

Five neighbors on one switch; the third one's IPv4 channel is on a table of its
own, which a pipe joins with the main one; some have an IPv6 channel, too. The
hub's kernel gets multipath routes (`merge paths`). Each shape is real
configuration text; each filter has its model beside it.
"""

from functools import cache
from typing import NamedTuple

from tests.scenarios.lab import read

COUNT = 5
ASIDE = 3  # this neighbor's IPv4 channel is on the table behind the pipe
ODD = (1, 1)
EVEN = (1, 2)

HEAD = """
router id 10.0.0.100;
protocol device { }
ipv4 table master4 { sorted; };
ipv4 table aside;
protocol pipe between { table master4; peer table aside;
  export filter { %(pipe_out)s }; import filter { %(pipe_in)s }; }
protocol kernel fib { merge paths; ipv4 { import none; export filter { %(fib)s }; }; }
"""
PEER = """
protocol bgp p%(number)d {
  local 10.0.0.100 as 65000;
  neighbor 10.0.0.%(number)d as %(asn)d;
  error wait time 1, 2; connect retry time 5; connect delay time 1; hold time 30;
  ipv4 { %(table)s import filter { %(imports)s }; export filter { %(exports)s }; %(more)s };
  %(v6)s
}
"""
V6 = "ipv6 { import all; export filter { %(exports)s }; %(table)s };"
SPOKE = """
router id 10.0.0.%(number)d;
protocol device { }
protocol static own { ipv4; }
protocol static own6 { ipv6; }
protocol bgp hub {
  local 10.0.0.%(number)d as %(asn)d;
  neighbor 10.0.0.100 as 65000;
  error wait time 1, 2; connect retry time 5; connect delay time 1; hold time 30;
  ipv4 { import all; export where source = RTS_STATIC; add paths rx; };
  ipv6 { import all; export where source = RTS_STATIC; };
}
"""
# Each filter in the language, and as a model: (length, communities) -> None or (MED, communities)
EXPORTS = [
    ("accept;", lambda n, c: (None, c)),
    ("reject;", lambda n, c: None),
    ("if (1, 1) ~ bgp_community then reject; accept;", lambda n, c: None if ODD in c else (None, c)),
    ("if (1, 1) ~ bgp_community then accept; reject;", lambda n, c: (None, c) if ODD in c else None),
    ("if net.len < 20 then reject; bgp_med = 7; accept;", lambda n, c: (7, c) if n >= 20 else None),
    ("bgp_community.add((9, 9)); accept;", lambda n, c: (None, c | {(9, 9)})),
]
IMPORTS = [
    ("accept;", lambda n, c: (None, c)),
    ("if (1, 2) ~ bgp_community then reject; accept;", lambda n, c: None if EVEN in c else (None, c)),
    ("if net.len < 20 then accept; reject;", lambda n, c: (None, c) if n < 20 else None),
    ("bgp_community.add((8, 8)); accept;", lambda n, c: (None, c | {(8, 8)})),
]
LIMITS = (None, None, 5, 40)


class Neighbor(NamedTuple):
    """What the hub's configuration says of one neighbor."""

    present: bool = True
    exports: int = 0
    imports: int = 0
    secondary: bool = False  # the best accepted route instead of the best one
    paths: bool = False  # all accepted routes, with path ids
    keep: bool = False
    import_table: bool = False
    v6: bool = True
    import_limit: int | None = None
    receive_limit: int | None = None
    export_limit: int | None = None

    @property
    def lossy(self) -> bool:
        """A limit may have dropped routes that do not come back by themselves."""
        return self.import_limit is not None or self.receive_limit is not None


class Shape(NamedTuple):
    """A whole configuration of the hub."""

    peers: tuple[Neighbor, ...] = (Neighbor(),) * COUNT
    pipe_out: int = 0
    pipe_in: int = 0
    fib: int = 0

    def config(self):
        """The configuration, read from its text."""
        filters = {name: EXPORTS[getattr(self, name)][0] for name in ("pipe_out", "pipe_in", "fib")}
        peers = [peer_text(number, peer) for number, peer in enumerate(self.peers, 1) if peer.present]
        return read(HEAD % filters + "".join(peers))


@cache
def peer_text(number, peer):
    """The protocol of one neighbor."""
    more = [f"{word} limit {limit} action block;" for word, limit in limits(peer) if limit is not None]
    if peer.secondary and number != ASIDE:
        more.append("secondary;")
    if peer.paths:
        more.append("add paths tx;")
    if peer.keep:
        more.append("import keep filtered;")
    if peer.import_table:
        more.append("import table;")
    exports = EXPORTS[peer.exports][0]
    return PEER % {
        "number": number,
        "asn": 65000 + number,
        "table": "table aside;" if number == ASIDE else "",
        "imports": IMPORTS[peer.imports][0],
        "exports": exports,
        "more": " ".join(more),
        "v6": V6 % {"exports": exports, "table": ""} if peer.v6 else "",
    }


def limits(peer):
    """The words of a neighbor's limits, with their numbers."""
    return (
        ("import", peer.import_limit),
        ("receive", peer.receive_limit),
        ("export", peer.export_limit),
    )


def spoke_text(number):
    """The configuration of a neighbor."""
    return SPOKE % {"number": number, "asn": 65000 + number}


def communities_of(view):
    """The communities of a route, as pairs."""
    found = view.get("bgp_community")
    items = found.items if found is not None else ()
    return frozenset((value >> 16, value & 0xFFFF) for value in items)


class Model:
    """What must be where, from the hub's tables and the shape of its configuration."""

    def __init__(self, hub, shape):
        self.hub = hub
        self.shape = shape

    def sent(self, number, family):
        """Table x filter, for one neighbor: (network, "" or its AS path) -> (AS path, MED, communities)."""
        peer = self.shape.peers[number - 1]
        all_of_them = peer.paths and family == 4
        every = all_of_them or (peer.secondary and family == 4 and number != ASIDE)
        model = EXPORTS[peer.exports][1]
        table = self.hub.tables[self.table(number, family)]
        found = {}
        for key in list(table.keys()):
            for rte in table.get(key)[: None if every else 1]:
                view = self.hub.pool.view(rte.attrs)
                out = model(key[0], communities_of(view))
                if rte.source.name != f"p{number}" and out is not None:
                    path = f"65000 {view['bgp_path']}"
                    found[key, path if all_of_them else ""] = (path, *out)
                    if not all_of_them:
                        break
        return found

    def table(self, number, family):
        """The name of the table of a neighbor's channel."""
        return "master6" if family == 6 else "aside" if number == ASIDE else "master4"

    def imported(self, number, announced, family):
        """(what enters the hub's table, what the import filter keeps out): network -> communities."""
        peer = self.shape.peers[number - 1]
        model = IMPORTS[peer.imports][1] if family == 4 else IMPORTS[0][1]
        passed, refused = {}, {}
        for key, communities in announced.items():
            out = model(key[0], communities)
            if out is None:
                refused[key] = communities
            else:
                passed[key] = out[1]
        return passed, refused

    def piped(self, near, which):
        """What the pipe brings out of a table: (network, protocol) -> communities."""
        model = EXPORTS[which][1]
        found = {}
        table = self.hub.tables[near]
        for key in list(table.keys()):
            for rte in table.get(key):
                out = model(key[0], communities_of(self.hub.pool.view(rte.attrs)))
                if rte.source.origin is None and out is not None:
                    found[key, rte.source.name] = out[1]
        return found

    def copies(self, far):
        """What a table has from the pipe."""
        found = {}
        table = self.hub.tables[far]
        for key in list(table.keys()):
            for rte in table.get(key):
                if rte.source.origin is not None:
                    communities = communities_of(self.hub.pool.view(rte.attrs))
                    found[key, rte.source.name] = communities
        return found

    def forwarded(self):
        """The kernel's routes: network -> gateways, of all equal routes that the filter accepts."""
        model = EXPORTS[self.shape.fib][1]
        table = self.hub.tables["master4"]
        found = {}
        for key in list(table.keys()):
            best, *others = table.get(key)
            accepted = [
                rte
                for rte in (best, *others)
                if model(key[0], communities_of(self.hub.pool.view(rte.attrs))) is not None
                and (rte is best or best.source.type.mergeable(best, rte))
            ]
            if best in accepted:
                found[key] = {way.gateway for rte in accepted for way in rte.hop.nexthops}
        return found
