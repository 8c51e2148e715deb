"""`pybird fmt FILE...`: the canonical layout of configurations.

Only blanks and line ends change; comments stay, included files are left alone
(name them to have them laid out too). The result is read again: if any token or
comment had changed, the file would be left as it is. `--check` only
says which files would change, `--diff` shows how; both leave the files alone
and end with status 1 if there are any. `-` is standard input.

`--move-variables` also moves variables that are declared before the block of a
filter or function into the block (layout/variables.py).
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import tempfile
from io import StringIO

from pybird.conf.include import DiskFiles
from pybird.conf.tables import ParserTables
from pybird.conf.tables import load as load_tables
from pybird.filter.depth import is_deep, with_enough_stack
from pybird.io.files import cache_folder
from pybird.tools.layout.lines import layout
from pybird.tools.layout.pieces import LayoutError, Piece, Pieces
from pybird.tools.layout.statements import statements_of
from pybird.tools.layout.variables import move_variables


def main(argv: list[str]) -> int:
    """Lay out the files named in the arguments; 1 if one cannot be laid out, or (`--check`) would change."""
    parser = argparse.ArgumentParser(prog="pybird fmt", description="Lay out a bird.conf.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a configuration, - for standard input")
    parser.add_argument("--check", action="store_true", help="only say which files would change")
    parser.add_argument("--diff", action="store_true", help="only show what would change")
    parser.add_argument(
        "--move-variables",
        action="store_true",
        help="declare variables inside of blocks, as BIRD 2.21 and 3.5 want it",
    )
    options = parser.parse_args(argv)
    formatter = Formatter(load_tables(cache_folder()))
    status = 0
    for path in options.files:
        try:
            status |= lay_out(
                formatter, path, check=options.check, diff=options.diff, move=options.move_variables
            )
        except BrokenPipeError:
            raise
        except OSError as problem:
            print(f"pybird fmt: {path}: {problem.strerror or problem}", file=sys.stderr)
            status = 1
    return status


def lay_out(formatter: Formatter, path: str, *, check: bool, diff: bool, move: bool = False) -> int:
    """Lay out one file; 1 if it cannot be laid out, or with `check` or `diff` would change.

    Raises:
        OSError: it cannot be read or replaced.
    """
    text = sys.stdin.read() if path == "-" else DiskFiles().read(path)
    try:
        made = formatter.format(formatter.move_variables(text) if move else text)
    except LayoutError as problem:
        line, column = place(text, problem.position)
        print(f"{path}:{line}:{column} {problem.message}; left as it is", file=sys.stderr)
        return 1
    if check or diff:
        return show(path, text, made, diff=diff)
    if path == "-":
        sys.stdout.write(made)
    elif made != text:
        write(path, made)
    return 0


class Formatter:
    """Lays out texts."""

    def __init__(self, tables: ParserTables) -> None:
        self._pieces = Pieces(tables)

    def format(self, text: str) -> str:
        """The text in its canonical layout; doing it again changes nothing.

        Raises:
            LayoutError: the text cannot be read.
        """
        try:
            return with_enough_stack(lambda: self._format(text))
        except RecursionError:
            raise LayoutError("the text is nested too deeply to be laid out", 0) from None

    def move_variables(self, text: str) -> str:
        """The text with all variables declared inside of blocks.

        Raises:
            LayoutError: the text cannot be read.
        """
        return move_variables(text, list(self._pieces.split(text)))

    def _format(self, text: str) -> str:
        pieces = list(self._pieces.split(text))
        try:
            made = layout(statements_of(pieces))
        except RecursionError:
            if not is_deep():
                raise
            raise LayoutError("this is nested too deeply", deepest(pieces)) from None
        after = list(self._pieces.split(made))
        for old, new in zip(pieces, after, strict=False):
            if old.same != new.same:
                raise LayoutError(f"`{old.text}` cannot be laid out", old.position)
        if len(pieces) != len(after):
            raise LayoutError("the end cannot be laid out", len(text))
        return made


def deepest(pieces: list[Piece]) -> int:
    """Where the innermost block opens."""
    depth = most = position = 0
    for piece in pieces:
        if piece.kind == "operator":
            depth += (piece.text in "{<") - (piece.text in "}>")
        if depth > most:
            most, position = depth, piece.position
    return position


def place(text: str, position: int) -> tuple[int, int]:
    """1-based line and column."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def show(path: str, text: str, made: str, *, diff: bool) -> int:
    """Print that, or with `diff` how, a file would change; 1 if it would."""
    if made == text:
        return 0
    if not diff:
        print(f"{path}: would be laid out")
        return 1
    for line in difflib.unified_diff(_lines(text), _lines(made), path, f"{path} (laid out)"):
        sys.stdout.write(line)
        if not line.endswith("\n"):
            sys.stdout.write("\n\\ No newline at end of file\n")
    return 1


def _lines(text: str) -> list[str]:
    """The lines with their ends; unlike with `splitlines`, a form feed ends no line."""
    return StringIO(text).readlines()


def write(path: str, text: str) -> None:
    """Replace a file in one step; its mode and, where we may, its owner stay.

    Raises:
        OSError: it cannot be replaced, and is as it was.
    """
    target = os.path.realpath(path)
    status = os.stat(target)
    number, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".pybird-fmt-")
    try:
        with os.fdopen(number, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
        os.chmod(temporary, status.st_mode & 0o7777)
        if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, status.st_uid, status.st_gid)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
