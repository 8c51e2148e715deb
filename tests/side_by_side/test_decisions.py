"""The same best routes as BIRD, whatever hypothesis has the neighbors say."""

from contextlib import closing

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.side_by_side.decisions import MODES, Duel, histories
from tests.side_by_side.world import PYBIRD, birds

pytestmark = pytest.mark.interop


def selects_the_same(new_lab, mode, examples, phases=(Phase.generate,)):
    there = birds()
    if not there:
        pytest.skip("bird is not installed")
    kinds = [PYBIRD, there.get("2.19") or there["2.0"]]
    with new_lab() as lab, closing(Duel(lab, kinds, mode)) as duel:

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        )
        @given(histories(mode))
        def check(steps):
            ours, theirs = duel.played(steps).values()
            assert ours == theirs, "\n".join(map(str, steps))

        check()


@pytest.mark.parametrize("mode", MODES)
def test_the_same_route_is_selected(new_lab, mode):
    selects_the_same(new_lab, mode, 12)


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_the_same_route_is_selected_of_many(new_lab, mode):
    selects_the_same(new_lab, mode, 150, (Phase.generate, Phase.shrink))
