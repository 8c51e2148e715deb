"""`pybird check FILE`: what is wrong with a configuration, and what of it is not run.

Errors come with the source line and a caret, then warnings. The exit status is
0 when the file can be run and 1 when it cannot. `--json` gives the same as one
object: `ok`, `errors` and `warnings`, each with file, line, column, end_line,
end_column and message, and `not_run`, the protocols that are only understood.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from pybird.conf.errors import ConfigError, ConfigErrors, caret
from pybird.conf.include import DiskFiles
from pybird.conf.language import Language
from pybird.conf.model import Config, Warning  # noqa: A004
from pybird.filter.nodes import Span
from pybird.io.files import cache_folder, iproute2_names
from pybird.proto import PROTOCOLS


def main(argv: list[str]) -> int:
    """Check the file named in the arguments; 0 if it can be run."""
    parser = argparse.ArgumentParser(prog="pybird check", description="Say what is wrong with a bird.conf.")
    parser.add_argument("file", help="the configuration")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args(argv)
    language = Language(PROTOCOLS, cache=cache_folder(), numbers=iproute2_names())
    config: Config | None = None
    errors: list[ConfigError] = []
    try:
        config = language.load(options.file)
        warnings = config.warnings
    except ConfigErrors as found:
        errors, warnings = found.errors, found.warnings
    except OSError as problem:
        print(f"pybird check: {options.file}: {problem.strerror or problem}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_json(config, errors, warnings), indent=2))
    else:
        show(options.file, config, errors, warnings)
    return 1 if errors else 0


def not_run(config: Config) -> list[str]:
    """The names of the protocols that this version only understands."""
    running = {each.name for each in PROTOCOLS if each.instance is not None}
    return [each.name for each in config.protocols if each.type_name not in running]


def show(path: str, config: Config | None, errors: list[ConfigError], warnings: tuple[Warning, ...]) -> None:
    """Text for people: errors, warnings, one line of summary."""
    for error in errors:
        print(error.show())
    lines = _Lines()
    for warning in warnings:
        span = warning.span
        print(f"{span.file}:{span.line}:{span.column} warning: {warning.text}")
        source_line = lines.line(span)
        if source_line:
            print("\n".join(caret(source_line, span)))
    if config is None:
        print(f"{path}: {_count(len(errors), 'error')}")
        return
    skipped = not_run(config)
    more = f"; not run: {', '.join(skipped)}" if skipped else ""
    print(f"{path}: can be run, {_count(len(config.protocols) - len(skipped), 'protocol')}{more}")


class _Lines:
    """The lines of files, for showing warnings."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def line(self, span: Span) -> str:
        """The source line of a place, if its file can still be read."""
        if span.file not in self._files:
            try:
                self._files[span.file] = DiskFiles().read(span.file).split("\n")
            except OSError:
                self._files[span.file] = []
        lines = self._files[span.file]
        return lines[span.line - 1] if 0 < span.line <= len(lines) else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(
    config: Config | None, errors: list[ConfigError], warnings: tuple[Warning, ...]
) -> dict[str, Any]:
    """The result as plain values."""
    return {
        "ok": not errors,
        "errors": [_error(error) for error in errors],
        "warnings": [{**_place(warning.span), "message": warning.text} for warning in warnings],
        "not_run": not_run(config) if config is not None else [],
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _error(error: ConfigError) -> dict[str, Any]:
    found = {**_place(error.span), "message": error.message, "expected": list(error.expected)}
    if error.hint:
        found["hint"] = error.hint
    if error.related:
        text, span = error.related
        found["related"] = {**_place(span), "message": text}
    return found
