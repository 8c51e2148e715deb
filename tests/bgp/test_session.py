"""Two session machines back to back, and single ones against written messages."""

from dataclasses import replace

import pytest

from pybird.proto.bgp.session.session import (
    Closed,
    Opened,
    Refresh,
    Send,
    Session,
    SessionState,
    Terms,
    Up,
    Updates,
    check_capabilities,
)
from pybird.proto.bgp.wire.capabilities import Capabilities, GracefulRestart, parse
from pybird.proto.bgp.wire.errors import OpenError
from pybird.proto.bgp.wire.messages import Framer, Keepalive, Notification, Open, RouteRefresh, Update

V4, V6 = (1, 1), (2, 1)


def terms(asn=65001, router_id=1, remote_as=65002, **more):
    capabilities = more.pop(
        "capabilities",
        Capabilities(multiprotocol=(V4, V6), route_refresh=True, as4=asn, enhanced_refresh=True),
    )
    values = {"local_as": asn, "router_id": router_id, "remote_as": remote_as, "families": (V4, V6)}
    return Terms(capabilities=capabilities, **(values | more))


def sent(effects):
    """The messages among effects."""
    framer = Framer()
    framer.max_length = 65535
    for effect in effects:
        if isinstance(effect, Send):
            framer.receive(effect.octets)
    out = []
    while (message := framer.next()) is not None:
        out.append(message)
    return out


def in_state(state, **more):
    """A session brought to a state at time 0 by a neighbor with hold time 90."""
    session = Session(terms(**more))
    session.open(0.0)
    if state is not SessionState.OPEN_SENT:
        session.receive(neighbor_open().encode(), 0.0)
    if state is SessionState.ESTABLISHED:
        session.receive(Keepalive().encode(), 0.0)
    assert session.state is state
    return session


def neighbor_open(asn=65002, hold_time=90, router_id=2, **more):
    values = {"multiprotocol": (V4, V6), "route_refresh": True, "as4": asn, "enhanced_refresh": True}
    return Open(asn, hold_time, router_id, Capabilities(**(values | more)))


def refused(session, message, code, subcode, data=None):
    effects = session.receive(message.encode(), 1.0)
    (notification,) = sent(effects)
    assert (notification.code, notification.subcode) == (code, subcode)
    if data is not None:
        assert notification.data == data
    assert isinstance(effects[-1], Closed)
    assert not effects[-1].received
    assert session.state is SessionState.CLOSED
    assert session.next_deadline() is None


def test_two_sessions_establish():
    a, b = Session(terms()), Session(terms(65002, 2, 65001))
    to_b, to_a = a.open(0.0), b.open(0.0)
    seen_a, seen_b = [], []
    for _ in range(3):
        at_b = [e for s in to_b if isinstance(s, Send) for e in b.receive(s.octets, 0.0)]
        at_a = [e for s in to_a if isinstance(s, Send) for e in a.receive(s.octets, 0.0)]
        seen_a += at_a
        seen_b += at_b
        to_a, to_b = at_b, at_a
    assert [type(e) for e in seen_a] == [Opened, Send, Up] == [type(e) for e in seen_b]
    assert a.negotiated == b.negotiated
    assert a.negotiated.as4
    assert a.negotiated.families == (V4, V6)


def test_octets_may_come_one_by_one():
    session = Session(terms())
    session.open(0.0)
    stream = neighbor_open().encode() + Keepalive().encode()
    effects = [e for octet in stream for e in session.receive(bytes((octet,)), 0.0)]
    assert [type(e) for e in effects] == [Opened, Send, Up]


def test_with_disable_rx_an_established_session_throws_away_what_it_hears():
    """It has no hold timer, sends its KEEPALIVEs, and notices a neighbor that reads nothing (RFC 9687)."""
    session = in_state(SessionState.OPEN_CONFIRM, disable_rx=True)
    assert session.timer("hold", 0.0) == 90
    update = Update(b"", b"", b"").encode()
    effects = session.receive(Keepalive().encode() + update, 0.0)
    assert [type(e) for e in effects] == [Up]
    assert session.receive(update + Notification(6, 2).encode() + b"nonsense" * 9, 1.0) == []
    assert session.counters.received == 2
    assert session.timer("hold", 1.0) is None
    effects = [e for at in range(2, 1000) for e in session.expire(float(at), 0, 0)]
    assert [type(message) for message in sent(effects)] == [Keepalive] * 33
    (ended,) = session.expire(2000.0, 19, 0)[-1:]
    assert isinstance(ended, Closed)
    assert ended.abort


def test_consecutive_updates_are_one_effect():
    session = in_state(SessionState.ESTABLISHED)
    update = Update(b"", b"", b"").encode()
    effects = session.receive(update * 3 + RouteRefresh(1, 1).encode() + update, 1.0)
    assert [type(e) for e in effects] == [Updates, Refresh, Updates]
    assert len(effects[0].updates) == 3


@pytest.mark.parametrize(
    ("message", "subcode", "data"),
    [
        (neighbor_open(asn=65003), 2, (65003).to_bytes(4, "big")),
        (neighbor_open(asn=0), 2, None),
        (neighbor_open(hold_time=1), 6, b"\0\1"),
        (neighbor_open(hold_time=2), 6, b"\0\2"),
        (neighbor_open(router_id=0), 3, None),
        (neighbor_open(multiprotocol=((1, 2),)), 7, None),
    ],
)
def test_an_unacceptable_open_is_refused(message, subcode, data):
    refused(in_state(SessionState.OPEN_SENT), message, 2, subcode, data)


def test_version_3_is_refused_with_version_4_as_data():
    octets = bytearray(neighbor_open().encode())
    octets[19] = 3
    effects = in_state(SessionState.OPEN_SENT).receive(bytes(octets), 1.0)
    assert sent(effects) == [Notification(2, 1, b"\0\4")]


def test_no_common_family_names_what_is_missing():
    """RFC 5492, 5: the data field lists the capabilities."""
    effects = in_state(SessionState.OPEN_SENT).receive(neighbor_open(multiprotocol=((1, 2),)).encode(), 1.0)
    assert sent(effects) == [Notification(2, 7, bytes.fromhex("010400010001 010400020001"))]


def test_internal_neighbor_with_our_identifier_is_refused():
    """RFC 6286, 2.2."""
    session = in_state(SessionState.OPEN_SENT, remote_as=65001)
    refused(session, neighbor_open(asn=65001, router_id=1), 2, 3)


def test_external_neighbor_may_have_our_identifier():
    session = in_state(SessionState.OPEN_SENT)
    assert isinstance(session.receive(neighbor_open(router_id=1).encode(), 0.0)[0], Opened)


@pytest.mark.parametrize(
    ("kind", "good", "bad"), [("external", 4200000000, 65001), ("internal", 65001, 65002)]
)
def test_the_kind_of_neighbor_limits_its_as(kind, good, bad):
    session = in_state(SessionState.OPEN_SENT, remote_as=None, remote_kind=kind)
    assert isinstance(session.receive(neighbor_open(asn=good).encode(), 0.0)[0], Opened)
    refused(in_state(SessionState.OPEN_SENT, remote_as=None, remote_kind=kind), neighbor_open(asn=bad), 2, 2)


@pytest.mark.parametrize("kind", ["external", None])
def test_as_0_is_refused_where_the_neighbor_may_have_any_as(kind):
    """RFC 7607, 2."""
    session = in_state(SessionState.OPEN_SENT, remote_as=None, remote_kind=kind)
    refused(session, neighbor_open(asn=0), 2, 2, bytes(4))


def test_neighbor_without_as4_is_taken_by_its_short_number():
    session = in_state(SessionState.OPEN_SENT)
    session.receive(neighbor_open(as4=None).encode(), 0.0)
    assert not session.negotiated.as4


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("route refresh", {"route_refresh": True}),
        ("enhanced route refresh", {"enhanced_refresh": True}),
        ("as4", {"as4": 65002}),
        ("extended messages", {"extended_messages": True}),
        ("hostname", {"hostname": "b"}),
        ("graceful restart", {"graceful_restart": GracefulRestart()}),
        ("long lived graceful restart", {"long_lived": ()}),
    ],
)
def test_each_capability_can_be_required(name, there):
    wanted, negotiated = terms(require=frozenset((name,))), in_state(SessionState.OPEN_CONFIRM).negotiated
    check_capabilities(wanted, Capabilities(**there), negotiated)
    with pytest.raises(OpenError, match=f"missing: {name}"):
        check_capabilities(wanted, Capabilities(), negotiated)


@pytest.mark.parametrize("name", ["enhanced route refresh", "extended messages", "hostname"])
def test_a_required_capability_must_be_there(name):
    message = neighbor_open(enhanced_refresh=False)
    refused(in_state(SessionState.OPEN_SENT, require=frozenset((name,))), message, 2, 7)


def test_a_mandatory_family_must_be_there():
    refused(in_state(SessionState.OPEN_SENT, mandatory=(V6,)), neighbor_open(multiprotocol=(V4,)), 2, 7)


@pytest.mark.parametrize(
    ("state", "subcode"),
    [(SessionState.OPEN_SENT, 1), (SessionState.OPEN_CONFIRM, 2), (SessionState.ESTABLISHED, 3)],
)
def test_unexpected_messages_are_fsm_errors_with_the_type_as_data(state, subcode):
    """RFC 6608, 4."""
    if state is not SessionState.ESTABLISHED:
        refused(in_state(state), Update(b"", b"", b""), 5, subcode, b"\2")
        refused(in_state(state), RouteRefresh(1, 1), 5, subcode, b"\5")
    if state is SessionState.OPEN_SENT:
        refused(in_state(state), Keepalive(), 5, subcode, b"\4")
    else:
        refused(in_state(state), neighbor_open(), 5, subcode, b"\1")


def test_a_broken_header_is_told_to_the_peer():
    effects = in_state(SessionState.ESTABLISHED).receive(b"\0" * 19, 1.0)
    assert sent(effects) == [Notification(1, 1)]


def test_a_notification_is_not_answered():
    session = in_state(SessionState.ESTABLISHED)
    (effect,) = session.receive(Notification.cease(2, "maintenance").encode(), 1.0)
    assert effect == Closed(Notification.cease(2, "maintenance"), True, effect.text)
    assert effect.text == 'Administrative shutdown: "maintenance"'
    assert session.receive(Keepalive().encode(), 2.0) == []


def test_hold_time_is_the_smaller_and_keepalives_go_at_a_third():
    session = in_state(SessionState.ESTABLISHED)
    assert session.hold_time == 90
    assert session.next_deadline() == 30.0
    assert sent(session.expire(30.0, 0, 0)) == [Keepalive()]
    assert session.next_deadline() == 60.0


def test_the_hold_timer_looks_at_the_last_message_when_it_fires():
    session = in_state(SessionState.ESTABLISHED)
    session.receive(Keepalive().encode(), 80.0)
    session.expire(60.0, 0, 0)
    assert session.state is SessionState.ESTABLISHED
    session.expire(90.0, 0, 0)
    assert session.state is SessionState.ESTABLISHED
    effects = session.expire(170.0, 0, 0)
    assert sent(effects) == [Notification(4, 0)]
    assert session.state is SessionState.CLOSED


EMPTY_UPDATE = Update(b"", b"", b"").encode()


@pytest.mark.parametrize("sign", [Keepalive().encode(), EMPTY_UPDATE], ids=["KEEPALIVE", "UPDATE"])
def test_a_whole_keepalive_or_update_restarts_the_hold_timer(sign):
    session = in_state(SessionState.ESTABLISHED)
    session.receive(sign[:-1], 50.0)
    session.receive(sign[-1:], 80.0)
    assert session.timer("hold", 80.0) == 90.0
    assert sent(session.expire(169.9, 0, 0)) == [Keepalive()]
    assert sent(session.expire(170.0, 0, 0)) == [Notification(4, 0)]


@pytest.mark.parametrize(
    "octets",
    [RouteRefresh(1, 1).encode(), EMPTY_UPDATE[:-1], Keepalive().encode()[:1]],
    ids=["ROUTE-REFRESH", "an UPDATE but for its end", "one octet"],
)
def test_nothing_else_restarts_the_hold_timer(octets):
    """RFC 4271, 4.4 and 6.5."""
    session = in_state(SessionState.ESTABLISHED)
    session.receive(octets, 80.0)
    assert session.timer("hold", 80.0) == 10.0
    assert sent(session.expire(90.0, 0, 0)) == [Notification(4, 0)]


def test_before_established_the_open_and_then_only_a_keepalive_restarts_the_hold_timer():
    session = in_state(SessionState.OPEN_SENT, startup_hold_time=240)
    session.receive(neighbor_open().encode()[:-1], 100.0)
    assert session.timer("hold", 100.0) == 140.0
    session.receive(neighbor_open().encode()[-1:] + Keepalive().encode()[:-1], 200.0)
    session.receive(b"", 250.0)
    assert session.timer("hold", 250.0) == 40.0
    assert sent(session.expire(289.9, 0, 0)) == [Keepalive()]
    assert sent(session.expire(290.0, 0, 0)) == [Notification(4, 0)]


def test_what_lay_unread_is_looked_at_before_the_hold_timer_expires():
    session = in_state(SessionState.ESTABLISHED)
    session.expire(90.0, 0, 5019)
    session.receive(bytes(0), 95.0)
    for now in (100.0, 200.0, 300.0):  # we are that slow
        session.expire(now, 0, 5019)
    session.receive(EMPTY_UPDATE, 301.0)
    assert session.expire(380.0, 0, 0)  # a KEEPALIVE
    session.expire(390.0, 0, 0)
    assert session.state is SessionState.ESTABLISHED
    assert sent(session.expire(391.0, 0, 0)) == [Notification(4, 0)]


def test_what_comes_after_the_hold_timer_fired_does_not_count():
    session = in_state(SessionState.ESTABLISHED)
    octets = Keepalive().encode()
    session.receive(octets[:3], 80.0)
    session.expire(90.0, 0, 2)
    assert session.state is SessionState.ESTABLISHED
    session.receive(octets[3:6], 90.5)
    assert sent(session.expire(91.0, 0, 4)) == [Notification(4, 0)]


def test_hold_time_0_means_no_timers():
    session = in_state(SessionState.OPEN_SENT)
    session.receive(neighbor_open(hold_time=0).encode() + Keepalive().encode(), 0.0)
    assert session.state is SessionState.ESTABLISHED
    assert session.next_deadline() is None


def test_no_open_within_the_startup_hold_time_closes():
    session = in_state(SessionState.OPEN_SENT, startup_hold_time=240)
    assert session.next_deadline() == 240.0
    assert sent(session.expire(240.0, 0, 0)) == [Notification(4, 0)]


def test_a_written_keepalive_time_shrinks_with_the_hold_time():
    session = in_state(SessionState.ESTABLISHED, hold_time=180, keepalive_time=20)
    assert session.keepalive_time == 10


def test_keepalive_times_are_whole_seconds_and_never_none():
    """As BIRD counts them: 20 s make 6, and a written second does not vanish."""
    assert in_state(SessionState.ESTABLISHED, hold_time=20).keepalive_time == 6
    assert in_state(SessionState.ESTABLISHED, hold_time=240, keepalive_time=1).keepalive_time == 1


def test_too_short_times_are_refused():
    refused(in_state(SessionState.OPEN_SENT, min_hold_time=100), neighbor_open(), 2, 6, b"\0\x5a")
    refused(in_state(SessionState.OPEN_SENT, min_keepalive_time=40), neighbor_open(), 2, 6)


def test_keepalives_are_jittered_by_the_given_factor():
    session = Session(terms(), lambda: 0.75)
    session.open(0.0)
    session.receive(neighbor_open().encode(), 0.0)
    assert session.next_deadline() == 22.5


def test_a_peer_that_reads_nothing_is_dropped_without_notification():
    """RFC 9687: twice the hold time without progress."""
    session = in_state(SessionState.ESTABLISHED)
    taken = session.counters.octets_out
    session.count_sent(bytes(5000))
    for time in range(10, 400, 10):
        session.receive(Keepalive().encode(), float(time))
        effects = session.expire(float(time), session.counters.octets_out - taken, 0)
        if effects and isinstance(effects[-1], Closed):
            break
    assert 180 <= time <= 200
    assert effects == [Closed(Notification(8), False, "Send hold timer expired", abort=True)]


def test_a_slow_peer_is_not_dropped():
    session = in_state(SessionState.ESTABLISHED)
    unsent = 100000
    session.count_sent(bytes(unsent))
    for time in range(10, 1000, 10):
        session.receive(Keepalive().encode(), float(time))
        session.expire(float(time), unsent, 0)
        unsent -= 10
    assert session.state is SessionState.ESTABLISHED


def test_refresh_is_sent_only_if_negotiated():
    assert sent(in_state(SessionState.ESTABLISHED).refresh(1, 1)) == [RouteRefresh(1, 1)]
    session = in_state(SessionState.OPEN_SENT)
    session.receive(neighbor_open(route_refresh=False).encode() + Keepalive().encode(), 0.0)
    assert session.refresh(1, 1) == []


def test_a_refresh_is_obeyed_only_if_we_offered_to():
    """RFC 2918, 4: one that nobody announced is ignored, and ends no session."""
    request = RouteRefresh(1, 1)
    assert in_state(SessionState.ESTABLISHED).receive(request.encode(), 1.0) == [Refresh(request)]
    offers = Capabilities(multiprotocol=(V4, V6), as4=65001)
    session = in_state(SessionState.ESTABLISHED, capabilities=offers)
    assert session.receive(request.encode(), 1.0) == []
    assert session.state is SessionState.ESTABLISHED


def test_keepalive_at_once_only_after_the_open():
    assert in_state(SessionState.OPEN_SENT).keepalive(1.0) == []
    assert sent(in_state(SessionState.ESTABLISHED).keepalive(1.0)) == [Keepalive()]


def test_longer_messages_are_taken_once_both_announced_them():
    """RFC 8654."""
    ours = replace(terms().capabilities, extended_messages=True)
    session = in_state(SessionState.OPEN_SENT, capabilities=ours)
    session.receive(neighbor_open(extended_messages=True).encode() + Keepalive().encode(), 0.0)
    long = Update(b"", bytes(6000), b"").encode()
    assert isinstance(session.receive(long, 1.0)[0], Updates)
    assert sent(in_state(SessionState.ESTABLISHED).receive(long, 1.0))[0].code == 1


# ------------------------------------------------------------ roles (RFC 9234)


def with_role(ours, **more):
    own = Capabilities(multiprotocol=(V4, V6), as4=65001, role=ours)
    return in_state(SessionState.OPEN_SENT, capabilities=own, **more)


FITTING = {0: 3, 3: 0, 1: 2, 2: 1, 4: 4}


@pytest.mark.parametrize("ours", FITTING)
@pytest.mark.parametrize("theirs", [0, 1, 2, 3, 4, 5, 255])
def test_roles_must_fit(ours, theirs):
    session, message = with_role(ours), neighbor_open(role=theirs)
    if theirs == FITTING[ours]:
        session.receive(message.encode(), 1.0)
        assert session.state is SessionState.OPEN_CONFIRM
    else:
        refused(session, message, 2, 11)


def test_a_neighbor_without_a_role_is_taken_unless_roles_are_required():
    session = with_role(3)
    session.receive(neighbor_open().encode(), 1.0)
    assert session.state is SessionState.OPEN_CONFIRM
    refused(with_role(3, require_roles=True), neighbor_open(), 2, 11)


def test_the_role_of_a_neighbor_does_not_matter_without_one_of_ours():
    session = with_role(None)
    session.receive(neighbor_open(role=5).encode(), 1.0)
    assert session.state is SessionState.OPEN_CONFIRM


@pytest.mark.parametrize(
    ("values", "subcode"),
    [(("00", "00"), None), (("00", "04"), 11), (("04", "00"), 11), (("",), 0), (("0000",), 0)],
)
def test_a_role_has_one_octet_and_is_the_same_when_it_comes_twice(values, subcode):
    items = b"".join(bytes((9, len(v) // 2)) + bytes.fromhex(v) for v in values)
    octets = bytes((2 + len(items), 2, len(items))) + items
    if subcode is None:
        assert parse(octets).role == 0
        return
    with pytest.raises(OpenError) as caught:
        parse(octets)
    assert caught.value.subcode == subcode
