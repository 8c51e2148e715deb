"""What becomes of a session whose neighbor is not announced any more: every case of docs/autopeer.md."""

import pytest

from pybird.core.life import ProtocolState
from pybird.proto.bgp.peer import Peer
from pybird.proto.radv.messages import Advertisement
from tests.scenarios.lab import pair, unnumbered

# event, session before it -> just after it, and 100 s later, for `persist` no, established and yes.
# (b connects again when a, that had removed it, does not refuse it any more: after the error wait
# time.) A number is the seconds after which the orphan is pruned; the error wait time is 20 s.
TABLE = """
expires     Established  gone                    | up orphan               | up orphan
                         up orphan               | up orphan               | up orphan
expires     down         gone                    | listens orphan 20       | retries orphan
                         gone                    | gone                    | retries orphan
expires     restarting   listens orphan          | listens orphan          | retries orphan
                         gone                    | gone                    | retries orphan
expires     disabled     disabled orphan         | disabled orphan         | disabled orphan
                         disabled orphan         | disabled orphan         | disabled orphan
lifetime 0  Established  gone                    | up orphan               | up orphan
                         up orphan               | up orphan               | up orphan
lifetime 0  down         gone                    | listens orphan 20       | retries orphan
                         gone                    | gone                    | retries orphan
lifetime 0  restarting   listens orphan          | listens orphan          | retries orphan
                         gone                    | gone                    | retries orphan
lifetime 0  disabled     disabled orphan         | disabled orphan         | disabled orphan
                         disabled orphan         | disabled orphan         | disabled orphan
link down   Established  gone                    | listens orphan 20       | retries orphan
                         gone                    | gone                    | retries orphan
link down   down         gone                    | listens orphan 20       | retries orphan
                         gone                    | gone                    | retries orphan
link down   restarting   listens orphan          | listens orphan          | retries orphan
                         gone                    | gone                    | retries orphan
link down   disabled     disabled orphan         | disabled orphan         | disabled orphan
                         disabled orphan         | disabled orphan         | disabled orphan
returns     Established  up                      | up                      | up
                         up                      | up                      | up
returns     down         retries                 | retries                 | retries
                         retries                 | retries                 | retries
returns     restarting   retries                 | retries                 | retries
                         retries                 | retries                 | retries
returns     disabled     disabled                | disabled                | disabled
                         disabled                | disabled                | disabled
"""
PERSISTS = ("no", "established", "yes")


def cells():
    lines = TABLE.strip().splitlines()
    for first, second in zip(lines[::2], lines[1::2], strict=True):
        event, session = first[:12].strip(), first[12:25].strip()
        both = ([text.strip() for text in line[25:].split("|")] for line in (first, second))
        for persist, soon, later in zip(PERSISTS, *both, strict=True):
            yield pytest.param(event, session, persist, soon, later, id=f"{event}-{session}-{persist}")


def seen(lab):
    """The one child of a, in the words of the table."""
    found = lab.children("a")
    if not found:
        return "gone"
    (child,) = found
    orphan = child.orphan
    if not child.enabled:
        state = "disabled"
    elif child.state is ProtocolState.UP:
        state = "up"
    else:
        state = "listens" if child.passive else "retries"
    words = [state] if orphan is None else [state, "orphan"]
    if orphan is not None and orphan.prune_at is not None:
        words.append(f"{orphan.prune_at - orphan.down_since:.0f}")
    return " ".join(words)


def joined(persist, more=""):
    """a keeps children by `persist`; b is an ordinary neighbor."""
    text = unnumbered(1, f"peers {{ persist {persist}; }};", more=f"error wait time 20, 20; {more}")
    lab = pair(text, unnumbered(2, "peers { persist yes; };"))
    lab.expect(lab.meshed, 6, "both have a child")
    return lab


def mute(lab):
    """b advertises nothing any more, and does not say so."""
    for socket in lab.nodes["b"].host.sockets:
        socket.send = lambda data, to: None


def switch(lab, router, on, name):
    router = lab.nodes[router].router
    (router.enable if on else router.disable)(router.protocols[name])


def bring_to(lab, session, monkeypatch):
    if session == "disabled":
        switch(lab, "a", False, "auto01")
    elif session != "Established":
        switch(lab, "b", False, "auto")
        lab.run(1)
        if session == "restarting":
            monkeypatch.setattr(Peer, "restarting", True)


def happen(lab, event):
    if event == "expires":
        mute(lab)
        lab.expect(lambda: not lab.entries("a"), 31, "the lifetime runs out")
        lab.run(0.1)
        return
    if event == "link down":
        lab.link_down("b", "eth0")
    else:
        switch(lab, "b", False, "radv1")
    lab.run(1)
    if event == "returns":
        lab.run(4)
        switch(lab, "b", True, "radv1")
        lab.run(5)


@pytest.mark.parametrize(("event", "session", "persist", "soon", "later"), list(cells()))
def test_what_becomes_of_it(event, session, persist, soon, later, monkeypatch):
    lab = joined(persist)
    bring_to(lab, session, monkeypatch)
    happen(lab, event)
    assert seen(lab) == soon
    if session == "restarting":
        monkeypatch.undo()
        for child in lab.children("a"):
            child.session_hook()
    lab.run(100)
    assert seen(lab) == later


def orphaned(persist, more=""):
    """a's child is an orphan; its session is up."""
    lab = joined(persist, more)
    switch(lab, "b", False, "radv1")
    lab.run(1)
    return lab


def kill_session(lab):
    switch(lab, "b", False, "auto01")
    lab.run(0.1)


def test_the_prune_time_counts_from_the_end_of_the_session_and_not_of_the_entry():
    lab = orphaned("yes", "child prune time 50;")
    lab.run(100)
    assert seen(lab) == "up orphan"
    kill_session(lab)
    assert seen(lab) == "retries orphan 50"
    lab.run(49)
    assert seen(lab) == "retries orphan 50"
    lab.run(1.5)
    assert seen(lab) == "gone"


def test_a_session_that_comes_up_stops_the_prune_timer():
    lab = orphaned("established")
    kill_session(lab)
    assert seen(lab) == "listens orphan 20"
    lab.run(15)
    switch(lab, "b", True, "auto01")
    lab.expect(lambda: seen(lab) == "up orphan", 4, "the neighbor connects to the listening orphan")
    lab.run(100)
    kill_session(lab)
    lab.run(15)
    assert seen(lab) == "listens orphan 20"


def test_child_prune_off_keeps_orphans_that_are_down():
    lab = orphaned("established", "child prune off;")
    kill_session(lab)
    lab.run(3000)
    assert seen(lab) == "listens orphan"


@pytest.mark.parametrize("persist", ["no", "established", "yes"])
def test_a_neighbor_that_was_never_announced(persist):
    text = unnumbered(1, f"peers {{ persist {persist}; }};", more="error wait time 20, 20;")
    silent = unnumbered(2).replace("router discovery yes;", "router discovery yes; default lifetime 0;")
    lab = pair(text, silent)
    lab.expect(lambda: seen(lab) == "up orphan", 6, "it connects")
    lab.run(100)
    assert seen(lab) == "up orphan"
    kill_session(lab)
    assert seen(lab) == ("retries orphan" if persist == "yes" else "listens orphan 20")
    lab.run(21)
    assert seen(lab) == ("retries orphan" if persist == "yes" else "gone")
    if persist != "yes":  # it is welcome again
        switch(lab, "b", True, "auto01")
        lab.expect(lambda: seen(lab) == "up orphan", 6, "it connects")


def test_a_parent_that_discovers_nobody_keeps_the_children_of_connections_as_bird_does():
    lab = pair(unnumbered(1, "", more="error wait time 20, 20;"), unnumbered(2))
    lab.expect(lambda: seen(lab) == "up orphan", 6, "b connects")
    kill_session(lab)
    lab.run(1000)
    assert seen(lab) == "retries orphan"


def test_a_disabled_orphan_is_pruned_only_after_it_was_enabled():
    lab = orphaned("established")
    switch(lab, "a", False, "auto01")
    kill_session(lab)
    lab.run(1000)
    assert seen(lab) == "disabled orphan"
    switch(lab, "a", True, "auto01")
    lab.run(1)
    assert seen(lab) == "listens orphan 20"
    lab.run(20)
    assert seen(lab) == "gone"


def test_a_restart_by_hand_of_an_orphan_that_is_down_gives_it_no_more_time():
    lab = orphaned("established")
    kill_session(lab)
    lab.run(10)
    router = lab.nodes["a"].router
    router.restart(router.protocols["auto01"])
    lab.run(5)
    assert seen(lab) == "listens orphan 20"
    lab.run(6)
    assert seen(lab) == "gone"


@pytest.mark.parametrize("goodbye", [False, True], ids=["expires", "lifetime 0"])
def test_graceful_restart_keeps_routes_and_child_until_its_time_is_over(goodbye):
    """RFC 4724, 4.2: neither the end of advertisements nor `persist no` is faster than the restart time."""
    text = unnumbered(2, more="graceful restart on; graceful restart time 90;")
    lab = pair(unnumbered(1), text)
    lab.expect(lab.meshed, 6, "both have a child")
    lab.nodes["b"].kill()
    if goodbye:
        lab.forge(lab.nodes["a"].host.nic("eth0").segment, Advertisement(lifetime=0).encode(), "fe80::2:2")
    lab.run(45)
    assert lab.entries("a") == []
    assert seen(lab) == "listens orphan"
    assert lab.knows("a", "b")
    lab.run(50)
    assert seen(lab) == "gone"
    assert not lab.knows("a", "b")
