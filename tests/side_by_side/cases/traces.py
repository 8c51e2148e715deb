"""What `debug` writes for routes, filters, states and packets, in order, per protocol and channel."""

import re
from itertools import pairwise
from typing import Any

from tests.side_by_side.case import Side, bgp, case

_STATIC = "protocol static s4 { ipv4; route 198.51.100.0/24 blackhole; route 198.51.101.0/24 unreachable; }\n"
_NOT_ROUTES = re.compile(r"Listening socket|Connect|Incoming|\.\.\.|preferred address")
_REFUSE = "filter { if bgp_med = 7 then reject; accept; }"


def traces(side: Side, *names: str) -> dict[str, list[str]]:
    """The trace lines of these protocols and channels; who the source is differs."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for row in side.log("<TRACE>"):
        text = re.sub(r"\d+L \d+G", "S", row.partition("<TRACE> ")[2])
        name = re.split(r"[: ]", text)[0]
        if name in found and not _NOT_ROUTES.search(text):
            found[name].append(text)
    return found


def _story(side: Side, flags: str) -> None:
    channel = "export where net != 198.51.100.0/24;"
    options = "hold time 240;"
    side.start(
        f"debug protocols {flags};\n"
        + _STATIC
        + bgp(2, options=options, channel=channel, imports=_REFUSE)
        + bgp(3, options=options)
    )
    one, two = side.connect(2, 3)
    side.settle()
    for attributes in ({}, {}, {"path": (65002, 7)}, {"med": 7}, {}):
        one.announce("10.1.0.0/16", **attributes)
        side.settle()
    two.announce("10.1.0.0/16", path=(65003, 8))
    side.settle()
    one.withdraw("10.1.0.0/16")
    side.settle()
    one.announce("10.1.0.0/16")
    side.settle()
    two.withdraw("10.1.0.0/16")
    side.settle()
    side.ask("disable s4")
    side.settle()


@case()
def traced_routes(side: Side) -> dict[str, Any]:
    _story(side, "{ routes }")
    return traces(side, "s4.ipv4", "p2.ipv4", "p3.ipv4")


@case()
def traced_filters(side: Side) -> dict[str, Any]:
    _story(side, "{ filters }")
    return traces(side, "s4.ipv4", "p2.ipv4", "p3.ipv4")


@case()
def traced_states(side: Side) -> dict[str, Any]:
    _story(side, "{ states }")
    side.ask("disable p3")
    side.settle()
    return traces(side, "s4", "p2", "p3")


@case()
def traced_packets(side: Side) -> dict[str, Any]:
    """Few messages: BIRD leaves out what comes too fast."""
    side.start("debug protocols { packets };\n" + _STATIC + bgp(2))
    [one] = side.connect(2)
    side.settle()
    one.announce("10.1.0.0/16")
    side.settle()
    side.ask("disable p2")
    side.settle()
    found = traces(side, "p2")
    got, sending = "p2: Got KEEPALIVE", "p2: Sending KEEPALIVE"
    for at, pair in enumerate(pairwise(found["p2"])):
        if pair == (got, sending):  # the neighbor's came with its OPEN, in one read, or after it
            found["p2"][at : at + 2] = [sending, got]
    return found
