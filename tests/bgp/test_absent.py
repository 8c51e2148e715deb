"""Neighbors that are away: who is told of, and when many become one line."""

import pytest

from pybird.proto.bgp.session.absent import FEW, TOGETHER, Absent
from tests.core.world import World


class Away:
    """A protocol whose neighbor is away."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self._log = world.log

    def log(self, level: str, text: str) -> None:
        self._log.write(level, f"{self.name}: {text}")


def told(count: int, reasons: list[str], back: tuple[int, ...] = ()) -> list[str]:
    """What the log has of so many neighbors, of whom some came back in time."""
    world = World()
    absent = Absent(world.router.services)
    peers = [Away(f"p{at}", world) for at in range(count)]
    for at, peer in enumerate(peers):
        reason = reasons[at % len(reasons)]
        absent.report(peer, reason, f"away: {reason}")
    for at in back:
        absent.forget(peers[at])
    world.clock.run(TOGETHER)
    return world.log.lines


def test_a_few_neighbors_have_a_line_each():
    assert told(FEW, ["silent"]) == [f"<info> p{at}: away: silent" for at in range(FEW)]


def test_many_neighbors_have_one_line_together():
    assert told(FEW + 1, ["silent"]) == [
        "<info> 6 neighbors do not talk to us yet, such as p0, p1, p2: silent (6)"
    ]


@pytest.mark.parametrize(
    ("reasons", "more"), [("abc", ""), ("abcd", " and 1 other reason"), ("abcdef", " and 3 other reasons")]
)
def test_reasons_beyond_three_are_counted(reasons, more):
    (line,) = told(12, list(reasons))
    each = 12 // len(reasons)
    assert line.endswith(f": {', '.join(f'{reason} ({each})' for reason in 'abc')}{more}")


def test_who_comes_in_time_is_not_told_of():
    assert told(2, ["silent"], back=(0,)) == ["<info> p1: away: silent"]
