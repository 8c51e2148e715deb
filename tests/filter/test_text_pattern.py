"""Shell patterns: `*`, `?` and the backslash, without ever trying everything."""

from hypothesis import given
from hypothesis import strategies as st

from pybird.filter.runtime import text_match


def plainly(text, pattern):
    """The definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(plainly(text[at:], pattern[1:]) for at in range(len(text) + 1))
    if pattern[0] == "\\" and len(pattern) > 1:
        return text[:1] == pattern[1] and plainly(text[1:], pattern[2:])
    return bool(text) and pattern[0] in ("?", text[0]) and plainly(text[1:], pattern[1:])


@given(st.text("ab\\\n.", max_size=8), st.text("ab*?\\.", max_size=8))
def test_a_pattern_means_what_it_says(text, pattern):
    assert text_match(text, pattern) == plainly(text, pattern)


def test_many_stars_on_a_long_text():
    """An expression that goes back and forth would not end."""
    assert not text_match("a" * 5000, "*a" * 50 + "b")
    assert text_match("a" * 5000, "*a" * 50)
