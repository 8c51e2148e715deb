"""What the daemons of a case showed, beside each other: what PyBIRD must have, and what it has.

Of each key of the answers, PyBIRD must show what BIRD 2.19 shows; without a
2.19, what Debian's 2.0 shows, unless that is known to be another (`OLDER`);
without that, what BIRD 3 shows. In dialect 3 it must show what BIRD 3 shows.
Else the key stands in `DIFFERENCES`, with what ours shows, or in `PENDING`.
FRR, where a case asks it, is no judge: an entry of `DIFFERENCES` says whether it
does as ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.side_by_side.case import FAILED, REFUSED, Column
from tests.side_by_side.differences import DIFFERENCES, OLDER, Difference
from tests.side_by_side.pending import PENDING
from tests.side_by_side.world import FRR

MISSING = "(no such key)"
WIDTH = 600


@dataclass
class Verdict:
    """The keys of a case: `wrong` ones with why, those that are `pending`, those `different` on purpose.

    `stale`: what stands in a list in vain, and what makes the comparison worthless.
    """

    wrong: dict[str, str] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    different: set[str] = field(default_factory=set)
    stale: list[str] = field(default_factory=list)


def judge(name: str, columns: Sequence[Column]) -> Verdict:
    """Compare ours with the BIRDs, in every dialect that was run."""
    verdict = Verdict()
    for ours in (column for column in columns if column.kind.ours):
        for key, value, reference in _compared(name, ours, columns):
            _judge(verdict, name, key, value, reference)
    _judge_older(verdict, name, columns)
    _judge_frr(verdict, name, columns)
    verdict.stale += [
        f"{column.kind.name} {key}: {column.answers[key]}"
        for column in columns
        for key in (FAILED, REFUSED)
        if not column.kind.ours and key in column.answers
    ]
    if any(column.kind.name in ("bird 2.19", "bird 3") for column in columns):  # else some keys have no judge
        verdict.stale += _in_vain(verdict, name)
    return verdict


def _in_vain(verdict: Verdict, name: str) -> list[str]:
    """Entries for which nothing differs any more."""
    found = [
        f"PENDING has {entry!r}, which is equal"
        for entry in pending_of(name)
        if not any(_covers(entry, name, key) for key in verdict.pending)
    ]
    found += [
        f"DIFFERENCES has {name}, {one.key!r}, which is equal"
        for one in DIFFERENCES
        if one.case == name
        and not any(matches(one.key, key) for key in (*verdict.different, *verdict.pending))
    ]
    return found


def matches(pattern: str, key: str) -> bool:
    """Whether a key of a list, where `*` stands for any text, means this one."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), key) is not None


def pending_of(name: str) -> list[str]:
    """The entries of `PENDING` for a case: its name, or `name: key`."""
    return [entry for entry in PENDING if entry.partition(": ")[0] == name]


def _covers(entry: str, name: str, key: str) -> bool:
    return entry == name or matches(entry, f"{name}: {key}")


def _compared(name: str, ours: Column, columns: Sequence[Column]) -> Iterator[tuple[str, Any, Any]]:
    """Key, our value, and the one to have, of all keys for which there is one."""
    keys = {key for column in columns for key in column.answers}
    for key in sorted(keys):
        column = _reference(name, key, ours, columns)
        if column is not None:
            yield key, ours.answers.get(key, MISSING), column.answers.get(key, MISSING)


def _reference(name: str, key: str, ours: Column, columns: Sequence[Column]) -> Column | None:
    birds = {column.kind.name: column for column in columns if not column.kind.ours}
    if ours.kind.dialect == 3:
        return birds.get("bird 3")
    if "bird 2.19" in birds:
        return birds["bird 2.19"]
    if "bird 2.0" in birds and key not in OLDER.get(name, {}):
        return birds["bird 2.0"]
    return birds.get("bird 3")


def _judge(verdict: Verdict, name: str, key: str, value: Any, reference: Any) -> None:
    difference = difference_of(name, key)
    if value == reference and (difference is None or "*" in difference.key):
        return
    if difference is not None and value == difference.ours and value != reference:
        verdict.different.add(key)
        return
    point = next((PENDING[entry] for entry in pending_of(name) if _covers(entry, name, key)), None)
    if point is not None:
        verdict.pending[key] = point
    elif value != reference:
        verdict.wrong[key] = "is not what DIFFERENCES says" if difference else "differs"


def difference_of(name: str, key: str) -> Difference | None:
    return next((one for one in DIFFERENCES if one.case == name and matches(one.key, key)), None)


def _judge_older(verdict: Verdict, name: str, columns: Sequence[Column]) -> None:
    """`OLDER` is what makes a machine with only Debian's BIRD judge as one with all of them."""
    found = {column.kind.name: column.answers for column in columns}
    if "bird 2.0" not in found or "bird 2.19" not in found:
        return
    known = OLDER.get(name, {})
    for key in sorted({*found["bird 2.0"], *found["bird 2.19"], *known}):
        equal = found["bird 2.0"].get(key, MISSING) == found["bird 2.19"].get(key, MISSING)
        if not equal and key not in known:
            verdict.stale.append(f"OLDER lacks {name}, {key!r}: 2.0.12 and 2.19.2 differ")
        if equal and key in known:
            verdict.stale.append(f"OLDER has {name}, {key!r}: 2.0.12 and 2.19.2 are equal")


def _judge_frr(verdict: Verdict, name: str, columns: Sequence[Column]) -> None:
    """Where ours is not as BIRD, the list says whether FRR is as ours, and it must be so."""
    frr = next((column.answers for column in columns if column.kind is FRR), None)
    for key in sorted(verdict.different) if frr is not None else ():
        difference = difference_of(name, key)
        assert difference is not None
        if (frr.get(key, MISSING) == difference.ours) != difference.as_frr:
            says = "as_frr, and it is not" if difference.as_frr else "not as_frr, and it is"
            verdict.stale.append(f"DIFFERENCES has {name}, {key!r}: {says}")


def table(columns: Sequence[Column], keys: Sequence[str] | None = None, width: int = WIDTH) -> str:
    """The answers by key: `=` and the value where all agree, else a line for each daemon."""
    rows = []
    for key in sorted({key for column in columns for key in column.answers}):
        if keys is not None and key not in keys:
            continue
        values = {column.kind.name: _text(column.answers, key) for column in columns}
        if len(set(values.values())) == 1:
            rows.append(f"  = {key}: {next(iter(values.values()))[:width]}")
            continue
        rows.append(f"  {_mark(values)} {key}:")
        rows += _side_by_side(values, width)
    return "\n".join(rows)


def _mark(values: Mapping[str, str]) -> str:
    """Whom ours agrees with: `2` for 2.19, `0` for 2.0, `3`, or `X` for nobody."""
    ours = values.get("pybird")
    for name, mark in (("bird 2.19", "2"), ("bird 2.0", "0"), ("bird 3", "3")):
        if values.get(name) == ours:
            return mark
    return "X"


def _text(answers: Mapping[str, Any], key: str) -> str:
    return json.dumps(answers[key], sort_keys=True) if key in answers else MISSING


def _side_by_side(values: Mapping[str, str], width: int) -> list[str]:
    """A line for each daemon; where the values are long, from shortly before they part."""
    same = 0
    for letters in zip(*values.values(), strict=False):
        if len(set(letters)) > 1:
            break
        same += 1
    begin = max(same - 60, 0) if max(map(len, values.values())) > width else 0
    lead = "..." if begin else ""
    return [f"      {name:>16}: {lead}{text[begin : begin + width]}" for name, text in values.items()]
