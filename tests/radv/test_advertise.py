from itertools import pairwise
from random import Random

from pybird.proto.radv.advertise import Schedule, Timing
from pybird.proto.radv.config import RaInterface
from pybird.values.address import Address

PEER, OTHER = Address.parse("fe80::2"), Address.parse("fe80::3")
DISCOVERY = Timing(3, 10)


def run(schedule, until, now=0.0):
    """All that is sent, as (time, to)."""
    sent = []
    while (due := schedule.next_deadline()) is not None and due <= until:
        now = max(now, due)
        sent += [(round(now, 3), to) for to in schedule.due(now)]
    return sent


def started(timing=DISCOVERY, until=20.0):
    schedule = Schedule(timing, Random(1))
    schedule.start(0.0)
    return schedule, run(schedule, until)


def test_first_three_at_0_3_6_then_within_the_intervals():
    _, sent = started(until=1000)
    times = [at for at, to in sent if to is None]
    assert times[:3] == [0, 3, 6]
    gaps = [b - a for a, b in pairwise(times)]
    assert min(gaps) >= 3
    assert max(gaps) <= 10


def test_default_intervals_are_the_manuals_and_short_with_discovery():
    assert Timing.from_config(RaInterface(patterns=())) == Timing(200, 600)
    assert Timing.from_config(RaInterface(patterns=(), discovery=True)) == Timing(3, 10)
    assert Timing.from_config(RaInterface(patterns=(), discovery=True, max_ra_interval=60)) == Timing(20, 60)
    assert Timing.from_config(RaInterface(patterns=(), max_ra_interval=4)) == Timing(3, 4)


def test_solicitation_is_answered_within_half_a_second_by_multicast():
    """RFC 4861, 6.2.6."""
    schedule, _ = started(Timing(200, 600), until=20)
    schedule.solicited(PEER, 30.0)
    ((at, to),) = run(schedule, 40)
    assert 30 <= at <= 30.5
    assert to is None


def test_inside_the_gap_answers_go_by_unicast():
    schedule, _ = started(Timing(200, 600), until=20)
    schedule.answer(PEER, 30.0)
    assert run(schedule, 30) == [(30, None)]
    schedule.answer(OTHER, 30.1)
    assert run(schedule, 40) == [(30.1, OTHER)]


def test_one_answer_serves_the_solicitations_of_a_second():
    schedule, _ = started(Timing(200, 600), until=20)
    schedule.answer(PEER, 30.0)
    run(schedule, 30)
    schedule.answer(OTHER, 30.1)
    run(schedule, 30.1)
    schedule.solicited(OTHER, 30.2)
    assert run(schedule, 31) == []
    schedule.solicited(OTHER, 31.2)
    assert [to for _, to in run(schedule, 32)] == [OTHER]


def test_a_second_solicitation_does_not_delay_the_answer():
    for unicast in (False, True):
        schedule, _ = started(Timing(200, 600, solicited_unicast=unicast), until=20)
        schedule.solicited(PEER, 30.0)
        first = schedule.next_deadline()
        for number in range(20):
            schedule.solicited(PEER, 30.0 + number / 100)
            assert schedule.next_deadline() <= first


def test_a_multicast_serves_who_waited_for_an_answer():
    schedule, _ = started(Timing(200, 600), until=20)
    schedule.answer(PEER, 30.0)
    assert run(schedule, 30) == [(30, None)]
    schedule.answer(OTHER, 32.9)
    schedule.solicited(None, 32.9)
    assert run(schedule, 60, 33.5) == [(33.5, None)]


def test_inside_the_gap_the_unspecified_address_waits_for_its_end():
    schedule, _ = started(Timing(200, 600), until=20)
    schedule.answer(PEER, 30.0)
    run(schedule, 30)
    schedule.solicited(None, 30.2)
    schedule.solicited(None, 30.3)
    assert run(schedule, 40) == [(33, None)]


def test_multicast_stays_min_delay_apart_whatever_comes():
    schedule, _ = started(until=7)
    random = Random(4)
    sent, now = [], 7.0
    for _ in range(2000):
        now += random.uniform(0, 0.1)
        source = random.choice([None, Address.parse(f"fe80::{random.randrange(1, 999):x}")])
        schedule.solicited(source, now)
        sent += run(schedule, now, now)
    times = [at for at, to in sent if to is None]
    assert min(b - a for a, b in pairwise(times)) >= 3 - 1e-6
    assert len(sent) < 67 * (now / 3)  # a flood of Solicitations gets bounded answers


def test_solicited_ra_unicast():
    schedule, _ = started(Timing(200, 600, solicited_unicast=True), until=20)
    schedule.solicited(PEER, 30.0)
    schedule.solicited(OTHER, 30.0)
    assert sorted(to for _, to in run(schedule, 40)) == [PEER, OTHER]


def test_change_sends_three_again_after_the_gap():
    schedule, _ = started(Timing(200, 600), until=7)
    schedule.start(7.0)
    assert [at for at, _ in run(schedule, 30, 7.0)] == [9, 12, 15]


def test_longer_min_delay_holds_for_the_first_ones_too():
    _, sent = started(Timing(10, 30, min_delay=5), until=12)
    assert [at for at, _ in sent] == [0, 5, 10]


def test_nothing_is_sent_before_start_and_after_stop():
    schedule = Schedule(DISCOVERY, Random(1))
    schedule.answer(PEER, 1.0)
    assert schedule.next_deadline() is None
    schedule.start(2.0)
    schedule.stop()
    schedule.solicited(PEER, 3.0)
    assert schedule.next_deadline() is None
