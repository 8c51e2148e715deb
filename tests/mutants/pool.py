"""Several scratch copies at work, and a display of how far they are."""

from __future__ import annotations

import queue
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.mutants.copies import Copy
from tests.mutants.running import Outcome, Verdict

Job = TypeVar("Job")
Result = TypeVar("Result")

COLORS = {Verdict.NOTICED: "dim", Verdict.UNNOTICED: "bold red", Verdict.BROKEN: "yellow"}


class Pool:
    """Workers, each in a scratch copy of its own; a context that deletes the copies at its end."""

    def __init__(self, source: Path, workers: int) -> None:
        self._source = source
        self._workers = workers

    def __enter__(self) -> Pool:
        self._folder = tempfile.TemporaryDirectory(prefix="pybird-mutants-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._copies = [Copy(self._source, folder / str(number)) for number in range(self._workers)]
        return self

    def __exit__(self, *_error: object) -> None:
        self._folder.cleanup()

    def run(
        self,
        jobs: list[Job],
        work: Callable[[Copy, Job], Result],
        show: Callable[[Display, Job, Result, float], None],
    ) -> list[tuple[Job, Result]]:
        """Do every job; `show` displays each result and its seconds. Results in the order of the jobs."""

        free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for each in self._copies:
            free.put(each)

        def one(job: Job) -> Result:
            copy = free.get()
            started = time.monotonic()
            try:
                result = work(copy, job)
            finally:
                free.put(copy)
            show(display, job, result, time.monotonic() - started)
            return result

        with Display(len(jobs)) as display, ThreadPoolExecutor(self._workers) as threads:
            try:
                return list(zip(jobs, threads.map(one, jobs), strict=True))
            except KeyboardInterrupt:
                threads.shutdown(wait=False, cancel_futures=True)
                for each in self._copies:
                    each.stop()
                raise


class Display:
    """A line per result as it comes, and on a terminal a bar below them."""

    def __init__(self, total: int) -> None:
        console = Console(highlight=False, emoji=False, soft_wrap=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[survived]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=total, survived="")
        self._survived = 0

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def verdict(self, outcome: Outcome, text: str, seconds: float) -> None:
        """A line for one change."""
        line = f"{outcome.verdict.value:11} {seconds:5.1f} s  {text}"
        self._progress.console.print(line, style=COLORS[outcome.verdict], markup=False)
        self._survived += outcome.verdict is Verdict.UNNOTICED
        said = f"{self._survived} not noticed" if self._survived else ""
        self._progress.update(self._task, advance=1, survived=said)

    def step(self, text: str) -> None:
        """Only the bar moves."""
        self._progress.update(self._task, advance=1, description=text)


def count(outcomes: Iterable[Outcome]) -> str:
    """`3 noticed, 1 not noticed`: how often each verdict occurred."""
    verdicts = [outcome.verdict for outcome in outcomes]
    return ", ".join(f"{verdicts.count(each)} {each.value}" for each in Verdict if each in verdicts) or "none"
