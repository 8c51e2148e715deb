"""One target under atheris: `python -m tests.fuzz.guided TARGET SECONDS FOLDER SEED`.

A failure is written down once per kind and the search goes on; the exit status
is 1 when there was one. A text that hangs where no signal is heard ends the
process.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
import warnings
from pathlib import Path

import atheris

with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["pybird"]):
    from tests.fuzz.findings import Findings
    from tests.fuzz.seeds import Seed, all_seeds
    from tests.fuzz.targets import BOUND, TARGETS, bounded, language

SPLIT = "\n\x1c"  # what divides a text from the files that it may include: \n\x1cNAME\n...
LARGEST = 16384  # characters
WITH_FILES = ("config", "layout")


def joined(seed: Seed) -> str:
    """One text for seed and files."""
    return "".join((seed.text, *(f"{SPLIT}{name}\n{text}" for name, text in seed.files.items())))


def divided(text: str) -> Seed:
    """The other way round."""
    main, *files = text.split(SPLIT)
    return Seed(main, {name: body for name, _, body in (each.partition("\n") for each in files)})


def prepare(name: str, folder: Path) -> list[str]:
    """Write seeds and words for libFuzzer; its arguments."""
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(all_seeds()[name]):
        octets = joined(seed).encode("utf-8", "surrogateescape")
        if len(octets) <= LARGEST:
            (corpus / f"seed-{number}").write_bytes(octets)
    words = folder / "words.txt"
    tables = language()._tables
    texts = sorted({*tables.keywords, *tables.operators})
    words.write_text("".join(f'"{text}"\n' for text in texts if '"' not in text and "\\" not in text))
    return [str(corpus), f"-dict={words}"]


def main() -> None:
    """Search until the time is over."""
    name, seconds, folder, number = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    found = Findings(folder / "found")
    found.folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("error", SyntaxWarning)  # of what filters are compiled to
    target = TARGETS[name]
    end = time.monotonic() + seconds
    count = 0

    def one(octets: bytes) -> None:
        nonlocal count
        if time.monotonic() > end:
            print(f"atheris: {name}: {count} texts", flush=True)
            os._exit(1 if found.places else 0)
        count += 1
        text = octets.decode("utf-8", "surrogateescape")
        seed = divided(text) if name in WITH_FILES else Seed(text, {})
        try:
            with bounded():
                target(*(seed if name in WITH_FILES else (text,)))
        except Exception as error:
            found.add(name, seed, error)

    arguments = prepare(name, folder)
    arguments.append(f"-seed={number % (1 << 32) or 1}")  # 0 means any number
    limits = [f"-max_len={LARGEST}", f"-timeout={int(BOUND * 6)}", "-rss_limit_mb=4096", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *arguments, *limits, f"-artifact_prefix={found.folder}/{name}-"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
