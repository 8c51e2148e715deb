"""`python -m tests.fuzz.verdicts`: texts that PyBIRD accepts and no BIRD, or the other way round.

Small configurations of other tests with a few pieces changed are given to
`bird -p` of every BIRD that is there (Debian's, and the builds in `BIRD219_DIR`
and `BIRD3_DIR`) and to PyBIRD. What is judged differently is written to
`--file`, a JSON object per line. Differences on purpose (docs/differences.md)
are among them: this is a search, and no test.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from pybird.conf.errors import ConfigErrors
from pybird.values.text import to_octets
from tests.fuzz.seeds import configs
from tests.fuzz.targets import MAIN, Texts, language
from tests.fuzz.texts import PIECES, grammar, rearranged
from tests.generated.programs import birds, verdict

LARGEST = 1500  # characters of a configuration to begin with
WORD = re.compile(r"[\w.:/]+\Z")


class Changes:
    """Draws texts."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._words = sorted({word for options in grammar().words.values() for word in options})
        self._seeds = [
            seed.text
            for seed in configs()
            if not seed.files and len(seed.text) < LARGEST and "include" not in seed.text
        ]

    def draw(self) -> str:
        """A configuration with one or two pieces dropped, doubled, moved or replaced."""
        random = self._random
        pieces = PIECES.findall(random.choice(self._seeds))
        for _ in range(random.choice((1, 1, 1, 2))):
            first = random.randrange(len(pieces) + 1)
            last = min(len(pieces), first + random.randrange(6))
            match random.randrange(6):
                case 0 | 1 | 2 as way:
                    rearranged(pieces, way, first, last, lambda size: random.randrange(size + 1))
                case 3:
                    pieces[first : first + 1] = [" ", random.choice(self._words), " "]
                case 4:
                    other = PIECES.findall(random.choice(self._seeds))
                    start = random.randrange(len(other) + 1)
                    pieces[first:last] = other[start : start + random.randrange(1, 12)]
                case _:
                    words = [at for at, piece in enumerate(pieces) if WORD.match(piece)]
                    if words:
                        pieces[random.choice(words)] = random.choice(self._words)
        return "".join(pieces)


def ours(text: str) -> str:
    """What is wrong; nothing when it is accepted."""
    try:
        language().read(text, MAIN, Texts({MAIN: text}))
    except ConfigErrors as found:
        return str(found.errors[0])
    return ""


def main() -> int:
    """Search for so long."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.verdicts", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, default=Path("build/fuzz/verdicts.jsonl"))
    options = parser.parse_args()
    programs = birds()
    if not programs:
        print("no BIRD is here", file=sys.stderr)
        return 1
    changes = Changes(Random(options.seed))
    options.file.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + options.seconds
    count = different = 0
    with tempfile.TemporaryDirectory() as folder, options.file.open("a") as file:
        path = Path(folder, MAIN)
        while time.monotonic() < end:
            text = changes.draw()
            path.write_bytes(to_octets(text))
            said = {name: verdict(program, path) for name, program in programs.items()}
            count += 1
            mine = ours(text)
            if bool(mine) == all(said.values()):
                continue
            different += 1
            print(json.dumps({"text": text, "pybird": mine, **said}), file=file, flush=True)
    print(f"{', '.join(programs)}: {count} texts, {different} judged differently: {options.file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
