"""What operators and reloads do to protocols, and what is said of it."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

STATIC = "protocol static s1 { ipv4; route 10.77.0.0/16 blackhole; }\n"
MORE = "protocol static s2 { ipv4; }\n"
BROKEN = wire.message(wire.UPDATE, b"\0\0\0\x04\x40")
TOLD = "protocol|[Cc]hannel"


def told(side: Side, since: list[str]) -> list[str]:
    """What the log says of protocols and channels now that it did not say then."""
    return side.log(f"<INFO> .*({TOLD})")[len(since) :]


@case()
def commands_in_the_log(side: Side):
    """`restart`, `disable`, `enable` and `reload` are named in the log, where they do something."""
    side.start(bgp(2) + STATIC + MORE.replace("{", "{ disabled;"))
    side.connect(2)
    found = {}
    for command in (
        "reload p2",
        "reload s1",
        "restart p2",
        "disable s1",
        'disable p2 "for lunch"',
        "disable p2",
        "enable p2",
        "enable s1",
        "enable s1",
        "enable s2",
        "reload p2",
    ):
        before = told(side, [])
        reply = side.ask(command)
        side.settle()
        found[f"{len(found)} {command}"] = [reply, told(side, before)]
    return found


@case()
def reloads_in_the_log(side: Side):
    """What a new configuration does to protocols and channels is named in the log."""
    none = bgp(2, imports="none", exports="none")
    short = bgp(2, options="hold time 77;", imports="none", exports="none")
    side.start(bgp(2) + STATIC)
    side.connect(2)
    found = {}
    for name, text in {
        "nothing": bgp(2) + STATIC,
        "a protocol comes": bgp(2) + STATIC + MORE,
        "an import filter": bgp(2, imports="none") + STATIC + MORE,
        "an export filter": none + STATIC + MORE,
        "a protocol goes": none + STATIC,
        "a restart": short + STATIC,
        "disabled": short.replace("local", "disabled; local", 1) + STATIC,
        "changed while it is disabled": none.replace("local", "disabled; local", 1) + STATIC,
        "enabled": none + STATIC,
        "a filter of a session that is not up": bgp(2) + STATIC,
    }.items():
        before = told(side, [])
        side.configure(text)
        side.settle()
        found[name] = told(side, before)
    before = told(side, [])
    side.configure(bgp(2) + STATIC.replace("ipv4;", "ipv4 { preference 77; };"), "configure soft")
    side.settle()
    found["soft"] = told(side, before)
    return found


@case()
def channels_that_restart_their_protocol(side: Side):
    """What cannot be done with which channel is in the log before the restart."""
    more = " ipv6 { import all; export all; }; }\n"
    two, s1 = bgp(2), STATIC
    pipe = "protocol pipe pp { table master4; peer table t; }\n"
    incapable = wire.multiprotocol(wire.IPV4)
    head = "ipv4 table t; ipv4 table u;\n"
    found = {}
    for name, (before, after) in {
        "option": (two, two.replace("import all;", "import all; import table;")),
        "table": (two, two.replace("import all;", "table t; import all;")),
        "table and hold time": (two, bgp(2, options="hold time 77;", channel="table t;")),
        "hold time": (two, bgp(2, options="hold time 77;")),
        "comes": (two, two.rstrip()[:-1] + more),
        "goes": (two.rstrip()[:-1] + more, two),
        "other": (two, two.replace("ipv4", "ipv6")),
        "static": (s1, s1.replace("ipv4;", "ipv4 { table t; };")),
        "pipe": (pipe, pipe.replace("table t;", "table u;")),
        "table anew": (two + s1, "ipv4 table master4 sorted;\n" + two + s1),
        "disabled": (two, bgp(2, options="disabled;", channel="table t;")),
        "no refresh": (two, bgp(2, imports="none")),
    }.items():
        side.start(head + before)
        if "p2" in before:
            side.connect(2, **({"capabilities": incapable} if name == "no refresh" else {}))
        side.settle()
        since = told(side, [])
        side.configure(head + after)
        side.settle()
        found[name] = told(side, since)
    return found


@case()
def error_wait_and_operators(side: Side):
    """`restart` and `disable` end the wait after an error, `enable` finds it enabled."""
    side.start("".join(bgp(number, options="error wait time 60,300;") for number in (2, 3)))
    sessions = side.connect(2, 3)
    for session in sessions:
        session.send(BROKEN)
    side.settle()
    found = {"waits": [side.info("p2"), side.info("p3")]}
    found["restart"] = [side.ask("restart p2"), side.info("p2")]
    reply = side.ask("disable p3")
    side.settle()
    found["disable"] = [reply, side.info("p3"), side.details("p3", "Last error")]
    found["enable"] = [side.ask("enable p3"), side.info("p3")]
    found["enable again"] = side.ask("enable p3")
    again = side.connect(2, 3)
    found["sessions"] = [session.established for session in again] if again else []
    return found


@case()
def ceases(side: Side):
    """Each NOTIFICATION of a neighbor, as it is told right after."""
    codes = [(6, number) for number in range(9)] + [(4, 0), (3, 1), (5, 0)]
    numbers = range(2, 2 + len(codes))
    side.start(
        "".join(bgp(number, options="connect delay time 20; error wait time 20,40;") for number in numbers)
    )
    sessions = side.connect(*numbers)
    for session, (code, subcode) in zip(sessions, codes, strict=True):
        session.send(wire.notification(code, subcode))
    side.settle()
    return {
        f"{code}/{subcode}": [
            side.info(f"p{session.number}"),
            side.details(f"p{session.number}", "BGP state|Last error|Message"),
            side.log(f"<(RMT|INFO|WARN)> p{session.number}: "),
        ]
        for session, (code, subcode) in zip(sessions, codes, strict=True)
    }


@case()
def text_of_a_shutdown(side: Side):
    """RFC 9003: `Message:`, also of a session that `disable after cease` ends."""
    side.start(bgp(2, options="connect delay time 20;") + bgp(3, options="disable after cease on;"))
    sessions = side.connect(2, 3)
    for session in sessions:
        session.send(wire.notification(6, 2, b"\x07upgrade"))
    side.settle()
    return {
        name: [
            side.info(name),
            side.details(name, "Message|Last error"),
            side.log(f"<(RMT|INFO|WARN)> {name}: "),
        ]
        for name in ("p2", "p3")
    }


@case()
def cease_and_refused_tries(side: Side):
    """What is told while the neighbor, that said goodbye, refuses TCP."""
    side.start(bgp(2))
    (session,) = side.connect(2)
    session.send(wire.notification(6, 2))
    session.close()
    side.settle(4)
    return {"info": side.info("p2"), "details": side.details("p2", "BGP state|Last error")}


@case()
def limits_of_other_protocols(side: Side):
    """Protocols without sessions, when a limit disables them."""
    nets = " ".join(f"route 10.7{number}.0.0/16 blackhole;" for number in range(5))
    side.start(
        f"protocol static s1 {{ ipv4 {{ import limit 3 action disable; }}; {nets} }}\n"
        f"protocol static s2 {{ ipv4; {nets.replace('10.7', '10.8')} }}\n"
        "ipv4 table t2;\n"
        "protocol pipe pp { table master4; peer table t2; export limit 3 action disable; export all; }\n"
        "protocol kernel k { ipv4 { export all; export limit 3 action disable; }; kernel table 99; }\n"
    )
    side.settle()
    found = {name: side.info(name) for name in ("s1", "pp", "k")}
    found["again"] = [side.ask("restart s1"), side.ask("enable s1")]
    side.settle()
    found["s1 again"] = side.info("s1")
    return found


@case(options=("protocol: disabled",))
def disabled_and_reloads(side: Side):
    """A new configuration, and an `undo`, bring protocols back to what is written about `disabled`."""
    own = STATIC + MORE.replace("{", "{ disabled;")
    first = "".join(bgp(number, options="disable after error; connect delay time 20;") for number in (2, 3))
    first += own
    off = first.replace("{ local", "{ disabled; local", 1)
    side.start(first)
    found: dict[str, Any] = {}

    def look(name: str, text: str, *commands: str, command: str = "configure") -> None:
        for each in commands:
            side.ask(each)
        side.settle()
        before = told(side, [])
        side.configure(text, command)
        side.settle()
        states = [side.info(each).partition(" Error")[0] for each in ("device1", "p2", "p3", "s1", "s2")]
        found[name] = [states, sorted(told(side, before)), side.details("p2", "Message")]

    both = ("disable p2", "disable s1")
    look("disabled by hand", first, *both, "disable device1")
    look("soft", first, *both, command="configure soft")
    look("with a reason", first, 'disable p2 "for lunch"')
    look("enabled by hand", first, "enable s2")
    look("all", first, "disable all", "enable s2")
    changed = first.replace("{ local", '{ description "x"; local', 1)
    look("other options", changed.replace("ipv4; route", "ipv4 { preference 7; }; route"), *both)
    look("another hold time", changed.replace("20;", "20; hold time 77;", 1), *both)
    look("by hand and in the file", off, 'disable p2 "for lunch"', "disable s1")
    look("and another hold time", off.replace("20;", "20; hold time 77;", 1))
    look("enabled by hand with a reason", off, 'enable p2 "for dinner"')
    look("disabled by hand with a reason", off, "enable p2", 'disable p2 "for lunch"')
    look("only in the file", off)
    look("enabled in the file and by hand", first, "enable p2")
    look("another AS and disabled", off.replace("65002", "65022"), "disable p2")
    look("another AS", first, "enable p2")
    look("another filter", first.replace("import all", "import none"), *both, "enable s2")
    look("undo", first, "disable all", "enable s2", command="configure undo")
    limited = first.replace("export all;", "export all; import limit 1 action disable;", 1)
    look("limits", limited)
    (a, b) = side.connect(2, 3)
    a.announce("10.1.0.0/16")
    a.announce("10.2.0.0/16")
    b.send(BROKEN)
    side.settle()
    found["they hit"] = [side.info("p2"), side.info("p3")]
    look("what disabled itself", limited)
    (a,) = side.connect(2)
    before = len(a.notifications())
    side.configure(off)
    side.settle()
    found["disabled while it is up"] = a.notifications()[before:]
    return found


@case()
def traces_of_what_is_disabled(side: Side):
    """`Initializing` says what does not start."""
    text = "debug protocols { states };\n" + bgp(2) + STATIC + MORE.replace("{", "{ disabled;")
    side.start(text)
    side.settle()
    found = {"start": sorted(side.log("<TRACE> .*Initializing"))}
    side.configure(text.replace("{ local", "{ disabled; local").replace("s2 { disabled;", "s2 {"))
    side.settle()
    found["reload"] = sorted(side.log("<TRACE> .*Initializing"))
    return found
