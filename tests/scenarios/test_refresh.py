"""ROUTE-REFRESH between a router and a neighbor that says exactly what it is told (RFC 2918, RFC 7313)."""

import pytest

from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.messages import REFRESH_BEGIN, REFRESH_END, Open, RouteRefresh, Update
from tests.scenarios.lab import read
from tests.scenarios.line import KEEPALIVE, TEXT, Line, capabilities, hello, messages
from tests.scenarios.test_traces import GOOD

ENHANCED = capabilities(route_refresh=True, enhanced_refresh=True)
UP = hello(hold=0, offers=ENHANCED) + KEEPALIVE
ON = "enable enhanced route refresh on;"
OFF = "enable enhanced route refresh off;"
NET = b"\x10\x0a\x03"  # 10.3.0.0/16, which the healthy neighbor announces


def up(options):
    line = Line(f"passive; {options}")
    line.say(UP)
    assert line.state() == "Established"
    return line


def offered(line) -> Capabilities:
    return next(m for m in messages(line.talker.data) if isinstance(m, Open)).capabilities


def reload_in(line):
    line.router.reload(line.peer, True, False)


def warnings(line):
    return [entry.text for entry in line.lab.log if entry.level == "warning" and entry.text.startswith("x: ")]


@pytest.mark.parametrize(
    ("options", "announced"),
    [
        ("", True),
        ("graceful restart off;", False),
        (f"{ON} graceful restart off;", True),
        ("require enhanced route refresh on; graceful restart off;", True),
        (ON, True),
        (OFF, False),
        ("require enhanced route refresh on;", True),
        ("require enhanced route refresh on; enable enhanced route refresh off;", False),
        (f"{ON} enable route refresh off;", False),
    ],
)
def test_enhanced_refresh_is_announced_beside_graceful_restart_or_where_the_file_asks_for_it(
    options, announced
):
    """Without graceful restart beside it FRR would never answer a refresh."""
    line = up(options)
    assert offered(line).enhanced_refresh is announced


def test_a_refresh_that_is_not_answered_is_one_warning_with_the_name_of_the_neighbor():
    line = up(ON)
    reload_in(line)
    line.lab.run(10)
    reload_in(line)
    line.lab.run(19.9)
    assert warnings(line) == []
    line.lab.run(60)
    start = "x: 10.0.0.2 has not answered the ROUTE-REFRESH of channel {} within 30 s: "
    assert [text[: len(start) + 2] for text in warnings(line)] == [start.format("ipv4"), start.format("ipv6")]
    reload_in(line)
    line.lab.run(31)
    assert len(warnings(line)) == 4, "it was asked again"


@pytest.mark.parametrize(
    ("options", "answer"),
    [(ON, RouteRefresh(1, 1, REFRESH_BEGIN).encode()), (ON, None), (OFF, b"")],
    ids=["it is answered", "the session ends", "it cannot be known"],
)
def test_no_warning_when(options, answer):
    line = up(options)
    line.router.reload(line.peer, True, False)
    line.lab.run(1)
    if answer is None:
        line.talker.stream.close()
    else:
        line.say(answer + RouteRefresh(2, 1, REFRESH_BEGIN).encode() if answer else b"")
    line.lab.run(60)
    assert warnings(line) == []


def test_who_answered_once_is_waited_for_again():
    line = up(ON)
    reload_in(line)
    line.say(
        b"".join(
            RouteRefresh(afi, 1, mark).encode() for afi in (1, 2) for mark in (REFRESH_BEGIN, REFRESH_END)
        )
    )
    line.lab.run(60)
    assert warnings(line) == []
    reload_in(line)
    line.lab.run(31)
    assert len(warnings(line)) == 2


@pytest.mark.parametrize("soft", [False, True])
def test_what_a_changed_filter_refuses_is_withdrawn_between_the_marks_too(soft):
    """FRR and GoBGP keep what was not sent again: they do not sweep at the end mark."""
    line = up(ON)
    line.lab.run(10)
    assert any(NET in m.nlri for m in messages(line.talker.data) if isinstance(m, Update))
    seen = len(line.talker.data)
    text = TEXT % {"options": f"passive; {ON}", "asn": 65002, "id": 1}
    changed = text.replace("export all;", "export where net != 10.3.0.0/16;", 1)
    if soft:
        line.router.reconfigure(read(changed), soft=True)
        line.lab.run(10)
        assert len(line.talker.data) - seen < 100, "a KEEPALIVE or two"
        line.say(RouteRefresh(1, 1).encode(), 10)
    else:
        line.talker.stream.write(RouteRefresh(1, 1).encode())
        line.router.reconfigure(read(changed))
        line.lab.run(10)
    heard = messages(line.talker.data[seen:])
    marks = [m.subtype for m in heard if isinstance(m, RouteRefresh) and m.afi == 1]
    assert marks == [REFRESH_BEGIN, REFRESH_END]
    assert [m.withdrawn for m in heard if isinstance(m, Update) and m.withdrawn] == [NET]
    assert line.state() == "Established"


def test_a_refresh_is_answered_with_all_routes_between_the_marks():
    line = up(ON)
    line.lab.run(10)
    seen = len(line.talker.data)
    line.say(RouteRefresh(1, 1).encode(), 10)
    heard = [m for m in messages(line.talker.data[seen:]) if not isinstance(m, RouteRefresh) or m.afi == 1]
    kinds = [m.subtype if isinstance(m, RouteRefresh) else type(m) for m in heard]
    assert kinds[0] == REFRESH_BEGIN
    assert kinds[-1] == REFRESH_END
    assert any(NET in m.nlri for m in heard if isinstance(m, Update))


@pytest.mark.parametrize("subtype", [1, 2, 7])
def test_without_enhanced_refresh_the_octet_of_the_subtype_is_reserved(subtype):
    """RFC 2918, 3: the receiver ignores it. With it, other subtypes are ignored (RFC 7313, 5)."""
    for options, answered in ((OFF, True), (ON, False)):
        line = up(options)
        line.lab.run(10)
        seen = len(line.talker.data)
        line.say(RouteRefresh(1, 1, subtype).encode(), 10)
        heard = messages(line.talker.data[seen:])
        assert any(NET in m.nlri for m in heard if isinstance(m, Update)) == answered, options


ALONE = "END-OF-RR received without prior BEGIN-OF-RR, ignoring"


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ([(1, 1, REFRESH_END)], ALONE),
        ([(1, 1, REFRESH_BEGIN), (1, 1, REFRESH_END), (1, 1, REFRESH_END)], ALONE),
        ([(25, 70, 0)], "Got ROUTE-REFRESH subtype 0 for AF 25.70, ignoring"),
        ([(1, 1, 9)], "Got ROUTE-REFRESH message with unknown subtype 9, ignoring"),
    ],
)
def test_a_refresh_that_means_nothing_is_ignored_with_a_warning(said, warning):
    """RFC 7313, 4 and 5; once per session."""
    line = up(ON)
    line.say(b"".join(RouteRefresh(*each).encode() for each in [*said, said[-1]]), 1)
    assert [each.text for each in line.lab.log if each.level == "warning"] == [f"x: {warning}"]
    assert line.state() == "Established"


def test_an_end_alone_withdraws_nothing():
    """RFC 7313, 4: only an end that follows a begin."""
    line = up(ON)
    line.say(Update(b"", GOOD, b"\x18\x14\x00\x01").encode(), 1)
    line.say(RouteRefresh(1, 1, REFRESH_END).encode(), 1)
    assert line.router.tables["master4"].get(b"\x18\x14\x00\x01")
    line.say(b"".join(RouteRefresh(1, 1, mark).encode() for mark in (REFRESH_BEGIN, REFRESH_END)), 1)
    assert not line.router.tables["master4"].get(b"\x18\x14\x00\x01")


@pytest.mark.parametrize(("options", "ended"), [("", True), ("graceful restart off;", False)])
def test_end_of_rib_is_sent_unless_graceful_restart_is_off(options, ended):
    line = up(options)
    line.lab.run(10)
    seen = [m for m in messages(line.talker.data) if isinstance(m, Update)]
    assert any(NET in m.nlri for m in seen)
    assert any(not (m.nlri or m.attributes or m.withdrawn) for m in seen) is ended
