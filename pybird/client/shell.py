"""The interactive shell: history, completion, `?` help, tables and a pager."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console

from pybird.client import tables
from pybird.client.completion import KnownNames, complete, insertions
from pybird.client.connection import ConnectionLostError, ReplyLine, RouterConnection
from pybird.client.problems import for_people
from pybird.client.words import NoCommandError, expand, help_for

PROMPT = "bird> "
FRESH = 2.0  # seconds before the router's names are asked for again
QUOTED_WORD = re.compile(r'`([^`]+)`|(?:unexpected )("[^"]*")')
SETTINGS = frozenset(("restrict", "echo", "timeformat", "output", "dialect"))
NARROW = 60  # columns; on fewer, plain text is easier to read than tables
ROWS = 500  # that are laid out together; later rows may make columns wider


class LiveNames:
    """The router's current names, asked for over a separate connection."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._names = KnownNames()
        self._when = float("-inf")

    def get(self) -> KnownNames:
        """The names, at most `FRESH` seconds old; the last known ones while the daemon is away."""
        if time.monotonic() - self._when > FRESH:
            with contextlib.suppress(OSError, ConnectionLostError):
                self._names = self._ask()
            self._when = time.monotonic()
        return self._names

    def _ask(self) -> KnownNames:
        connection = RouterConnection(self._path, timeout=1.0)
        try:
            symbols = [line.text.split("\t") for line in connection.ask("show symbols") if line.code == 1010]
            links = [
                line.text.split() for line in connection.ask("show interfaces summary") if line.code == 1005
            ]
        finally:
            connection.close()
        of_kind: dict[str, list[str]] = {}
        for name, kind in (row for row in symbols if len(row) == 2):
            of_kind.setdefault(kind.strip(), []).append(name.strip())
        return KnownNames(
            protocols=tuple(of_kind.get("protocol", ())),
            tables=tuple(of_kind.get("routing table", ())),
            filters=tuple(of_kind.get("filter", ())),
            interfaces=tuple(words[0] for words in links if words),
            symbols=tuple(name for names in of_kind.values() for name in names),
        )


class ShellCompleter(Completer):
    """Offers what `complete` finds, for prompt-toolkit."""

    def __init__(self, names: LiveNames) -> None:
        self._names = names

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """The completions at the cursor."""
        begun, found = complete(document.text_before_cursor, self._names.get())
        for text, candidate in zip(insertions(found), found, strict=True):
            yield Completion(text, -len(begun), display=candidate.text, display_meta=candidate.help)


def key_bindings() -> KeyBindings:
    """Key bindings: `?` prints help, except within double quotes or after `[`, where it is typed."""
    bindings = KeyBindings()

    @bindings.add("?")
    def _(event: KeyPressEvent) -> None:
        before = event.current_buffer.document.text_before_cursor
        if before.count('"') % 2 or "[" in before:
            event.current_buffer.insert_text("?")
            return
        lines = "\n".join(help_for(before, width=shutil.get_terminal_size().columns))
        run_in_terminal(lambda: sys.stdout.write(f"{PROMPT}{before}?\n{lines}\n"))

    return bindings


def history() -> History:
    """The history file of earlier shells; a history in memory if the file cannot be written."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "pybird"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "history"
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


class Shell:
    """One interactive session."""

    def __init__(
        self, connection: RouterConnection, settings: Iterable[str] = (), *, verbose: bool = False
    ) -> None:
        """`settings`: commands to begin the session with, e.g. `restrict`; `verbose`: codes and no tables."""
        self._connection = connection
        self._settings: dict[str, None] = {}
        self._verbose = verbose
        self._tables = not verbose  # False also while the user wants JSON, and if the daemon has none
        for command in settings:
            connection.ask(command)
            self._remember(command)
        self._typed = ""

    def run(self) -> int:
        """Read and run commands until Ctrl-D."""
        names = LiveNames(self._connection.path)
        session: PromptSession[str] = PromptSession(
            PROMPT,
            history=history(),
            completer=ShellCompleter(names),
            complete_while_typing=False,
            key_bindings=key_bindings(),
        )
        sys.stdout.write(f"{self._connection.banner}  `?` helps, TAB completes, Ctrl-D leaves.\n")
        while True:
            try:
                text = session.prompt(pre_run=self._watch_unasked).strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return 0
            if text and not self._run_line(text):
                return 0

    def _watch_unasked(self) -> None:
        """While the prompt waits, print unsolicited lines (`echo`, an undo that has happened)."""
        loop = asyncio.get_running_loop()
        connection = self._connection
        if connection.fileno() < 0:  # the daemon is away, and the user was told
            return

        def print_pending() -> None:
            try:
                lines = connection.pending()
            except (OSError, ConnectionLostError):
                loop.remove_reader(connection)  # the next command reports it
                return
            if lines:
                run_in_terminal(lambda: sys.stdout.writelines(self._texts(lines)))

        loop.add_reader(connection, print_pending)
        print_pending()

    def _run_line(self, text: str) -> bool:
        """Run one typed line; returns False if the shell must end."""
        self._typed = text
        try:
            command = expand(text)
        except NoCommandError as error:
            sys.stdout.write(f"{error}\n")
            return True
        if command in ("quit", "exit"):
            return False
        if command == "help":
            lines = help_for("", width=self._width)
            page((f"{line}\n" for line in lines), self._height)
            return True
        try:
            self.show(command)
            self._remember(command)
        except (KeyboardInterrupt, BrokenPipeError):
            self._reconnect()
        except (OSError, ConnectionLostError) as error:
            if command in ("down", "graceful restart"):
                sys.stdout.write(f"{error}\n")
                return False
            if self._reconnect():
                sys.stdout.write("The connection was lost and is back: please repeat the command.\n")
        return True

    def _remember(self, command: str) -> None:
        """Remember a command that changes the session, to repeat it on a new connection."""
        if command.split()[0] in SETTINGS:
            self._settings.pop(command, None)
            self._settings[command] = None
        if command in ("output json", "output text"):
            self._tables = command.endswith("text") and not self._verbose  # who wants JSON gets no tables

    def show(self, command: str) -> None:
        """Run a command and show its reply, as a table if it has one."""
        drawn = self._tables and self._width >= NARROW and tables.has_table(command)
        if drawn and self._show_table(command):
            return
        self._connection.send(command)
        page(self._texts(self._connection.replies()), self._height)

    def _marker(self, line: ReplyLine) -> str:
        """The line that marks the word of the command which an error names; "" if there is none."""
        found = QUOTED_WORD.search(line.text)
        if line.code < 9000 or found is None:
            return ""
        at = self._typed.find(found[1] or found[2])
        return "" if at < 0 else f"{' ' * (len(PROMPT) + at)}^{'~' * (len(found[1] or found[2]) - 1)}\n"

    def _show_table(self, command: str) -> bool:
        if self._connection.ask("output json")[-1].code >= 8000:
            self._tables = False
            return False
        self._connection.send(command)
        page(self._table_texts(self._connection.replies()), self._height)
        self._connection.ask("output text")
        return True

    def _texts(self, lines: Iterable[ReplyLine]) -> Iterator[str]:
        for line in lines if self._verbose else for_people(lines):
            if line.unasked:
                yield f">>> {line.text}\n"
            elif line.text or not line.last:
                yield f"{self._marker(line)}{line.coded if self._verbose else line.text}\n"

    def _table_texts(self, lines: Iterable[ReplyLine]) -> Iterator[str]:
        """The text of the tables for a JSON reply; the first rows are shown before the last have arrived."""
        drawing = tables.ReplyTables(Console())
        rows: list[dict[str, Any]] = []
        for line in lines:
            if not line.text.startswith("{"):
                if rows:
                    yield drawing.text(rows)
                    rows = []
                yield from self._texts([line])
                continue
            rows.append(json.loads(line.text))
            if len(rows) >= ROWS:
                yield drawing.text(rows)
                rows = []
        if rows:
            yield drawing.text(rows)

    @property
    def _width(self) -> int:
        return shutil.get_terminal_size().columns

    @property
    def _height(self) -> int:
        return shutil.get_terminal_size().lines

    def _reconnect(self) -> bool:
        """Replace the connection, as the rest of a reply would be in the way; False if that fails."""
        self._connection.close()
        try:
            fresh = RouterConnection(self._connection.path)
            for command in self._settings:
                fresh.ask(command)
        except (OSError, ConnectionLostError) as error:
            reason = getattr(error, "strerror", None) or error
            sys.stdout.write(f"The daemon is away: {reason}\n")
            return False
        self._connection = fresh
        return True


def page(texts: Iterable[str], height: int) -> None:
    """Print, through the pager if the text is longer than the screen.

    Raises:
        BrokenPipeError: the user left the pager before the end.
    """
    held: list[str] = []
    lines = 0
    rest = iter(texts)
    for text in rest:
        held.append(text)
        lines += text.count("\n")
        if lines >= height - 1:
            break
    else:
        sys.stdout.write("".join(held))
        sys.stdout.flush()
        return
    pager = shutil.which("less")
    if pager is None or not sys.stdout.isatty():
        sys.stdout.writelines([*held])
        sys.stdout.writelines(rest)
        return
    _paged([pager, "-RFX"], held, rest)


def _paged(command: list[str], held: list[str], rest: Iterator[str]) -> None:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    try:
        process.stdin.writelines(held)
        for text in rest:
            process.stdin.write(text)
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pager's until it ends
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        signal.signal(signal.SIGINT, before)
