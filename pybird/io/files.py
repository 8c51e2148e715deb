"""Files that the daemon itself uses: configuration, cache folder, PID file; and its limits."""

from __future__ import annotations

import os
import re
import resource
import stat
from pathlib import Path

from pybird.io.privileges import acting_as


def read_text(path: str) -> str:
    """The text of a file, decoded as UTF-8, or as Latin-1 if it is not valid UTF-8.

    Raises:
        OSError: the file cannot be read.
    """
    octets = Path(path).read_bytes()
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


_IPROUTE2 = {"rt_protos": "ipp_", "rt_scopes": "ips_", "rt_tables": "ipt_", "rt_realms": "ipr_"}


def iproute2_names(folders: tuple[str, ...] = ("/usr/share/iproute2", "/etc/iproute2")) -> dict[str, int]:
    """The names that ip(8) knows for protocols, scopes, tables and realms, as constants.

    Files of later folders win; files that cannot be read are skipped.
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
    """The folder for derived data, created if need be; None if no private one is possible.

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
        pass  # the limit stays as it is


class PidFile:
    """The file that holds our process ID while we run.

    It is opened before the daemon drops its privileges and goes to the background,
    and written afterwards.
    """

    def __init__(self, path: str, user: int | None = None, group: int | None = None) -> None:
        """Open the file; it belongs to the user and group that the daemon will run as.

        Raises:
            OSError: the file cannot be created.
        """
        self._path = path
        try:
            self._fd = _opened_for(path, user, group)
        except OSError as error:
            raise OSError(error.errno, f"Cannot create PID file {path}: {error.strerror}") from None

    def write(self) -> None:
        """Write this process's ID.

        Raises:
            OSError: the disk is full.
        """
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise OSError(error.errno, f"Cannot write PID file {self._path}: {error.strerror}") from None

    def remove(self) -> None:
        """Remove the file at exit, or empty it if we may no longer remove it."""
        try:
            os.unlink(self._path)
        except OSError:
            try:
                os.ftruncate(self._fd, 0)  # the folder is not ours any more
            except OSError:
                pass
        os.close(self._fd)


def _opened_for(path: str, user: int | None, group: int | None) -> int:
    """Open a file for writing with the rights of `user` and `group`, or else with ours.

    With our own (root's) rights only a new file is given to that user: in another
    user's folder the name may be a link to any file.
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
    """The resident memory of this process in octets; None if /proc does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
