"""A neighbor whose session is lost again and again is held down, longer each time."""

import pytest

from tests.scenarios.lab import pair, unnumbered


def joined(more="", peers="peers { };"):
    lab = pair(unnumbered(1, peers, more=more), unnumbered(2, more="hold down off;"))
    lab.expect(lab.meshed, 6, "both have a child")
    return lab


def lose(lab):
    """b's session ends and may come back at once."""
    router = lab.nodes["b"].router
    router.restart(lab.children("b")[0])
    lab.run(0.1)


def back(lab, within=2000):
    """The seconds until the session is up again."""
    began = lab.clock.now()
    lab.expect(lambda: bool(lab.up("a")), within, "up again")
    return lab.clock.now() - began


def flap(link, lab):
    if link:
        lab.link_down("b", "eth0")
        lab.run(0.5)
        lab.link_up("b", "eth0")
        lab.run(0.1)
    else:
        lose(lab)


@pytest.mark.parametrize("link", [False, True], ids=["session", "link"])
@pytest.mark.parametrize("persist", ["no", "yes"])
def test_the_delay_begins_after_some_losses_doubles_and_is_bounded(link, persist):
    lab = joined("hold down after 2; hold down time 20, 60;", f"peers {{ persist {persist}; }};")
    delays = []
    for _ in range(6):
        flap(link, lab)
        delays.append(back(lab))
        lab.run(20)
    assert max(delays[:2]) < 9
    assert 19 <= delays[2] < 30
    assert 39 <= delays[3] < 50
    assert 59 <= delays[4] < 70
    assert 59 <= delays[5] < 70


def test_quiet_time_forgets():
    lab = joined("hold down after 1; hold down time 20, 60; hold down forget time 100;")
    lose(lab)
    back(lab)
    lose(lab)
    assert back(lab) > 18
    lab.run(100)
    lose(lab)
    assert back(lab) < 8


def test_by_default_five_losses_are_free_and_the_sixth_waits_5_seconds():
    lab = joined()
    delays = []
    for _ in range(7):
        lose(lab)
        (child,) = lab.children("a")
        delays.append(0 if child.hold_down is None else round(child.hold_down.until - child.hold_down.last))
        back(lab)
    assert delays == [0, 0, 0, 0, 0, 5, 10]


def test_it_is_told_in_the_info_column_the_log_and_where_there_is_no_child():
    lab = joined("hold down after 1; hold down time 20, 60;")
    lose(lab)
    back(lab)
    lab.run(10)
    lose(lab)
    (child,) = lab.children("a")
    assert child.info().startswith("Idle          Held down for 20 s: 2 sessions lost in 1")
    lab.run(5)
    child.wait()  # a later event begins the countdown anew, for what is left
    (timer,) = [line for detail in child.details() for line in detail.below if line.label == "Hold down"]
    assert timer.text.startswith("1")
    assert timer.text.endswith("/20")
    assert any("held down for 20 s: 2 sessions lost" in text for text in lab.nodes["a"].messages("info"))
    lab.link_down("b", "eth0")
    lab.run(1)
    lab.link_up("b", "eth0")
    lab.expect(lambda: bool(lab.entries("a")), 5, "its entry returns")
    lab.run(0.1)
    assert lab.children("a") == []
    router = lab.nodes["a"].router
    (key,) = router.tables["peers"].keys()
    why = router.protocols["auto"].no_child_reason(router.tables["peers"].net_type, key)
    assert why.startswith("held down for 1")


def test_connections_of_a_neighbor_that_is_held_down_are_refused():
    lab = joined("hold down after 1; hold down time 50, 60;", "peers { persist yes; };")
    lose(lab)
    back(lab)
    lose(lab)
    lab.run(45)
    assert lab.up("a") == []
    assert lab.up("b") == []
    assert 4 < back(lab) < 11


def test_an_operator_ends_it():
    lab = joined("hold down after 1; hold down time 50, 60;")
    lose(lab)
    back(lab)
    lose(lab)
    lab.run(3)
    router = lab.nodes["a"].router
    router.enable(lab.children("a")[0])
    assert back(lab, 3) < 3


def test_what_an_operator_of_ours_does_is_no_loss():
    lab = joined("hold down after 1; hold down time 50, 60;")
    router = lab.nodes["a"].router
    for _ in range(4):
        router.restart(lab.children("a")[0])
        lab.run(1)
        back(lab, 40)
    assert lab.children("a")[0].hold_down is None


def test_hold_down_off():
    lab = joined("hold down off;")
    for _ in range(12):
        lose(lab)
        assert back(lab) < 8
