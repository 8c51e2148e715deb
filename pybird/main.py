"""The `pybird` program: BIRD's command line, exit codes and messages, and our own subcommands.

Options are read as getopt does (bundling, attached values), because start
scripts rely on it. Slow modules are imported only where they are needed, so
that `pybird --version` and a mistyped option answer immediately.
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

COMPATIBLE: Final = "2.19.2"  # the BIRD version whose language and clients we follow

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
  pybird check FILE... Report errors and likely mistakes in configuration files
  pybird fmt FILE...   Format configuration files (--check, --diff)
  pybird explain filter NAME FILE, pybird explain import|export PROTOCOL FILE
                       Follow a route through a filter, or through a channel's
                       filter (--route), or show the Python code that the
                       filter is compiled to (--compiled)
  pybird test FILE...  Run the tests in configurations and in *.birdtest files
  pybird demo A B      Start two routers that find each other, and a shell
"""
FRAMES: Final = 3000  # Python's recursion limit: filter functions may recurse about as deep as in BIRD
SUBCOMMANDS: Final = {  # name: the module with its `main`
    "check": "pybird.tools.check",
    "demo": "pybird.tools.demo",
    "fmt": "pybird.tools.fmt",
    "test": "pybird.tools.test",
    "explain": "pybird.tools.explain",
}


class UsageError(Exception):
    """The command line is wrong."""


def read_options(argv: list[str]) -> DaemonOptions:
    """Parse the daemon's command line.

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
        raise UsageError(f"there is no subcommand '{rest[0]}'; subcommands are {known}")
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
    """BIRD's version line, which tools parse, and ours: version, compiled or pure Python, Python version."""
    form = import_module("pybird.values.route").__file__ or ""
    kind = "compiled" if form.endswith(".so") else "pure Python"
    python = ".".join(str(part) for part in sys.version_info[:3])
    return f"BIRD version {COMPATIBLE}\nPyBIRD {pybird.__version__} ({kind}, Python {python})\n"


def print_message(text: str) -> None:
    """Write one message to stderr, with the prefix `bird:` that BIRD's messages have."""
    write_stderr(f"bird: {text}\n")


def write_stderr(text: str) -> None:
    """Write to stderr; ignore failures to write, they must not end the program."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass  # a closed pipe, a full disk


def main(argv: list[str]) -> int:
    """Run `pybird` with these arguments; returns the exit status."""
    first = argv[0] if argv else ""
    if first in SUBCOMMANDS:
        return subcommand(first, argv[1:])
    if first in ("--help", "-h"):
        write_stderr(HELP)
        return 0
    if first == "--version":
        write_stderr(version_text())
        return 0
    try:
        options = read_options(argv)
    except UsageError as error:
        print_message(f"{error}\n\n{USAGE.rstrip()}")
        return 1
    if options.check_only:
        return check_config(options)
    if options.foreground:
        return start(options, Readiness(None))
    return in_background(options)


def subcommand(name: str, argv: list[str]) -> int:
    """Run `pybird NAME ...`; returns the exit status."""
    try:
        status = int(import_module(SUBCOMMANDS[name]).main(argv))
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return status


# ---------------------------------------------------------------- configuration


def check_config(options: DaemonOptions) -> int:
    """`-p`: print the errors and warnings that a start would print, and create no file."""
    from pybird.tools.language import make_language

    language = make_language()
    try:
        drop_privileges(*wanted_user(options))
    except LookupError as error:
        print_message(str(error.args[0]))
        return 1
    except OSError as error:
        print_message(error.strerror or str(error))
        return 1
    return 1 if load(language, options.config, make_logs=False) is None else 0


def load(
    language: Language, path: str, *, memory: ReadUnits | None = None, make_logs: bool = True
) -> Config | None:
    """Read a configuration that a router can run; None if it has errors, which go to stderr.

    The first line of each error is for tools. With `memory` the next reading of
    the file reads only what has changed.
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
        print_message(f"Unable to open configuration file {path}: {error.strerror or error}")
        return None
    except ConfigErrors as errors:
        for problem in errors.errors:
            print_message(str(problem))
            for line in problem.show().splitlines()[1:]:
                write_stderr(line + "\n")
        return None
    finally:
        if collecting:
            gc.enable()
    for warning in config.warnings:
        span = warning.span
        print_message(f"{span.file}:{span.line}:{span.column} warning: {warning.text}")
    return config


# ------------------------------------------------------------------ the daemon


class Readiness:
    """Reports from the background process to the process that the user started that the daemon runs."""

    def __init__(self, pipe: int | None) -> None:
        self._pipe = pipe

    def ready(self) -> None:
        """Report that the daemon runs, so that the caller exits, and detach from its terminal."""
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
    """Start the daemon in a child process; returns the exit status when it runs or has failed.

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
    """Run the daemon in this process; returns its exit status when it ends.

    The control socket and the PID file may be in folders that only root can write,
    so they are made before privileges are dropped. Privileges are dropped last,
    when nothing can fail any more: a failed start leaves nothing behind.
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
        print_message(str(error.args[0]))
    except AnotherDaemonError as error:
        print_message(str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        print_message(f"{error.filename}: {reason}" if error.filename else reason)
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
    """Read the configuration with the rights of the target user, drop privileges, run.

    Raises:
        OSError: a socket or a file cannot be made, or the user cannot be changed.
    """
    from pybird.conf.rereading import ReadUnits
    from pybird.daemon import Daemon
    from pybird.io import privileges
    from pybird.io.files import raise_open_file_limit
    from pybird.tools.language import make_language

    raise_open_file_limit()
    language = make_language()  # before privileges drop: the target user may be unable to read our files
    memory = ReadUnits()
    with privileges.acting_as(user, group):
        config = load(language, options.config, memory=memory)
    if config is None:
        return 1
    if pid_file is not None:
        pid_file.write()
    drop_privileges(user, group)
    sys.setrecursionlimit(FRAMES)
    daemon = Daemon(options, language, config, memory, bound)
    readiness.ready()
    daemon.run()
    return 0


def drop_privileges(user: int | None, group: int | None) -> None:
    """Change to the user and the group of `-u` and `-g`, if given."""
    from pybird.io import privileges

    if user is not None or group is not None:
        privileges.drop(user, group)


def wanted_user(options: DaemonOptions) -> tuple[int | None, int | None]:
    """The numbers of the user and the group of `-u` and `-g`; a user without `-g` brings its group.

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
    """Open /dev/null as stdin, stdout or stderr where the caller has closed them.

    Otherwise the next file that is opened would get that number, and messages to
    stderr would go into a socket.
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
    """Pass octets that are not UTF-8 (in file names, in comments) and line ends through unchanged."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")


def run() -> None:
    """The entry point of the `pybird` script."""
    keep_standard_files()
    pass_octets()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # what shells report for a program that SIGINT ended
    except BrokenPipeError:  # `pybird check --json | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
