"""What follows on errors of a session."""

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

BROKEN = wire.message(wire.UPDATE, b"\0\0\0\x04\x40")
PREFIX_LIMIT = wire.notification(6, 1)
SHUTDOWN = wire.notification(6, 2)
# Options, and what the neighbor sends.
POLICIES = {
    "broken update": ("", BROKEN),
    "disable after error": ("disable after error on;", BROKEN),
    "cease": ("", SHUTDOWN),
    "disable after cease": ("disable after cease on;", SHUTDOWN),
    "after this cease": ("disable after cease { administrative shutdown };", SHUTDOWN),
    "after another cease": ("disable after cease { prefix limit hit };", SHUTDOWN),
    "prefix limit": ("disable after cease { prefix limit hit };", PREFIX_LIMIT),
}


@case(options=("bgp: disable after error", "bgp: disable after cease"))
def error_policy(side: Side):
    wait = "error wait time 30,80;"
    side.start("".join(bgp(at, options=one + wait) for at, (one, _) in enumerate(POLICIES.values(), 2)))
    sessions = side.connect(*range(2, 2 + len(POLICIES)))
    for one, (_, message) in zip(sessions, POLICIES.values(), strict=True):
        one.send(message)
    side.settle()
    found = {}
    for one, name in zip(sessions, POLICIES, strict=True):
        protocol = f"p{one.number}"
        if side.info(protocol).startswith("down"):
            found[f"{name}: info"] = side.info(protocol)
            found[f"{name}: details"] = side.details(protocol, "BGP state|Last error")
        else:  # it tries again: how far it has come is of the moment
            found[f"{name}: info"] = "not down"
        found[f"{name}: notifications"] = one.notifications()
    return found
