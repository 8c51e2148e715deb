"""Roles and Only-to-Customer (RFC 9234): who may be with whom, what leaks, what is marked."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.speaker import Session

# Codes of the capability's value (RFC 9234, 4.1).
CODES = {"provider": 0, "rs_server": 1, "rs_client": 2, "customer": 3, "peer": 4}
FITTING = {
    "provider": "customer",
    "customer": "provider",
    "rs_server": "rs_client",
    "rs_client": "rs_server",
    "peer": "peer",
}


def offer(session: Session, *values: bytes) -> None:
    """Announce these values of the capability, besides the usual ones."""
    session.capabilities += b"".join([wire.capability(9, value) for value in values])


def with_role(side: Side, number: int, role: str | None) -> Session:
    session = side.session(number)
    if role is not None:
        offer(session, bytes((CODES[role],)))
    return session


@case(dialect3=True, options=("bgp: local role",))
def roles_that_fit(side: Side):
    """Every pair of roles (RFC 9234, 4.2)."""
    seen: dict[str, Any] = {}
    for ours in CODES:
        side.start(bgp(2, options=f"local role {ours};"))
        session = with_role(side, 2, FITTING[ours]).connect()
        side.settle()
        assert session.opening is not None
        seen[f"{ours}: capability"] = [value for code, value in session.opening.capabilities if code == 9]
        seen[f"{ours}: details"] = side.details("p2", "Role")
    return seen


@case(options=("bgp: local role",))
def roles_that_do_not_fit(side: Side):
    """Every other pair ends with 2/11, and so does a role that nobody knows."""
    seen: dict[str, Any] = {}
    for ours in CODES:
        values = [code for role, code in CODES.items() if role != FITTING[ours]]
        for value in (*values, 5, 255):
            side.start(bgp(2, options=f"local role {ours};"))
            session = side.session(2)
            offer(session, bytes((value,)))
            session.connect(up=False)
            side.settle()
            seen[f"{ours} and {value}"] = [session.established, session.notifications()]
    seen["details"] = side.details("p2", "^ *(Role|Last error):")
    return seen


@case(options=("bgp: require roles",))
def roles_required(side: Side):
    """A neighbor without a role, with and without `require roles`; we without one."""
    seen: dict[str, Any] = {}
    for name, options, role in (
        ("not required, none", "local role customer;", None),
        ("required, none", "local role customer; require roles;", None),
        ("required, one", "local role customer; require roles;", "provider"),
        ("ours none", "", "provider"),
    ):
        side.start(bgp(2, options=options))
        session = with_role(side, 2, role).connect(up=False)
        side.settle()
        seen[name] = [session.established, session.notifications(), side.info("p2")]
        seen[f"{name}: details"] = side.details("p2", "^ *(Role|Last error):")
    return seen


@case()
def odd_role_capabilities(side: Side):
    """The capability twice, empty and too long (RFC 9234, 4.2; RFC 5492)."""
    seen: dict[str, Any] = {}
    for name, values in {
        "twice the same": (b"\0", b"\0"),
        "two, the first fits": (b"\0", b"\4"),
        "two, the second fits": (b"\4", b"\0"),
        "empty": (b"",),
        "two octets": (b"\0\0",),
    }.items():
        for options in ("local role customer;", ""):
            side.start(bgp(2, options=options))
            session = side.session(2)
            offer(session, *values)
            session.connect(up=False)
            side.settle()
            seen[f"{name}, {options or 'no role'}"] = [session.established, session.notifications()]
    return seen


# The routes that each neighbor announces: the third octet says which OTC they have.
OTC = {1: None, 2: 65002, 3: 65003, 4: 65001, 5: 65077, 6: 0}


def announce_otc(session: Session) -> None:
    for number, otc in OTC.items():
        session.announce(f"10.{session.number}.{number}.0/24", otc=otc)


@case()
def only_to_customer(side: Side):
    """From a neighbor of each role to one of each: ingress and egress rules (RFC 9234, 5)."""
    static = "protocol static sx { ipv4; route 10.99.1.0/24 blackhole; route 10.99.2.0/24 blackhole"
    static += " { bgp_otc = 65001; }; }\n"
    numbers = dict(zip((2, 3, 4, 5, 6), CODES, strict=True))
    text = "".join(bgp(n, options=f"local role {role};") for n, role in numbers.items())
    side.start(static + text + bgp(7) + bgp(8, 65001))
    sessions = [with_role(side, n, FITTING[role]).connect() for n, role in numbers.items()]
    sessions += side.connect(7, 8)
    for session in sessions:
        announce_otc(session)
    side.settle()
    names = {**numbers, 7: "none", 8: "internal"}
    found = {f"sent by {names[one.number]}": one.table("otc") for one in sessions}
    taken = {
        net: routes[0].get("BGP.otc", "-") for net, routes in side.routes("where source = RTS_BGP").items()
    }
    return (
        found
        | {
            f"taken from {name}": {k: v for k, v in taken.items() if k.startswith(f"10.{n}.")}
            for n, name in names.items()
        }
        | {"static": side.best("where source = RTS_STATIC")}
    )


@case()
def otc_and_filters(side: Side):
    """What filters may do: look, set, remove, before import and on export."""
    seen: dict[str, Any] = {}
    imports = "filter { if defined(bgp_otc) then bgp_community.add((9,9)); unset(bgp_otc); accept; }"
    exports = "filter { if defined(bgp_otc) then bgp_community.add((8,8)); %s accept; }"
    for name, action in {"unset": "unset(bgp_otc);", "set": "bgp_otc = 65042;", "nothing": ""}.items():
        side.start(
            bgp(2, options="local role customer;", imports=imports)
            + bgp(3, options="local role customer;")
            + bgp(4, options="local role customer;", exports=exports % action)
            + bgp(5, options="local role provider;", exports=exports % action)
            + bgp(6, 65001, exports=exports % action)
        )
        told, kept, up, down, inside = (with_role(side, n, None).connect() for n in (2, 3, 4, 5, 6))
        told.announce("10.1.0.0/16")
        told.announce("10.2.0.0/16", otc=65002)
        kept.announce("10.3.0.0/16")
        side.settle()
        for who, one in {"provider": up, "customer": down, "internal": inside}.items():
            # where a filter took it off, BIRD sets the Partial bit of what it attaches then
            seen[f"{name}: to {who}"] = str(one.table("otc", "communities")).replace("65001 [e0]", "65001")
    return seen


@case()
def otc_of_other_families(side: Side):
    """Only IPv4 and IPv6 unicast know OTC (RFC 9234, 5)."""
    tables = "ipv4 table mc4; ipv6 table mc6;\n"
    both = "ipv4 multicast { table mc4; import all; export all; }; ipv6 { import all; export all; };"
    text = bgp(2, options="local role customer;" + both) + bgp(3, options="local role customer;" + both)
    side.start(tables + text + bgp(4, options="local role provider;" + both))
    more = wire.multiprotocol(wire.IPV4) + wire.multiprotocol(wire.IPV4, wire.MULTICAST)
    more += wire.multiprotocol(wire.IPV6)
    sessions = [
        side.session(n, capabilities=more + wire.capability(2) + wire.four_octets(65000 + n)).connect()
        for n in (2, 3, 4)
    ]
    told = sessions[0]
    attributes = wire.Attributes(path=(65002,)).octets()
    marked = wire.Attributes(path=(65002,), otc=65002).octets()
    for number, octets in enumerate((attributes, marked)):
        multicast = wire.mp_reach([f"10.{number}.0.0/16"], ["10.0.0.2"], wire.MULTICAST)
        told.send(wire.update(octets + multicast))
        told.send(wire.update(octets + wire.mp_reach([f"2001:db8:{number + 8}::/48"], ["2001:db8:a::2"])))
    side.settle()
    return {f"sent to p{one.number}": one.table("otc") for one in sessions} | {
        "mc4": {n: r[0].get("BGP.otc", "-") for n, r in side.routes("table mc4").items()},
        "master6": {n: r[0].get("BGP.otc", "-") for n, r in side.routes("table master6").items()},
    }


@case()
def malformed_otc(side: Side):
    """OTC that has not four octets: treat as withdraw (RFC 9234, 5)."""
    side.start(bgp(2, options="local role customer;") + bgp(3, options="local role provider;"))
    (told,) = side.connect(2)
    (heard,) = side.connect(3)
    for number, value in enumerate((b"", b"\0\0\xfd", bytes(5), bytes(8)), 1):
        told.announce(f"10.{number}.0.0/16")
        told.announce(f"10.{number}.0.0/16", raw=wire.attribute(35, value))
    told.announce("10.8.0.0/16", raw=wire.attribute(35, b"\0\0\xfd\xea", 0x80))
    told.announce("10.9.0.0/16", raw=wire.attribute(35, b"\0\0\xfd\xea", 0x40))
    told.announce("10.10.0.0/16", raw=wire.attribute(35, b"\0\0\xfd\xea", 0xE0))
    side.settle()
    return {"sent": heard.table("otc"), "codes": told.codes(), "best": side.best()}


@case(since="2.19", dialect3=True)
def how_capabilities_are_shown(side: Side):
    """The role comes last, one that nobody has is `?`; a domain is not shown beside the hostname."""
    name = wire.capability(73, b"\x04host\x03dom")
    offers = {
        2: wire.capability(9, b"\x04") + wire.capability(6) + name,
        3: wire.capability(9, b"\x07") + name,
    }
    side.start(bgp(2, options="local role peer; advertise hostname;") + bgp(3))
    found = {}
    for number, theirs in offers.items():
        mine = wire.multiprotocol(1) + wire.capability(2) + theirs + wire.four_octets(65000 + number)
        side.session(number, capabilities=mine).connect()
        side.settle()
        rows = side.details(f"p{number}")
        found[f"{number}"] = rows[rows.index("Neighbor capabilities") : rows.index("Session: external AS4")]
    return found
