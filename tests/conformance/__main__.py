"""Run the cases against devices, keep the results, write the table: see the docstring of the package."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.conformance.bench import Bench, Device
from tests.conformance.cases import CASES, Case
from tests.conformance.devices import DEVICES, why_not
from tests.interop.lab import Lab, why_no_namespaces

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
DOCUMENT = HERE.parent.parent / "docs" / "interop.md"
BEGIN, END = "<!-- conformance: begin -->\n", "<!-- conformance: end -->\n"


def outcome(device: Device, one: Case) -> str:
    """Empty if the device passed the case, else what went wrong."""
    with tempfile.TemporaryDirectory(prefix="pybird-lab-") as folder, Lab(Path(folder)) as lab:
        bench = None
        try:
            bench = Bench(lab, device)
            if one.session:
                one.run(bench, bench.session())  # type: ignore[call-arg]
            else:
                one.run(bench)  # type: ignore[call-arg]
        except AssertionError as problem:
            return (str(problem).splitlines() or ["it did not"])[0][:200]
        finally:
            if bench is not None:
                bench.close()
    return ""


def tested(device: Device, wanted: str) -> Iterator[tuple[str, str]]:
    """(number, outcome) of every case whose number begins with `wanted`."""
    for one in CASES:
        if one.number.startswith(wanted):
            found = outcome(device, one)
            sys.stdout.write(f"{device.name:9} {one.number:5} {one.text:.70}: {found or 'yes'}\n")
            sys.stdout.flush()
            yield one.number, found


def load() -> dict[str, dict[str, object]]:
    """Results by device: `date`, and `cases` by number, empty text for those that passed."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def keep(name: str, number: str, found: str) -> None:
    """Write one result into the file."""
    results = load()
    mine = results.setdefault(name, {"cases": {}})
    mine["date"] = datetime.now(UTC).strftime("%Y-%m-%d")
    mine["cases"][number] = found  # type: ignore[index]
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")


def table(results: dict[str, dict[str, object]]) -> str:
    """The table of docs/interop.md."""
    names = [name for name in DEVICES if name in results]
    heads = [f"{DEVICES[name].title} ({results[name]['date']})" for name in names]
    lines = [f"| section | what | {' | '.join(heads)} |", "|---" * (2 + len(names)) + "|"]
    for one in CASES:
        cells = []
        for name in names:
            found = results[name]["cases"].get(one.number)  # type: ignore[attr-defined]
            cells.append("?" if found is None else "no" if found else "yes")
        lines.append(f"| {one.number} | {one.text} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def written(text: str, results: dict[str, dict[str, object]]) -> str:
    """A document with the table in its place."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + table(results) + END + rest.split(END)[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("devices", nargs="*", help=f"of {', '.join(DEVICES)}; none: write the table only")
    parser.add_argument("--only", default="", help="cases whose number begins so")
    options = parser.parse_args()
    if unknown := set(options.devices) - DEVICES.keys():
        parser.error(f"no such device: {', '.join(sorted(unknown))}")
    if options.devices and (reason := why_no_namespaces()):
        parser.error(reason)
    for name in options.devices:
        if reason := why_not(DEVICES[name]):
            parser.error(f"{name}: {reason}")
        for number, found in tested(DEVICES[name], options.only):
            keep(name, number, found)
    DOCUMENT.write_text(written(DOCUMENT.read_text(), load()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
