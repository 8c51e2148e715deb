"""Where the writer of random programs has its choices from.

`below(n)` is a number from 0 to n-1, and 0 is always the simplest choice:
hypothesis makes a failing program small by making numbers small and by leaving
out parts. `Dice` throws plain dice, for many programs in a short time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final, Protocol

from hypothesis import strategies as st

_NOTHING: Final[st.SearchStrategy[int | str]] = st.just("")
Draw = Callable[[st.SearchStrategy[int | str]], int | str]


class Choices(Protocol):
    """A source of choices."""

    def below(self, limit: int) -> int:
        """A number from 0, the simplest, to `limit` - 1."""

    def part(self, make: Callable[[], str]) -> str:
        """What `make` gives: a piece of the text that could as well be missing."""


class Dice:
    """Choices by chance."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return self._random.randrange(limit)

    def part(self, make: Callable[[], str]) -> str:
        """What `make` gives."""
        return make()


class Drawn:
    """Choices of hypothesis, which knows how to make them smaller."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return int(self._draw(_numbers(limit))) if limit > 1 else 0

    def part(self, make: Callable[[], str]) -> str:
        """What `make` gives, drawn as one thing."""
        return str(self._draw(_part(make)))


@cache
def _numbers(limit: int) -> st.SearchStrategy[int | str]:
    return st.integers(0, limit - 1)


@st.composite
def _part(draw: Draw, make: Callable[[], str]) -> str:
    draw(_NOTHING)  # what begins with a draw is one thing to hypothesis
    return make()
