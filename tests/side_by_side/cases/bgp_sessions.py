"""Options of a BGP session: who connects, from where, what the OPEN says, how long things take."""

import time

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, bgp6, case

MP4 = wire.multiprotocol(wire.IPV4)


# Graceful restart, enhanced route refresh, long-lived graceful restart: compared in `graceful_opens`.
GRACEFUL = (64, 70, 71)


def capabilities_of(session, without=GRACEFUL):
    """Codes and values of the capabilities in the OPEN that came."""
    opening = session.opening
    return opening and [list(one) for one in opening.capabilities if one[0] not in without]


def offered(side: Side, options: dict[str, str], channel: str = "") -> dict:
    """The OPEN that each option makes the daemon send."""
    side.start("".join(bgp(at, options=one, channel=channel) for at, one in enumerate(options.values(), 2)))
    found = {}
    for at, name in enumerate(options, 2):
        session = side.session(at)
        session.attempt()
        opening = session.opening
        found[name] = opening and [opening.asn, opening.hold, opening.router_id]
        found[f"{name}: capabilities"] = capabilities_of(session)
    return found


@case(
    options=(
        *("bgp: enable route refresh", "bgp: enable as4", "bgp: enable extended messages"),
        *("bgp: capabilities", "bgp: hold time", "protocol: router id"),
    )
)
def opens(side: Side):
    return offered(
        side,
        {
            "default": "",
            "no refresh": "enable route refresh off;",
            "no as4": "enable as4 off;",
            "extended messages": "enable extended messages on;",
            "no capabilities": "capabilities off;",
            "hold time": "hold time 30;",
            "no hold time": "hold time 0;",
            "router id": "router id 1.2.3.4;",
        },
    )


@case(
    since="2.19",
    options=("bgp: advertise hostname", "protocol: hostname"),
)
def newer_opens(side: Side):
    return offered(
        side,
        {
            "hostname": "advertise hostname on;",
            "another hostname": 'advertise hostname on; hostname "other";',
        },
    )


@case(since="2.19", options=("bgp: enable enhanced route refresh",))
def graceful_opens(side: Side):
    """The capabilities of graceful restart and of enhanced route refresh."""
    options = {
        "default": "",
        "on": "enable enhanced route refresh on;",
        "off": "enable enhanced route refresh off;",
    }
    side.start(
        "".join(bgp(at, options=f"graceful restart off; {one}") for at, one in enumerate(options.values(), 2))
        + bgp(5)
    )
    found = {}
    for at, name in enumerate((*options, "as it comes"), 2):
        session = side.session(at)
        session.attempt()
        found[name] = capabilities_of(session, ())
    return found


@case(options=("bgp channel: extended next hop",))
def open_with_extended_next_hop(side: Side):
    text = bgp6(2, channel="extended next hop on;") + bgp(3, channel="extended next hop on;")
    side.start(text)
    found = {}
    for session in (side.session(2), side.session(3)):
        session.attempt()
        found[f"p{session.number}"] = capabilities_of(session)
    return found


def refused_opens(side: Side, required: dict[str, tuple[str, str]], capabilities: bytes) -> dict:
    """What a neighbor with these capabilities is told, for options of protocol and channel."""
    side.start("".join(bgp(at, options=a, channel=b) for at, (a, b) in enumerate(required.values(), 2)))
    found = {}
    for at, name in enumerate(required, 2):
        session = side.session(at, capabilities=capabilities)
        up = session.attempt()
        found[name] = [up, session.codes()]
    return found


@case(since="2.19", options=("bgp: require",))
def required_capabilities(side: Side):
    required = ("route refresh", "as4", "extended messages", "hostname", "enhanced route refresh")
    more = {"extended messages": "enable extended messages on;", "hostname": "advertise hostname on;"}
    texts = {name: (f"require {name} on; {more.get(name, '')}", "") for name in required}
    return refused_opens(side, texts, MP4)


@case(options=("bgp channel: mandatory",))
def mandatory_channel(side: Side):
    """A channel that the neighbor does not have: down, or the end of the session."""
    side.start(bgp(2, channel="mandatory;") + bgp(3))
    a, b = side.session(2), side.session(3)
    for one in (a, b):
        one.capabilities = wire.multiprotocol(wire.IPV6) + wire.four_octets(one.asn)
    found = {"mandatory": [a.attempt(), a.codes()], "not": [b.attempt(), b.codes()]}
    return found | {"states": [side.info("p2").split()[0], side.details("p3", "^ *State")]}


@case(since="2.19", options=("bgp channel: require extended next hop",))
def required_extended_next_hop(side: Side):
    side.start(bgp(2, channel="extended next hop; require extended next hop;"))
    session = side.session(2)
    return {"up": session.attempt(), "notifications": session.codes()}


@case(options=("bgp: min hold time",))
def short_hold_times(side: Side):
    """What a neighbor's hold time may be."""
    side.start(bgp(2) + bgp(3, options="min hold time 20;") + bgp(4, options="hold time 20;"))
    found = {}
    for number, hold in ((2, 2), (2, 0), (3, 10), (3, 20), (4, 240)):
        session = side.session(number, hold=hold)
        found[f"p{number} with {hold}"] = [session.attempt(), session.notifications()]
        timers = side.details(f"p{number}", "(Hold|Keepalive) timer")
        found[f"p{number} with {hold}: timers"] = [row.partition("/")[2] for row in timers]
        session.close()
        side.ask(f"restart p{number}")
        side.settle()
    return found


@case(since="2.19", options=("bgp: min keepalive time",))
def short_keepalive_times(side: Side):
    side.start(bgp(2, options="min keepalive time 5;"))
    session = side.session(2, hold=9)
    return {"up": session.attempt(), "notifications": session.codes()}


@case(options=("bgp: keepalive time",))
def keepalives(side: Side):
    """One a second makes three in four seconds; two minutes make none."""
    side.start(bgp(2, options="keepalive time 1;") + bgp(3, options="keepalive time 120;"))
    a, b = side.connect(2, 3)
    before = [len(one.kinds(wire.KEEPALIVE)) for one in (a, b)]
    time.sleep(4)
    count = [len(one.kinds(wire.KEEPALIVE)) - had for one, had in zip((a, b), before, strict=True)]
    return {"often": count[0] >= 3, "seldom": count[1]}


@case(long=True, options=("bgp: startup hold time",))
def startup_hold_time(side: Side):
    """A neighbor that connects and answers no OPEN."""
    side.start(bgp(2, options="startup hold time 3;") + bgp(3))
    a, b = side.session(2, silent=True), side.session(3, silent=True)
    a.attempt(0)
    b.attempt(0)
    deadline = time.monotonic() + 5
    while not a.closed and time.monotonic() < deadline:
        time.sleep(0.05)
    return {"short": a.notifications(), "default": b.notifications()}


@case(options=("bgp: passive", "bgp: connect delay time", "bgp: connect retry time", "bgp: start delay time"))
def who_connects(side: Side):
    """Within three seconds the daemon connects, but for a passive one and for a long delay."""
    plain = "protocol bgp p{0} {{ local 10.0.0.1 as 65001; neighbor 10.0.0.{0} as 6500{0}; {1} ipv4; }}\n"
    delays = {2: "connect delay time 1;", 3: "connect delay time 1; passive;", 4: "connect delay time 20;"}
    delays |= {5: "start delay time 1;", 6: "start delay time 20;"}
    side.start(
        "".join(plain.format(*one) for one in delays.items()).replace(
            "ipv4", "ipv4 { import all; export all; }"
        )
    )
    a, b, c, d, e = (side.session(number) for number in delays)
    found = {"plain": a.called(3), "passive": b.called(1.5), "later": c.called(0.5)}
    return found | {"start delay": d.called(5), "later, start delay": e.called(0.5)}


@case(since="2.19", long=True, options=("bgp: send hold time",))
def neighbor_that_reads_nothing(side: Side):
    """It sends KEEPALIVEs, and its connection takes no more octets (RFC 9687)."""
    side.start(
        bgp(2)
        + bgp(3, options="hold time 5; send hold time 8;")
        + bgp(4, options="hold time 5; send hold time 0;")
    )
    (a,) = side.connect(2)
    deaf = side.connect(3, 4, hold=5, deaf=True)
    begin = time.monotonic()
    many = [(number >> 8, number & 255) for number in range(800)]
    for number in range(4000):
        a.announce(f"10.{number >> 8}.{number & 255}.0/24", communities=[*many, (number, 1)])
    told = {}
    while not told.get("p3") and time.monotonic() - begin < 25:
        told = {name: side.log(f"{name}: .*Send hold timer") for name in ("p3", "p4")}
        time.sleep(0.5)
    passed = time.monotonic() - begin
    return told | {
        "seconds": "8 to 25" if 8 < passed < 25 else "more",
        "details": side.details("p3", "BGP state|Last error"),
        "without": [side.info("p4"), [one.closed for one in deaf]],
    }


@case()
def neighbor_on_no_link(side: Side):
    """A direct neighbor whose address is in the network of no interface."""
    side.start(bgp(2, neighbor="10.123.0.77"))
    side.settle()
    return {"info": side.info("p2"), "details": side.details("p2", "BGP state|Last error")}


PLAIN = "protocol bgp p{} {{ {} connect delay time 1; ipv4 {{ import all; export all; }}; }}\n"


@case(options=("bgp: source address",))
def source_address(side: Side):
    """From where it connects."""
    side.start(PLAIN.format(2, "local as 65001; source address 10.0.0.101; neighbor 10.0.0.2 as 65002;"))
    session = side.session(2, destination="10.0.0.1")
    return {"called": session.called(4), "from": session.destination}


@case()
def strict_bind_without_an_address(side: Side):
    """It says where it shall be bound, or is an error."""
    return {
        f"{local} {who}": side.starts(
            PLAIN.format(3, f"local{local} as 65001; strict bind; neighbor {who} as 65003;")
        )
        for who in ("10.0.0.3", "range 10.0.0.0/24")
        for local in ("", " 10.0.0.1")
    }


@case(long=True, options=("bgp: strict bind", "bgp: free bind"))
def addresses_of_sockets(side: Side):
    """Where it listens."""
    found = {}
    for name, options in {
        "default": "local 10.0.0.101 as 65001;",
        "strict": "local 10.0.0.101 as 65001; strict bind;",
        "free": "local 10.0.0.200 as 65001; strict bind; free bind;",
        "absent": "local 10.0.0.200 as 65001; strict bind;",
    }.items():
        side.start(PLAIN.format(3, f"{options} neighbor 10.0.0.3 as 65003;"))
        side.settle()
        rows = side.place.subject.run("ss", "-ltnH").splitlines()
        found[name] = sorted({row.split()[3] for row in rows if ":179" in row})
    return found


@case(options=("bgp: ttl security", "bgp: password", "bgp: multihop"))
def connections_that_are_not_taken(side: Side):
    """TTLs and passwords that fit, and that do not; a neighbor beyond the link."""
    far = bgp(5, options="multihop 2;", local="192.168.7.1", neighbor="10.9.9.9")
    side.start(bgp(2, options="ttl security on;") + bgp(3, options='password "secret";') + bgp(4) + far)
    found = {
        "ttl 255": side.session(2, ttl=255).attempt(2),
        "password": side.session(3, password="secret").attempt(2),
        "ttl 1": side.session(4, ttl=1).attempt(2),
        "far": side.session(5).attempt(2),
    }
    for session in side.sessions:
        session.close()
    side.ask("restart all")
    # An OPEN that comes before the connection is accepted is answered; what follows it is not heard.
    side.session(2, ttl=64).attempt(1.5)
    time.sleep(0.3)
    found["ttl 64"] = "Established" in side.info("p2")
    return found


@case(dialect3=True, since="2.19", options=("bgp: authentication", "bgp: keys { }"))
def tcp_ao_without_a_kernel_that_has_it(side: Side):
    """No session that is not authenticated. (A kernel that has TCP-AO: tests/io/test_tcp_ao.py.)"""
    keys = 'key { id 1; secret "a"; algorithm hmac sha256; }; key { send id 2; recv id 3; secret "b"; };'
    side.start(bgp(2, options=f"authentication ao; keys {{ {keys} }};") + bgp(3))
    taken = [side.session(number).attempt(2) for number in (2, 3)]
    return {
        "taken": taken,
        "info": side.info("p2"),
        "details": side.details("p2", "state|error"),
        "log": side.log("<ERR>"),
    }


@case(options=("bgp: interface", "bgp: local", "bgp: neighbor"))
def link_local_neighbors(side: Side):
    """The link of a link-local neighbor, named in three ways."""
    plain = (
        "protocol bgp p{} {{ local as 65001; neighbor {} as {}; {} ipv6 {{ import all; export all; }}; }}\n"
    )
    side.start(
        plain.format(2, "fe80::2%eth0", 65002, "")
        + plain.format(3, "fe80::3", 65003, 'interface "eth0";')
        + plain.format(4, "fe80::4", 65004, 'interface "eth1";')
    )
    found = {}
    for number, link in ((2, "eth0"), (3, "eth0"), (4, "eth1")):
        session = side.session(number, destination="fe80::1", remote_asn=65001, link=link)
        found[f"p{number}"] = [session.attempt(2), side.details(f"p{number}", "Neighbor address|Source")]
    return found


@case(options=("bgp: check link",))
def link_goes_down(side: Side):
    """A cable that is pulled."""
    side.start(
        bgp(2, options="check link on;", local="172.16.0.1", neighbor="172.16.0.2")
        + bgp(3, options="check link off;", local="172.16.0.1", neighbor="172.16.0.3")
    )
    side.connect(2, 3)
    side.place.neighbors.link("eth1", False)
    side.settle(0.6)
    return {"checked": side.info("p2"), "not": side.info("p3")}


@case(options=("bgp: dynamic name", "bgp: dynamic name digits"))
def dynamic_neighbors(side: Side):
    """Children of a range of neighbors: their names and numbers."""
    dynamic = (
        "protocol bgp {0} {{ local 10.0.0.1 as 65001; neighbor range {1} as {2}; {3}"
        " ipv4 {{ import all; export all; }}; }}\n"
    )
    side.start(
        dynamic.format("range2", "10.0.0.2/31", 65002, 'dynamic name "guest";')
        + dynamic.format("range4", "10.0.0.4/31", 65004, 'dynamic name "other"; dynamic name digits 3;')
    )
    options = {"destination": "10.0.0.1", "remote_asn": 65001}
    for number, asn in ((2, 65002), (3, 65002), (4, 65004)):
        side.session(number, source=f"10.0.0.{number}", asn=asn, **options).attempt()
        side.settle(0.1)
    refused = side.session(5, source="10.0.0.5", asn=65009, **options)
    found = {"another AS": [refused.attempt(2), refused.notifications()]}
    names = (row.split()[0] for row in side.lines("show protocols") if " BGP " in row)
    return found | {"children": sorted(name for name in names if not name.startswith("range"))}


@case(long=True, options=("bgp: error forget time", "bgp: error wait time"))
def errors_are_forgotten(side: Side):
    """After an error the wait is the first of `error wait time` again when the last one is long ago.

    The session comes at 0, 2, 6 and 8 s: the error at 6 s finds the one before forgotten.
    """
    broken = wire.message(wire.UPDATE, b"\0\0\0\x04\x40")
    side.start(bgp(2, options="error wait time 2,40; error forget time 3;"))
    session, ups = side.session(2), 0
    begin = time.monotonic()
    while time.monotonic() < begin + 9.5:
        if session.attempt(1):
            ups += 1
            session.send(broken)
            time.sleep(0.3)
        time.sleep(0.2)
    return {"sessions in 9.5 s": ups}


@case(options=("protocol: disabled", "protocol: description"))
def what_is_said_of_a_protocol(side: Side):
    side.start(bgp(2, options="disabled;") + bgp(3, options='description "the neighbor";'))
    side.connect(3)
    return {
        "disabled": [side.info("p2"), side.details("p2", "BGP state|Last error|Description")],
        "described": [side.info("p3").split()[0], side.details("p3", "Description")],
    }


@case(dialect3=True)
def info_of_bgp_protocols(side: Side):
    """The Info column of `show protocols` in each state: tools take it for the state of the session."""
    texts = {
        "down": bgp(2, options="disabled;"),
        "on no link": bgp(3, neighbor="10.123.0.77"),
        "on no interface": bgp(4, options='interface "eth9";'),
        "passive": bgp(5, options="passive;"),
        "nobody listens": bgp(6),
        "silent": bgp(7),
        "no KEEPALIVE": bgp(8, options="passive;"),
        "up": bgp(9, options="passive;"),
        "another AS": bgp(10, 64999, options="passive;"),
        "shut down": bgp(11, options="passive;"),
        "no such address": bgp(12, local="10.88.0.1", neighbor="10.0.0.12"),
        "no route": bgp(13, options="multihop;", neighbor="192.0.2.1"),
        "another password": bgp(14, options='password "right";'),
        "range": bgp(15, neighbor="range 172.16.0.0/24"),
    }
    side.start("".join(texts.values()))
    up, other, shut = side.session(9), side.session(10, asn=65010), side.session(11)
    silent, waiting = side.session(7, mute=True), side.session(8, silent=True)
    waiting.connect(up=False)
    assert silent.called(5, up=False)
    up.connect()
    other.attempt(1)
    shut.connect().send(wire.notification(6, 2))
    wrong = side.session(14, password="wrong")
    wrong.attempt(1)
    side.settle(4)
    return {name: side.info(text.split()[2]) for name, text in texts.items()}


def asked(afi: int, safi: int, subtype: int = 0, more: bytes = b"") -> bytes:
    """A ROUTE-REFRESH (RFC 2918) or one of its marks (RFC 7313)."""
    return wire.message(5, afi.to_bytes(2) + bytes((subtype, safi)) + more)


REFRESHING = {
    2: ("", wire.capability(2)),
    3: ("", wire.capability(128)),
    4: ("", wire.capability(128) + wire.capability(70)),
    5: ("require route refresh;", wire.capability(128)),
    6: ("require enhanced route refresh;", wire.capability(128) + wire.capability(70)),
    7: ("require enhanced route refresh;", wire.capability(2) + wire.capability(70)),
    8: ("", wire.capability(70)),
}


@case(since="2.19")
def which_capabilities_allow_a_route_refresh(side: Side):
    """Cisco's number (128) alone does not."""
    side.start("".join(bgp(n, options=own) for n, (own, _) in REFRESHING.items()))
    found = {}
    for number, (own, theirs) in REFRESHING.items():
        offers = wire.multiprotocol(1) + theirs + wire.four_octets(65000 + number)
        one = side.session(number, capabilities=offers)
        one.attempt(1)
        side.settle()
        command = "reload filters in" if side.kind.name == "bird 3" else "reload in"
        shown = [one.codes(), side.details(f"p{number}", "^ +(Route|Enhanced) refresh")]
        shown += side.lines(f"{command} p{number}")
        side.settle()
        found[f"{number} {own}"] = [*shown, [body.hex() for kind, body in one.received if kind == 5]]
    return found


@case(since="2.19")
def route_refreshes_that_are_odd(side: Side):
    """Lengths that are wrong, and an end without a begin."""
    odd = {
        "request": asked(1, 1, 0, b"\1\2\0\0"),
        "begin": asked(1, 1, 1, b"\0"),
        "unknown": asked(1, 1, 9, b"\0"),
        "end alone": asked(1, 1, 2),
        "end of what is not negotiated": asked(2, 1, 2),
        "request of what is not negotiated": asked(25, 70),
        "unknown subtype": asked(1, 1, 9),
        "begin and end": asked(1, 1, 1) + asked(1, 1, 2) + asked(1, 1, 2),
    }
    found = {}
    side.start(bgp(2))
    for name, octets in odd.items():
        offers = wire.multiprotocol(1) + wire.capability(2) + wire.capability(70) + wire.four_octets(65002)
        (one,) = side.connect(2, capabilities=offers)
        since = len(side.log("RMT|WARN"))
        one.send(octets)
        side.settle()
        found[name] = [one.notifications(), side.info("p2"), side.log("RMT|WARN")[since:]]
        one.close()
        side.ask("restart p2")
        side.settle()
    return found
