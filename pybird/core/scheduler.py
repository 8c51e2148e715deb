"""Long work in slices.

A job is a function that does a bounded amount of work, counted in items and
never in time (so that a run can be replayed), and returns whether more is left.
Each turn runs one slice of one job, round robin; between turns the event loop
reads sockets and fires timers, so that keepalives are sent on time under load,
however many jobs wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pybird.core.ports import Clock

SLICE: int = 2048  # keys per slice, about 5 ms; not Final: compiled code would not see a smaller one in tests

Job = Callable[[], bool]


class Scheduler:
    """The waiting jobs of one router; each is queued at most once."""

    def __init__(self, clock: Clock, crashed: Callable[[Job, Exception], None]) -> None:
        self._clock = clock
        self._crashed = crashed
        self._jobs: dict[Job, None] = {}
        self._armed = False

    def add(self, job: Job) -> None:
        """Queue this job; it runs again as long as it returns True."""
        self._jobs[job] = None
        self._arm()

    def cancel(self, job: Job) -> None:
        """Forget the job."""
        self._jobs.pop(job, None)

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs))

    @property
    def busy(self) -> bool:
        """True while a job waits."""
        return bool(self._jobs)

    def _turn(self) -> None:
        self._armed = False
        job = next(iter(self._jobs), None)
        if job is None:
            return
        del self._jobs[job]
        more = False
        try:
            more = job()
        except Exception as error:
            self._crashed(job, error)
        if more:
            self._jobs[job] = None
        if self._jobs:
            self._arm()

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            self._clock.call_soon(self._turn)
