"""Several routes of a network on one session: `add paths` and `require add paths` (RFC 7911)."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import IPV4, IPV6

RECEIVE, SEND, BOTH = 1, 2, 3
NET = "10.7.0.0/16"
WORDS = "ADD-PATH|RX:|TX:|Session:|Routes:|Import (updates|withdraws)"


def with_paths(asn: int, mode: int, family: int = IPV4) -> dict[str, Any]:
    """Options of a session that announces add-path for one family."""
    found = wire.multiprotocol(family) + wire.capability(2) + wire.add_path(mode, family)
    return {"capabilities": found + wire.four_octets(asn), "add_path": bool(mode & RECEIVE)}


@case(dialect3=True, options=("bgp channel: add paths",))
def received_paths(side: Side):
    """Paths are routes of their own: one is replaced by the same id, withdrawn by its id only."""
    keep = "add paths rx; import keep filtered;"
    side.start(bgp(2, channel=keep, imports="filter { if bgp_med = 9 then reject; accept; }") + bgp(3))
    (a,) = side.connect(2, **with_paths(65002, SEND))
    (b,) = side.connect(3)
    assert a.opening is not None
    seen: dict[str, Any] = {"capability": [each for each in a.opening.capabilities if each[0] == 69]}
    a.announce(f"{NET} #1", path=(65002, 1))
    a.announce(f"{NET} #2", path=(65002, 2, 3))
    a.announce(f"{NET} #3", path=(65002, 2, 3), med=9)
    a.announce(f"{NET} #4294967295", f"{NET} #0", path=(65002, 4, 5, 6))
    a.announce(f"{NET} #2", path=(65002, 9, 3))
    a.announce(f"{NET} #5", f"{NET} #5", "10.8.0.0/16 #5", path=(65002, 4, 5, 6, 7))
    b.announce(NET, path=(65003, 2, 3))
    side.settle()
    seen |= look(side, "came")
    a.withdraw(f"{NET} #1", f"{NET} #77", f"{NET} #3")
    side.settle()
    seen |= look(side, "went")
    a.announce(f"{NET} #2", path=(65002, 9, 3), med=9)
    side.settle()
    seen |= look(side, "refused")
    seen["b"] = b.table()
    a.close()
    side.settle()
    return seen | look(side, "closed")


def look(side: Side, moment: str) -> dict[str, Any]:
    return {
        f"{moment}: routes": side.routes(),
        f"{moment}: filtered": side.lines("show route filtered"),
        f"{moment}: details": side.details("p2", WORDS),
        f"{moment}: count": side.lines("show route count")[0],
    }


@case(dialect3=True)
def received_paths_of_ipv6(side: Side):
    """The fields of RFC 4760; an UPDATE whose route is malformed withdraws this path only."""
    net = "2001:db8:7::/48"
    side.start(bgp(2, family=6, channel="add paths rx;"))
    (a,) = side.connect(2, **with_paths(65002, BOTH, IPV6))
    a.announce(f"{net} #1", path=(65002, 1))
    a.announce(f"{net} #2", f"{net} #3", path=(65002, 2, 3))
    side.settle()
    seen: dict[str, Any] = {"came": side.routes()}
    a.send(wire.update(wire.mp_unreach([f"{net} #3"])))
    bad = wire.Attributes(path=(65002,), origin=9).octets()
    a.send(wire.update(bad + wire.mp_reach([f"{net} #2"], ["2001:db8:a::2"])))
    side.settle()
    return seen | {"went": side.routes(), "up": a.established, "details": side.details("p2", WORDS)}


@case(dialect3=True)
def paths_within_limits(side: Side):
    """Limits count routes, not networks."""
    side.start(
        bgp(2, channel="add paths rx; import limit 2 action block;")
        + bgp(3, channel="add paths rx; receive limit 2 action block;")
        + bgp(4, channel="add paths rx; import limit 2 action disable;")
    )
    seen: dict[str, Any] = {}
    for number in (2, 3, 4):
        (a,) = side.connect(number, **with_paths(65000 + number, SEND))
        for path in range(1, 4):
            a.announce(f"{NET} #{path}", path=(65000 + number, path))
        side.settle()
        a.announce(f"{NET} #2", path=(65000 + number, 7, 8))
        side.settle()
        seen[f"p{number}"] = [
            side.info(f"p{number}"),
            side.details(f"p{number}", "Routes:|Import updates|HIT"),
        ]
        seen[f"routes {number}"] = side.lines(f"show route protocol p{number}")
        seen[f"codes {number}"] = a.codes()
    return seen


@case(dialect3=True)
def paths_filtered_again(side: Side):
    """A refresh, and an import table: each path has its verdict."""
    text = bgp(2, channel="add paths rx;", imports="filter { bgp_med = %d; accept; }")
    table = bgp(3, channel="add paths rx; import table;", imports="filter { bgp_med = %d; accept; }")
    side.start(text % 1 + table % 1)
    sessions = [*side.connect(2, **with_paths(65002, SEND)), *side.connect(3, **with_paths(65003, SEND))]
    for session in sessions:
        for path in (1, 2, 3):
            session.announce(f"{NET} #{path}", path=(session.asn, path))
    side.settle()
    side.configure(text % 2 + table % 2)
    side.settle()
    seen: dict[str, Any] = {"before": side.routes(), "kinds": sessions[0].kinds(wire.REFRESH)}
    for path in (1, 3):
        sessions[0].announce(f"{NET} #{path}", path=(65002, path))
    side.settle()
    return seen | {"after": side.routes(), "table": side.lines("show route import table p3.ipv4")}


def paths(session: Session) -> dict[str, list[str]]:
    """The AS paths that a session has of each network; ids are the daemon's choice."""
    found: dict[str, list[str]] = {}
    for net, path in session.table("as_path").items():
        found.setdefault(net.partition(" #")[0], []).append(path)
    return {net: sorted(each) for net, each in found.items()}


def said(session: Session, since: int) -> list[list[int]]:
    """How many networks each UPDATE since then announced and withdrew."""
    told = [wire.read_update(body, add_path=True) for kind, body in session.received[since:] if kind == 2]
    return sorted([len(each.reached), len(each.withdrawn)] for each in told)


SENDING = bgp(2, channel="add paths rx;") + bgp(3) + bgp(5)
STATIC = "protocol static { ipv4; route 10.9.0.0/16 blackhole; }\n"


def sending(side: Side, channel: str = "", exports: str = "all") -> tuple[Session, Session, Session]:
    """Neighbors 2 and 3 announce three routes of a network; 4 gets them with path ids."""
    side.start(SENDING + STATIC + bgp(4, channel=f"add paths on; {channel}", exports=exports))
    (d,) = side.connect(4, **with_paths(65004, BOTH))
    (a,) = side.connect(2, **with_paths(65002, SEND))
    (b,) = side.connect(3)
    a.announce(f"{NET} #1", path=(65002, 1))
    side.settle()
    a.announce(f"{NET} #2", path=(65002, 2, 3))
    b.announce(NET, path=(65003, 2, 3))
    side.settle()
    return a, b, d


@case(options=("bgp channel: add paths",))
def sent_paths(side: Side):
    """All routes of a network are sent, each once; an unchanged one is not sent again."""
    a, b, d = sending(side)
    assert d.opening is not None
    seen: dict[str, Any] = {"capability": [each for each in d.opening.capabilities if each[0] == 69]}
    seen |= {"sent": paths(d), "details": side.details("p4", WORDS + "|Export")}
    for mode in ("export", "preexport", "noexport", "exported"):
        seen[mode] = side.routes(f"{mode} p4")
    since = len(d.received)
    a.withdraw(f"{NET} #1")
    side.settle()
    seen["best gone"] = [said(d, since), paths(d)]
    since = len(d.received)
    b.announce(NET, path=(65003,))
    side.settle()
    seen["another best"] = [said(d, since), paths(d)]
    since = len(d.received)
    d.announce(f"{NET} #1", path=(65004, 8))
    d.announce(f"{NET} #2", path=(65004,))
    side.settle()
    seen["own"] = [said(d, since), paths(d), side.best()]
    since = len(d.received)
    d.send(wire.refresh())
    side.settle()
    seen["refresh"] = [sum(each[0] for each in said(d, since)), paths(d)]
    since = len(d.received)
    b.close()
    side.settle()
    return seen | {"neighbor gone": [said(d, since), paths(d)], "end": side.details("p4", "Routes:")}


@case()
def sent_paths_filtered(side: Side):
    """A new export filter sends the differences only, path by path."""
    a, _b, d = sending(side, exports="filter { if bgp_path.len > 2 then reject; accept; }")
    seen: dict[str, Any] = {"first": [paths(d), side.details("p4", "Routes:|Export")]}
    seen["first: shown"] = {mode: side.routes(f"{mode} p4") for mode in ("export", "noexport")}
    text = side.config
    for name, condition in (("less", "bgp_path.len > 1"), ("all", "false"), ("by net", "net = 10.9.0.0/16")):
        side.configure(text.replace("bgp_path.len > 2", condition))
        side.settle()
        seen[name] = paths(d)
    a.announce(f"{NET} #1", path=(65002, 1), med=7)
    side.settle()
    return seen | {"changed": paths(d)}


@case()
def sent_paths_within_a_limit(side: Side):
    """The export limit counts routes."""
    a, _b, d = sending(side, channel="export limit 2 action block;")
    seen: dict[str, Any] = {"first": [paths(d), side.details("p4", "Routes:|Export")]}
    since = len(d.received)
    a.announce(f"{NET} #1", path=(65002, 4))
    side.settle()
    return seen | {"replaced": [said(d, since), paths(d)]}


@case(since="2.19", options=("bgp channel: require add paths",))
def required_paths(side: Side):
    """The neighbor must be able to do all that is configured here."""
    asked = [(word, mode) for word in ("rx", "tx", "on") for mode in (RECEIVE, SEND, BOTH)]
    asked += [("rx", 0), ("tx", 0), ("off", 0), ("rx", 7)]
    places = dict(enumerate(asked, 2))
    side.start(
        "".join(bgp(n, channel=f"add paths {word}; require add paths;") for n, (word, _) in places.items())
    )
    seen: dict[str, Any] = {}
    for number, (word, mode) in places.items():
        options = with_paths(65000 + number, mode)
        if not mode:
            options["capabilities"] = wire.multiprotocol(IPV4) + wire.four_octets(65000 + number)
        session = side.session(number, **options)
        seen[f"{word}, they {mode}"] = [session.attempt(), session.codes()]
        session.close()
    return seen


@case(dialect3=True)
def paths_through_a_pipe(side: Side):
    """A pipe passes all routes of a network on, with a verdict on each; they are sent with ids, too."""
    other = "ipv4 table t2;\n"
    pipe = "protocol pipe { table master4; peer table t2; export %s; import none; }\n"
    text = other + bgp(2, channel="add paths rx;") + bgp(3) + pipe
    last = bgp(4, channel="table t2; add paths tx;")
    side.start(text % "filter { if bgp_med = 9 then reject; accept; }" + last)
    (d,) = side.connect(4, **with_paths(65004, RECEIVE))
    (a,) = side.connect(2, **with_paths(65002, SEND))
    (b,) = side.connect(3)
    a.announce(f"{NET} #1", path=(65002, 1))
    a.announce(f"{NET} #2", path=(65002, 2, 3))
    a.announce(f"{NET} #3", path=(65002, 2, 3), med=9)
    b.announce(NET, path=(65003, 2, 3))
    side.settle()
    seen: dict[str, Any] = {"came": side.routes("table t2"), "sent": paths(d)}
    a.withdraw(f"{NET} #1")
    side.settle()
    seen |= {"went": side.routes("table t2"), "sent then": paths(d)}
    side.configure(text % "all" + last)
    side.settle()
    return seen | {"filtered again": side.routes("table t2"), "sent at last": paths(d)}


@case()
def paths_of_one_session_in_the_kernel(side: Side):
    """`merge paths` makes one route of the equal paths of a session; without it, the best is taken."""
    seen: dict[str, Any] = {}
    for options in ("", "merge paths;", "merge paths limit 2;"):
        kernel = f"protocol kernel {{ kernel table 99; {options} ipv4 {{ export all; }}; }}\n"
        side.start(kernel + bgp(2, options="path metric off;", channel="add paths rx;"))
        (a,) = side.connect(2, **with_paths(65002, SEND))
        for number in (3, 4, 5):
            a.announce(f"{NET} #{number}", path=(65002, 1), next_hop=f"10.0.0.{number}")
        side.settle(1)
        seen[options or "best"] = side.kernel()
        a.withdraw(f"{NET} #4")
        side.settle(1)
        seen[f"{options or 'best'}, one less"] = side.kernel()
    return seen
