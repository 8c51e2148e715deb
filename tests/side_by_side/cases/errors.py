"""What follows on errors of a session."""

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

BROKEN = wire.message(wire.UPDATE, b"\0\0\0\x04\x40")
MP4 = wire.multiprotocol(wire.IPV4)
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


BROKEN_MESSAGES = {
    "bad length": b"\xff" * 16 + b"\x00\x12\x04",
    "bad type": b"\xff" * 16 + b"\x00\x13\x09",
    "bad marker": b"\xfe" * 16 + b"\x00\x13\x04",
    "attributes beyond the end": wire.message(wire.UPDATE, b"\0\0\0\x44\x40"),
    "network of /33": wire.message(wire.UPDATE, b"\0\0\0\0\x21\x0a\0\0\0\0"),
    "withdrawn beyond the end": wire.message(wire.UPDATE, b"\0\x44\0\0"),
    "second OPEN": wire.open_message(65002, 240, "10.0.0.2", b""),
    "bad refresh": wire.message(5, b"\0\x01"),
    "short NOTIFICATION": wire.message(3, b"\x06"),
}
TOLD = {
    "bad length": (1, 2, b"\0\x14"),
    "bad peer AS": (2, 2, b"\0\0\xfd\xe9"),
    "bad peer AS, two octets": (2, 2, b"\xfd\xe9"),
    "bad hold time": (2, 6, b"\0\x01"),
    "unsupported version": (2, 1, b"\0\x04"),
    "bad flags": (3, 4, b"\xc0\x01\x01\0"),
    "long data": (3, 5, bytes(range(40))),
    "very long data": (3, 5, bytes(range(200))),
    "bad peer AS, odd data": (2, 2, b"\1\2\3"),
    "bad hold time, four octets": (2, 6, b"\0\0\1\1"),
    "no such code": (9, 1, b"\x01"),
    "prefix limit": (6, 1, b"\0\x01\x01\0\0\0\x05"),
    "shutdown, text too short": (6, 2, b"\x40abc"),
    "shutdown, octets behind": (6, 2, b"\x02abcd"),
    "shutdown, empty text": (6, 2, b"\0"),
    "reset, text": (6, 4, b"\x03abc"),
    "shutdown, strange text": (6, 2, b"\x05a\nb\xff\x01"),
    "rejected, text": (6, 5, b"\x03abc"),
}
OPENS = {
    "another AS": (65099, 240, "10.0.0.7"),
    "hold time 1": (65003, 1, "10.0.0.7"),
    "id 0": (65004, 240, "0.0.0.0"),
}


def errors_logged(side: Side, session) -> list[object]:
    """Where an error stands: the Info column, the details, the log."""
    name = f"p{session.number}"
    return [
        side.info(name),
        side.details(name, "Last error|Message"),
        side.log(f"<(RMT|INFO|WARN)> {name}: "),
    ]


@case()
def data_of_errors_found(side: Side):
    """The log says what was wrong with a message, behind the name of the error."""
    side.start("".join(bgp(number, options="passive; error wait time 60,60;") for number in range(2, 14)))
    sessions = side.connect(*range(2, 2 + len(BROKEN_MESSAGES)))
    for session, octets in zip(sessions, BROKEN_MESSAGES.values(), strict=True):
        session.send(octets)
    side.settle()
    return {
        title: errors_logged(side, session) for title, session in zip(BROKEN_MESSAGES, sessions, strict=True)
    }


@case()
def data_of_errors_in_opens(side: Side):
    """The same of OPEN messages that do not fit."""
    side.start("".join(bgp(number, options="passive; error wait time 60,60;") for number in range(2, 14)))
    found = {}
    for number, (title, (asn, hold, router_id)) in enumerate(OPENS.items(), 2):
        session = side.session(number, mute=True, silent=True).connect(up=False)
        session.send(wire.open_message(asn, hold, router_id, MP4))
        side.settle(0.5)
        found[title] = errors_logged(side, session)
    session = side.session(12, mute=True, silent=True).connect(up=False)
    session.send(wire.message(4))
    side.settle(0.5)
    return found | {"KEEPALIVE before OPEN": errors_logged(side, session)}


@case()
def data_of_errors_told(side: Side):
    """The data of a NOTIFICATION that came is in the log, behind the name of its error."""
    found = {}
    for begin in range(0, len(TOLD), 9):
        titles = dict(list(TOLD.items())[begin : begin + 9])
        side.start("".join(bgp(number, options="passive; error wait time 60,60;") for number in range(2, 11)))
        sessions = side.connect(*range(2, 2 + len(titles)))
        for session, (code, subcode, data) in zip(sessions, titles.values(), strict=True):
            session.send(wire.notification(code, subcode, data))
        side.settle()
        found |= {
            title: errors_logged(side, session) for title, session in zip(titles, sessions, strict=True)
        }
    return found
