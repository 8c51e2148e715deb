"""Files at the daemon's edge: configuration, cache folder, pid file."""

from __future__ import annotations

import os
import re
import resource
import stat
from pathlib import Path

from pybird.io.privileges import acting_as


def read_text(path: str) -> str:
    """A whole text file of the system's; octets that are no UTF-8 are read as Latin-1.

    Raises:
        OSError: it cannot be read.
    """
    octets = Path(path).read_bytes()
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


_IPROUTE2 = {"rt_protos": "ipp_", "rt_scopes": "ips_", "rt_tables": "ipt_", "rt_realms": "ipr_"}


def iproute2_names(folders: tuple[str, ...] = ("/usr/share/iproute2", "/etc/iproute2")) -> dict[str, int]:
    """The names that ip(8) knows for protocols, scopes, tables and realms, as constants.

    Files of later folders win; what cannot be read is not there.
    """
    found: dict[str, int] = {}
    for folder in folders:
        for name, prefix in _IPROUTE2.items():
            main = Path(folder, name)
            for path in (main, *sorted(Path(folder, f"{name}.d").glob("*.conf"))):
                try:
                    text = read_text(str(path))
                except OSError:
                    continue
                for line in text.splitlines():
                    words = line.partition("#")[0].split()
                    if len(words) == 2 and re.fullmatch(r"[0-9]+|0x[0-9a-fA-F]+", words[0]):
                        found[prefix + re.sub(r"[^A-Za-z0-9]", "_", words[1])] = int(words[0], 0)
    return found


def cache_folder() -> Path | None:
    """Where derived data may be kept; None where there is no private place.

    The folder belongs to this user and nobody else may write to it, so what is
    found there can be trusted.
    """
    root = os.environ.get("CACHE_DIRECTORY") or os.environ.get("XDG_CACHE_HOME")
    home = os.environ.get("HOME", "")
    if not root and not home.startswith("/"):
        return None
    folder = Path(root.split(":")[0]) if root else Path(home) / ".cache"
    folder /= "pybird"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return None
    private = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder if private and os.access(folder, os.W_OK) else None


def raise_open_file_limit() -> None:
    """Raise our limit of open files to what the system allows: each session is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        pass  # then it is as it was


class PidFile:
    """The file that holds our process number while we run.

    Opened before the privileges are dropped and the process goes to the
    background, written after.
    """

    def __init__(self, path: str, user: int | None = None, group: int | None = None) -> None:
        """Open it; it belongs to who we shall be.

        Raises:
            OSError: it cannot be made.
        """
        self._path = path
        try:
            self._fd = _opened_for(path, user, group)
        except OSError as error:
            raise OSError(error.errno, f"Cannot create PID file {path}: {error.strerror}") from None

    def write(self) -> None:
        """Write this process's number.

        Raises:
            OSError: the disk is full.
        """
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise OSError(error.errno, f"Cannot write PID file {self._path}: {error.strerror}") from None

    def remove(self) -> None:
        """We end: the file goes, if we are still allowed."""
        try:
            os.unlink(self._path)
        except OSError:
            try:
                os.ftruncate(self._fd, 0)  # the folder is not ours any more
            except OSError:
                pass
        os.close(self._fd)


def _opened_for(path: str, user: int | None, group: int | None) -> int:
    """A file to write to, opened as who we shall be, or as root in a folder of root's.

    Root gives away only what is new: in the folder of somebody else a link to any
    file may stand there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
    try:
        with acting_as(user, group):
            return os.open(path, flags, 0o644)
    except PermissionError:
        pass
    try:
        made = os.open(path, flags | os.O_EXCL, 0o644)
    except FileExistsError:
        return os.open(path, flags | os.O_NOFOLLOW, 0o644)
    os.fchown(made, -1 if user is None else user, -1 if group is None else group)
    return made


def resident() -> int | None:
    """Octets of memory that this process has now; None where /proc does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
