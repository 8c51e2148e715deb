"""Every case: what PyBIRD shows beside what each BIRD shows."""

import pytest

from tests.side_by_side.case import CASES, run
from tests.side_by_side.cases import load
from tests.side_by_side.compare import judge, table
from tests.side_by_side.world import kinds_for, without_frr

load()
pytestmark = pytest.mark.interop
# A difference must show itself again when the daemons have more time than they should need.
PATIENT = 1.5


@pytest.mark.parametrize(
    "one",
    [pytest.param(one, id=one.name, marks=[pytest.mark.long] if one.long else []) for one in CASES.values()],
)
def test_case(one, new_lab):
    kinds = kinds_for(one.dialect3, one.since, one.frr)
    if not kinds:
        pytest.skip("bird is not installed" if one.since == "2.0" else f"no BIRD {one.since} here")
    with new_lab() as lab:
        columns = run(lab, one, kinds)
        verdict = judge(one.name, columns)
    if verdict.wrong or verdict.stale:
        with new_lab() as lab:
            columns = run(lab, one, kinds, PATIENT)
            verdict = judge(one.name, columns)
    told = [*(f"{key!r} {why}" for key, why in verdict.wrong.items()), *verdict.stale]
    assert not told, f"{one.name}:\n" + "\n".join(told) + "\n" + table(columns, list(verdict.wrong) or None)
    if verdict.pending:
        pytest.xfail("; ".join(sorted({f"{point}" for point in verdict.pending.values()})))
    if one.frr and (reason := without_frr()):
        pytest.skip(f"{reason}: compared with BIRD alone")
