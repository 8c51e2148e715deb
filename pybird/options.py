"""The daemon's command-line options as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_CONFIG: Final = "/etc/bird/bird.conf"
DEFAULT_SOCKET: Final = "/run/bird/bird.ctl"


@dataclass(frozen=True, slots=True)
class DaemonOptions:
    """The parsed command line; the defaults are those without any flag."""

    config: str = DEFAULT_CONFIG
    socket: str = DEFAULT_SOCKET
    debug: bool = False
    debug_file: str | None = None
    foreground: bool = False
    check_only: bool = False
    pid_file: str | None = None
    user: str | None = None
    group: str | None = None
    graceful: bool = False
