"""Clients share the time that commands may take from routing."""

from types import SimpleNamespace

from pybird.cli import control
from pybird.cli.control import Console
from pybird.conf.model import Config
from pybird.core.commands import Command, Commands
from pybird.core.replies import Note
from tests.cli.fakes import FakeClock, FakeStream, Words

COST = 0.004  # seconds that each command takes


class Crowd:
    """Clients of one router whose commands take time; what others do is counted."""

    def __init__(self, count):
        self.clock = FakeClock()
        self.done = []

        def slow(router, arguments, session):
            """Take time."""
            self.clock.time += COST
            self.done.append(session)
            yield Note(23, "done")

        router = SimpleNamespace(
            clock=self.clock,
            config=Config(),
            ports=SimpleNamespace(log=SimpleNamespace(write=lambda level, text: None)),
            reconfiguration=SimpleNamespace(expiry_observers={}),
        )
        commands = Commands([Command("slow", slow, "slow")])
        self.console = Console(router, commands, Words(), lambda path: Config(), lambda graceful: None)
        self.sessions = [self.console.open(FakeStream()) for _ in range(count)]

    def turn(self):
        """One turn of the loop: what is due now, and not what that asks for."""
        calls, self.clock.calls = sorted(self.clock.calls), []
        for when, _, callback in calls:
            assert when <= self.clock.time
            callback()


def test_in_one_turn_about_5_ms_of_commands_run_whoever_they_are_from():
    crowd = Crowd(10)
    for session in crowd.sessions:
        session.received(b"slow\n")
    at_once = len(crowd.done)
    assert at_once == 2, "the second began within the time"
    turns = 0
    while len(crowd.done) < 10:
        before = len(crowd.done)
        crowd.turn()
        assert len(crowd.done) - before <= 2
        turns += 1
    assert turns >= 4
    assert crowd.done == crowd.sessions, "first come, first served"


def test_many_commands_of_one_client_do_not_hold_up_another():
    crowd = Crowd(2)
    busy, other = crowd.sessions
    busy.received(b"slow\n" * 100)
    other.received(b"slow\n")
    while other not in crowd.done:
        crowd.turn()
    assert crowd.done.count(busy) < 10


def test_what_waits_is_counted_together_and_given_back():
    crowd = Crowd(control.MOST_CLIENTS)
    line = b"x" * 8000 + b"\n"
    for session in crowd.sessions:
        session._stream.slow, session._stream.unread = True, control.MOST_BUFFERED
        session.received(line * 12)
    assert crowd.console.queued <= control.MOST_TOGETHER
    gone = [session for session in crowd.sessions if session._stream.closed == "abort"]
    assert gone
    assert len(gone) < control.MOST_CLIENTS
    for session in list(crowd.console.sessions):
        session.closed(None)
    assert crowd.console.queued == 0
