"""Several scratch copies at work, and a display of how far they are."""

from __future__ import annotations

import queue
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.mutants.copies import Copy
from tests.mutants.running import Outcome, Verdict

Job = TypeVar("Job")

COLORS = {Verdict.NOTICED: "dim", Verdict.UNNOTICED: "bold red", Verdict.BROKEN: "yellow"}


def run(
    jobs: Iterable[Job],
    test: Callable[[Copy, Job], Outcome],
    describe: Callable[[Job], str],
    source: Path,
    workers: int,
) -> list[tuple[Job, Outcome]]:
    """Test every job, each worker in a copy of its own; results in the order of the jobs.

    A line per result as it comes, and on a terminal a bar below them.
    """
    listed = list(jobs)
    with tempfile.TemporaryDirectory(prefix="pybird-mutants-") as folder, shown(len(listed)) as display:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(min(workers, len(listed))):
            copies.put(Copy(source, Path(folder) / str(number)))

        def one(job: Job) -> Outcome:
            copy = copies.get()
            started = time.monotonic()
            try:
                outcome = test(copy, job)
            finally:
                copies.put(copy)
            display.tell(outcome, describe(job), time.monotonic() - started)
            return outcome

        with ThreadPoolExecutor(workers) as pool:
            return list(zip(listed, pool.map(one, listed), strict=True))


class Display:
    """Lines as results come; the bar exists on a terminal only."""

    def __init__(self, total: int) -> None:
        console = Console(highlight=False, soft_wrap=True)
        columns = (
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

    def tell(self, outcome: Outcome, text: str, seconds: float) -> None:
        """Show one result."""
        color = COLORS[outcome.verdict]
        line = f"{outcome.verdict.value:11} {seconds:5.1f} s  {text}"
        self._progress.console.print(line, style=color, markup=False)
        self._survived += outcome.verdict is Verdict.UNNOTICED
        said = f"{self._survived} not noticed" if self._survived else ""
        self._progress.update(self._task, advance=1, survived=said)


def shown(total: int) -> Display:
    return Display(total)


def count(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """`3 noticed`, `1 not noticed`: what came how often."""
    verdicts = [outcome.verdict for outcome in outcomes]
    return (f"{verdicts.count(each)} {each.value}" for each in Verdict if each in verdicts)
