"""Who is known on a port, and when LLDPDUs are sent (IEEE 802.1AB, 9.2.7 to 9.2.10)."""

from pybird.proto.lldp.hearing import Heard, Hearing
from pybird.proto.lldp.messages import decode
from pybird.proto.lldp.sending import Sending
from tests.lldp.frames import lldpdu

MAC = bytes.fromhex("020000000bad")


def said(**fields):
    return decode(lldpdu(**fields))


def test_a_neighbor_is_its_chassis_and_port():
    hearing = Hearing()
    assert hearing.heard(said(), MAC, 0) == Heard(new=True, changed=True)
    assert hearing.heard(said(port="swp8"), MAC, 0).new
    assert hearing.heard(said(chassis="other"), MAC, 0).new
    assert hearing.heard(said(), MAC, 30) == Heard()
    assert len(hearing.systems) == 3


def test_another_name_address_or_mac_is_a_change():
    hearing = Hearing()
    hearing.heard(said(), MAC, 0)
    assert hearing.heard(said(system="leaf8"), MAC, 1) == Heard(changed=True)
    assert hearing.heard(said(system="leaf8", address="fe80::1"), MAC, 1) == Heard(changed=True)
    assert hearing.heard(said(system="leaf8", address="fe80::1"), bytes(6), 1) == Heard(changed=True)
    assert hearing.heard(said(system="leaf8", address="fe80::1", ttl=7), bytes(6), 1) == Heard()


def test_it_is_known_for_its_time_to_live_after_it_was_heard_last():
    hearing = Hearing()
    hearing.heard(said(ttl=20), MAC, 100)
    assert hearing.next_deadline() == 120
    hearing.heard(said(ttl=10), MAC, 115)
    assert hearing.next_deadline() == 125
    assert not hearing.expire(124.9)
    assert hearing.expire(125)
    assert hearing.next_deadline() is None


def test_time_to_live_0_ends_it_at_once_and_means_nothing_of_a_stranger():
    hearing = Hearing()
    assert hearing.heard(said(ttl=0), MAC, 0) == Heard()
    hearing.heard(said(), MAC, 0)
    assert hearing.heard(said(ttl=0), MAC, 1) == Heard(changed=True, gone="time to live 0")
    assert not hearing.systems


def test_the_number_of_neighbors_is_limited_and_those_there_stay():
    hearing = Hearing(limit=2)
    hearing.heard(said(port="a"), MAC, 0)
    hearing.heard(said(port="b"), MAC, 0)
    assert hearing.heard(said(port="c"), MAC, 0) == Heard(full=True)
    assert hearing.heard(said(port="a"), MAC, 0) == Heard()
    hearing.heard(said(port="a", ttl=0), MAC, 0)
    assert hearing.heard(said(port="c"), MAC, 0).new


def test_it_is_overdue_when_it_missed_an_lldpdu():
    hearing = Hearing()
    hearing.heard(said(ttl=120), MAC, 0)
    (system,) = hearing.systems.values()
    assert not system.is_overdue(31)
    assert system.is_overdue(60)


def sent(sending, until):
    times = []
    while (at := sending.next_deadline()) is not None and at <= until:
        assert not sending.due(at - 0.01)
        assert sending.due(at)
        times.append(at)
    return times


def test_four_are_sent_at_the_start_then_one_each_interval():
    sending = Sending(30)
    sending.start(100)
    assert sent(sending, 165) == [100, 101, 102, 103, 133, 163]


def test_a_change_is_told_at_once():
    sending = Sending(30)
    sending.start(100)
    sent(sending, 101)
    sending.start(101.2)
    assert sent(sending, 140) == [101.2, 102.2, 103.2, 104.2, 134.2]


def test_however_much_changes_it_is_one_a_second_over_time():
    sending = Sending(30)
    times = []
    for tenth in range(300):
        sending.start(100 + tenth / 10)
        times += sent(sending, 100 + tenth / 10 + 0.09)
    assert 30 <= len(times) <= 35


def test_nothing_is_sent_before_the_start_and_after_the_stop():
    sending = Sending(30)
    assert not sending.due(1)
    sending.start(1)
    sending.stop()
    assert not sending.due(100)
    assert sending.next_deadline() is None
