"""Commands that change the configuration or end the daemon."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

from pybird.cli.arguments import Configure
from pybird.cli.overview import router_state
from pybird.conf.errors import ConfigError, ConfigErrors, must_run
from pybird.conf.model import Config
from pybird.core.reconfigure import Outcome
from pybird.core.replies import (
    CONFIG_ERROR,
    CommandError,
    ConfigProblem,
    Done,
    Failure,
    Note,
    Reply,
    Wait,
)

if TYPE_CHECKING:
    from pybird.cli.control import Session
    from pybird.core.router import Router

PATIENCE: Final = 1.0  # seconds that `configure` waits for protocols to stop
_CODES: Final = {
    Outcome.DONE: 3,
    Outcome.IN_PROGRESS: 4,
    Outcome.QUEUED: 5,
    Outcome.SHUTDOWN: 6,
    Outcome.UNQUEUED: 17,
    Outcome.CONFIRMED: 18,
    Outcome.NOTHING: 19,
    Outcome.UNDO: 21,
    Outcome.REFUSED: CONFIG_ERROR,
}


def configure(router: Router, arguments: Configure, session: Session) -> Iterator[Reply]:
    """Reload configuration."""
    config = yield from _read(router, arguments, session, to_run=True)
    if config is None:
        return
    outcome = router.reconfigure(config, arguments.soft, arguments.timeout)
    if outcome is Outcome.REFUSED:
        raise CommandError(CONFIG_ERROR, router.reconfiguration.refusal)
    if arguments.timeout is not None:
        yield Note(22, f"Undo scheduled in {arguments.timeout} s")
    yield from _settled(router, outcome)


def configure_check(router: Router, arguments: Configure, session: Session) -> Iterator[Reply]:
    """Parse configuration and check its validity."""
    config = yield from _read(router, arguments, session, to_run=False)
    if config is not None:
        yield Note(20, "Configuration OK")


def configure_confirm(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Confirm last configuration change - deactivate undo timeout."""
    yield _told(router.reconfiguration.confirm())


def configure_undo(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Undo last configuration change."""
    yield _told(Outcome.UNDO)
    yield from _settled(router, router.reconfiguration.undo())


def configure_status(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Show configuration status."""
    outcome = router.reconfiguration.status()
    yield Note(_CODES[outcome], router_state(router))
    undo_at = router.reconfiguration.undo_at
    if undo_at is not None:
        yield Note(22, f"Configuration unconfirmed, undo in {undo_at - router.clock.now():.3f} s")
    yield Done()


def _settled(router: Router, outcome: Outcome) -> Iterator[Reply]:
    """What came of it, after giving protocols a moment to stop."""
    if outcome is Outcome.IN_PROGRESS:
        yield Wait(lambda: not router.reconfiguration.busy, PATIENCE)
        outcome = router.reconfiguration.status()
    yield _told(outcome)


def _told(outcome: Outcome) -> Note:
    return Note(_CODES[outcome], outcome.value)


def down(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Shut the daemon down."""
    yield Note(7, "Shutdown requested")
    session.console.stop(False)


def graceful_restart(router: Router, arguments: Any, session: Session) -> Iterator[Reply]:
    """Shut the daemon down for graceful restart."""
    yield Note(25, "Graceful restart requested")
    session.console.stop(True)


def _read(
    router: Router, arguments: Configure, session: Session, *, to_run: bool
) -> Generator[Reply, None, Config | None]:
    """Read a configuration; None: what is wrong with it was the reply."""
    path = arguments.file or router.config.path
    yield Note(2, f"Reading configuration from {path}", path)
    try:
        config = session.console.load(path)
        return must_run(config) if to_run else config
    except OSError as error:
        raise CommandError(CONFIG_ERROR, f"{path}: {error.strerror}") from None
    except ConfigErrors as errors:
        several = len(errors.errors) > 1
        for problem in errors.errors:
            yield _problem(problem, last=not several)
        if several:  # as BIRD, which stops at the first
            yield Failure(CONFIG_ERROR, f"{errors.errors[0]} (and {len(errors.errors) - 1} more)")
        return None


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
