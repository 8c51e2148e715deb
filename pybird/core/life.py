"""The life of one instance: its state, and what is done when something happens to it.

A pure state machine with the manual's states: down, start, up, stop, flush.
`TABLE` gives for each event and state the next state and the actions, in this
order. `Life` reads no clock (the caller passes times in seconds) and calls no
other code: each method returns the step to carry out, or None if there is
nothing to do. The state changes before the step is carried out, so that the
protocol's code, which a step may call, can already report the next event.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple


class ProtocolState(Enum):
    """The words that `show protocols` prints."""

    DOWN = "down"
    START = "start"
    UP = "up"
    STOP = "stop"
    FLUSH = "flush"


class StopReason(Enum):
    """Why an instance stops; BGP chooses its NOTIFICATION by it."""

    SHUTDOWN = "shutdown"  # the daemon ends
    GRACEFUL = "graceful restart"  # the daemon ends for a graceful restart
    DISABLED = "disabled"  # by the operator
    RESTARTED = "restarted"  # by the operator
    RECONFIGURED = "reconfigured"  # restart: the new config cannot be adapted to
    REMOVED = "removed"  # not in the new config, or disabled there, or a withdrawn dynamic child
    LIMIT = "limit"  # an import or receive limit was hit
    EXPORT_LIMIT = "export limit"  # an export limit was hit
    ERROR = "error"  # it gave up after an error (`disable after error`)
    FAILED = "failed"  # its code raised


# It stopped by itself: the reason is shown until it is up again or an operator acts.
BY_ITSELF: Final = frozenset((StopReason.LIMIT, StopReason.EXPORT_LIMIT, StopReason.ERROR, StopReason.FAILED))


class LifeEvent(Enum):
    """What happens to an instance."""

    BEGIN = auto()  # it is to start, and may
    WENT_UP = auto()  # it works
    WENT_DOWN = auto()  # it no longer works, and keeps trying
    HALT = auto()  # an operator, a reload or the daemon stops it
    GIVE_UP = auto()  # a limit or an error stops it
    CRASHED = auto()  # its code raised an exception
    OUT_OF_MEMORY = auto()  # its code raised MemoryError
    STOPPED = auto()  # it has closed what it opened
    FLUSHED = auto()  # its channels and its children are down
    RETRY = auto()  # it is down, no restart was asked for, and it will retry by itself


class Act(Enum):
    """What the instance does."""

    ENTER = auto()  # notify observers of the new state
    TRACE_STATE = auto()  # "State changed to"
    TRACE_STARTING = auto()
    TRACE_STOPPING = auto()
    RESERVE_MEMORY = auto()  # so that it can be stopped in order when memory runs out
    FORGET_FAILURE = auto()  # the exception of its last run
    FORGET_ERROR = auto()  # what is shown as its last error
    CALL_START = auto()
    CALL_STOP = auto()
    TRACE_INTERFACES = auto()  # those that it learns of at its start
    CLOSE_CHANNELS = auto()
    LEAVE_CHANNELS = auto()  # close them, or suspend those whose routes stay
    FLUSH = auto()  # wait for the channels, remove the children and wait for them
    FINISH = auto()  # treat it as stopped: code that raised will not call `stopped`
    CALL_WAITING = auto()  # call the callbacks that wait until it is down
    GO_ON = auto()  # ask `Life.go_on` whether it starts again
    LOG_RETRY = auto()  # log when it will start again
    ARM_RETRY = auto()  # start the timer for that
    CANCEL_RETRY = auto()


# Skipped if the protocol's code, called earlier in the step, has already caused another transition.
WHILE_THERE: Final = frozenset((Act.TRACE_STATE, Act.CLOSE_CHANNELS, Act.LEAVE_CHANNELS, Act.FINISH))


class LifeStep(NamedTuple):
    """The next state, and the actions after entering it."""

    to: ProtocolState
    acts: tuple[Act, ...]


_STARTS = LifeStep(
    ProtocolState.START,
    (
        Act.CANCEL_RETRY,
        Act.RESERVE_MEMORY,
        Act.FORGET_FAILURE,
        Act.TRACE_STARTING,
        Act.ENTER,
        Act.CALL_START,
        Act.TRACE_STATE,
        Act.TRACE_INTERFACES,
    ),
)
_WORKS = LifeStep(ProtocolState.UP, (Act.FORGET_ERROR, Act.TRACE_STATE, Act.ENTER))
_FAILS = LifeStep(ProtocolState.START, (Act.TRACE_STATE, Act.ENTER, Act.LEAVE_CHANNELS))
_ENDS = LifeStep(
    ProtocolState.STOP,
    (
        Act.TRACE_STOPPING,
        Act.ENTER,
        Act.CALL_STOP,
        Act.TRACE_STATE,
        Act.CLOSE_CHANNELS,  # now: the protocol may stop slowly, its routes need not stay
    ),
)
_STOPS = LifeStep(ProtocolState.STOP, (Act.FORGET_ERROR, *_ENDS.acts))
_BREAKS = LifeStep(ProtocolState.STOP, (*_ENDS.acts, Act.FINISH))
_STARVES = LifeStep(ProtocolState.STOP, (Act.LOG_RETRY, *_BREAKS.acts))
_FINISH = LifeStep(ProtocolState.STOP, (Act.FINISH,))
_FLUSHES = LifeStep(ProtocolState.FLUSH, (Act.TRACE_STATE, Act.ENTER, Act.CLOSE_CHANNELS, Act.FLUSH))
_IS_DOWN = LifeStep(ProtocolState.DOWN, (Act.TRACE_STATE, Act.ENTER, Act.CALL_WAITING, Act.GO_ON))
_STAYS = LifeStep(ProtocolState.DOWN, (Act.CANCEL_RETRY, Act.CALL_WAITING, Act.GO_ON))
_WAITS = LifeStep(ProtocolState.DOWN, (Act.ARM_RETRY,))
_NEVER = LifeStep(ProtocolState.DOWN, ())  # a mistake in the program

STATES: Final = (
    ProtocolState.DOWN,
    ProtocolState.START,
    ProtocolState.UP,
    ProtocolState.STOP,
    ProtocolState.FLUSH,
)  # the columns

# None: the event comes too late or too early in this state, and is ignored.
TABLE: Final[dict[LifeEvent, tuple[LifeStep | None, ...]]] = {
    #                         down     start     up        stop      flush
    LifeEvent.BEGIN:         (_STARTS, None,     None,     None,     None),
    LifeEvent.WENT_UP:       (None,    _WORKS,   None,     None,     None),
    LifeEvent.WENT_DOWN:     (None,    None,     _FAILS,   None,     None),
    LifeEvent.HALT:          (_STAYS,  _STOPS,   _STOPS,   None,     None),
    LifeEvent.GIVE_UP:       (_STAYS,  _ENDS,    _ENDS,    None,     None),
    LifeEvent.CRASHED:       (None,    _BREAKS,  _BREAKS,  _FINISH,  None),
    LifeEvent.OUT_OF_MEMORY: (None,    _STARVES, _STARVES, _FINISH,  None),
    LifeEvent.STOPPED:       (None,    _FLUSHES, _FLUSHES, _FLUSHES, None),
    LifeEvent.FLUSHED:       (_NEVER,  _NEVER,   _NEVER,   _NEVER,   _IS_DOWN),
    LifeEvent.RETRY:         (_WAITS,  None,     None,     None,     None),
}  # fmt: skip


class Patience:
    """The wait before an instance that ran out of memory starts again; it doubles each time."""

    FIRST = 5.0  # seconds
    MOST = 300.0
    FORGET = 600.0  # after so long without trouble the wait is FIRST again

    def __init__(self) -> None:
        self._seconds = 0.0
        self._last = -float("inf")

    def failed(self, now: float) -> float:
        """It ran out of memory at `now`; returns the seconds to wait."""
        again = now - self._last < self.FORGET
        self._seconds = min(self._seconds * 2, self.MOST) if again else self.FIRST
        self._last = now
        return self._seconds


class Life:
    """The state of one instance, and the starts and stops that were asked for."""

    def __init__(self, enabled: bool) -> None:
        self.state = ProtocolState.DOWN
        self.enabled = enabled  # by operators and the config; a disabled one does not start
        self.reason: StopReason | None = None  # of the last stop; None since the start
        self.retry: float | None = None  # seconds from being down to the next start; None: no retry
        self._begins = False  # start again as soon as it is down
        self._leaving = False  # never start again
        self._parts = 0  # channels and children that are not down yet
        self._patience = Patience()
        self._limited = -float("inf")  # when a limit last restarted it

    def begin(self) -> LifeStep | None:
        """Start, unless it runs, is disabled or is being removed."""
        if not self.enabled or self._leaving:
            return None
        step = self._transition(LifeEvent.BEGIN)
        if step is not None:
            self.reason = self.retry = None
        return step

    def begin_when_down(self) -> LifeStep | None:
        """Start now; if it is still stopping, once it is down and if it is enabled then."""
        if self.state in (ProtocolState.STOP, ProtocolState.FLUSH):
            self._begins = True
        return self.begin()

    def went_up(self) -> LifeStep | None:
        """It works."""
        return self._transition(LifeEvent.WENT_UP)

    def went_down(self) -> LifeStep | None:
        """It no longer works, and keeps trying."""
        return self._transition(LifeEvent.WENT_DOWN)

    def halt(self, reason: StopReason, begins: bool = False) -> LifeStep | None:
        """Stop for this reason; with `begins`, start again after that."""
        self.retry = None
        self._begins = self._begins or begins
        return self._stop(LifeEvent.GIVE_UP if reason in BY_ITSELF else LifeEvent.HALT, reason)

    def leave(self, reason: StopReason) -> LifeStep | None:
        """Stop for good: a restart that was asked for is dropped."""
        self._leaving = True
        return self.halt(reason)

    def crashed(self, now: float, out_of_memory: bool) -> LifeStep | None:
        """Its code raised. Running out of memory is not the code's fault: then it starts again later."""
        if not out_of_memory:
            return self._stop(LifeEvent.CRASHED, StopReason.FAILED)
        if self.state in (ProtocolState.START, ProtocolState.UP):
            self.retry = self._patience.failed(now)
        return self._stop(LifeEvent.OUT_OF_MEMORY, StopReason.FAILED)

    def _stop(self, event: LifeEvent, reason: StopReason) -> LifeStep | None:
        if self.state in (ProtocolState.START, ProtocolState.UP):
            self.reason = reason
        return self._transition(event)

    def stopped(self) -> LifeStep | None:
        """It has closed what it opened."""
        step = self._transition(LifeEvent.STOPPED)
        if step is not None:
            self._parts = 1  # for `Act.FLUSH` itself, so that all parts are counted before the last one ends
        return step

    def wait_for_one(self) -> None:
        """State FLUSH waits for one more channel or child to be down."""
        self._parts += 1

    def one_done(self) -> LifeStep | None:
        """A channel or child is down, or `Act.FLUSH` is complete; after the last the state is down."""
        self._parts -= 1
        return None if self._parts else self._transition(LifeEvent.FLUSHED)

    def go_on(self) -> LifeStep | None:
        """It is down and the waiting callbacks were called: start again now, later or not at all."""
        begins, self._begins = self._begins, False
        step = self.begin() if begins else None
        return step if step is not None or self.retry is None else self._transition(LifeEvent.RETRY)

    def consume_retry(self) -> float:
        """The seconds after which it starts again, for the timer; clears them."""
        assert self.retry is not None
        seconds, self.retry = self.retry, None
        return seconds

    def limited(self, now: float, within: float) -> bool:
        """A limit restarts it; True if the last time was less than `within` seconds ago (too often)."""
        often = now - self._limited < within
        self._limited = now
        return often

    def _transition(self, event: LifeEvent) -> LifeStep | None:
        step = TABLE[event][STATES.index(self.state)]
        assert step is not _NEVER, f"{event.name} in {self.state.name}"
        if step is not None:
            self.state = step.to
        return step
