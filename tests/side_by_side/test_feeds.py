"""Random feeds of fixed seeds; `python -m tests.side_by_side.feeds` looks for new ones."""

import pytest

from tests.side_by_side import feeds
from tests.side_by_side.world import birds

pytestmark = pytest.mark.interop


@pytest.mark.parametrize(
    "seed", [1, 3, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(100, 112))]
)
def test_the_same_routes_of_a_feed(seed, new_lab):
    if not birds():
        pytest.skip("bird is not installed")
    with new_lab() as lab:
        found = feeds.round_in(lab, seed)
    assert not found, f"{len(found)} differences\n" + "\n".join(map(str, found[:4]))


def test_a_round_is_the_same_each_time():
    assert feeds.drawn(5) == feeds.drawn(5)
    assert feeds.drawn(5) != feeds.drawn(6)
