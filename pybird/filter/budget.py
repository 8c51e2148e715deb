"""How long code may run that came with a command.

Filters of the configuration run as long as they do. What a client sends
(`show route where ...`, `eval ...`) may loop, or call functions that do, and
would keep the router from everything else: each turn of a loop and each call
of a function takes a step from a budget that every run has anew. What a
configuration runs while it is read (a function in a `define`) has one for all,
so that no reading is without end.
"""

from __future__ import annotations

from typing import Final

MOST_STEPS: Final = 20_000  # of one run, on one route: some thousandths of a second
MOST_STEPS_READING: Final = 10_000_000  # of all code that is run while a configuration is read: seconds


class TooManyStepsError(Exception):
    """The budget is used up. No filter error: it ends the command, not the look at one route."""

    def __init__(self) -> None:
        super().__init__(f"This takes more than {MOST_STEPS} turns of loops and calls for one route")


class Budget:
    """What one piece of code may still do; `whole`: in all its runs together."""

    def __init__(self, steps: int = MOST_STEPS, *, whole: bool = False) -> None:
        self._steps = self._left = steps
        self._whole = whole

    def renew(self) -> None:
        """A run begins."""
        if not self._whole:
            self._left = self._steps

    def spend(self) -> None:
        """One step.

        Raises:
            TooManyStepsError: there was none left.
        """
        self._left -= 1
        if self._left < 0:
            raise TooManyStepsError
