"""Limits of channels: what is kept, what is said, when the session comes back."""

import time

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

KINDS = ("import", "receive", "export")
ACTIONS = ("warn", "block", "restart", "disable")
COMBINATIONS = [(kind, action) for kind in KINDS for action in ACTIONS]
STATIC_ACTIONS = ("warn", "block", "disable")
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


# Sessions by number: the direction and the action of the new limit, and the limit before.
LOWERED = [
    (kind, action, f"{kind} limit {before}")
    for kind in ("import", "receive")
    for action, before in (
        *((action, f"10 action {action};") for action in ACTIONS),
        ("disable", "2 action warn;"),
    )
] + [("import", "disable", ""), ("receive", "restart", "")]


@case()
def limits_at_configure(side: Side):
    """Four routes are there when `configure` brings a limit of two."""

    def text(new: bool) -> str:
        found = ""
        for number, (kind, action, before) in enumerate(LOWERED, 2):
            limit = f"{kind} limit 2 action {action};" if new else before
            found += bgp(number, options="error wait time 20,20;", channel=limit, exports="none")
        for number, action in enumerate(STATIC_ACTIONS, 50):
            routes = "".join(f"route 10.{number}.{net}.0/24 blackhole; " for net in range(4))
            limit = f"import limit {2 if new else 10} action {action};"
            found += f"protocol static s{action} {{ ipv4 {{ {limit} }}; {routes} }}\n"
        return found

    side.start(text(False))
    sessions = side.connect(*range(2, 2 + len(LOWERED)))
    for one in sessions:
        one.announce(*(f"10.{one.number}.{number}.0/24" for number in range(4)))
    side.settle()
    side.configure(text(True))
    side.settle()
    found = {}
    for one, (kind, action, before) in zip(sessions, LOWERED, strict=True):
        name = f"p{one.number}"
        line = rf"{name}\b.* hits route {kind} limit \(2\), action: {action}"
        key = f"{before or 'none'} then {kind} limit 2 action {action}"
        found[key] = [side.info(name), len(side.best(f"protocol {name}")), one.codes(), bool(side.log(line))]
        found[f"{key}: hit"] = side.details(name, "limit:")
    for action in STATIC_ACTIONS:
        name = f"s{action}"
        found[f"static {action}"] = [len(side.best(f"protocol {name}")), side.details(name, "limit:")]
    return found


@case()
def export_limits_at_configure(side: Side):
    """Four routes were sent when `configure` brings a limit of two: nothing is taken back."""
    changes = [(action, f"export limit 10 action {action};") for action in ACTIONS]
    changes += [("block", ""), ("warn", ""), ("disable", "export limit 3 action warn;")]

    def text(new: bool, nets: int) -> str:
        routes = "".join(f"route 10.1.{number}.0/24 blackhole; " for number in range(nets))
        found = f"protocol static local1 {{ ipv4; {routes} }}\n"
        for number, (action, before) in enumerate(changes, 2):
            limit = f"export limit 2 action {action};" if new else before
            found += bgp(number, options="error wait time 20,20;", channel=limit, imports="none")
        return found

    side.start(text(False, 4))
    sessions = side.connect(*range(2, 2 + len(changes)))
    side.settle()
    counts = [len(one.kinds(wire.UPDATE)) for one in sessions]
    side.configure(text(True, 4))
    side.settle()
    found = {}
    for one, count, (action, before) in zip(sessions, counts, changes, strict=True):
        name = f"p{one.number}"
        line = rf"{name}\b.* hits route export limit \(2\), action: {action}"
        key = f"{before or 'none'} then {action}"
        updates = len(one.kinds(wire.UPDATE)) - count
        found[key] = [side.info(name), updates, len(one.table()), one.codes(), bool(side.log(line))]
        found[f"{key}: hit"] = side.details(name, "limit:")
    side.configure(text(True, 5))
    side.settle()
    found["a new route"] = [len(one.table()) for one in sessions]
    return found


@case()
def limits_in_the_log(side: Side):
    """The line that monitors look for, of every limit and action, and what follows it."""
    text = bgp(SOURCE, exports="none")
    for number, (kind, action) in enumerate(COMBINATIONS, 2):
        exports = f'where proto = "p{SOURCE}"' if kind == "export" else "none"
        text += bgp(
            number,
            options="error wait time 20,20;",
            channel=f"{kind} limit 2 action {action};",
            exports=exports,
        )
    text += "protocol static s1 { ipv4 { import limit 2 action block; }; "
    text += " ".join(f"route 10.9{at}.0.0/16 blackhole;" for at in range(4)) + " }\n"
    text += "ipv4 table t1; protocol pipe pp { table master4; peer table t1; import none; "
    text += 'export where proto = "s1"; export limit 1 action block; }\n'
    side.start(text)
    *sessions, source = side.connect(*range(2, 2 + len(COMBINATIONS)), SOURCE)
    source.announce(*(f"10.{SOURCE}.{number}.0/24" for number in range(4)))
    for one, (kind, _) in zip(sessions, COMBINATIONS, strict=True):
        if kind != "export":
            one.announce(*(f"10.{one.number}.{number}.0/24" for number in range(4)))
    side.settle()
    names = {f"{kind} {action}": f"p{at}" for at, (kind, action) in enumerate(COMBINATIONS, 2)}
    names |= {"static": "s1", "pipe": "pp"}
    return {title: side.log(rf"<(RMT|INFO|WARN)> .*\b{name}\b") for title, name in names.items()}


@case(dialect3=True)
def limits_shown(side: Side):
    """`[HIT]`, the action and the counts, by the kind of limit and its action."""
    rows = [("import", "warn"), ("import", "block"), ("receive", "warn"), ("receive", "block")]
    rows += [("export", "warn"), ("export", "block")]
    text = "ipv4 table t1; ipv4 table t2;\n"
    for number, (kind, action) in enumerate(rows, 2):
        exports = 'where proto = "p2"' if kind == "export" else "none"
        text += bgp(number, exports=exports, channel=f"{kind} limit 2 action {action};")
    for table, action in (("t1", "warn"), ("t2", "block")):
        text += f"protocol pipe pp{action} {{ table master4; peer table {table}; import none; "
        text += f'export where proto = "p2"; export limit 2 action {action}; }}\n'
    side.start(text)
    for one, (kind, _) in zip(side.connect(*range(2, 2 + len(rows))), rows, strict=True):
        if kind != "export":
            one.announce(*(f"10.{one.number}.{number}.0/24" for number in range(4)))
    side.settle()
    names = {f"{kind} {action}": f"p{at}" for at, (kind, action) in enumerate(rows, 2)}
    names |= {"pipe warn": "ppwarn", "pipe block": "ppblock"}
    return {title: side.details(name, "limit:|Action:|Routes:") for title, name in names.items()}
