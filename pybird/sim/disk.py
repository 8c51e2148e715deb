"""Simulated disks, and the `Files` port of one simulated process.

A disk belongs to a host and lives as long as the world. It can be full, slow or
forbidden in parts. When the machine loses power, only a part may be left of what
was appended in the last half minute, while a file that is being replaced is
either the old one or the new one. Tests act as the operator: they `put`, `get`
and `remove` files.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterator
from os import strerror
from os.path import basename, dirname, join, normpath
from random import Random
from typing import Final

from pybird.core.ports import FileError
from pybird.sim.clock import SimClock
from pybird.sim.process import Process, ProcessTimer
from pybird.sim.trace import EventHash

REST: Final = 1.0  # seconds from a file's last change to the call of its watchers
MOST_RESTLESS: Final = 5.0  # seconds from a change to the call of its watchers, however often it changes
WRITEBACK: Final = 30.0  # seconds after which appended data survives a loss of power
MOST_NAME: Final = 255  # octets of a file's name


class DiskError(FileError):
    """A FileError for an error number such as `errno.ENOENT`."""

    def __init__(self, path: str, code: int) -> None:
        super().__init__(path, strerror(code))


class File:
    """The content of a file; a program that has it open keeps it when the name is removed."""

    __slots__ = ("content", "mode", "unsafe")

    def __init__(self, mode: int, content: bytes = b"") -> None:
        self.mode = mode
        self.content = bytearray(content)
        self.unsafe: deque[tuple[float, int]] = deque()  # (time of an append, size before it)

    def appended(self, now: float, data: bytes) -> None:
        """Append content, which a loss of power within `WRITEBACK` may take."""
        self.mark_safe(now)
        self.unsafe.append((now, len(self.content)))
        self.content += data

    def mark_safe(self, now: float) -> None:
        """Mark appends that are older than `WRITEBACK` as safe."""
        while self.unsafe and self.unsafe[0][0] + WRITEBACK <= now:
            self.unsafe.popleft()

    def tear(self, now: float, random: Random) -> None:
        """Lose a random part of the appends that are not safe."""
        self.mark_safe(now)
        if self.unsafe:
            del self.content[random.randint(self.unsafe[0][1], len(self.content)) :]
            self.unsafe.clear()


class Disk:
    """The files of one host. Paths are absolute, or begin at `/`."""

    def __init__(self, name: str, clock: SimClock, trace: EventHash) -> None:
        self.name = name
        self.clock = clock
        self._trace = trace
        self.files: dict[str, File] = {}
        self.folders = {"/", "/tmp"}
        self.room: int | None = None  # octets that can still be written; None: no limit
        self.delay = 0.001  # seconds that one read or write takes
        self.rate: float | None = None  # octets per second beyond that
        self.forbidden: set[str] = set()  # files and folders that the program may not access
        self.watches: dict[SimWatch, None] = {}
        self.writing: dict[SimTask, None] = {}  # replacements that are not finished

    # the operator -------------------------------------------------------

    def folder(self, path: str) -> None:
        """`mkdir -p`."""
        self.folders.update(_ancestors(absolute(path)))

    def put(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Create or replace a file with this content, and the folders above it."""
        path = absolute(path)
        self.folder(dirname(path))
        self.files[path] = File(mode, data)
        self.changed(path)

    def get(self, path: str) -> bytes:
        """The content of a file. Raises KeyError if there is none."""
        return bytes(self.files[absolute(path)].content)

    def remove(self, path: str) -> None:
        """`rm`: a program that has the file open keeps it. Raises KeyError if there is none."""
        path = absolute(path)
        file = self.files.pop(path)
        if self.room is not None:
            self.room += len(file.content)
        self.changed(path)

    # the program --------------------------------------------------------

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file of at most `limit` octets. Raises FileError."""
        file = self._file(path)
        if len(file.content) > limit:
            raise DiskError(path, errno.EFBIG)
        return bytes(file.content)

    def replace(self, path: str, data: bytes, mode: int) -> None:
        """Replace or create a file as a whole. Raises FileError."""
        place = self._place(path)
        if place in self.folders:
            raise DiskError(path, errno.EISDIR)
        if self.room is not None:
            old = self.files.get(place)
            if len(data) > self.room:  # the old and the new file both exist for a moment
                raise DiskError(path, errno.ENOSPC)
            self.room += (0 if old is None else len(old.content)) - len(data)
        self.files[place] = File(mode, data)
        self.changed(place)

    def create(self, path: str, mode: int) -> File:
        """Create a file that does not exist yet. Raises FileError."""
        place = self._place(path)
        if place in self.files or place in self.folders:
            raise DiskError(path, errno.EEXIST)
        file = self.files[place] = File(mode)
        self.changed(place)
        return file

    def append(self, path: str, mode: int) -> File:
        """The file to append to, created if need be. Raises FileError."""
        place = self._place(path)
        there = place in self.files or place in self.folders
        return self._file(path) if there else self.create(path, mode)

    def write(self, path: str, file: File, data: bytes) -> None:
        """Append to a file. Raises FileError after appending what there was room for."""
        taken = data if self.room is None else data[: self.room]
        if self.room is not None:
            self.room -= len(taken)
        file.appended(self.clock.now(), taken)
        place = absolute(path)
        if self.files.get(place) is file:
            self.changed(place)
        if len(taken) < len(data):
            raise DiskError(path, errno.ENOSPC)

    def size(self, path: str) -> int:
        """The size of a file in octets, 0 if there is none: it determines how long a read takes."""
        file = self.files.get(absolute(path))
        return 0 if file is None else len(file.content)

    def _file(self, path: str) -> File:
        place = self._place(path)
        if place in self.forbidden:
            raise DiskError(path, errno.EACCES)
        if place in self.folders:
            raise DiskError(path, errno.EISDIR)
        if place not in self.files:
            raise DiskError(path, errno.ENOENT)
        return self.files[place]

    def _place(self, path: str) -> str:
        """The absolute path; the folders it passes must exist and be accessible. Raises FileError."""
        if "\0" in path:
            raise DiskError(path, errno.EINVAL)
        if not path:
            raise DiskError(path, errno.ENOENT)
        place = absolute(path)
        for folder in _passed(path):
            if folder in self.forbidden:
                raise DiskError(path, errno.EACCES)
            if folder in self.files:
                raise DiskError(path, errno.ENOTDIR)
            if folder not in self.folders:
                raise DiskError(path, errno.ENOENT)
        if len(basename(place).encode("utf-8", "surrogateescape")) > MOST_NAME:
            raise DiskError(path, errno.ENAMETOOLONG)
        return place

    def changed(self, place: str) -> None:
        """Notify the watchers of a file that it changed."""
        self._trace.record(self.clock.now(), self.name, "file", place)
        for watch in self.watches:
            if watch.place == place:
                watch.changed()

    # life ---------------------------------------------------------------

    def process_gone(self, random: Random) -> None:
        """The program ended: its running replacement is carried out or not, at random."""
        self.watches.clear()
        now = next(iter(self.writing), None)  # the others had not begun
        self.writing.clear()
        if now is not None and random.random() < 0.5:
            now.carry_out()

    def power_gone(self, random: Random) -> None:
        """Power was lost: every file loses a part of what was not safe yet."""
        for place in sorted(self.files):
            self.files[place].tear(self.clock.now(), random)


def absolute(path: str) -> str:
    """A path from the root; a leading `//` is the same as `/`, as on Linux."""
    return "/" + normpath(join("/", path)).lstrip("/")


def _passed(path: str) -> Iterator[str]:
    """The folders that a path passes, the outermost first, also those that it leaves by `..`."""
    parts = path.split("/")
    for end in range(len(parts)):
        yield absolute("/".join(parts[:end]))


def _ancestors(place: str) -> Iterator[str]:
    """A folder and those it is in, the innermost first."""
    yield place
    while place != "/":
        place = dirname(place)
        yield place


class SimTask:
    """One read or write of a whole file by one process."""

    def __init__(self, disk: Disk, call: Callable[[], object], done: Callable[..., None]) -> None:
        self._disk = disk
        self._call = call
        self._done: Callable[..., None] | None = done
        self._timer: ProcessTimer | None = None

    def begin(self, process: Process, end: float) -> None:
        self._timer = process.call_at(end, self._end)

    def cancel(self) -> None:
        self._done = None
        self._disk.writing.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()

    def carry_out(self) -> object:
        """Do the read or write; returns its result or a FileError."""
        try:
            return self._call()
        except FileError as problem:
            return problem

    def _end(self) -> None:
        self._disk.writing.pop(self, None)
        done, self._done = self._done, None
        if done is not None:
            done(self.carry_out())


class SimWatch:
    """A process that watches a file."""

    def __init__(self, disk: Disk, process: Process, path: str, changed: Callable[[], None]) -> None:
        self.place = absolute(path)
        self._disk = disk
        self._process = process
        self._changed = changed
        self._timer: ProcessTimer | None = None
        self._first: float | None = None  # when the first change was that was not told

    def changed(self) -> None:
        """The file changed: notify the process when it rests for `REST` seconds, or never does."""
        self._stop()
        now = self._process.now()
        if self._first is None:
            self._first = now
        self._timer = self._process.call_at(min(now + REST, self._first + MOST_RESTLESS), self._notify)

    def _notify(self) -> None:
        self._first = None
        self._changed()

    def close(self) -> None:
        self._disk.watches.pop(self, None)
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class SimOutput:
    """A file that a process has open for writing."""

    def __init__(self, disk: Disk, path: str, file: File) -> None:
        self._disk = disk
        self._path = path
        self._file: File | None = file

    def write(self, data: bytes) -> None:
        if self._file is None:
            raise DiskError(self._path, errno.EBADF)
        self._disk.write(self._path, self._file, data)

    def close(self) -> None:
        self._file = None

    @property
    def closed(self) -> bool:
        """Whether the process has closed the file."""
        return self._file is None


class SimFiles:
    """The files that one process reaches."""

    def __init__(self, disk: Disk, process: Process) -> None:
        self._disk = disk
        self._process = process
        self._free = 0.0  # when the disk will have done all that was requested

    def read(self, path: str, limit: int, done: Callable[[bytes | FileError], None]) -> SimTask:
        size = min(self._disk.size(path), limit)
        return self._begin(SimTask(self._disk, lambda: self._disk.read(path, limit), done), size)

    def write(self, path: str, data: bytes, mode: int, done: Callable[[FileError | None], None]) -> SimTask:
        task = SimTask(self._disk, lambda: self._disk.replace(path, data, mode), done)
        self._disk.writing[task] = None
        return self._begin(task, len(data))

    def _begin(self, task: SimTask, octets: int) -> SimTask:
        disk = self._disk
        seconds = disk.delay + (0.0 if disk.rate is None else octets / disk.rate)
        self._free = max(self._free, self._process.now()) + seconds
        task.begin(self._process, self._free)
        return task

    def create(self, path: str, mode: int) -> SimOutput:
        return SimOutput(self._disk, path, self._disk.create(path, mode))

    def append(self, path: str, mode: int) -> SimOutput:
        return SimOutput(self._disk, path, self._disk.append(path, mode))

    def watch(self, path: str, changed: Callable[[], None]) -> SimWatch:
        watch = SimWatch(self._disk, self._process, path, changed)
        self._disk.watches[watch] = None
        return watch
