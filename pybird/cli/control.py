"""One connection of the control socket: lines in, coded reply lines out.

A session reads commands, one per line, and runs them strictly in order. A
command's replies come from a generator, which is advanced only while the client
reads, so that little is buffered, and which pauses after a slice, so that other
work runs. All clients together get about 5 ms of each turn of the event loop, or
one step if that takes longer. There is no socket here: a session is given a stream,
and the stream calls its handler methods (`received`, `closed`, `writable`).

A line of the reply is held back until the next one is known, because the last
line is marked. Unsolicited lines (log messages, notices) begin with `+`.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from pybird.cli import json_text
from pybird.cli.birdc_text import LineCoder, View, lines
from pybird.cli.times import Times
from pybird.conf.errors import ConfigError, ConfigErrors
from pybird.conf.model import Config, must_run
from pybird.core.commands import Commands
from pybird.core.ports import Files, Stream
from pybird.core.replies import (
    DENIED,
    EVAL_ERROR,
    PARSE_ERROR,
    TOO_LONG,
    CommandError,
    Done,
    FailureReply,
    Pause,
    Reply,
    Wait,
)
from pybird.filter.budget import TooManyStepsError
from pybird.filter.nodes import Filter, Node
from pybird.values.text import to_octets, to_text

if TYPE_CHECKING:
    from pybird.core.router import Router

BANNERS: Final = {2: "2.19.2", 3: "3.3.2"}  # the BIRD version in the greeting of each dialect
MOST_BUFFERED: Final = 64 * 1024  # octets that may wait for the client
MOST_LINES: Final = 200  # lines that are passed to the stream in one write
SLICE: Final = 100  # replies before other work runs
MOST_CLIENTS: Final = 256  # connected at a time: each holds a file descriptor, and BGP needs some, too
TURN: Final = 0.005  # seconds that the commands of all clients may take before other work runs
MOST_COMMAND: Final = 16 * 1024  # octets of one line: BIRD takes 4096
MOST_QUEUED: Final = 1024 * 1024  # octets of one client's commands that wait to be run
MOST_TOGETHER: Final = 16 * 1024 * 1024  # of all clients; above, a client over its share is disconnected
MOST_LOGGED: Final = 200  # characters of a command in the log
LINE_SIZE: Final = 64  # octets of memory that a waiting line takes besides its text
_OVERLONG: Final = b"too long"  # this very object (compared by `is`) takes the place of a line too long
POLL: Final = 0.01  # seconds between two checks whether a command's wait is over


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """The options of a control socket, from its `cli` statement."""

    restricted: bool = False
    dialect: int = 2
    v2_attributes: bool = False


class ConfigLanguage(Protocol):
    """The methods of the configuration language that the console calls.

    They raise the language's own errors, which have a `message` for the user.
    """

    def parse_command(self, text: str) -> Any:
        """The parse tree of a command line."""

    def filter_of(self, tree: Any, config: Config) -> Filter:
        """The filter that a command holds (`filter`, `where`)."""

    def expression_of(self, item: Any, config: Config) -> Node:
        """The expression that a command holds, checked and folded."""


def run_directly(call: Callable[[], Any], then: Callable[[Any, Exception | None], None]) -> None:
    """Call `call`, then `then` with its result or its error; simulated routers have no worker thread."""
    value: Any = None
    error: Exception | None = None
    try:
        value = call()
    except Exception as found:
        error = found
    then(value, error)
    error = None  # its trace holds this frame: no circle


class Console:
    """What all control sessions of one router share.

    `load(path)` reads a configuration and raises OSError or the language's errors.
    `work(call, then)` runs `call`, in a worker thread if there is one, and then
    `then(result, error)` on the event loop. `stop(graceful)` ends the daemon. `files`
    gives access to files that clients name (`dump`), None where there are none.
    `resident()` returns the process's resident memory in octets, or None. `path` is
    the configuration that the daemon was started with. `notice` and `log` reach
    every session.
    """

    def __init__(
        self,
        router: Router,
        commands: Commands,
        language: ConfigLanguage,
        load: Callable[[str], Config],
        stop: Callable[[bool], None],
        files: Files | None = None,
        work: Callable[[Callable[[], Any], Callable[[Any, Exception | None], None]], None] = run_directly,
        resident: Callable[[], int | None] = lambda: None,
        path: str | None = None,
    ) -> None:
        self.router = router
        self.commands = commands
        self.language = language
        self.load = load
        self.stop = stop
        self.files = files
        self.work = work
        self.resident = resident
        self._path = path
        self.sessions: dict[ControlSession, None] = {}
        self._warned_crowded = False
        self.queued = 0  # octets of all lines that wait
        self._waiting: dict[ControlSession, None] = {}  # sessions that wait for a turn
        self._turn_ends: float | None = None  # None: no turn is running, no session waits
        router.reconfiguration.expiry_observers[self.notice] = None

    def read(self, path: str) -> Config:
        """Read a configuration that can run, for a client's command or a signal.

        Errors quote the configuration that the daemon was started with and what
        it includes. For any other file they give the place and the kind of error but
        none of the text: the daemon may read files that its clients may not.

        Raises:
            ConfigErrors: with every error.
            OSError: the file cannot be read.
        """
        try:
            return must_run(self.load(path))
        except ConfigErrors as errors:
            if path == (self.router.config.path if self._path is None else self._path):
                raise
            concealed = [error.without_quotes() for error in errors.errors]
        raise ConfigErrors(concealed)

    def accept(self, stream: Stream, options: SocketOptions | None = None) -> None:
        """Open a session for a client that has connected; disconnect it if there are too many."""
        if len(self.sessions) < MOST_CLIENTS:
            self._warned_crowded = self._warned_crowded and len(self.sessions) > MOST_CLIENTS // 2
            self.open(stream, options)
            return
        stream.abort()
        if not self._warned_crowded:
            self._warned_crowded = True
            text = f"{MOST_CLIENTS} control clients are connected, refusing more"
            self.router.ports.log.write("warning", text)

    def open(self, stream: Stream, options: SocketOptions | None = None) -> ControlSession:
        """Open a session for a client, or for a stream that acts as one (SIGUSR1's dump)."""
        return ControlSession(self, stream, options or SocketOptions())

    def request_turn(self, session: ControlSession) -> None:
        """Let a session work: immediately, or, if the turn is over, after the sessions that wait already."""
        now = self.router.clock.now()
        if self._turn_ends is None:
            self._turn_ends = now + TURN
            self.router.clock.call_soon(self._next_turn)
        if self._waiting or now >= self._turn_ends:
            self._waiting[session] = None
        else:
            session.work()

    def _next_turn(self) -> None:
        """Other work has run: continue with the sessions that wait."""
        clock = self.router.clock
        if not self._waiting:
            self._turn_ends = None
            return
        self._turn_ends = clock.now() + TURN
        clock.call_soon(self._next_turn)
        for session in list(self._waiting):
            self._waiting.pop(session, None)
            session.work()
            if clock.now() >= self._turn_ends:
                return

    def remove(self, session: ControlSession) -> None:
        """Forget a session that has ended."""
        self.sessions.pop(session, None)
        self._waiting.pop(session, None)

    def notice(self, text: str) -> None:
        """Send an unsolicited line to every client."""
        for session in list(self.sessions):
            session.notice(text)

    def log(self, level: str, text: str) -> None:
        """Send a log message to the sessions that echo its class, unless they do not read."""
        for session in list(self.sessions):
            if level in session.echo and session.unread < session.echo_limit:
                session.notice(text)


class ControlSession:
    """One client's session; the handler of its stream."""

    def __init__(self, console: Console, stream: Stream, options: SocketOptions) -> None:
        self.console = console
        self.router = console.router
        self.restricted = options.restricted
        self.dialect = options.dialect
        self.v2_attributes = options.v2_attributes
        self.json = False
        self.echo: frozenset[str] = frozenset()
        self.echo_limit = MOST_BUFFERED
        self.formats: dict[str, Any] = {}  # use: the TimeFormat that this session has set for it
        self._stream = stream
        self._input = bytearray()
        self._commands: deque[bytes] = deque()
        self._queued = 0
        self._replies: Iterator[Reply] | None = None
        self._held: tuple[int, str] | None = None
        self._coder = LineCoder()
        self._out: list[str] = []  # lines not written to the stream yet
        self._view: View | None = None  # for the replies of one slice
        self._busy = False
        self._asleep = False
        self._too_long = False
        self._open = True
        console.sessions[self] = None
        stream.set_handler(self)
        self._log(1, "CLI connect")
        self._write(self._coder.last(1, f"BIRD {BANNERS[self.dialect]} ready."))

    # called by the stream -----------------------------------------------

    def connected(self, stream: Stream) -> None:
        """Never called: control connections are accepted."""

    def received(self, data: bytes) -> None:
        """Octets from the client: queue the whole lines in them and start to work."""
        looked = len(self._input)
        self._input += data
        while (end := self._input.find(b"\n", looked)) >= 0:
            self._too_long = self._too_long or end > MOST_COMMAND
            line = _OVERLONG if self._too_long else bytes(self._input[:end])
            self._too_long = False
            del self._input[: end + 1]
            looked = 0
            self._queue(line)
        if len(self._input) > MOST_COMMAND:
            self._too_long = True
            self._input.clear()
        if self._open:
            self._pump()

    def closed(self, error: str | None) -> None:
        """The client has disconnected."""
        self._log(1, "CLI disconnect")
        self._forget()

    def writable(self) -> None:
        """The client has read: continue with the replies."""
        self._pump()

    def notice(self, text: str) -> None:
        """Send an unsolicited line; it is dropped while the client does not read."""
        if self._open and self._stream.buffered < MOST_BUFFERED:
            self._flush()
            for line in text.split("\n"):
                self._write(f"+{line}\n")

    @property
    def unread(self) -> int:
        """Octets that the client has not read yet."""
        return self._stream.buffered

    def close(self) -> None:
        """Close the connection when the buffered octets are sent."""
        if self._open:
            self._flush()
            self._forget()
            self._stream.close()

    def view(self) -> View:
        """The dialect, time formats and attribute names of this session as they are set now."""
        config = self.router.config
        times = Times(
            base=self.formats.get("base", config.timeformat_base),
            protocol=self.formats.get("protocol", config.timeformat_protocol),
            route=self.formats.get("route", config.timeformat_route),
            now=self.router.clock.wall(),
        )
        return View(self.dialect, times, self.v2_attributes)

    # commands -----------------------------------------------------------

    def _log(self, least: int, text: str) -> None:
        """Log if `debug commands` is at least `least`: 1 for connects and disconnects, 2 for commands."""
        if self.router.config.debug_commands >= least:
            self.router.ports.log.write("info", text)

    def _queue(self, line: bytes) -> None:
        self._commands.append(line)
        self._count(len(line) + LINE_SIZE)
        share = MOST_TOGETHER // MOST_CLIENTS
        if self._queued > MOST_QUEUED or (self.console.queued > MOST_TOGETHER and self._queued > share):
            self._forget()
            self._stream.abort()

    def _count(self, octets: int) -> None:
        """Add to the octets of waiting lines, this session's and all sessions'; negative: fewer wait."""
        self._queued += octets
        self.console.queued += octets

    def _pump(self) -> None:
        """Ask for a turn, unless the session is working, waiting or closed."""
        if not self._busy and not self._asleep and self._open:
            self.console.request_turn(self)

    def work(self) -> None:
        """Produce replies until the client must read first or other work must run."""
        if self._busy or self._asleep or not self._open:
            return
        self._busy = True
        self._view = None
        left = SLICE
        until = self.router.clock.now() + TURN
        try:
            while self._open and left and self._stream.buffered < MOST_BUFFERED:
                if self._replies is None:
                    if not self._commands:
                        break
                    line = self._commands.popleft()
                    self._count(-len(line) - LINE_SIZE)
                    self._replies = self._run(line)
                left = self._step(left)
                if self.router.clock.now() > until:
                    left = 0
        finally:
            self._busy = False
            self._flush()
        if self._open and not left:
            self._sleep(self.router.clock.now())

    def _step(self, left: int) -> int:
        """Get and show one reply; returns how many replies of the slice are left."""
        assert self._replies is not None
        reply = next(self._replies, None)
        match reply:
            case None:
                self._replies = None
                self._finish()
            case Pause():
                return 0
            case Wait(ready, timeout):
                now = self.router.clock.now()
                self._wait(ready, now + timeout)
                return 0
            case _:
                try:
                    self._show(reply)
                except Exception as error:
                    self._replies = iter((self._bug(f"Showing {type(reply).__name__}", error),))
        return left - 1

    def _sleep(self, until: float) -> None:
        """Let other work run, at least until this time."""
        if self._asleep:
            return
        self._asleep = True
        if until <= self.router.clock.now():
            self.router.clock.call_soon(self._wake)
        else:
            self.router.clock.call_at(until, self._wake)

    def _wake(self) -> None:
        self._asleep = False
        self._pump()

    def _wait(self, ready: Callable[[], bool], deadline: float) -> None:
        """Sleep until `ready()` is true, at most to the deadline."""
        self._asleep = True
        clock = self.router.clock
        if ready():
            clock.call_soon(self._wake)
        else:
            clock.call_at(min(clock.now() + POLL, deadline), partial(self._check_ready, ready, deadline))

    def _check_ready(self, ready: Callable[[], bool], deadline: float) -> None:
        clock = self.router.clock
        now = clock.now()
        if ready() or now >= deadline:
            self._wake()
        else:
            clock.call_at(min(now + POLL, deadline), partial(self._check_ready, ready, deadline))

    def _run(self, line: bytes) -> Iterator[Reply]:
        """The replies to one line; nothing that a client writes raises past here."""
        try:
            yield from self._replies_to(line)
        except CommandError as error:
            yield FailureReply(error.code, error.text)
        except ConfigError as error:
            hint = f", did you mean `{error.hint}`?" if error.hint else ""
            yield FailureReply(PARSE_ERROR, f"{error.message}{hint}")
        except TooManyStepsError as error:
            yield FailureReply(EVAL_ERROR, str(error))
        except RecursionError:
            yield FailureReply(PARSE_ERROR, "this is nested too deeply")
        except Exception as error:
            yield self._bug(f"Command {shortened(line)}", error)

    def _bug(self, what: str, error: Exception) -> FailureReply:
        """Log an unexpected exception; returns the reply that reports it."""
        self.router.ports.log.write("bug", f"{what} failed:\n{traceback.format_exc()}")
        return FailureReply(8008, f"internal error: {type(error).__name__}, see the log")

    def _replies_to(self, line: bytes) -> Iterator[Reply]:
        if line is _OVERLONG:
            raise CommandError(TOO_LONG, "Command too long")
        text = to_text(line.rstrip(b"\r"))
        self._log(2, f"CLI: {text if len(text) <= MOST_LOGGED else text[:MOST_LOGGED] + ' ...'}")
        tree = self.console.language.parse_command(text)
        rule = str(tree.data).rpartition("__")[2]
        command = self.console.commands.get(rule)
        if command is None:
            raise CommandError(PARSE_ERROR, f"command {rule} is not there")
        if command.restricted and self.restricted:
            raise CommandError(DENIED, "Access denied")
        arguments = command.arguments(tree, self) if command.arguments is not None else tree
        yield from command.handler(self.router, arguments, self)

    # output -------------------------------------------------------------

    def _show(self, reply: Reply) -> None:
        """Write the lines of a reply; the last line is held back until the next one or `_finish`."""
        if self.json and not isinstance(reply, (Done, FailureReply)):
            text = json_text.text(reply)
            if text is not None:
                self._line((reply.code, text))
            return
        if self._view is None:
            self._view = self.view()
        for line in lines(reply, self._view):
            self._line(line)

    def _line(self, line: tuple[int, str]) -> None:
        """Write the line that is held back, and hold this one back."""
        if self._held is not None:
            self._out.append(self._coder.more(*self._held))
            if len(self._out) >= MOST_LINES:
                self._flush()
        self._held = line

    def _finish(self) -> None:
        """Write the line that is held back as the last of the command's reply."""
        code, text = self._held or (0, "")
        self._held = None
        self._view = None  # the command may have changed it
        self._out.append(self._coder.last(code, text))

    def _flush(self) -> None:
        """Write the lines that are ready to the stream."""
        out, self._out = self._out, []
        if out and self._open:
            self._write("".join(out))

    def _write(self, text: str) -> None:
        self._stream.write(to_octets(text))

    def _forget(self) -> None:
        """End the session: drop its commands, its input and the running command."""
        self._open = False
        self.console.remove(self)
        self._commands.clear()
        self._count(-self._queued)
        self._input.clear()
        replies, self._replies = self._replies, None
        if replies is not None and not self._busy:
            replies.close()  # type: ignore[attr-defined]  # it is a generator


def shortened(line: bytes) -> str:
    """A command quoted for the log, cut off after `MOST_LOGGED` octets."""
    text = to_text(line[:MOST_LOGGED])
    return repr(text) if len(line) <= MOST_LOGGED else f"{text!r} ... ({len(line)} octets)"
