"""Commands that change the configuration or end the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from traceback import format_exception
from typing import TYPE_CHECKING, Any, Final

from pybird.cli.arguments import Configure
from pybird.cli.overview import router_state
from pybird.conf.errors import ConfigError, ConfigErrors, bare
from pybird.conf.model import Config
from pybird.core.reload.reconfiguration import ReloadOutcome
from pybird.core.replies import (
    CONFIG_ERROR,
    ConfigProblem,
    Done,
    FailureReply,
    Note,
    Reply,
    Wait,
)

if TYPE_CHECKING:
    from pybird.cli.control import ControlSession
    from pybird.core.reload.study import Study
    from pybird.core.router import Router

PATIENCE: Final = 1.0  # seconds that `configure` waits for protocols to stop
_CODES: Final = {
    ReloadOutcome.DONE: 3,
    ReloadOutcome.IN_PROGRESS: 4,
    ReloadOutcome.QUEUED: 5,
    ReloadOutcome.SHUTDOWN: 6,
    ReloadOutcome.UNQUEUED: 17,
    ReloadOutcome.CONFIRMED: 18,
    ReloadOutcome.NOTHING: 19,
    ReloadOutcome.UNDO: 21,
    ReloadOutcome.REFUSED: CONFIG_ERROR,
}


class _Request:
    """One `configure`: carried out when the file has been read, even if the client has gone by then."""

    def __init__(self, router: Router, arguments: Configure, path: str) -> None:
        self._router = router
        self._arguments = arguments
        self._path = path
        self.done = False
        self.outcome = ReloadOutcome.NOTHING
        self.problems: ConfigErrors | None = None
        self.failure: FailureReply | None = None

    def read(self, load: Callable[[str], Config]) -> tuple[Config, Study]:
        """Read the file and study the configuration; the daemon calls this in a worker thread."""
        config = load(self._path)
        return config, self._router.study(config)

    def carry_out(self, found: tuple[Config, Study] | None, error: Exception | None) -> None:
        """Called when the file has been read: reconfigure the router, or log the errors."""
        self.done = True
        if found is None:
            self._failed(error)
            for text in self._reasons():
                self._router.log("error", text)
            self._router.log("error", "The running configuration stays")
            return
        config, study = found
        arguments = self._arguments
        self.outcome = self._router.reconfigure(config, arguments.soft, arguments.timeout, study)
        if self.outcome is ReloadOutcome.REFUSED:
            self.failure = FailureReply(CONFIG_ERROR, self._router.reconfiguration.refusal)

    def checked(self, found: bool | None, error: Exception | None) -> None:
        """Called when the file has been read for `configure check`: record the errors."""
        self.done = True
        if found is None:
            self._failed(error)

    def check(self, load: Callable[[str], Config]) -> bool:
        """Read the file and forget it: True if the configuration could run; raises what `read` raises."""
        self.read(load)[1].drop()
        return True

    @property
    def failed(self) -> bool:
        return self.problems is not None or self.failure is not None

    def _reasons(self) -> list[str]:
        found = [str(problem) for problem in self.problems.errors] if self.problems is not None else []
        return found if self.failure is None else [*found, self.failure.text]

    def _failed(self, error: Exception | None) -> None:
        match error:
            case ConfigErrors():
                self.problems = bare(error)
            case OSError():
                self.failure = FailureReply(CONFIG_ERROR, f"{self._path}: {error.strerror}")
            case _:
                trace = "".join(format_exception(error)) if error is not None else ""
                self._router.log("bug", f"Reading {self._path} failed:\n{trace}")
                self.failure = FailureReply(
                    CONFIG_ERROR, f"internal error: {type(error).__name__}, see the log"
                )


def configure(router: Router, arguments: Configure, session: ControlSession) -> Iterator[Reply]:
    """Reload configuration."""
    path = arguments.file or router.config.path
    yield Note(2, f"Reading configuration from {path}", path)
    request = _Request(router, arguments, path)
    console = session.console
    console.work(lambda: request.read(console.read), request.carry_out)
    yield from _read(request)
    if request.failed:
        return
    if arguments.timeout is not None:
        yield Note(22, f"Undo scheduled in {arguments.timeout} s")
    yield from _await_outcome(router, request.outcome)


def configure_check(router: Router, arguments: Configure, session: ControlSession) -> Iterator[Reply]:
    """Parse configuration and check its validity."""
    path = arguments.file or router.config.path
    yield Note(2, f"Reading configuration from {path}", path)
    request = _Request(router, arguments, path)
    console = session.console
    console.work(lambda: request.check(console.read), request.checked)
    yield from _read(request)
    if not request.failed:
        yield Note(20, "Configuration OK")


def _read(request: _Request) -> Iterator[Reply]:
    """Wait until the file has been read, then reply with the errors."""
    if not request.done:
        yield Wait(lambda: request.done, float("inf"))
    if request.failure is not None:
        yield request.failure
    if request.problems is not None:
        problems = request.problems.errors
        several = len(problems) > 1
        for problem in problems:
            yield _problem(problem, last=not several)
        if several:  # the last line is the first error, as in BIRD, which stops there
            yield FailureReply(CONFIG_ERROR, f"{problems[0]} (and {len(problems) - 1} more)")


def configure_confirm(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Confirm last configuration change - deactivate undo timeout."""
    yield _outcome_note(router.reconfiguration.confirm())


def configure_undo(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Undo last configuration change."""
    yield _outcome_note(ReloadOutcome.UNDO)
    yield from _await_outcome(router, router.reconfiguration.undo())


def configure_status(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Show configuration status."""
    outcome = router.reconfiguration.status()
    yield Note(_CODES[outcome], router_state(router))
    undo_at = router.reconfiguration.undo_at
    if undo_at is not None:
        yield Note(22, f"Configuration unconfirmed, undo in {undo_at - router.clock.now():.3f} s")
    yield Done()


def _await_outcome(router: Router, outcome: ReloadOutcome) -> Iterator[Reply]:
    """The outcome of a reconfiguration; waits up to `PATIENCE` seconds for protocols to stop."""
    if outcome is ReloadOutcome.IN_PROGRESS:
        yield Wait(lambda: not router.reconfiguration.busy, PATIENCE)
        outcome = router.reconfiguration.status()
    yield _outcome_note(outcome)


def _outcome_note(outcome: ReloadOutcome) -> Note:
    return Note(_CODES[outcome], outcome.value)


def down(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Shut the daemon down."""
    yield Note(7, "Shutdown requested")
    session.console.stop(False)


def graceful_restart(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Shut the daemon down for graceful restart."""
    yield Note(25, "Graceful restart requested")
    session.console.stop(True)


def _problem(problem: ConfigError, last: bool) -> ConfigProblem:
    return ConfigProblem(
        problem.file,
        problem.line,
        problem.column,
        problem.message,
        source=problem.source_line,
        shown=tuple(problem.show().split("\n")[1:]),
        last=last,
    )
