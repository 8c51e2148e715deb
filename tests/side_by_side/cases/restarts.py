"""Graceful restart of neighbors (RFC 4724): what stays, for how long, and what is shown meanwhile."""

import re
import time

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

V4 = bytes((0, 1, 1))
V6 = bytes((0, 2, 1))
KEPT = b"\x80"
LOST = b"\0"
RESTARTED = 0x8000
END_OF_RIB = wire.end_of_rib()
SHOWN = "BGP state|Neighbor graceful|Restart timer|Last error|State:|Routes:|Neighbor GR"
STATE = "Neighbor graceful|Restart timer|Neighbor GR|State:"
TRACED = "Neighbor graceful restart"


def graceful(seconds: int, *families: bytes, flags: int = 0) -> bytes:
    """The capability."""
    return wire.capability(64, (flags | seconds).to_bytes(2, "big") + b"".join(families))


def able(session_as: int, restart: bytes) -> bytes:
    """The capabilities of a neighbor with IPv4."""
    return wire.multiprotocol(wire.IPV4) + wire.capability(2) + wire.four_octets(session_as) + restart


def details(side: Side, name: str, pattern: str) -> list[str]:
    """The lines of `show protocols all`, timers in whole seconds (they count down)."""
    found = side.details(name, pattern)
    return [re.sub(r"(\d+)\.\d+/", lambda timer: f"{timer[1]}/", line) for line in found]


def looks(side: Side) -> dict[str, object]:
    """What is seen of p2."""
    return {
        "routes": side.routes("protocol p2"),
        "info": side.info("p2"),
        "details": details(side, "p2", SHOWN),
    }


def state(side: Side, number: int) -> list[object]:
    """What is seen of a session that ended."""
    name = f"p{number}"
    return [sorted(side.routes(f"protocol {name}")), side.info(name), details(side, name, STATE)]


@case(
    dialect3=True,
    options=("bgp: graceful restart", "bgp: graceful restart aware"),
)
def neighbor_restarts(side: Side):
    """A neighbor's TCP ends without a word; it comes back, sends some of its routes and End-of-RIB."""
    side.start(bgp(2) + bgp(3))
    (c,) = side.connect(3)
    a = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT)))
    a.connect()
    a.announce("10.1.0.0/16", "10.2.0.0/16")
    a.send(END_OF_RIB)
    side.settle()
    found = {"before": looks(side)}
    a.close()
    side.settle()
    found["away"] = looks(side)
    found["to c"] = c.table("as_path")
    a.capabilities = able(65002, graceful(20, V4 + KEPT, flags=RESTARTED))
    a.connect()
    side.settle()
    found["back"] = looks(side)
    a.announce("10.1.0.0/16")
    side.settle()
    found["one"] = looks(side)
    a.send(END_OF_RIB)
    side.settle()
    found["end"] = looks(side)
    found["what c heard"] = c.kinds(wire.UPDATE)
    found["to c at the end"] = c.table("as_path")
    found["traces"] = side.log(TRACED)
    return found


# What the neighbor announces, and what p announces.
ANNOUNCED = {
    2: (graceful(20, V4 + KEPT), ""),
    3: (graceful(20, V4 + LOST), ""),
    4: (graceful(20), ""),
    5: (graceful(20, V6 + KEPT), ""),
    6: (b"", ""),
    7: (graceful(20, V4 + KEPT), "graceful restart aware; graceful restart time 99;"),
    8: (graceful(20, V4 + KEPT), "graceful restart off;"),
    9: (graceful(0, V4 + KEPT), ""),
    10: (graceful(20, V4 + KEPT, flags=0x4000), ""),
    11: (wire.capability(64, b"\xc0\x78"), ""),  # FRR's
    13: (graceful(3, V4 + KEPT), ""),
}


@case(options=("bgp: graceful restart time",))
def which_ends_are_restarts(side: Side):
    """After which ends of a session routes stay, by what was announced, and how it goes on."""
    options = {n: own for n, (_, own) in ANNOUNCED.items()}
    text = "".join(bgp(n, options=own) for n, own in options.items()) + bgp(14, options="hold time 3;")
    side.start(text)
    sessions = {}
    for number, (theirs, _) in ANNOUNCED.items():
        sessions[number] = side.session(number, capabilities=able(65000 + number, theirs)).connect()
    silent = side.session(14, capabilities=able(65014, graceful(20, V4 + KEPT)), hold=3).connect()
    for number, one in {**sessions, 14: silent}.items():
        one.announce(f"10.{number}.0.0/16")
        one.send(END_OF_RIB)
    side.settle()
    found: dict[str, object] = {}
    for number in (2, 7, 8):
        opening = sessions[number].opening
        found[f"{number} is told"] = (
            [v for code, v in opening.capabilities if code == 64] if opening else None
        )
    silent.send = lambda *messages: None  # type: ignore[method-assign]
    sessions[7].send(wire.notification(6, 4))
    for one in sessions.values():
        one.close()
    side.settle()
    for number in sessions:
        found[f"{number}"] = state(side, number)
    time.sleep(4)
    found["13 later"] = state(side, 13)[0]
    found["14 is silent"] = [silent.notifications(), state(side, 14)]
    found["restart"] = [side.ask("restart p10"), state(side, 10)[0]]
    found["disable"] = [side.ask("disable p3"), state(side, 3)[0]]
    return found


ROLES = {
    2: ("graceful restart on;", ""),
    3: ("graceful restart on; graceful restart time 7;", "graceful restart off;"),
    4: ("graceful restart aware;", "graceful restart on;"),
    5: ("graceful restart off;", "graceful restart on;"),
    6: ("", "graceful restart off;"),
}


@case(options=("bgp channel: channel graceful restart",))
def which_of_our_families_neighbors_keep(side: Side):
    """The capability, by the options of the protocol and of its channel."""
    side.start("".join(bgp(n, options=own, channel=more) for n, (own, more) in ROLES.items()))
    found = {}
    for number, (own, more) in ROLES.items():
        opening = side.session(number).connect().opening
        assert opening is not None
        found[f"{own} {more}"] = [value for code, value in opening.capabilities if code == 64]
    return found


@case()
def a_restart_over_an_established_session(side: Side):
    """A second connection is a restart if the neighbor announced one; else the first stays."""
    side.start(bgp(2) + bgp(3))
    first = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT))).connect()
    other = side.session(3).connect()
    first.announce("10.1.0.0/16", "10.2.0.0/16")
    other.announce("10.3.0.0/16")
    side.settle()
    again = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT, flags=RESTARTED)))
    found: dict[str, object] = {"taken over": again.attempt()}
    side.settle()
    found["the first"] = [first.closed, first.notifications()]
    found["kept"] = looks(side)
    again.announce("10.2.0.0/16")
    again.send(END_OF_RIB)
    side.settle()
    found["end"] = looks(side)
    third = side.session(2, capabilities=able(65002, graceful(20, V4 + LOST, flags=RESTARTED)))
    third.attempt()
    side.settle()
    found["forwarding state is lost"] = looks(side)
    found["without the capability"] = side.session(3).attempt(1)
    found["its first"] = [other.closed, other.notifications(), sorted(side.routes("protocol p3"))]
    return found


@case(since="2.19", options=("bgp: min graceful restart time", "bgp: max graceful restart time"))
def restart_times_within_bounds(side: Side):
    """The neighbor's restart time, and ours above or below it."""
    wanted = {
        2: "max graceful restart time 30;",
        3: "min graceful restart time 90;",
        4: "max graceful restart time 0;",
    }
    side.start("".join(bgp(number, options=own) for number, own in wanted.items()))
    found: dict[str, object] = {}
    sessions = [
        side.session(n, capabilities=able(65000 + n, graceful(60, V4 + KEPT))).connect() for n in wanted
    ]
    for one in sessions:
        one.announce(f"10.{one.number}.0.0/16")
    side.settle()
    for one in sessions:
        one.close()
    side.settle()
    for number, own in wanted.items():
        found[own] = state(side, number)
    return found


LLGR_STALE = (65535, 6)
NO_LLGR = (65535, 7)


@case()
def long_lived_stale_routes(side: Side):
    """Routes that their sender keeps for long (RFC 9494, 4.3): the last choice, and not for everybody."""
    others = bgp(3) + bgp(4) + bgp(5) + bgp(6, options="interpret communities off;")
    side.start(bgp(2) + others)
    a, b, c, e = side.connect(2, 3, 4, 6)
    d = side.session(5, capabilities=able(65005, graceful(0)) + wire.capability(71, b""))
    d.connect()
    side.settle()
    a.announce("10.1.0.0/16", communities=[LLGR_STALE])
    b.announce("10.1.0.0/16", path=[65003, 65100, 65101])
    a.announce("10.2.0.0/16", communities=[LLGR_STALE, (1, 2)])
    a.announce("10.3.0.0/16", communities=[NO_LLGR])
    a.announce("10.4.0.0/16", path=[65002, 65100], communities=[LLGR_STALE])
    b.announce("10.4.0.0/16", path=[65003, 65100, 65101], communities=[LLGR_STALE])
    side.settle()
    return {
        "best": side.best(),
        "to one without the capability": c.table("communities"),
        "to one with it": d.table("communities"),
        "without interpret communities": e.table("communities"),
    }


RECOVERING = """graceful restart wait 8;
protocol kernel k { kernel table 99; graceful restart; ipv4 { export all; }; }
protocol static s { ipv4; route 10.99.0.0/16 blackhole; }
"""
ON = "graceful restart on;"


def restarted(side: Side, options: dict[int, str], theirs: bytes = graceful(20, V4 + KEPT)) -> None:
    """Start with routes of p2 and p3, kill the daemon, and start it with -R."""
    side.start(RECOVERING + "".join(bgp(number, options=own) for number, own in options.items()))
    for number in options:
        one = side.session(number, capabilities=able(65000 + number, theirs)).connect()
        one.announce(f"10.{number}.0.0/16")
        one.send(END_OF_RIB)
    side.settle()
    side.recover()


def recovery(side: Side) -> list[object]:
    """What is seen of a recovery."""
    waits = [line for line in side.lines("show status") if "Waiting for" in line]
    states = {name: side.details(name, "GR recovery") for name in ("p2", "p3", "k", "s")}
    return [waits, states, side.kernel(99)]


@case(since="2.19", options=("kernel: graceful restart",))
def own_restart(side: Side):
    """One neighbor is back and has sent all, the other comes late; what both and the kernel get, and when."""
    restarted(side, {2: ON, 3: ON})
    found: dict[str, object] = {"at first": recovery(side)}
    a = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT))).connect()
    a.announce("10.2.0.0/16")
    a.send(END_OF_RIB)
    side.settle()
    found["p2 is back"] = [recovery(side), a.table("as_path"), a.kinds(wire.UPDATE)]
    b = side.session(3, capabilities=able(65003, graceful(20, V4 + KEPT))).connect()
    b.announce("10.4.0.0/16")
    side.settle()
    found["p3 has sent something"] = recovery(side)
    b.send(END_OF_RIB)
    side.settle()
    found["p3 has sent all"] = [recovery(side), a.table("as_path"), b.table("as_path"), a.kinds(wire.UPDATE)]
    return found


@case(since="2.19")
def neighbors_that_kept_nothing_while_we_recover(side: Side):
    """p2 and p4 have nothing of ours, by our options or theirs, so they get it at once; p3 is away."""
    restarted(side, {2: "graceful restart aware;", 3: ON, 4: ON})
    found: dict[str, object] = {}
    a = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT))).connect()
    d = side.session(4, capabilities=able(65004, b"")).connect()
    side.settle()
    found["up"] = [recovery(side), a.table("as_path"), d.table("as_path")]
    a.announce("10.2.0.0/16")
    a.send(END_OF_RIB)
    side.settle()
    found["a route"] = [recovery(side), a.kinds(wire.UPDATE), d.table("as_path")]
    return found


@case(since="2.19")
def a_kernel_protocol_restarts_while_we_recover(side: Side):
    """It installs what is known."""
    restarted(side, {2: ON, 3: ON})
    a = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT))).connect()
    a.announce("10.2.0.0/16")
    a.send(END_OF_RIB)
    side.settle()
    found: dict[str, object] = {"restart": side.ask("restart k")}
    side.settle()
    found["then"] = recovery(side)
    return found


@case(since="2.19")
def a_notification_while_we_recover(side: Side):
    """Who says goodbye is not waited for."""
    restarted(side, {2: ON, 3: ON})
    a = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT))).connect()
    a.announce("10.2.0.0/16")
    side.settle()
    a.close()
    side.settle()
    found: dict[str, object] = {"closed": [recovery(side)[0], side.kernel(99)]}
    a = side.session(2, capabilities=able(65002, graceful(20, V4 + KEPT))).connect()
    side.settle()
    a.send(wire.notification(6, 4))
    side.settle()
    found["notification"] = recovery(side)
    return found


@case()
def who_gets_end_of_rib(side: Side):
    """By `graceful restart` of ours and the capability of theirs; and its place among the routes."""
    ours = {"": "", "on": "graceful restart on;", "off": "graceful restart off;"}
    theirs = {"none": b"", "empty": graceful(20), "ipv4": graceful(20, V4 + KEPT)}
    pairs = dict(enumerate(((own, their) for own in ours for their in theirs), 2))
    side.start("".join(bgp(number, options=ours[own]) for number, (own, _) in pairs.items()))
    found = {}
    for number, (own, their) in pairs.items():
        one = side.session(number, capabilities=able(65000 + number, theirs[their])).connect()
        side.settle()
        found[f"{own}, {their}"] = [body.hex() for kind, body in one.received if kind == wire.UPDATE]
    return found
