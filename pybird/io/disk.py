"""The `Files` port on the machine's files.

Whole files are read and written in a thread, one after the other: a slow disk
delays the callers that want files, not the sessions. To replace a file, we write
a new one under a temporary name, sync it and rename it. Files that are written
piece by piece are not synced: a write ends when the system has the octets in
memory. Watched files are checked every second; one that never rests is reported
after some five.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from pybird.conf.include import NO_FILE
from pybird.core.ports import FileError
from pybird.io.worker import Worker

CHECK_INTERVAL: Final = 1.0  # seconds between two checks of watched files
MOST_RESTLESS: Final = 5  # checks from a change to its report, if the file changes between any two
_PIECE: Final = 1 << 20  # octets read or written at once
_TEMPORARY: Final = ".pybird-"

# The state of a file, to be compared; of one that cannot be reached, the reason.
_Stamp: TypeAlias = tuple[int, ...] | str


class _Task:
    """One reading or writing."""

    __slots__ = ("_done", "_path", "cancelled")

    def __init__(self, path: str, done: Callable[[Any], None]) -> None:
        self._path = path
        self._done: Callable[[Any], None] | None = done
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True
        self._done = None

    def finish(self, value: Any, error: Exception | None) -> None:
        """Pass the result on to the caller; called on the loop."""
        done, self._done = self._done, None
        if done is not None:
            done(value if error is None else FileError(self._path, _reason(error)))


class _Watch:
    """One watched file."""

    __slots__ = ("_changed", "_files", "_restless", "_seen", "_told", "path")

    def __init__(self, files: ThreadFiles, path: str, changed: Callable[[], None]) -> None:
        self.path = path
        self._files = files
        self._changed: Callable[[], None] | None = changed
        self._told: _Stamp | None = None  # None: not known yet
        self._seen: _Stamp | None = None
        self._restless = 0  # checks since the first change that was not told

    def begin(self, stamp: _Stamp | None, error: Exception | None) -> None:
        """Set the state from which changes count; after an error, the first check sets it."""
        self._told = self._seen = stamp

    def check(self, stamp: _Stamp) -> bool:
        """Whether to notify: the file differs from the last notification, and rests or never does.

        It rests when two checks found it equal.
        """
        if self._told is None:
            self._told = stamp
        rests, self._seen = stamp == self._seen, stamp
        if stamp == self._told:
            self._restless = 0
            return False
        if not rests and self._restless < MOST_RESTLESS:
            self._restless += 1
            return False
        self._told = stamp
        self._restless = 0
        return True

    def notify(self) -> None:
        if self._changed is not None:
            self._changed()

    def close(self) -> None:
        self._changed = None
        self._files.forget(self)


class FileOutput:
    """A file that is open for writing."""

    __slots__ = ("_fd", "_path")

    def __init__(self, path: str, fd: int) -> None:
        self._path = path
        self._fd = fd

    def write(self, data: bytes) -> None:
        try:
            _write_all(self._fd, data)
        except OSError as error:
            raise FileError(self._path, _reason(error)) from None

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        try:
            os.close(fd)
        except OSError as error:
            raise FileError(self._path, _reason(error)) from None


class ThreadFiles:
    """The machine's files."""

    def __init__(self, loop: AbstractEventLoop, every: float = CHECK_INTERVAL) -> None:
        """`every`: seconds between two checks of watched files."""
        self._loop = loop
        self._every = every
        self._work = Worker(loop)
        self._watches: dict[_Watch, None] = {}
        self._timer: TimerHandle | None = None
        self._checking = False

    def read(self, path: str, limit: int, done: Callable[[bytes | FileError], None]) -> _Task:
        task = _Task(path, done)
        self._work(lambda: _read(path, limit, task), task.finish)
        return task

    def write(self, path: str, data: bytes, mode: int, done: Callable[[FileError | None], None]) -> _Task:
        task = _Task(path, done)
        self._work(lambda: _replace(path, data, mode, task), task.finish)
        return task

    def create(self, path: str, mode: int) -> FileOutput:
        return _output(path, lambda: _new(path, mode))

    def append(self, path: str, mode: int) -> FileOutput:
        return _output(path, lambda: _open_to_append(path, mode))

    # watching -----------------------------------------------------------

    def watch(self, path: str, changed: Callable[[], None]) -> _Watch:
        watch = _Watch(self, path, changed)
        self._watches[watch] = None
        self._work(partial(_stamp, path), watch.begin)
        self._arm()
        return watch

    def forget(self, watch: _Watch) -> None:
        """Stop checking this file."""
        self._watches.pop(watch, None)
        if not self._watches and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is None and not self._checking and self._watches:
            self._timer = self._loop.call_later(self._every, self._check_files)

    def _check_files(self) -> None:
        self._timer = None
        self._checking = True
        paths = {watch.path for watch in self._watches}
        self._work(lambda: {path: _stamp(path) for path in paths}, self._checked)

    def _checked(self, stamps: dict[str, _Stamp] | None, error: Exception | None) -> None:
        """Notify the watches whose files changed; after an error, only check again later."""
        self._checking = False
        for watch in self._watches:
            stamp = stamps.get(watch.path) if stamps is not None else None
            if stamp is not None and watch.check(stamp):
                self._loop.call_soon(watch.notify)
        self._arm()


# ------------------------------------------------- in the thread, mostly


def _reason(error: Exception) -> str:
    """The text of an error for operators.

    Raises:
        Exception: the error itself, if it is a bug of ours.
    """
    match error:
        case OSError():
            return error.strerror or str(error)
        case MemoryError():
            return os.strerror(errno.ENOMEM)
        case ValueError():  # a path with NUL, or with what no file name can have
            return os.strerror(errno.EINVAL)
    raise error


def _stamp(path: str) -> _Stamp:
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        return _reason(error)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _must_be_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(*NO_FILE.get(stat.S_IFMT(found.st_mode), (errno.ENXIO, "Is not a regular file")))


def _read(path: str, limit: int, task: _Task) -> bytes:
    _must_be_regular(os.stat(path))  # a device may act when it is opened
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(fd, "rb", buffering=0) as file:
        _must_be_regular(os.fstat(fd))
        octets = bytearray()
        while not task.cancelled and (piece := file.read(min(limit + 1 - len(octets), _PIECE))):
            octets += piece
            if len(octets) > limit:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return bytes(octets)


def _replace(path: str, data: bytes, mode: int, task: _Task) -> None:
    """Write a new file in the same folder, then rename it to `path`."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISLNK(found.st_mode):
            _must_be_regular(found)
    folder = os.path.dirname(path) or "."
    fd, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=folder)
    try:
        with open(fd, "wb", buffering=0):
            for at in range(0, len(data), _PIECE):
                if task.cancelled:
                    break
                _write_all(fd, data[at : at + _PIECE])
            else:
                os.fchmod(fd, mode)
                os.fsync(fd)
                os.rename(name, path)
                name = ""
    finally:
        if name:
            _remove(name)
    if not name:
        _sync_folder(folder)


def _remove(name: str) -> None:
    try:
        os.unlink(name)
    except OSError:
        pass  # its folder is gone, or not ours any more


def _sync_folder(folder: str) -> None:
    """Make the new name survive a crash, if the file system can promise that."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    """Write all octets; a disk that is almost full takes a part before it refuses."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def _output(path: str, opened: Callable[[], int]) -> FileOutput:
    try:
        return FileOutput(path, opened())
    except (OSError, ValueError) as error:
        raise FileError(path, _reason(error)) from None


_WRITE: Final = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def _new(path: str, mode: int) -> int:
    fd = os.open(path, _WRITE | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(fd, mode)  # whatever the umask is
    except OSError:
        os.close(fd)
        raise
    return fd


def _open_to_append(path: str, mode: int) -> int:
    try:
        return _new(path, mode)
    except FileExistsError:
        _must_be_regular(os.stat(path))
    fd = os.open(path, _WRITE)
    try:
        _must_be_regular(os.fstat(fd))
    except OSError:
        os.close(fd)
        raise
    return fd
