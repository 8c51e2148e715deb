"""Limits of channels: what is kept, what is said, when the session comes back."""

import time

from tests.side_by_side.case import Side, bgp, case

KINDS = ("import", "receive", "export")
ACTIONS = ("warn", "block", "restart", "disable")
COMBINATIONS = [(kind, action) for kind in KINDS for action in ACTIONS]
SOURCE = 14


@case()
def limits(side: Side):
    """Five routes where three are allowed."""
    text = bgp(SOURCE, exports="none")
    for number, (kind, action) in enumerate(COMBINATIONS, 2):
        exports = f'where proto = "p{SOURCE}"' if kind == "export" else "none"
        text += bgp(
            number,
            options="error wait time 20,20;",
            channel=f"{kind} limit 3 action {action};",
            exports=exports,
        )
    side.start(text)
    *sessions, source = side.connect(*range(2, 2 + len(COMBINATIONS)), SOURCE)
    source.announce(*(f"10.{SOURCE}.{number}.0/24" for number in range(5)))
    for one, (kind, _) in zip(sessions, COMBINATIONS, strict=True):
        if kind != "export":
            one.announce(*(f"10.{one.number}.{number}.0/24" for number in range(5)))
    side.settle()
    found = {}
    for one, (kind, action) in zip(sessions, COMBINATIONS, strict=True):
        name = f"p{one.number}"
        taken = one.table() if kind == "export" else side.best(f"protocol {name}")
        found[f"{kind} {action}: info"] = side.info(name)
        found[f"{kind} {action}: routes"] = len(taken)
        found[f"{kind} {action}: notifications"] = one.notifications()
        found[f"{kind} {action}: details"] = side.details(name, "limit|Action|Routes:|Last error")
    return found


@case()
def limit_and_filter(side: Side):
    """`import limit ... block` counts what the filter accepts."""
    side.start(
        bgp(
            2,
            imports="filter { if net ~ 10.0.0.0/15 then reject; accept; }",
            channel="import limit 3 action block; import keep filtered on;",
        )
    )
    (a,) = side.connect(2)
    a.announce(*(f"10.{number}.0.0/16" for number in range(6)))
    side.settle()
    return {"routes": side.best("protocol p2"), "filtered": sorted(side.routes("filtered"))}


@case(long=True)
def limit_restart_waits(side: Side):
    """A session that hit its limit comes back after `error wait time`, which doubles: at 6 s and at 18 s.

    A second hit within 5 s would disable it in BIRD 3 and in ours (`restart time limit`).
    """
    side.start(bgp(2, options="error wait time 6,40;", channel="import limit 3 action restart;"))
    session = side.session(2)
    begin, count = time.monotonic(), 0
    while time.monotonic() < begin + 11:
        if session.attempt():
            count += 1
            session.announce(*(f"10.{number}.0.0/16" for number in range(5)))
            while not session.closed and time.monotonic() < begin + 11:
                time.sleep(0.05)
        time.sleep(0.2)
    return {"sessions in 11 s": count, "info": side.info("p2")}


@case()
def limit_disables(side: Side):
    """What is told of a session that its limit has disabled."""
    side.start(bgp(2, channel="import limit 2 action disable;"))
    (a,) = side.connect(2)
    a.announce(*(f"10.{number}.0.0/16" for number in range(4)))
    side.settle()
    return {
        "info": side.info("p2"),
        "details": side.details("p2", "BGP state|Last error|State"),
        "the log names it": bool(side.log("p2: .*(exceeded|shut|disabl)")),
    }
