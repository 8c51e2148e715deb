"""The program: BIRD's flags, its exit codes and messages; and the subcommands.

Options are read as getopt does (bundling, attached values), because start
scripts rely on it. What is slow to import is imported when it is needed, so
`pybird --version` and a mistyped option answer at once.
"""

from __future__ import annotations

import gc
import getopt
import os
import sys
import traceback
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

import pybird
from pybird.options import DEFAULT_CONFIG, DEFAULT_SOCKET, DaemonOptions

if TYPE_CHECKING:
    from pybird.conf.language import Language
    from pybird.conf.model import Config
    from pybird.conf.rereading import ReadUnits
    from pybird.io.control_socket import Bound
    from pybird.io.files import PidFile

COMPATIBLE: Final = "2.19.2"  # the version whose language and clients we follow

USAGE: Final = "Usage: pybird [--version] [--help] [-c <config-file>] [OPTIONS]\n"
HELP: Final = f"""{USAGE}
Options:\x20
  -c <config-file>     Use given configuration file instead of
                       {DEFAULT_CONFIG}
  -d                   Enable debug messages and run pybird in foreground
  -D <debug-file>      Log debug messages to given file instead of stderr
  -f                   Run pybird in foreground
  -g <group>           Use given group ID
  -h, --help           Display this information
  -l                   Look for a configuration file and a control socket
                       in the current working directory
  -p                   Test configuration file and exit without start
  -P <pid-file>        Create a PID file with given filename
  -R                   Apply graceful restart recovery after start
  -s <control-socket>  Use given filename for a control socket
  -u <user>            Drop privileges and use given user ID
  --version            Display version of PyBIRD

Subcommands:
  pybird check FILE... Say what is wrong in configuration files, or looks it
  pybird fmt FILE...   Lay out configuration files; --check, --diff
  pybird explain filter NAME FILE, pybird explain import|export PROTOCOL FILE
                       Follow a route through a filter, or that of a channel
                       (--route), or show the Python that it becomes (--compiled)
  pybird test FILE...  Run the tests that a configuration has, or a *.birdtest file
  pybird demo A B      Two routers that find each other, and a shell
"""
FRAMES: Final = 3000  # functions of filters may call themselves about as often as in BIRD
SUBCOMMANDS: Final = {  # and their modules
    "check": "pybird.tools.check",
    "demo": "pybird.tools.demo",
    "fmt": "pybird.tools.fmt",
    "test": "pybird.tools.test",
    "explain": "pybird.tools.explain",
}


class UsageError(Exception):
    """The command line is wrong."""


def read_options(argv: list[str]) -> DaemonOptions:
    """The options of the daemon.

    Raises:
        UsageError: an unknown option, a missing value, or a word too many.
    """
    try:
        found, rest = getopt.getopt(argv, "c:dD:ps:P:u:g:flR")
    except getopt.GetoptError as error:
        text = str(error)
        if "requires argument" in text:
            raise UsageError(f"option requires an argument -- '{error.opt}'") from None
        if "--" in text:
            raise UsageError(f"unrecognized option '--{error.opt}'") from None
        raise UsageError(f"invalid option -- '{error.opt or '-'}'") from None
    if rest and argv[0] == rest[0]:
        known = ", ".join(SUBCOMMANDS)
        raise UsageError(f"there is no subcommand '{rest[0]}'; there are {known}")
    if rest:
        raise UsageError(f"unexpected argument '{rest[0]}'")
    values = dict(found)
    local = "-l" in values
    return DaemonOptions(
        config=values.get("-c", "bird.conf" if local else DEFAULT_CONFIG),
        socket=values.get("-s", "bird.ctl" if local else DEFAULT_SOCKET),
        debug="-d" in values or "-D" in values,
        debug_file=values.get("-D"),
        foreground="-f" in values or "-d" in values,
        check_only="-p" in values,
        pid_file=values.get("-P"),
        user=values.get("-u"),
        group=values.get("-g"),
        graceful="-R" in values,
    )


def version_text() -> str:
    """BIRD's line, which tools parse, and ours: version, form of the hot modules, Python."""
    form = import_module("pybird.values.route").__file__ or ""
    kind = "compiled" if form.endswith(".so") else "pure Python"
    python = ".".join(str(part) for part in sys.version_info[:3])
    return f"BIRD version {COMPATIBLE}\nPyBIRD {pybird.__version__} ({kind}, Python {python})\n"


def complain(text: str) -> None:
    """One message on stderr, in BIRD's form."""
    say(f"bird: {text}\n")


def say(text: str) -> None:
    """Write to stderr; that nobody takes it is no reason to fail."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass  # a closed pipe, a full disk


def main(argv: list[str]) -> int:
    """The whole program; returns the exit status."""
    first = argv[0] if argv else ""
    if first in SUBCOMMANDS:
        return subcommand(first, argv[1:])
    if first in ("--help", "-h"):
        say(HELP)
        return 0
    if first == "--version":
        say(version_text())
        return 0
    try:
        options = read_options(argv)
    except UsageError as error:
        complain(f"{error}\n\n{USAGE.rstrip()}")
        return 1
    if options.check_only:
        return judge(options)
    if options.foreground:
        return start(options, Readiness(None))
    return in_background(options)


def subcommand(name: str, argv: list[str]) -> int:
    """Run `pybird NAME ...`."""
    try:
        status = int(import_module(SUBCOMMANDS[name]).main(argv))
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return status


# ---------------------------------------------------------------- configuration


def judge(options: DaemonOptions) -> int:
    """`-p`: say what a start would say of the configuration, and make no file."""
    from pybird.tools.language import make_language

    language = make_language()
    try:
        become(*wanted_user(options))
    except LookupError as error:
        complain(str(error.args[0]))
        return 1
    except OSError as error:
        complain(error.strerror or str(error))
        return 1
    return 1 if load(language, options.config, make_logs=False) is None else 0


def load(
    language: Language, path: str, *, memory: ReadUnits | None = None, make_logs: bool = True
) -> Config | None:
    """Read a configuration that a router can run; what is wrong with it goes to stderr.

    The first line of each error is for tools. A memory makes the next reading
    of the file a short one.
    """
    from pybird.conf.errors import ConfigErrors
    from pybird.conf.model import must_run
    from pybird.io.log import check_files

    collecting = gc.isenabled()
    gc.disable()  # a large file is millions of small values, none of them garbage
    try:
        config = must_run(language.load(path, memory=memory))
        check_files(config.logs, make=make_logs)
    except OSError as error:
        complain(f"Unable to open configuration file {path}: {error.strerror or error}")
        return None
    except ConfigErrors as errors:
        for problem in errors.errors:
            complain(str(problem))
            for line in problem.show().splitlines()[1:]:
                say(line + "\n")
        return None
    finally:
        if collecting:
            gc.enable()
    for warning in config.warnings:
        span = warning.span
        complain(f"{span.file}:{span.line}:{span.column} warning: {warning.text}")
    return config


# ------------------------------------------------------------------ the daemon


class Readiness:
    """How the background process tells the one that was called how it went."""

    def __init__(self, pipe: int | None) -> None:
        self._pipe = pipe

    def ready(self) -> None:
        """We run: let the caller go, and let go of its terminal."""
        if self._pipe is None:
            return
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.close(null)
        os.write(self._pipe, b"+")
        os.close(self._pipe)
        self._pipe = None


def in_background(options: DaemonOptions) -> int:
    """Start the daemon in a process of its own; returns when it runs or has failed.

    Everything that can go wrong at start happens in the child while it still
    has the caller's stderr, so that the message is seen and the status is right.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            if pipe.read(1):
                return 0
        _pid, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) or 1
    os.close(reader)
    os.setsid()
    status = 1
    try:
        status = start(options, Readiness(writer))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def start(options: DaemonOptions, readiness: Readiness) -> int:
    """Become the daemon; returns its exit status when it ends.

    What it makes in folders that may be root's alone, the control socket and the
    PID file, it makes before it drops its privileges, and it does not drop them
    before nothing can go wrong any more: a failed start leaves nothing behind.
    """
    from pybird.io.control_socket import AnotherDaemonError, Bound
    from pybird.io.files import PidFile

    pid_file = bound = None
    try:
        user, group = wanted_user(options)
        try:
            bound = Bound(options.socket, user, group)
        except FileNotFoundError as error:
            folder = os.path.dirname(options.socket) or "."
            advice = f"make the folder {folder}, or name another socket with -s"
            raise OSError(error.errno, f"{error.strerror}: {advice}") from None
        if options.pid_file is not None:
            pid_file = PidFile(options.pid_file, user, group)
        return serve(options, readiness, bound, pid_file, user, group)
    except LookupError as error:
        complain(str(error.args[0]))
    except AnotherDaemonError as error:
        complain(str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        complain(f"{error.filename}: {reason}" if error.filename else reason)
    finally:
        if pid_file is not None:
            pid_file.remove()
        if bound is not None:
            bound.close()
    return 1


def serve(
    options: DaemonOptions,
    readiness: Readiness,
    bound: Bound,
    pid_file: PidFile | None,
    user: int | None,
    group: int | None,
) -> int:
    """Read the configuration as who we shall be, drop privileges, run.

    Raises:
        OSError: a socket or file cannot be made, or the user not be changed.
    """
    from pybird.conf.rereading import ReadUnits
    from pybird.daemon import Daemon
    from pybird.io import privileges
    from pybird.io.files import raise_open_file_limit
    from pybird.tools.language import make_language

    raise_open_file_limit()
    language = make_language()  # while we may still read our own files
    memory = ReadUnits()
    with privileges.acting_as(user, group):
        config = load(language, options.config, memory=memory)
    if config is None:
        return 1
    if pid_file is not None:
        pid_file.write()
    become(user, group)
    sys.setrecursionlimit(FRAMES)
    daemon = Daemon(options, language, config, memory, bound)
    readiness.ready()
    daemon.run()
    return 0


def become(user: int | None, group: int | None) -> None:
    """Drop privileges, if there is somebody to become."""
    from pybird.io import privileges

    if user is not None or group is not None:
        privileges.drop(user, group)


def wanted_user(options: DaemonOptions) -> tuple[int | None, int | None]:
    """The user and the group of `-u` and `-g`; a user brings its group.

    Raises:
        LookupError: no such user or group.
    """
    from pybird.io import privileges

    user, group = None, None
    if options.user is not None:
        user, group = privileges.user_id(options.user)
    if options.group is not None:
        group = privileges.group_id(options.group)
    return user, group


def keep_standard_files() -> None:
    """Put /dev/null where stdin, stdout or stderr was closed by who called us.

    The next file opened would get its number otherwise: messages to stderr
    would go into a socket.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  for as long as we live
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def pass_octets() -> None:
    """Let octets that are not UTF-8 (in file names, in comments) and line ends through as they are."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")


def run() -> None:
    """The console entry."""
    keep_standard_files()
    pass_octets()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says it of a program that SIGINT ended
    except BrokenPipeError:  # `pybird check --json | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
