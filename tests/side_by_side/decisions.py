"""The decision process beside BIRD: candidates and histories from hypothesis, through real sessions.

A duel is one daemon of ours and one BIRD with the same configuration and the same
scripted neighbors. A history is a list of announcements and withdrawals of few networks by
those neighbors; both daemons hear it in the same order and must have the same best routes in
the end. `MODES` say which differences of MED a history may have: where MED counts within
a neighboring AS only, and routes are compared in the order of their arrival, the best of a cycle
depends on the order, in BIRD on more than the order (RFC 3345).
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.interop.lab import Lab, until
from tests.side_by_side.case import Side, bgp
from tests.side_by_side.speaker import Session
from tests.side_by_side.world import Kind, Place

NETS = 6  # networks of a history
OTHERS = """protocol direct { ipv4; }
protocol static own { ipv4; route 10.150.0.0/16 via 10.0.0.12; route 10.151.0.0/16 via 10.0.0.13; }
"""
# Options of every session, and whether routes of one neighboring AS may have different MEDs.
MODES = {
    "plain": ("", False),
    "deterministic med": ("deterministic med on;", True),
    "med metric": ("med metric on;", True),
    "without path metric": ("path metric off;", False),
}
INTERNAL = (2, 3, 4, 6)  # 4 is a client of ours
EXTERNAL = (5, 7)


def config(mode: str) -> str:
    """The text for a mode."""
    options = MODES[mode][0]
    text = OTHERS
    for number in EXTERNAL:
        text += bgp(number, None, options)
    for number in INTERNAL:
        text += bgp(number, 65001, options + (" rr client;" if number == 4 else ""))
    return text


@dataclass(frozen=True)
class Step:
    """A neighbor announces a network with these attributes, or withdraws it (None)."""

    number: int
    net: int
    attributes: dict[str, Any] | None

    def __str__(self) -> str:
        return f"p{self.number} {self.net}: {self.attributes or 'withdrawn'}"


def _med(mode: str) -> st.SearchStrategy[int | None]:
    return st.sampled_from((None, 0, 1, 2)) if MODES[mode][1] else st.none()


# Most routes are alike in what is compared first, so that what comes later decides, too.
PATHS = st.sampled_from(((65002,), (65002,), (65002,), (65003,), (65003,), (65002, 70), (65003, 70)))
ORIGINS = st.sampled_from((0, 0, 0, 0, 1, 2))


def external(mode: str) -> st.SearchStrategy[dict[str, Any]]:
    """Attributes of a route from another AS; paths may begin with another one's number."""
    return st.fixed_dictionaries(
        {
            "path": PATHS,
            "origin": ORIGINS,
            "med": _med(mode),
            "next_hop": st.none(),
        }
    )


def internal(mode: str) -> st.SearchStrategy[dict[str, Any]]:
    """Attributes of a route from our own AS."""
    return st.fixed_dictionaries(
        {
            "path": PATHS | st.just(()),
            "origin": ORIGINS,
            "med": _med(mode),
            "local_pref": st.sampled_from((90, 100, 100, 100, 100, 110)),
            "next_hop": st.sampled_from((None, None, "10.150.0.1", "10.151.0.1", "10.200.0.1")),
            "originator": st.sampled_from((None, None, "10.9.9.1", "10.0.0.2", "10.9.9.9")),
            "clusters": st.sampled_from(((), (), ("9.9.9.1",), ("9.9.9.1", "9.9.9.2"))),
            "aigp": st.sampled_from((None, None, None, None, None, 5, 9)),
        }
    )


def histories(mode: str) -> st.SearchStrategy[list[Step]]:
    """Histories; each neighbor says something else of a network each time, or withdraws it."""
    nets = st.integers(0, NETS - 1)
    steps = st.one_of(
        st.builds(Step, st.sampled_from(EXTERNAL), nets, external(mode)),
        st.builds(Step, st.sampled_from(INTERNAL), nets, internal(mode)),
        st.builds(Step, st.sampled_from(EXTERNAL + INTERNAL), nets, st.none()),
    )
    found = st.lists(steps, min_size=30, max_size=60)
    return found.map(_steady) if mode == "deterministic med" else found


def _steady(steps: list[Step]) -> list[Step]:
    """Each neighbor's routes of a network keep their neighboring AS.

    BIRD 2 may select a worse route after a route got another one; BIRD 3 does as we do
    (docs/differences.md).
    """
    heads: dict[tuple[int, int], tuple[int, ...]] = {}
    found = []
    for step in steps:
        if step.attributes is not None:
            path = step.attributes["path"]
            head = heads.setdefault((step.number, step.net), path[:1])
            step = Step(step.number, step.net, step.attributes | {"path": head and head + path[1:]})
        found.append(step)
    return found


class Duel:
    """Two daemons that hear the same."""

    def __init__(self, lab: Lab, kinds: list[Kind], mode: str) -> None:
        self._sides = [Side(Place(lab, kind), 0.3) for kind in kinds]
        self._pool = ThreadPoolExecutor(len(kinds))
        self._numbers = itertools.count()
        text = config(mode)
        self._sessions: dict[str, dict[int, Session]] = {}

        def begin(side: Side) -> None:
            side.start(text)
            made = side.connect(*EXTERNAL, *INTERNAL)
            self._sessions[side.kind.name] = dict(zip(EXTERNAL + INTERNAL, made, strict=True))

        list(self._pool.map(begin, self._sides))

    def played(self, steps: list[Step]) -> dict[str, dict[str, str]]:
        """The best routes that each daemon has after a history, of networks that no other history has."""
        high, low = divmod(next(self._numbers), 256)
        nets = [f"{20 + high}.{low}.{net}.0/24" for net in range(NETS)]
        marks = {each: f"{120 + high}.{low}.{each}.0/24" for each in EXTERNAL + INTERNAL}

        def play(side: Side) -> tuple[str, dict[str, str]]:
            sessions = self._sessions[side.kind.name]
            for step in steps:
                session = sessions[step.number]
                if step.attributes is None:
                    session.withdraw(nets[step.net])
                else:
                    told = {name: value for name, value in step.attributes.items() if value is not None}
                    session.announce(nets[step.net], **told)
            for each, mark in marks.items():  # all before it was heard when it is there
                sessions[each].announce(mark)
            inside = f"in {120 + high}.{low}.0.0/16"
            until(lambda: len(side.best(inside)) == len(marks), 20, "the daemon has heard all")
            found = side.best(f"in {20 + high}.{low}.0.0/16")
            for each, session in sessions.items():
                session.withdraw(*nets, marks[each])
            return side.kind.name, found

        return dict(self._pool.map(play, self._sides))

    def close(self) -> None:
        """End the scripted neighbors."""
        for side in self._sides:
            side.close()
        self._pool.shutdown()
