"""`pybird check FILE...`: errors in configurations, and what is worth a second look.

Errors come with the source line and a caret, then warnings, each with its code
(`docs/lint.md` explains them). The exit status is 0 when every file can be run
and 1 when one cannot; with `--strict` warnings count as well. `--json` gives
the same as one object: `ok`, `errors` and `warnings`, each with code, file,
line, column, end_line, end_column and message, and `not_run`, the protocols
that are understood and not run. `-` is standard input.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from typing import Any

from pybird.conf.errors import ConfigError, ConfigErrors
from pybird.conf.language import Language
from pybird.conf.model import Config, NotRun
from pybird.filter.nodes import Span
from pybird.tools.language import make_language
from pybird.tools.lint.codes import ERROR, MISSING_POLICY, OTHER
from pybird.tools.lint.context import Finding
from pybird.tools.lint.run import findings
from pybird.tools.text import Texts, counted

NO_POLICY = "EBGP requires explicit"


@dataclass(slots=True)
class CheckedFile:
    """The findings in one configuration; `config` is None when it has errors."""

    path: str
    config: Config | None = None
    errors: list[ConfigError] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


def main(argv: list[str]) -> int:
    """Check the files named in the arguments; 0 if all can be run (`--strict`: and none has warnings)."""
    parser = argparse.ArgumentParser(prog="pybird check", description="Say what is wrong with a bird.conf.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a configuration, - for standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--strict", action="store_true", help="warnings are failures")
    options = parser.parse_args(argv)
    language, texts = make_language(), Texts()
    checked, unread = [], False
    for path in options.files:
        try:
            checked.append(check(language, path, texts))
        except OSError as problem:
            print(f"pybird check: {path}: {problem.strerror or problem}", file=sys.stderr)
            unread = True
    if not checked:
        return 1
    wrong = any(each.errors or (options.strict and each.warnings) for each in checked)
    if options.json:
        print(json.dumps(as_json(checked, ok=not (wrong or unread)), indent=2))
    else:
        for each in checked:
            show(each, texts)
    return 1 if wrong or unread else 0


def check(language: Language, path: str, texts: Texts) -> CheckedFile:
    """Everything there is to say about one configuration; `-` is standard input.

    Raises:
        OSError: it cannot be read.
    """
    texts.begin_configuration()
    try:
        if path == "-":
            text = sys.stdin.read()
            texts.set_text(path, text)
            reading = language.examine_text(text, path, texts)
        else:
            reading = language.examine(path, texts)
    except ConfigErrors as found:
        warnings = [Finding(each.code or OTHER, each.span, each.text) for each in found.warnings]
        return CheckedFile(path, None, found.errors, warnings)
    return CheckedFile(path, reading.config, [], findings(reading))


def not_run(config: Config) -> list[str]:
    """The names of the protocols that this version understands and does not run."""
    return [each.name for each in config.protocols if isinstance(each, NotRun)]


def show(checked: CheckedFile, texts: Texts) -> None:
    """Text for people: errors, warnings, one line of summary."""
    for error in checked.errors:
        print(error.show())
    for warning in checked.warnings:
        span = warning.span
        print(f"{span.file}:{span.line}:{span.column} warning: {warning.message} [{warning.code}]")
        for line in texts.marked(span):
            print(line)
    config = checked.config
    if config is None:
        print(f"{checked.path}: {counted(len(checked.errors), 'error')}")
        return
    skipped = not_run(config)
    more = f"; not run: {', '.join(skipped)}" if skipped else ""
    remarks = f", {counted(len(checked.warnings), 'warning')}" if checked.warnings else ""
    protocols = counted(len(config.protocols) - len(skipped), "protocol")
    verdict = "is right, and a router refuses to start with it" if config.refusals else "can be run"
    print(f"{checked.path}: {verdict}, {protocols}{remarks}{more}")


def as_json(checked: list[CheckedFile], *, ok: bool) -> dict[str, Any]:
    """The result as plain values."""
    return {
        "ok": ok,
        "errors": [_error(error) for each in checked for error in each.errors],
        "warnings": [
            {"code": warning.code, **_place(warning.span), "message": warning.message}
            for each in checked
            for warning in each.warnings
        ],
        "not_run": [name for each in checked if each.config is not None for name in not_run(each.config)],
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
    code = MISSING_POLICY if error.message.startswith(NO_POLICY) else ERROR
    found = {
        "code": code,
        **_place(error.span),
        "message": error.message,
        "expected": list(error.expected),
    }
    if error.hint:
        found["hint"] = error.hint
    if error.related:
        text, span = error.related
        found["related"] = {**_place(span), "message": text}
    return found
