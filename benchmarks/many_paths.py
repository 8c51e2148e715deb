"""Many paths of one network from one neighbor (add-path), on the simulated network: seconds of CPU.

The paths are equal but for their ids, of which the lowest is best. They come best first
or best last, are withdrawn best first, come again, and go with their session.

    python benchmarks/many_paths.py [paths]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from pybird.proto.bgp.wire.messages import Notification

NEIGHBOR: Any = import_module("tests.scenarios.test_add_paths")  # what it says; tests have no types
READ = 60_000  # octets that the neighbor sends at once


def sent(line: Any, messages: Iterable[bytes]) -> float:
    """CPU seconds until the router has handled these messages."""
    began, octets = process_time(), b""
    for message in messages:
        octets += message
        if len(octets) > READ:
            line.say(octets, 0.01)
            octets = b""
    line.say(octets, 0.01)
    return process_time() - began


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    print(f"| {count} paths | come | withdrawn | go with the session |\n|---|---|---|---|")
    for order, numbers in (("best first", range(1, count + 1)), ("best last", range(count, 0, -1))):
        line = NEIGHBOR.up()
        come = sent(line, [NEIGHBOR.announce(NEIGHBOR.path(number)) for number in numbers])
        routes = line.router.tables["master4"].get
        assert len(routes(NEIGHBOR.KEY)) == count
        go = sent(line, [NEIGHBOR.withdraw(NEIGHBOR.path(number)) for number in range(1, count + 1)])
        assert not routes(NEIGHBOR.KEY)
        sent(line, [NEIGHBOR.announce(NEIGHBOR.path(number)) for number in numbers])
        lost = sent(line, [Notification.cease(4).encode()])
        line.lab.run(5)
        assert not routes(NEIGHBOR.KEY)
        print(f"| {order} | {come:.2f} s | {go:.2f} s | {lost:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
