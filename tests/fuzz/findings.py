"""What fuzzing found: each kind of failure once, the text that shows it in a file."""

from __future__ import annotations

import traceback
from pathlib import Path

from tests.fuzz.seeds import Seed
from tests.fuzz.targets import MAIN


class Findings:
    """The failures of one run, by the place in the program that failed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places: dict[str, Path] = {}

    @staticmethod
    def place(error: BaseException) -> str:
        """Kind and innermost lines of our own code."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "/pybird/" in f.filename]
        frames = frames or list(traceback.extract_tb(error.__traceback__))
        last = frames[-1]
        return f"{type(error).__name__} {Path(last.filename).name}:{last.name}:{last.line}"

    def add(self, target: str, seed: Seed, error: BaseException) -> bool:
        """Keep it; False if one of its kind is there."""
        place = f"{target}: {self.place(error)}"
        if place in self.places:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{target}-{len(list(self.folder.iterdir()))}.txt"
        parts = [f"# {place}", *traceback.format_exception(error)]
        parts += [f"--- {name}\n{text}" for name, text in {**seed.files, MAIN: seed.text}.items()]
        path.write_text("\n".join(parts), encoding="utf-8", errors="surrogateescape")
        self.places[place] = path
        print(f"FOUND {place}: {path}", flush=True)
        return True
