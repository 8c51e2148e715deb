"""Sets that are read in one piece: the quick way and the careful way make the same set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.conf.literal_sets import BulkError, prefix_set
from pybird.values.prefixset import PrefixSet

SUFFIXES = st.sampled_from(["", "", "+", "-", "{0,32}", "{8, 24}", "{ 24,24 }", "{25,8}", "{8,33}"])
OCTETS = st.one_of(st.sampled_from(["0", "10", "192", "255", "256", "01"]), st.integers(0, 255).map(str))


@st.composite
def items(draw: st.DrawFn) -> str:
    octets = [draw(OCTETS), draw(OCTETS), *draw(st.sampled_from([("0", "0"), ("2", "0"), ("2", "1")]))]
    return ".".join(octets) + f"/{draw(st.sampled_from([0, 8, 16, 24, 31, 32, 33]))}{draw(SUFFIXES)}"


def outcome(text: str) -> PrefixSet | tuple[str, int, int]:
    try:
        return prefix_set(text)
    except BulkError as error:
        return error.message, error.start, error.end


@given(st.lists(items(), min_size=1, max_size=5))
def test_a_comment_changes_nothing(found: list[str]) -> None:
    text = "[" + ", ".join(found)
    quick, careful = outcome(text + "]"), outcome(text + "# here\n]")
    assert quick == careful
    if isinstance(quick, PrefixSet) and isinstance(careful, PrefixSet):
        assert quick.patterns == careful.patterns


@pytest.mark.parametrize("text", ["[«10.0.0.1/8»]", "[10.0.0.0/8«{9,33}»]", "[«10.0.0.256/32»]"])
def test_a_wrong_item_has_its_place(text: str) -> None:
    text = text.replace("[", "[192.0.2.0/24, ")
    start, end = text.index("«"), text.index("»") - 1
    with pytest.raises(BulkError) as caught:
        prefix_set(text.replace("«", "").replace("»", ""))
    assert (caught.value.start, caught.value.end) == (start, end)
