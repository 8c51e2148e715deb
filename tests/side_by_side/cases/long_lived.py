"""Long-lived graceful restart (RFC 9494): what is announced, kept, sent and shown."""

import re
import time

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.cases.restarts import (
    END_OF_RIB,
    KEPT,
    LLGR_STALE,
    LOST,
    NO_LLGR,
    RESTARTED,
    V4,
    V6,
    able,
    graceful,
)
from tests.side_by_side.speaker import Session

STATE = "Neighbor graceful|timer: +[0-9.]*/-|State:|Routes:|Neighbor GR"
_TIMER = re.compile(r"([0-9.]+)/")
CAPABILITY = "Restart|AF |Long-lived|LL stale"
TRACED = "graceful restart|Long-lived|Hold timer"
ABLE_TO_KEEP = "long lived graceful restart on;"
LONG = "long lived graceful restart"


def long_lived(*families: tuple[bytes, int]) -> bytes:
    """The capability: families with their flags, and seconds."""
    return wire.capability(71, b"".join(head + seconds.to_bytes(3, "big") for head, seconds in families))


def seen(side: Side, number: int) -> list[object]:
    """The networks of a neighbor with their communities, and how it is shown."""
    name = f"p{number}"
    routes = side.routes(f"protocol {name}")
    marks = {net: [rows[0]["info"], rows[0].get("BGP.community")] for net, rows in routes.items()}
    shown = [_TIMER.sub(_tens, line) for line in side.details(name, STATE)]
    return [marks, side.info(name).split()[:2], shown]


def _tens(timer: re.Match[str]) -> str:
    """A timer that counts down in tens of seconds, rounded up."""
    return f"{-int(-float(timer[1]) // 10) * 10}/"


def neighbors(side: Side, announced: dict[int, bytes], hold: int = 240) -> dict[int, Session]:
    """Sessions that announce these capabilities, and one route each."""
    found = {}
    for number, restarts in announced.items():
        one = side.session(number, capabilities=able(65000 + number, restarts), hold=hold).connect()
        one.announce(f"10.{number}.0.0/16")
        one.send(END_OF_RIB)
        found[number] = one
    side.settle()
    return found


ROLES = {
    2: ("", ""),
    3: (f"{LONG} on;", ""),
    4: (f"{LONG} on; graceful restart on; long lived stale time 77;", ""),
    5: (f"{LONG} aware;", f"{LONG} on;"),
    6: (f"{LONG} on;", f"{LONG} off;"),
    7: (f"{LONG} off;", f"{LONG} on;"),
    8: ("graceful restart off;", ""),
    9: (f"{LONG} on; graceful restart on;", "graceful restart off; long lived stale time 9;"),
    10: (f"{LONG} on; long lived stale time 16777215;", ""),
}


@case(
    dialect3=True,
    options=(
        "bgp: long lived graceful restart",
        "bgp: long lived graceful restart aware",
        "bgp: long lived stale time",
        "bgp channel: long lived graceful restart",
        "bgp channel: long lived stale time",
    ),
)
def which_families_neighbors_keep_for_long(side: Side):
    """The capability, by the options of the protocol and of its channel, and how it is shown."""
    side.start("".join(bgp(n, options=own, channel=more) for n, (own, more) in ROLES.items()))
    sessions = {
        number: side.session(number, capabilities=able(65000 + number, b"")).connect() for number in ROLES
    }
    side.settle()
    found = {}
    for number, (own, more) in ROLES.items():
        opening = sessions[number].opening
        assert opening is not None
        found[f"{own} {more}"] = [value for code, value in opening.capabilities if code == 71]
        if number != 7:  # BIRD shows the channel's families there, without their title
            found[f"{own} {more} shown"] = side.details(f"p{number}", CAPABILITY)
    return found


@case(dialect3=True)
def away_for_longer_than_the_restart_time(side: Side):
    """What stays then, what others are told of it, and how it ends."""
    side.start(bgp(2) + bgp(3) + bgp(4) + bgp(5, 65001) + bgp(6, options="interpret communities off;"))
    plain, inner, deaf = side.connect(3, 5, 6)
    knowing = side.session(4, capabilities=able(65004, graceful(0)) + long_lived()).connect()
    restarts = graceful(2, V4 + KEPT) + long_lived((V4 + KEPT, 600))
    away = side.session(2, capabilities=able(65002, restarts)).connect()
    away.announce("10.1.0.0/16", "10.2.0.0/16")
    away.announce("10.3.0.0/16", communities=[NO_LLGR])
    away.announce("10.4.0.0/16", communities=[(1, 2)])
    away.announce("10.5.0.0/16", communities=[LLGR_STALE])
    away.send(END_OF_RIB)
    side.settle()
    found: dict[str, object] = {"capability": side.details("p2", CAPABILITY)}

    def look(name: str) -> None:
        side.settle()
        found[name] = seen(side, 2)
        for who, session in (("plain", plain), ("inner", inner), ("knowing", knowing), ("deaf", deaf)):
            found[f"{name}: {who}"] = session.table("communities")

    away.close()
    look("away")
    time.sleep(3)
    look("for long")
    away.connect()
    look("back")
    away.announce("10.1.0.0/16")
    look("one")
    away.send(END_OF_RIB)
    look("end")
    found["traces"] = side.log(TRACED)
    return found


# What the neighbor announces, and what p announces.
ENDS = {
    2: (graceful(2, V4 + KEPT) + long_lived((V4 + KEPT, 3)), ""),
    3: (graceful(0, V4 + KEPT) + long_lived((V4 + LOST, 600)), ""),
    4: (graceful(2) + long_lived((V4 + KEPT, 600)), ""),
    5: (long_lived((V4 + KEPT, 600)), ""),
    6: (graceful(2, V4 + KEPT) + long_lived((V4 + KEPT, 0)), ""),
    7: (graceful(2, V4 + KEPT) + long_lived((V6 + KEPT, 600)), ""),
    8: (graceful(2, V4 + KEPT) + long_lived(), ""),
    9: (graceful(2, V4 + KEPT) + long_lived((V4 + KEPT, 600)), f"{LONG} off;"),
    10: (graceful(2, V4 + KEPT) + long_lived((V4 + KEPT, 600)), "graceful restart off;"),
    11: (graceful(2, V6 + KEPT) + long_lived((V4 + KEPT, 600)), ""),
}


@case()
def which_routes_stay_for_long(side: Side):
    """After the end of TCP, by what was announced, at once and later."""
    side.start("".join(bgp(n, options=own) for n, (_, own) in ENDS.items()))
    sessions = neighbors(side, {number: theirs for number, (theirs, _) in ENDS.items()})
    for one in sessions.values():
        one.close()
    side.settle()
    found: dict[str, object] = {f"{number}": seen(side, number) for number in ENDS}
    time.sleep(3)
    found |= {f"{number} after the restart time": seen(side, number) for number in ENDS}
    time.sleep(3)
    found["2 after the stale time"] = seen(side, 2)
    found["restart"] = [side.ask("restart p3"), seen(side, 3)]
    found["disable"] = [side.ask("disable p4"), side.routes("protocol p4")]
    return found


@case(since="2.19", options=("bgp: min long lived stale time", "bgp: max long lived stale time"))
def long_lived_stale_times_within_bounds(side: Side):
    wanted = {
        2: ("max long lived stale time 50;", ""),
        3: ("min long lived stale time 900;", ""),
        4: ("max long lived stale time 0;", ""),
        5: ("max long lived stale time 50;", "max long lived stale time 70;"),
        6: ("", "min long lived stale time 800;"),
    }
    side.start("".join(bgp(n, options=own, channel=more) for n, (own, more) in wanted.items()))
    restarts = graceful(0, V4 + KEPT) + long_lived((V4 + KEPT, 600))
    for one in neighbors(side, dict.fromkeys(wanted, restarts)).values():
        one.close()
    side.settle()
    return {f"{own} {more}": seen(side, number) for number, (own, more) in wanted.items()}


# What a neighbor announces when it is back.
BACK = {
    2: ("preserved", graceful(3, V4 + KEPT, flags=RESTARTED) + long_lived((V4 + KEPT, 600))),
    3: ("lost in 64", graceful(3, V4 + LOST, flags=RESTARTED) + long_lived((V4 + KEPT, 600))),
    4: ("lost in 71", graceful(3, V4 + KEPT, flags=RESTARTED) + long_lived((V4 + LOST, 600))),
    5: ("not in 64", graceful(3, flags=RESTARTED) + long_lived((V4 + KEPT, 600))),
    6: ("not in 71", graceful(3, V4 + KEPT, flags=RESTARTED) + long_lived()),
    7: ("without 71", graceful(3, V4 + KEPT, flags=RESTARTED)),
    8: ("without 64", long_lived((V4 + KEPT, 600))),
    9: ("lost in both", graceful(3, V4 + LOST) + long_lived((V4 + LOST, 600))),
}


@case()
def which_stale_routes_a_new_session_leaves(side: Side):
    """Long-lived stale ones, by the capabilities of the session that comes then."""
    side.start("".join(bgp(n) for n in BACK))
    restarts = graceful(0, V4 + KEPT) + long_lived((V4 + KEPT, 600))
    sessions = neighbors(side, dict.fromkeys(BACK, restarts))
    for one in sessions.values():
        one.close()
    side.settle()
    for number, one in sessions.items():
        one.capabilities = able(65000 + number, BACK[number][1])
        one.connect()
    side.settle()
    found: dict[str, object] = {}
    for number, (name, _) in BACK.items():
        found[name] = seen(side, number)
    sessions[2].close()
    side.settle()
    found["away again"] = seen(side, 2)
    return found


@case()
def filters_and_long_lived_stale_routes(side: Side):
    """The import filter is not asked again; NO_LLGR that it added counts."""
    filters = {
        2: "filter { if (65535,6) ~ bgp_community then reject; accept; }",
        3: "filter { bgp_community.add((65535,7)); accept; }",
        4: "filter { bgp_community.add((7,7)); bgp_local_pref = 5; accept; }",
    }
    side.start("".join(bgp(n, imports=f) for n, f in filters.items()))
    restarts = graceful(0, V4 + KEPT) + long_lived((V4 + KEPT, 600))
    for one in neighbors(side, dict.fromkeys(filters, restarts)).values():
        one.close()
    side.settle()
    return {text: seen(side, number) for number, text in filters.items()}


SILENT = {
    2: (graceful(20, V4 + KEPT) + long_lived((V4 + KEPT, 600)), ""),
    3: (graceful(20) + long_lived((V4 + KEPT, 0)), ""),
    4: (graceful(20, V4 + KEPT) + long_lived((V6 + KEPT, 600)), ""),
    5: (graceful(20, V4 + KEPT) + long_lived(), ""),
    6: (graceful(20, V4 + KEPT) + long_lived((V4 + KEPT, 600)), f"{LONG} off;"),
}


@case()
def silent_neighbors_with_long_lived_routes(side: Side):
    """The hold timer expires: routes stay, and no NOTIFICATION is sent."""
    side.start("".join(bgp(n, options=f"hold time 3; {own}") for n, (_, own) in SILENT.items()))
    sessions = neighbors(side, {number: theirs for number, (theirs, _) in SILENT.items()}, hold=3)
    for one in sessions.values():
        one.send = lambda *messages: None  # type: ignore[method-assign]
    time.sleep(4)
    side.settle()
    found: dict[str, object] = {}
    for number, one in sessions.items():
        found[f"{number}"] = [one.codes(), sorted(side.routes(f"protocol p{number}"))]
        found[f"{number} traces"] = side.log(rf"<TRACE> p{number}: .*({TRACED})")
    return found
