"""What the tests of the configuration share: one language, texts as files."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from pybird.conf.errors import ConfigError, ConfigErrors
from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.proto import PROTOCOLS

DEVICE = "protocol device {}\n"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pybird"


@cache
def language() -> Language:
    """The language, made once for all tests."""
    return Language(PROTOCOLS, cache=CACHE)


class TextFiles:
    """Files that exist only here."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> str:
        name = path.removeprefix("./")
        if name not in self.texts:
            raise FileNotFoundError(2, "No such file or directory", path)
        return self.texts[name]

    def find(self, pattern: str) -> list[str]:
        from fnmatch import fnmatch

        if pattern.startswith("nodir/"):
            raise FileNotFoundError(2, "No such file or directory", pattern)
        return sorted(name for name in self.texts if fnmatch(name, pattern))


def load(text: str, **files: str) -> Config:
    """A configuration given as text; `files` by name, `_` in it is a dot."""
    found = {name.replace("_", "."): body for name, body in files.items()}
    return language().read(text, "bird.conf", TextFiles(found))


def errors(text: str, **files: str) -> list[ConfigError]:
    """The errors of a configuration; none is a failure."""
    try:
        load(text, **files)
    except ConfigErrors as found:
        return found.errors
    raise AssertionError("no error was found")


def error(text: str, **files: str) -> ConfigError:
    """The one error."""
    found = errors(text, **files)
    assert len(found) == 1, [str(each) for each in found]
    return found[0]
