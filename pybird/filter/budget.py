"""Bounds on how long code may run that came with a command.

Filters of the configuration have no bound. Code that a client sends (`show route
where ...`, `eval ...`) may loop, or call functions that do, and would keep the
router from all other work: so each iteration of a loop and each function call
takes a step from a budget, which is full again at the beginning of every run.
Code that is run while a configuration is read (a function in a `define`) has one
budget for the whole configuration, so that reading it ends.
"""

from __future__ import annotations

from typing import Final

MOST_STEPS: Final = 20_000  # of one run, on one route: some milliseconds
MOST_STEPS_READING: Final = 10_000_000  # of all code run while a configuration is read: some seconds


class TooManyStepsError(Exception):
    """The budget is used up. Not a filter error: it ends the whole command, not the run on one route."""

    def __init__(self) -> None:
        text = f"This takes more than {MOST_STEPS} loop iterations and function calls for one route"
        super().__init__(text)


class Budget:
    """The steps that code may still take; with `whole`, in all its runs together."""

    def __init__(self, steps: int = MOST_STEPS, *, whole: bool = False) -> None:
        self._steps = self._left = steps
        self._whole = whole

    def renew(self) -> None:
        """Fill the budget at the beginning of a run, unless it is for all runs together."""
        if not self._whole:
            self._left = self._steps

    def spend(self) -> None:
        """Take one step.

        Raises:
            TooManyStepsError: no step was left.
        """
        self._left -= 1
        if self._left < 0:
            raise TooManyStepsError
