"""`validate` of flow channels: RFC 8955, 6; RFC 9117."""

import re
from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.cases.flow import announce, capabilities, flow, flows, told

HEAD = "ipv4 table master4 { trie on; }; flow4 table f4; flow6 table f6;\n"
STATIC = "protocol static s { ipv4; route 10.20.0.0/16 blackhole; route 10.21.3.0/24 blackhole; }\n"
VALIDATED = "flow4 { table f4; import all; export all; validate; };"


def dst(prefix: str) -> bytes:
    return flow("01" + wire.prefix_octets(prefix).hex())


@case(since="2.19", options=["bgp channel: validate"])
def flow_validation(side: Side):
    """Who may send flows for a destination, and what changes of unicast routes do."""
    side.start(
        HEAD
        + STATIC
        + bgp(2, options=VALIDATED)
        + bgp(3, options=VALIDATED)
        + bgp(4, 65001, options=VALIDATED)
    )
    (a,) = side.connect(2, capabilities=capabilities(65002))
    (b,) = side.connect(3, capabilities=capabilities(65003))
    (c,) = side.connect(4, capabilities=capabilities(65001))
    seen: dict[str, Any] = {}

    def look(what: str) -> None:
        side.settle()
        rows = [row.split(" [i]")[0].split(" from")[0] for row in flows(side, "f4")]
        seen[what] = [re.sub(r" \(100\).*| T", "", row).replace("} invalid", "} unreachable") for row in rows]

    announce(a, dst("10.7.0.0/16"))
    announce(a, dst("10.7.1.0/24"))
    announce(b, dst("10.7.0.0/16"))
    announce(c, dst("10.7.0.0/16"), path=())
    announce(c, dst("10.8.0.0/16"), path=())
    announce(c, dst("10.9.0.0/16"), path=(65009,))
    announce(c, dst("10.10.0.0/16"), path=(65009,), originator="9.9.9.9")
    announce(a, flow("038106"))
    announce(c, flow("038107"), path=())
    announce(a, dst("10.20.0.0/16"))
    announce(a, dst("10.21.0.0/16"))
    announce(b, dst("10.22.0.0/16"), path=(65003,))
    announce(b, dst("10.23.0.0/16"), path=(65003, 7))
    look("no base")
    a.announce("10.7.0.0/16")
    look("a base")
    seen["to b"] = told(b)
    b.announce("10.7.1.0/24")
    look("more specific of another AS")
    b.withdraw("10.7.1.0/24")
    look("gone")
    a.announce("10.7.1.128/25")
    a.announce("10.21.0.0/16")
    look("more specific of the same AS")
    c.announce("10.9.0.0/16", path=(65009,))
    look("internal base")
    c.announce("10.10.0.0/16", path=(65009,), originator="9.9.9.9")
    look("originator")
    c.announce("10.10.0.0/16", path=(65009,), originator="9.9.9.8")
    look("other originator")
    b.announce("10.23.0.0/16", path=(65003, 8))
    c.announce("10.23.1.0/24", path=(65003, 9))
    look("internal more specific of the same AS")
    c.announce("10.23.2.0/24", path=())
    look("internal more specific")
    a.announce("0.0.0.0/0")
    look("default")
    return seen
