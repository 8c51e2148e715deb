"""Where PyBIRD is to show something else than BIRD, and why.

An entry names a row of docs/differences.md by its first words; a test looks for
the row, and fails as well when there is no difference any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A key of a case where ours is `ours` and BIRD's is not; in a key, `*` stands for any text.

    `row`: text that stands in docs/differences.md; `why`: the reason in short.
    """

    case: str
    key: str
    ours: Any
    why: str
    row: str


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        case="link_local_alone",
        key="sent",
        ours={"2001:db8:77::/48": "fe80::1 fe80::1"},
        why="GoBGP uses the first half",
        row="the next hop of a session over link-local addresses alone",
    ),
    Difference(
        case="rr_cluster",
        key="best",
        ours={"10.1.0.0/16": "p2 unreachable", "10.2.0.0/16": "p3 unreachable"},
        why="a loop is one on every session",
        row="a route whose CLUSTER_LIST has our cluster id, on a session that is no client's",
    ),
    Difference(
        case="preferences_from_outside",
        key="default: with",
        ours=["100", "7"],
        why="every route has one",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="preferences_from_outside",
        key="not allowed: with",
        ours=["100", "7"],
        why="every route has one",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="preferences_from_outside",
        key="own defaults: with",
        ours=["70", "7"],
        why="every route has one",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="preferences_from_outside",
        key="own defaults: with, sent",
        ours={"local_pref": "70", "med": "7"},
        why="it is as if it had not been sent",
        row="a LOCAL_PREF that an external neighbor may not send",
    ),
    Difference(
        case="odd_paths",
        key="as 0",
        ours=[None, None, None],
        why="RFC 7607",
        row="an AS path with AS 0",
    ),
    Difference(
        case="graceful_opens",
        key="default",
        ours=[[1, "00010001"], [2, ""], [65, "0000fde9"]],
        why="FRR would answer no ROUTE-REFRESH",
        row="graceful restart (64, 71) and enhanced route refresh (70) in an OPEN",
    ),
    Difference(
        case="graceful_opens",
        key="as it comes",
        ours=[[1, "00010001"], [2, ""], [65, "0000fde9"]],
        why="not announced before it acts",
        row="graceful restart (64, 71) and enhanced route refresh (70) in an OPEN",
    ),
    Difference(
        case="addresses_of_sockets",
        key="default",
        ours=["0.0.0.0:179", "[::]:179"],
        why="one listener for all",
        row="where BGP listens without `strict bind`",
    ),
    Difference(
        case="configured_med",
        key="beside other attributes",
        ours="4",
        why="the manual: what is configured locally is sent",
        row="a MED of a static route that has other BGP attributes, too",
    ),
    Difference(
        case="rpki_without_answers",
        key="starts",
        ours=False,
        why="every invalid route would be taken",
        row="options in docs/status.md under Refused",
    ),
    Difference(
        case="refused_routes",
        key="external",
        ours=["Import updates:6 4 0", "Import withdraws:0 0 ---"],
        why="the neighbor withdrew nothing",
        row="What BGP itself does not take",
    ),
    Difference(
        case="refused_routes",
        key="internal",
        ours=["Import updates:2 2 0", "Import withdraws:0 0 ---"],
        why="the neighbor withdrew nothing",
        row="What BGP itself does not take",
    ),
    Difference(
        case="refused_routes",
        key="log",
        ours=[
            "<RMT> p2: Refused 10.2.0.0/16: own AS in the path",
            "<RMT> p2: Refused 10.3.0.0/16: own AS in the path",
            "<RMT> p2: Refused 10.4.0.0/16: first AS of the path is not the neighbour's",
            "<RMT> p2: Refused 127.0.0.0/8: bogus network",
            "<RMT> p3: Refused 10.5.0.0/16: own originator id",
            "<RMT> p3: Refused 10.6.0.0/16: own cluster id in the cluster list",
        ],
        why="why does this route not appear",
        row="What BGP itself does not take",
    ),
    Difference(
        case="cease_and_refused_tries",
        key="info",
        ours="start Active Received: Administrative shutdown",
        why="the neighbor said why it does not answer",
        row="After a Cease of the neighbour `show protocols` goes on telling",
    ),
    Difference(
        case="cease_and_refused_tries",
        key="details",
        ours=["BGP state: Active", "Last error: Received: Administrative shutdown"],
        why="the neighbor said why it does not answer",
        row="After a Cease of the neighbour `show protocols` goes on telling",
    ),
    Difference(
        case="limits_of_other_protocols",
        key="s1",
        ours="down Automatic shutdown: Route limit exceeded",
        why="why is it down",
        row="than BGP that a route limit disabled says so in the Info column",
    ),
    Difference(
        case="limits_of_other_protocols",
        key="s1 again",
        ours="down Automatic shutdown: Route limit exceeded",
        why="why is it down",
        row="than BGP that a route limit disabled says so in the Info column",
    ),
    Difference(
        case="limits_of_other_protocols",
        key="k",
        ours="down Automatic shutdown: Route limit exceeded",
        why="why is it down",
        row="than BGP that a route limit disabled says so in the Info column",
    ),
)

# Keys where 2.0.12 shows something else than 2.19.2, whom PyBIRD follows, and what it is:
# where there is no 2.19, these are not compared.
OLDER: dict[str, dict[str, str]] = {
    "odd_paths": {"set": "takes AS_SETs by default"},
    "connections_that_are_not_taken": {"ttl 64": "takes a connection of any TTL"},
    "commands_in_the_log": {"10 reload p2": "says nothing of what is not up"},
    "reloads_in_the_log": {
        "an import filter": "does not say for which direction",
        "an export filter": "does not say for which direction",
    },
}
