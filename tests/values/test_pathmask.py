"""Both ways to match a mask say the same, and no path makes either slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.values.aspath import AsPath
from pybird.values.pathmask import PathMask, Run, _walk

ITEMS = st.lists(
    st.sampled_from([1, 2, (1, 2), (2, 9), (9, 2), (70000, 65000), Run.ANY, Run.ONE]), max_size=8
)
PATHS = st.lists(st.integers(1, 3), max_size=8)


@st.composite
def masks(draw):
    items = draw(ITEMS)
    more = draw(st.lists(st.booleans(), min_size=len(items), max_size=len(items)))
    return tuple(
        part for item, again in zip(items, more, strict=True) for part in (item, Run.MORE)[: 1 + again]
    )


@given(masks(), PATHS)
def test_the_expression_and_the_walk_agree(items, numbers):
    path = AsPath.sequence(*numbers)
    assert PathMask(items).match(path) == _walk(items, path)


@given(ITEMS, PATHS)
def test_they_agree_without_repetition(items, numbers):
    path = AsPath.sequence(*numbers)
    assert PathMask(tuple(items)).match(path) == _walk(tuple(items), path)


@pytest.mark.parametrize("items", [((5, 3),), (Run.ANY, (5, 3), Run.ANY), ((5, 3), Run.MORE)])
def test_a_range_from_high_to_low_holds_nothing(items):
    """As in BIRD, which takes it."""
    assert not any(PathMask(items).match(AsPath.sequence(number)) for number in (3, 4, 5))


LONG = AsPath.sequence(*[1] * 250)


@pytest.mark.parametrize(
    "items",
    [
        (*[Run.ANY, 1] * 20, 2),
        (*[Run.ANY] * 200, 2),
        (*[1, Run.MORE] * 20, 2),
        (*[Run.ONE, Run.MORE, Run.ANY] * 20, 2),
        (*[Run.ANY, Run.MORE] * 20, 2),
        (1, *[Run.MORE] * 20, 2),
    ],
)
def test_a_long_path_does_not_make_it_try_everything(items):
    """With an expression that goes back and forth this would not end."""
    assert not PathMask(items).match(LONG)
    assert PathMask(items[:-1]).match(LONG)
