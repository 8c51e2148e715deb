"""The life of one instance: its state, and what is done when something happens to it.

States are the manual's: down, start, up, stop, flush. `TABLE` has every pair of
what happens and the state it meets: the state that follows and what the
instance then does, in this order. The life reads no clock (times are seconds on
the caller's) and calls nobody: each method returns the step to carry out, None
where nothing is to be done. The state is entered before the step is carried
out, so the protocol's code, which a step may call, can go on at once.
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
    """Why an instance is told to stop; BGP turns it into the NOTIFICATION it sends."""

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


# It stopped by itself: why is shown until it is up again or an operator acts.
BY_ITSELF: Final = frozenset((StopReason.LIMIT, StopReason.EXPORT_LIMIT, StopReason.ERROR, StopReason.FAILED))


class LifeEvent(Enum):
    """What happens to an instance."""

    BEGIN = auto()  # it shall run, and may
    WENT_UP = auto()  # it works
    WENT_DOWN = auto()  # it works no more and goes on trying
    HALT = auto()  # an operator, a reload or the daemon stops it
    GIVE_UP = auto()  # a limit or an error stops it
    CRASHED = auto()  # its code raised
    OUT_OF_MEMORY = auto()  # its code raised for want of memory
    STOPPED = auto()  # it has closed what it opened
    FLUSHED = auto()  # its channels and its children are down
    RETRY = auto()  # it is down, nobody starts it, and it starts again by itself


class Act(Enum):
    """What the instance does."""

    ENTER = auto()  # tell observers of the new state
    TRACE_STATE = auto()  # "State changed to"
    TRACE_STARTING = auto()
    TRACE_STOPPING = auto()
    RESERVE_MEMORY = auto()  # so that it can be stopped in order without any
    FORGET_FAILURE = auto()  # what its code raised
    FORGET_ERROR = auto()  # what is shown as its last error
    CALL_START = auto()
    CALL_STOP = auto()
    TRACE_INTERFACES = auto()  # trace the interfaces that it is told of at its start
    CLOSE_CHANNELS = auto()
    FLUSH = auto()  # wait for the channels, remove the children and wait for them
    FINISH = auto()  # take it as stopped: code that raised does not say so
    CALL_WAITING = auto()  # call those who wait until it is down
    GO_ON = auto()  # ask the life whether it starts again
    LOG_RETRY = auto()  # when it will start again
    ARM_RETRY = auto()  # start the timer for that
    CANCEL_RETRY = auto()


# The protocol's code may go on at once: these are only for who is still in the state of their step.
WHILE_THERE: Final = frozenset((Act.TRACE_STATE, Act.CLOSE_CHANNELS, Act.FINISH))


class LifeStep(NamedTuple):
    """The state that is entered, and what is done then."""

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
_FAILS = LifeStep(ProtocolState.START, (Act.TRACE_STATE, Act.ENTER, Act.CLOSE_CHANNELS))
_ENDS = LifeStep(
    ProtocolState.STOP,
    (
        Act.TRACE_STOPPING,
        Act.ENTER,
        Act.CALL_STOP,
        Act.TRACE_STATE,
        Act.CLOSE_CHANNELS,  # it may take its time; its routes need not
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

# None: it comes too late or too early there, and nothing is done.
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
    """How long to wait before the next start of what ran out of memory: doubling while it happens again."""

    FIRST = 5.0  # seconds
    MOST = 300.0
    FORGET = 600.0  # after that time without trouble it is the first again

    def __init__(self) -> None:
        self._seconds = 0.0
        self._last = -float("inf")

    def failed(self, now: float) -> float:
        """Seconds to wait from now on."""
        again = now - self._last < self.FORGET
        self._seconds = min(self._seconds * 2, self.MOST) if again else self.FIRST
        self._last = now
        return self._seconds


class Life:
    """The state of one instance, and what was asked for beside it."""

    def __init__(self, enabled: bool) -> None:
        self.state = ProtocolState.DOWN
        self.enabled = enabled  # by operators and the config: who is not does not begin
        self.reason: StopReason | None = None  # of the last stop; None since the start
        self.retry: float | None = None  # once it is down it starts again after so many seconds
        self._begins = False  # it starts again as soon as it is down
        self._leaving = False  # it never starts again
        self._parts = 0  # channels and children that are not down yet
        self._patience = Patience()
        self._limited = -float("inf")  # when a limit last restarted it

    def begin(self) -> LifeStep | None:
        """Start, unless it runs, is disabled or leaves."""
        if not self.enabled or self._leaving:
            return None
        step = self._transition(LifeEvent.BEGIN)
        if step is not None:
            self.reason = self.retry = None
        return step

    def begin_when_down(self) -> LifeStep | None:
        """Start; if it still stops, when that is over and it is enabled then."""
        if self.state in (ProtocolState.STOP, ProtocolState.FLUSH):
            self._begins = True
        return self.begin()

    def went_up(self) -> LifeStep | None:
        """It works."""
        return self._transition(LifeEvent.WENT_UP)

    def went_down(self) -> LifeStep | None:
        """It works no more, and goes on trying."""
        return self._transition(LifeEvent.WENT_DOWN)

    def halt(self, reason: StopReason, begins: bool = False) -> LifeStep | None:
        """Stop for this reason; with `begins` it starts again after that."""
        self.retry = None
        self._begins = self._begins or begins
        return self._stop(LifeEvent.GIVE_UP if reason in BY_ITSELF else LifeEvent.HALT, reason)

    def leave(self, reason: StopReason) -> LifeStep | None:
        """Stop for good: nothing that was to start it again does."""
        self._leaving = True
        return self.halt(reason)

    def crashed(self, now: float, out_of_memory: bool) -> LifeStep | None:
        """Its code raised. Out of memory is no fault of the code: it starts again later."""
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
            self._parts = 1  # `FLUSH` itself, so that it ends after all are counted
        return step

    def wait_for_one(self) -> None:
        """One more channel or child, for whose end `FLUSH` waits."""
        self._parts += 1

    def one_done(self) -> LifeStep | None:
        """One of those is down, or `FLUSH` was carried out: with the last one it is down."""
        self._parts -= 1
        return None if self._parts else self._transition(LifeEvent.FLUSHED)

    def go_on(self) -> LifeStep | None:
        """It is down and those who waited know: start again, now or later, if it shall."""
        begins, self._begins = self._begins, False
        step = self.begin() if begins else None
        return step if step is not None or self.retry is None else self._transition(LifeEvent.RETRY)

    def consume_retry(self) -> float:
        """The seconds after which it starts again, for the timer: they are asked for once."""
        assert self.retry is not None
        seconds, self.retry = self.retry, None
        return seconds

    def limited(self, now: float, within: float) -> bool:
        """A limit restarts it; True where the last time is less than `within` seconds ago: too often."""
        often = now - self._limited < within
        self._limited = now
        return often

    def _transition(self, event: LifeEvent) -> LifeStep | None:
        step = TABLE[event][STATES.index(self.state)]
        assert step is not _NEVER, f"{event.name} in {self.state.name}"
        if step is not None:
            self.state = step.to
        return step
