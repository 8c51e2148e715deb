from random import Random

from pybird.proto.radv.discover import Announce, Discovery, Full, Greet, Solicit, Withdraw
from pybird.values.address import Address

PEER = Address.parse("fe80::2")


def run(discovery, until):
    out = []
    while (due := discovery.next_deadline()) is not None and due <= until:
        out += [(round(due, 3), effect) for effect in discovery.due(due)]
    return out


def discovery(limit=256):
    return Discovery(Random(1), limit)


def test_up_to_three_solicitations_four_seconds_apart():
    machine = discovery()
    machine.start(0.0)
    sent = run(machine, 60)
    assert [effect for _, effect in sent] == [Solicit(None)] * 3
    first, second, third = (at for at, _ in sent)
    assert 0 <= first <= 0.1
    assert (round(second - first, 3), round(third - second, 3)) == (4, 4)


def test_an_answer_ends_the_solicitations():
    machine = discovery()
    machine.start(0.0)
    run(machine, 1)
    machine.heard(PEER, 1800, 0, 1.5)
    assert run(machine, 60) == []


def test_an_advertisement_before_the_first_solicitation_does_not():
    machine = discovery()
    machine.start(0.0)
    machine.heard(PEER, 1800, 0, 0.0)
    assert [effect for _, effect in run(machine, 3)] == [Solicit(None)]


def test_new_router_is_greeted_and_announced_once():
    machine = discovery()
    assert machine.heard(PEER, 30, 1, 0.0) == [Greet(PEER), Announce(PEER, 30, 1)]
    assert machine.heard(PEER, 30, 1, 10.0) == []
    assert machine.entries[PEER].since == 0
    assert machine.entries[PEER].expires == 40


def test_router_that_answered_us_needs_no_greeting():
    machine = discovery()
    assert machine.heard(PEER, 30, 1, 0.0, to_all=False) == [Announce(PEER, 30, 1)]


def test_router_that_answers_us_after_a_long_silence_needs_no_greeting():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    assert machine.heard(PEER, 30, 0, 15.0, to_all=False) == []


def test_lifetime_change_alone_only_moves_the_deadline():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    assert machine.heard(PEER, 1800, 0, 5.0) == []
    assert machine.entries[PEER].expires == 1805


def test_preference_change_is_announced():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    assert machine.heard(PEER, 30, 3, 5.0) == [Announce(PEER, 30, 3)]


def test_router_silent_for_longer_than_its_interval_is_greeted():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    assert machine.heard(PEER, 30, 0, 15.0) == [Greet(PEER)]


def test_lifetime_zero_withdraws_and_does_nothing_when_unknown():
    machine = discovery()
    assert machine.heard(PEER, 0, 0, 0.0) == []
    machine.heard(PEER, 30, 0, 1.0)
    assert machine.heard(PEER, 0, 0, 2.0) == [Withdraw(PEER, "lifetime 0")]
    assert machine.next_deadline() is None


def test_silent_router_is_asked_three_times_in_the_last_third_then_withdrawn():
    machine = discovery()
    machine.heard(PEER, 30, 0, 100.0)
    assert run(machine, 200) == [
        (120, Solicit(PEER)),
        (121, Solicit(PEER)),
        (122, Solicit(PEER)),
        (130, Withdraw(PEER, "expired")),
    ]


def test_answer_to_the_question_keeps_the_entry():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    assert run(machine, 20.5) == [(20, Solicit(PEER))]
    machine.heard(PEER, 30, 0, 20.5)
    assert run(machine, 40) == []


def test_short_lifetime_leaves_time_for_one_question():
    machine = discovery()
    machine.heard(PEER, 2, 0, 0.0)
    assert [effect for _, effect in run(machine, 10)] == [Solicit(PEER), Withdraw(PEER, "expired")]


def test_a_router_is_not_asked_after_it_expired_and_goes_in_time():
    machine = discovery()
    machine.heard(PEER, 2, 0, 0.0)
    assert run(machine, 10) == [(1.333, Solicit(PEER)), (2, Withdraw(PEER, "expired"))]


def test_questions_are_counted_anew_after_an_answer():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    run(machine, 22)
    machine.heard(PEER, 30, 0, 22.5)
    assert [effect for _, effect in run(machine, 60)] == [Solicit(PEER)] * 3 + [Withdraw(PEER, "expired")]


def test_stop_withdraws_all():
    machine = discovery()
    machine.heard(PEER, 30, 0, 0.0)
    assert machine.stop("link down") == [Withdraw(PEER, "link down")]
    assert machine.entries == {}
    assert machine.next_deadline() is None


def test_forged_advertisements_fill_256_entries_and_are_told_once():
    machine = discovery()
    effects = []
    for number in range(10_000):
        effects += machine.heard(Address.parse(f"fe80::1:{number:x}"), 65535, 0, 0.0)
    assert len(machine.entries) == 256
    assert effects.count(Full(256)) == 1
    assert sum(isinstance(effect, Greet) for effect in effects) == 256
    machine.heard(Address.parse("fe80::1:0"), 0, 0, 1.0)
    assert isinstance(machine.heard(PEER, 30, 0, 2.0)[1], Announce)
    assert machine.heard(Address.parse("fe80::3"), 30, 0, 3.0) == [Full(256)]
