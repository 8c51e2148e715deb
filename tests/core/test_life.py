"""The life of an instance: every event in every state, and what the instance is told to do."""

import pytest

from pybird.core.life import STATES, TABLE, Act, Life, LifeEvent, Patience, ProtocolState, StopReason
from pybird.core.protocol import _ACTS

NOW = 1000.0


def in_state(state):
    life = Life(enabled=True)
    if state is not ProtocolState.DOWN:
        life.begin()
    if state is ProtocolState.UP:
        life.went_up()
    if state in (ProtocolState.STOP, ProtocolState.FLUSH):
        life.halt(StopReason.DISABLED)
    if state is ProtocolState.FLUSH:
        life.stopped()
    assert life.state is state
    return life


def acts(step):
    return None if step is None else [act.name.lower() for act in step.acts]


HAPPENS = {
    "begin": lambda life: life.begin(),
    "begin when down": lambda life: life.begin_when_down(),
    "went up": lambda life: life.went_up(),
    "went down": lambda life: life.went_down(),
    "disabled": lambda life: life.halt(StopReason.DISABLED),
    "restarted": lambda life: life.halt(StopReason.RESTARTED, begins=True),
    "limit": lambda life: life.halt(StopReason.LIMIT),
    "leaves": lambda life: life.leave(StopReason.REMOVED),
    "crashed": lambda life: life.crashed(NOW, out_of_memory=False),
    "out of memory": lambda life: life.crashed(NOW, out_of_memory=True),
    "stopped": lambda life: life.stopped(),
    "goes on": lambda life: life.go_on(),
}
# "-": nothing is to be done, and the state stays.
AFTER = """
                 down   start  up     stop   flush
begin            start  -      -      -      -
begin when down  start  -      -      -      -
went up          -      up     -      -      -
went down        -      -      start  -      -
disabled         down   stop   stop   -      -
restarted        down   stop   stop   -      -
limit            down   stop   stop   -      -
leaves           down   stop   stop   -      -
crashed          -      stop   stop   stop   -
out of memory    -      stop   stop   stop   -
stopped          -      flush  flush  flush  -
goes on          -      -      -      -      -
"""
PAIRS = [
    (line[:17].strip(), ProtocolState(state), after)
    for line in AFTER.strip("\n").splitlines()[1:]
    for state, after in zip(AFTER.split()[:5], line[17:].split(), strict=True)
]


@pytest.mark.parametrize(("event", "state", "after"), PAIRS, ids=lambda each: getattr(each, "value", each))
def test_each_event_in_each_state(event, state, after):
    life = in_state(state)
    step = HAPPENS[event](life)
    if after == "-":
        assert (step, life.state) == (None, state)
    else:
        assert step is not None
        assert (step.to, life.state) == (ProtocolState(after), ProtocolState(after))


def test_the_grid_asks_for_every_method_and_every_state():
    assert {event for event, _, _ in PAIRS} == set(HAPPENS)
    assert {state for _, state, _ in PAIRS} == set(ProtocolState)


def test_the_table_is_whole_and_the_instance_knows_every_act():
    assert set(TABLE) == set(LifeEvent)
    assert {len(row) for row in TABLE.values()} == {len(STATES)}
    assert set(STATES) == set(ProtocolState)
    assert set(_ACTS) == set(Act)
    assert {act for row in TABLE.values() for step in row if step is not None for act in step.acts} == set(
        Act
    )


def test_it_is_flushed_only_while_it_flushes():
    for state in set(ProtocolState) - {ProtocolState.FLUSH}:
        life = in_state(state)
        life.wait_for_one()
        with pytest.raises(AssertionError, match=f"FLUSHED in {state.name}"):
            life.one_done()


# what is done, in which order --------------------------------------------


def test_begin_says_so_before_the_protocol_is_called_and_tells_the_state_after_it():
    assert acts(in_state(ProtocolState.DOWN).begin()) == [
        "cancel_retry",
        "reserve_memory",
        "forget_failure",
        "trace_starting",
        "enter",
        "call_start",
        "trace_state",
        "trace_interfaces",
    ]


def test_up_forgets_the_last_error():
    assert acts(in_state(ProtocolState.START).went_up()) == ["forget_error", "trace_state", "enter"]


def test_down_leaves_the_channels_after_the_state_was_told():
    assert acts(in_state(ProtocolState.UP).went_down()) == ["trace_state", "enter", "leave_channels"]


STOP = ["trace_stopping", "enter", "call_stop", "trace_state", "close_channels"]


@pytest.mark.parametrize("state", [ProtocolState.START, ProtocolState.UP])
def test_who_is_stopped_forgets_its_error_and_who_gives_up_keeps_it(state):
    operators = set(StopReason) - {
        StopReason.LIMIT,
        StopReason.EXPORT_LIMIT,
        StopReason.ERROR,
        StopReason.FAILED,
    }
    for reason in StopReason:
        life = in_state(state)
        assert acts(life.halt(reason)) == (["forget_error", *STOP] if reason in operators else STOP)
        assert life.reason is reason


@pytest.mark.parametrize("state", [ProtocolState.START, ProtocolState.UP])
def test_who_crashes_is_finished_for(state):
    life = in_state(state)
    assert acts(life.crashed(NOW, out_of_memory=False)) == [*STOP, "finish"]
    assert (life.reason, life.retry) == (StopReason.FAILED, None)


def test_who_crashes_while_it_stops_keeps_its_reason():
    life = in_state(ProtocolState.STOP)
    assert acts(life.crashed(NOW, out_of_memory=True)) == ["finish"]
    assert (life.reason, life.retry) == (StopReason.DISABLED, None)


def test_stopped_closes_the_channels_and_waits():
    assert acts(in_state(ProtocolState.UP).stopped()) == ["trace_state", "enter", "close_channels", "flush"]


def test_it_is_down_with_the_last_of_what_it_waits_for():
    life = in_state(ProtocolState.FLUSH)
    life.wait_for_one()
    life.wait_for_one()
    assert [life.one_done(), life.one_done(), life.state] == [None, None, ProtocolState.FLUSH]
    assert acts(life.one_done()) == ["trace_state", "enter", "call_waiting", "go_on"]
    assert life.state is ProtocolState.DOWN


def test_who_is_down_and_told_to_stop_tells_those_who_wait():
    assert acts(in_state(ProtocolState.DOWN).halt(StopReason.SHUTDOWN)) == [
        "cancel_retry",
        "call_waiting",
        "go_on",
    ]


# what was asked for beside it ----------------------------------------------


def end(life):
    """Down from wherever it is; what `go_on` then says."""
    life.stopped()
    life.one_done()
    assert life.state is ProtocolState.DOWN
    return life.go_on()


def test_the_disabled_do_not_begin():
    life = Life(enabled=False)
    assert life.begin() is None
    life.enabled = True
    assert life.begin().to is ProtocolState.START


def test_begin_forgets_the_reason_of_the_last_stop():
    life = in_state(ProtocolState.UP)
    life.halt(StopReason.LIMIT)
    assert end(life) is None
    assert life.reason is StopReason.LIMIT
    life.begin()
    assert life.reason is None


@pytest.mark.parametrize(
    "state", [ProtocolState.START, ProtocolState.UP, ProtocolState.STOP, ProtocolState.FLUSH]
)
def test_a_restart_begins_once_when_it_is_down(state):
    life = in_state(state)
    life.halt(StopReason.RESTARTED, begins=True)
    assert end(life).to is ProtocolState.START
    life.halt(StopReason.DISABLED)
    assert end(life) is None


def test_what_stops_and_is_enabled_begins_when_it_is_down():
    life = in_state(ProtocolState.STOP)
    assert life.begin_when_down() is None
    assert end(life).to is ProtocolState.START


def test_a_restart_that_is_disabled_meanwhile_does_not_begin():
    life = in_state(ProtocolState.UP)
    life.halt(StopReason.RESTARTED, begins=True)
    life.enabled = False
    assert end(life) is None
    life.enabled = True
    assert life.go_on() is None  # it was asked for once


def test_who_leaves_never_begins_again():
    life = in_state(ProtocolState.UP)
    life.halt(StopReason.RESTARTED, begins=True)
    life.leave(StopReason.REMOVED)
    assert end(life) is None
    assert (life.begin(), life.begin_when_down()) == (None, None)


def starve(life, now):
    step = life.crashed(now, out_of_memory=True)
    assert acts(step) == ["log_retry", *STOP, "finish"]
    return life.retry


def test_out_of_memory_it_starts_again_later_each_time_twice_as_long():
    life, seconds = in_state(ProtocolState.UP), []
    for _ in range(8):
        seconds.append(starve(life, NOW))
        assert acts(end(life)) == ["arm_retry"]
        assert life.consume_retry() == seconds[-1]
        assert life.go_on() is None  # the timer is armed once
        life.begin()
    assert seconds == [5, 10, 20, 40, 80, 160, 300, 300]
    assert starve(life, NOW + Patience.FORGET) == Patience.FIRST


def test_whoever_stops_it_ends_the_wait_for_memory():
    life = in_state(ProtocolState.UP)
    starve(life, NOW)
    life.halt(StopReason.DISABLED)  # it stops already
    assert life.retry is None
    assert end(life) is None


def test_a_restart_comes_before_the_wait_for_memory():
    life = in_state(ProtocolState.UP)
    starve(life, NOW)
    life.begin_when_down()
    assert end(life).to is ProtocolState.START
    assert life.retry is None


def test_limits_restart_too_often_within_the_time():
    life = Life(enabled=True)
    assert [life.limited(now, 60.0) for now in (0.0, 60.0, 100.0, 159.9, 219.9)] == [
        False,
        False,
        True,
        True,
        False,
    ]
