"""Log targets: files, ring files, syslog, stderr and UDP, in BIRD's line format.

A line is `TIME <CLASS> text`. Writing never raises and never waits: a full disk,
a pipe or terminal that nobody reads or a dead syslog loses lines. That is logged
once to the other targets; when the target works again, it gets the number of
lost lines. `configure` opens all targets anew, so log rotation needs no signal
of its own; a file that was removed is created again.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

from pybird.conf.errors import ConfigError, ConfigErrors
from pybird.conf.model import ISO_LONG_MS, LogConfig, LogKind, TimeFormat
from pybird.values.text import to_octets

CLASSES: Final = {
    "debug": "DBG",
    "trace": "TRACE",
    "info": "INFO",
    "remote": "RMT",
    "warning": "WARN",
    "error": "ERR",
    "auth": "AUTH",
    "fatal": "FATAL",
    "bug": "BUG",
}
_SEVERITY: Final = {
    "debug": 7,
    "trace": 6,
    "info": 6,
    "remote": 5,
    "warning": 4,
    "error": 3,
    "auth": 5,
    "fatal": 2,
    "bug": 2,
}
STDERR: Final = 2
_DAEMON: Final = 3 << 3
_AUTHPRIV: Final = 10 << 3
_SYSLOG_SOCKETS: Final = ("/dev/log", "/run/systemd/journal/syslog")
WARN_GAP: Final = 60.0  # seconds at least between two lines about a target that fails again and again
_UNREAD: Final = "nobody reads it"
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_RING_END: Final = b"\n\n"  # an empty line stands after the newest one


def format_time(spec: TimeFormat, wall: float, now: float | None = None) -> str:
    """A time as `timeformat` says: strftime with %f, %3f and %6f for fractions.

    If the format has a limit, times more than that many seconds before `now` get
    its old format.
    """
    text = spec.format
    if spec.limit and now is not None and now - wall > spec.limit and spec.old:
        text = spec.old
    moment = datetime.fromtimestamp(wall)
    if "f" in text:
        micro = f"{moment.microsecond:06d}"
        text = text.replace("%3f", micro[:3]).replace("%6f", micro).replace("%f", micro)
    return moment.strftime(text)


class _Target(Protocol):
    """A destination of log lines; `write` may raise OSError."""

    def write(self, level: str, text: str, line: str) -> None: ...
    def close(self) -> None: ...


class _File:
    """A file, renamed to its backup when it would grow beyond its limit; pipes and terminals have none."""

    def __init__(self, path: str, limit: int = 0, backup: str = "") -> None:
        self._path = path
        self._backup = backup
        self._torn = False  # the last line was written in part
        self._fd = _append_to(path)
        status = os.fstat(self._fd)
        self._size = status.st_size
        self._limit = limit if stat.S_ISREG(status.st_mode) else 0

    def write(self, level: str, text: str, line: str) -> None:
        octets = to_octets(line) + b"\n"
        if self._torn:
            octets = b"\n" + octets
        if os.fstat(self._fd).st_nlink == 0:
            self._reopen()
        elif self._limit and self._size and self._size + len(octets) > self._limit:
            self._rotate()
        written = _write(self._fd, octets)
        self._size += written
        if written < len(octets):
            self._torn = True
            full = stat.S_ISREG(os.fstat(self._fd).st_mode)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if full else _unread()
        self._torn = False

    def _rotate(self) -> None:
        try:
            if self._backup:
                os.replace(self._path, self._backup)
            else:
                os.unlink(self._path)
        except FileNotFoundError:
            if os.path.exists(self._path):
                raise  # the backup's folder is missing
            # the file was moved away, or an earlier rotation failed after this step
        self._reopen()

    def _reopen(self) -> None:
        """Switch to a new file; the old one is closed only after the new one is open."""
        fresh = _append_to(self._path)
        os.close(self._fd)
        self._fd, self._size, self._torn = fresh, os.fstat(fresh).st_size, False

    def close(self) -> None:
        os.close(self._fd)


def _append_to(path: str) -> int:
    """A non-blocking descriptor that appends to a file, a pipe or a terminal.

    Raises:
        OSError: it cannot be opened or created, or is a pipe that nobody reads.
    """
    try:
        return os.open(path, _APPEND, 0o644)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, _UNREAD, path) from None
        raise


def _write(descriptor: int, octets: bytes) -> int:
    """Write as much as is possible without waiting; returns the number of octets.

    Raises:
        OSError: nothing can be written.
    """
    try:
        return os.write(descriptor, octets)
    except BlockingIOError:
        raise _unread() from None


def _unread() -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, _UNREAD)


class _Ring:
    """A file of fixed size, overwritten from the start when it is full."""

    def __init__(self, path: str, size: int) -> None:
        self._size = max(size, 1024)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, 0o644)
        try:
            self._at = self._first_place()
        except OSError:
            os.close(self._fd)
            raise

    def _first_place(self) -> int:
        """The place to continue; a file of another size is begun anew, with all its space allocated."""
        if os.fstat(self._fd).st_size == self._size:
            found = os.pread(self._fd, self._size, 0).find(_RING_END)
            return found + 1 if found > 0 else 0
        os.ftruncate(self._fd, 0)
        if os.pwrite(self._fd, b"\n" * self._size, 0) < self._size:
            os.ftruncate(self._fd, 0)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return 0

    def write(self, level: str, text: str, line: str) -> None:
        octets = to_octets(line)[: self._size - 2] + _RING_END
        if self._at + len(octets) > self._size:
            os.pwrite(self._fd, b"\n" * (self._size - self._at), self._at)
            self._at = 0
        rest = os.pread(self._fd, 4096, self._at + len(octets) - 1)
        os.pwrite(self._fd, octets, self._at)
        self._at += len(octets) - 1
        # erase the rest of a line whose beginning was overwritten
        stale = rest.find(b"\n", 1)
        if stale > 0:
            os.pwrite(self._fd, b"\n" * stale, self._at)

    def close(self) -> None:
        os.close(self._fd)


class _Stderr:
    """Standard error, without a buffer: lines that it cannot take now are lost.

    A terminal that is ready may still take less than a line and make us wait for
    the rest. We open it a second time, so that our descriptor is non-blocking and
    that of others who share standard error is not.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        self._poll.register(STDERR, select.POLLOUT)
        self._torn = False
        self._terminal: int | None = None
        try:
            if os.isatty(STDERR):
                self._terminal = _append_to(os.ttyname(STDERR))
        except OSError:
            pass  # the terminal is in another namespace, or we may not open it

    def write(self, level: str, text: str, line: str) -> None:
        octets = to_octets(line) + b"\n"
        if self._torn:
            octets = b"\n" + octets
        if self._terminal is not None:
            self._torn = _write(self._terminal, octets) < len(octets)
            if self._torn:
                raise _unread()
            return
        # a pipe that is ready takes as much as this without waiting (POSIX, write)
        for at in range(0, len(octets), select.PIPE_BUF):
            if not self._poll.poll(0):
                self._torn = at > 0 or self._torn
                raise _unread()
            os.write(STDERR, octets[at : at + select.PIPE_BUF])
        self._torn = False

    def close(self) -> None:
        """Close our descriptor of the terminal; standard error itself stays open."""
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None


class _Syslog:
    """The local syslog socket (RFC 3164)."""

    def __init__(self, name: str) -> None:
        self._name = name or "bird"
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._connected = False

    def write(self, level: str, text: str, line: str) -> None:
        packet = to_octets(f"<{_priority(level)}>{self._name}[{os.getpid()}]: {text}")
        if self._connected:
            try:
                self._sock.send(packet)
                return
            except BlockingIOError:
                raise
            except OSError:
                self._connected = False  # syslog was restarted
        self._connect()
        self._sock.send(packet)

    def _connect(self) -> None:
        for at, path in enumerate(_SYSLOG_SOCKETS):
            try:
                self._sock.connect(path)
                self._connected = True
                return
            except OSError:
                if at + 1 == len(_SYSLOG_SOCKETS):
                    raise

    def close(self) -> None:
        self._sock.close()


class _Udp:
    """A remote syslog server (RFC 5424 over UDP, RFC 5426)."""

    def __init__(self, host: str, port: int) -> None:
        family, kind, _proto, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._sock = socket.socket(family, kind)
        self._sock.setblocking(False)
        self._sock.connect(address)
        self._host = socket.gethostname()

    def write(self, level: str, text: str, line: str) -> None:
        stamp = datetime.now().astimezone().isoformat(timespec="milliseconds")
        head = f"<{_priority(level)}>1 {stamp} {self._host} bird {os.getpid()} - -"
        self._sock.send(to_octets(f"{head} {text}"))

    def close(self) -> None:
        self._sock.close()


def _priority(level: str) -> int:
    return (_AUTHPRIV if level == "auth" else _DAEMON) | _SEVERITY.get(level, 6)


class _Slot:
    """One open target with its classes and the count of lines it lost."""

    def __init__(self, target: _Target, classes: frozenset[str], config: LogConfig) -> None:
        self.target = target
        self.classes = classes
        self.config = config
        self.lost = 0
        self.why = ""  # the reason why the first line was lost
        self.told = float("-inf")  # when the other targets were last warned

    def inherit(self, before: _Slot | None) -> None:
        """Take over the count of lost lines from the same target before it was reopened."""
        if before is not None:
            self.lost, self.why, self.told = before.lost, before.why, before.told

    @property
    def name(self) -> str:
        """The target's name in messages."""
        return f"{self.config.kind} {self.config.path}".removeprefix("file ").removeprefix("fixed ").strip()


class LogFiles:
    """The daemon's log: writes each message to the targets that take its class."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._format = ISO_LONG_MS
        self._slots: list[_Slot] = []
        self._extra: list[_Slot] = []  # of options -d and -D: `configure` keeps them
        self.listener: Callable[[str, str], None] | None = None  # also called, with level and text

    def write(self, level: str, text: str) -> None:
        """Log one message; line breaks in it become spaces."""
        if "\n" in text:
            text = " ".join(text.split("\n"))
        line = ""
        for slot in (*self._slots, *self._extra):
            if level not in slot.classes:
                continue
            line = line or self._line(level, text)
            self._put(slot, level, text, line)
        if self.listener is not None:
            self.listener(level, text)

    def _line(self, level: str, text: str) -> str:
        return f"{format_time(self._format, self._wall())} <{CLASSES.get(level, '???')}> {text}"

    def _put(self, slot: _Slot, level: str, text: str, line: str) -> None:
        try:
            if slot.lost:
                note = f"{slot.lost} messages lost ({slot.why})"
                slot.target.write("warning", note, self._line("warning", note))
                slot.lost = 0
            slot.target.write(level, text, line)
        except (OSError, ValueError) as error:
            slot.lost += 1
            if slot.lost == 1:
                self._warn_others(slot, error)

    def _warn_others(self, broken: _Slot, error: OSError | ValueError) -> None:
        """Log to the other targets, at most once per `WARN_GAP`, that this one cannot be written to."""
        broken.why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        now = self._wall()
        if abs(now - broken.told) < WARN_GAP:
            return
        broken.told = now
        told = f"Cannot write to log {broken.name}: {broken.why}"
        line = self._line("error", told)
        for slot in (*self._slots, *self._extra):
            if slot is not broken and not slot.lost and "error" in slot.classes:
                self._put(slot, "error", told, line)

    def configure(self, configs: Iterable[LogConfig], timeformat: TimeFormat = ISO_LONG_MS) -> list[str]:
        """Close the configured targets and open these; returns an error text for each that failed."""
        before = {slot.config: slot for slot in self._slots}
        self.close()
        self._format = timeformat
        problems: list[str] = []
        for config in configs:
            try:
                slot = _Slot(_open(config), config.classes, config)
                slot.inherit(before.get(config))
                self._slots.append(slot)
            except OSError as error:
                problems.append(f"Unable to open log {config.path}: {error.strerror or error}")
        if problems and not self._slots:  # stderr is better than no log
            self._slots.append(_Slot(_Stderr(), ALL_CLASSES, LogConfig("stderr", ALL_CLASSES)))
        for problem in problems:
            self.write("error", problem)
        return problems

    def add_target(self, config: LogConfig) -> None:
        """Add a target that `configure` does not close.

        Raises:
            OSError: the file cannot be opened.
        """
        self._extra.append(_Slot(_open(config), config.classes, config))

    def close(self) -> None:
        """Close the configured targets."""
        slots, self._slots = self._slots, []
        for slot in slots:
            try:
                slot.target.close()
            except OSError:
                pass  # nothing was buffered


def check_files(configs: Iterable[LogConfig], *, make: bool = True) -> None:
    """Check that every log file can be opened, as BIRD does when it reads the configuration.

    Files that do not exist are created; with `make` false, only whether they could
    be is checked.

    Raises:
        ConfigErrors: one error for each file that cannot be opened.
    """
    problems: list[ConfigError] = []
    for config in configs:
        if config.kind in ("file", "fixed"):
            try:
                if make or os.path.exists(config.path):
                    os.close(_append_to(config.path))
                elif not os.access(os.path.dirname(config.path) or ".", os.W_OK):
                    os.stat(os.path.dirname(config.path) or ".")
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            except OSError as error:
                text = f"Unable to open log file '{config.path}': {error.strerror or error}"
                problems.append(ConfigError(text, config.span))
    if problems:
        raise ConfigErrors(problems)


def _open(config: LogConfig) -> _Target:
    match config.kind:
        case "file":
            return _File(config.path, config.limit, config.backup)
        case "fixed":
            return _Ring(config.path, config.limit)
        case "syslog":
            return _Syslog(config.path)
        case "udp":
            return _Udp(config.path, config.port)
        case _:
            return _Stderr()


ALL_CLASSES: Final = frozenset(CLASSES)


def default_targets(foreground: bool) -> tuple[LogConfig, ...]:
    """The targets of a config without `log`: syslog, or in the foreground without syslog stderr."""
    has_syslog = any(os.path.exists(path) for path in _SYSLOG_SOCKETS)
    kind: LogKind = "stderr" if foreground and not has_syslog else "syslog"
    return (LogConfig(kind, ALL_CLASSES),)
