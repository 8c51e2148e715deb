"""`python -m tests.side_by_side NAME...`: the columns of these cases (names may have `*` and `?`)."""

from __future__ import annotations

import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from tests.interop.lab import Lab
from tests.side_by_side.case import CASES, run
from tests.side_by_side.cases import load
from tests.side_by_side.compare import judge, table
from tests.side_by_side.world import kinds_for


def main(patterns: list[str]) -> None:
    load()
    for one in CASES.values():
        if not any(fnmatchcase(one.name, pattern) for pattern in patterns):
            continue
        with tempfile.TemporaryDirectory(prefix="pybird-side-") as folder, Lab(Path(folder)) as lab:
            columns = run(lab, one, kinds_for(one.dialect3, one.since, one.frr))
        verdict = judge(one.name, columns)
        print(f"##### {one.name}", *(f"differs: {key}" for key in verdict.wrong), sep="\n  ")
        print(table(columns, width=2000))
        print(*(f"  pending: {key} ({point})" for key, point in verdict.pending.items()), sep="\n", end="")
        print(*(f"  list: {entry}" for entry in verdict.stale), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ["*"])
