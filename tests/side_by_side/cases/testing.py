"""Options for tests and for watching: `disable rx`, `tx size warning`."""

import time
from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

STATIC = "protocol static sx { ipv4; route 10.99.1.0/24 blackhole; }\n"


@case(since="2.19", dialect3=True, options=("bgp: disable rx",))
def disable_rx(side: Side):
    """What a session that has come up hears is thrown away; it sends on, and no hold timer runs."""
    side.start(STATIC + bgp(2, options="disable rx; hold time 9;") + bgp(3, options="disable rx off;"))
    deaf, other = side.connect(2, 3)
    seen: dict[str, Any] = {}
    for one in (deaf, other):
        one.announce(f"10.{one.number}.0.0/16")
    side.settle()
    seen["sent"] = [deaf.table("as_path"), other.table("as_path")]
    seen["timer"] = side.details("p2", r"^ *Hold timer: +0\.000")
    deaf.send(wire.refresh(), b"no message at all" * 9, wire.notification(6, 2))
    side.settle()
    seen["after nonsense"] = [deaf.established, deaf.codes(), side.info("p2")]
    seen["taken"] = side.best("where source = RTS_BGP")
    time.sleep(11)  # longer than the hold time, and the neighbor's KEEPALIVEs go nowhere
    seen["later"] = [deaf.established, side.info("p2"), deaf.kinds(wire.KEEPALIVE)[:3]]
    return seen


@case(since="3", options=("bgp: tx size warning",))
def options_of_3_reloaded(side: Side):
    """A change of these options while the session is up."""
    side.start(bgp(2) + bgp(3))
    sessions = side.connect(2, 3)
    side.configure(bgp(2, options="tx size warning 5;") + bgp(3, options="disable rx;"))
    side.settle()
    return {f"p{one.number}": [one.established, one.codes()] for one in sessions}
