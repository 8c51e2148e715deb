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
