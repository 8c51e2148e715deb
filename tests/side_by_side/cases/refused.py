"""Routes that BGP itself does not take: which, and how they are counted and told."""

from typing import Any

from tests.side_by_side.case import Side, bgp, case

_COUNTS = "Import (updates|withdraws)"


@case()
def refused_routes(side: Side) -> dict[str, Any]:
    """Loops of both kinds, the first AS and bogus networks; a good route that is announced with a loop."""
    reflector = "rr client; rr cluster id 10.7.7.7;"
    side.start(bgp(2, options="enforce first as;") + bgp(3, 65001, reflector))
    external, internal = side.connect(2, 3)
    external.announce("10.1.0.0/16", path=[65002, 7])
    external.announce("10.2.0.0/16", path=[65002, 7])
    side.settle()
    external.announce("10.2.0.0/16", path=[65002, 65001])
    external.announce("10.3.0.0/16", path=[65002, 65001])
    external.announce("10.4.0.0/16", path=[65009, 65002])
    external.announce("127.0.0.0/8", path=[65002])
    internal.announce("10.5.0.0/16", path=[9], originator="10.0.0.1", clusters=["1.1.1.1"])
    internal.announce("10.6.0.0/16", path=[9], originator="10.0.0.9", clusters=["10.7.7.7"])
    internal.announce(
        "10.1.0.0/16", path=[9], originator="10.0.0.1", clusters=["1.1.1.1"]
    )  # an echo: no line
    side.settle()
    return {
        "best": side.best(),
        "external": [
            row.split(":")[0] + ":" + " ".join(row.split()[2:5]) for row in side.details("p2", _COUNTS)
        ],
        "internal": [
            row.split(":")[0] + ":" + " ".join(row.split()[2:5]) for row in side.details("p3", _COUNTS)
        ],
        "log": side.log("Refused"),
    }


@case()
def filtered_routes_are_kept_as_the_filter_left_them(side: Side):
    """`import keep filtered`: what the filter set before `reject` tells why, also before an error."""
    filters = (
        "bgp_large_community.add((65001,1101,13)); bgp_local_pref = 7; preference = 50; reject;",
        "bgp_path.prepend(65009); bgp_med = net.len; if net.len = 24 then reject; accept;",
        "bgp_community.add((65001,5)); dest = RTD_BLACKHOLE; reject;",
        "bgp_med = 7; if 1 / (bgp_med - 7) = 1 then accept; reject;",
        "bgp_community.add((65001,6)); bgp_origin = ORIGIN_INCOMPLETE; reject;",
    )
    text = "".join(
        bgp(number, imports=f"filter {{ {body} }}", channel="import keep filtered;", exports="none")
        for number, body in enumerate(filters, 2)
    )
    side.start(text)
    sessions = side.connect(*range(2, 2 + len(filters)))
    for one in sessions:
        one.announce(f"10.{one.number}.0.0/16", f"10.{one.number}.1.0/24", communities=[(65000, 1)])
    side.settle()
    found = {f"p{one.number}": side.routes(f"filtered protocol p{one.number}") for one in sessions}
    for where in ("(65001,1101,13) ~ bgp_large_community", "bgp_local_pref = 7", "preference = 50"):
        found[where] = sorted(side.routes(f"filtered where {where}"))
    return found
