"""`pybirdc`: the client for PyBIRD's control socket, and BIRD's.

With a command on the command line it runs that and exits: 0 if the last reply
code is below 8000, else 1. Without one it is an interactive shell if it runs on a
terminal; otherwise it reads commands from standard input, one per line. For one
command only the standard library is imported, so that it takes a few milliseconds.
"""

from __future__ import annotations

import os
import sys

from pybird.client.connection import DEFAULT_SOCKET, ConnectionLostError, ReplyLine, RouterConnection
from pybird.client.problems import for_people
from pybird.client.words import NoCommandError, expand

TYPE_CHECKING = False  # `typing` is too slow to import for one command
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

USAGE = "[-s <control-socket>] [-v] [-r] [-l] [--json] [<command>]"
HELP = """
  -s <control-socket>  The socket of the daemon; PYBIRD_SOCKET does the same
  -l                   Look for the socket in the current working directory
  -r                   Only commands that change nothing
  -v                   Show the codes of replies
  --json               Replies as JSON
"""
FAILED = 8000  # reply codes from here on are errors


class ClientOptions:
    """The parsed command line of `pybirdc`."""

    def __init__(self) -> None:
        self.socket = os.environ.get("PYBIRD_SOCKET", DEFAULT_SOCKET)
        self.verbose = False
        self.restricted = False
        self.json = False
        self.command = ""
        self.help = False
        self.as_birdc = False  # called by birdc's name: print what birdc prints


class ClientUsageError(Exception):
    """The command line is wrong; the message is getopt's."""


def parse_arguments(argv: list[str]) -> ClientOptions:
    """Read the command line.

    Raises:
        ClientUsageError: an unknown flag, or a missing value.
    """
    options = ClientOptions()
    options.as_birdc = os.path.basename(argv[0]) in ("birdc", "birdcl")
    words = argv[1:]
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        if word == "--json":
            options.json = True
        elif word in ("--help", "-h"):
            options.help = True
        elif word.startswith("--"):
            raise ClientUsageError(f"unrecognized option '{word}'")
        else:
            _flags(word[1:], words, options)
    options.command = " ".join(words)
    return options


def _flags(letters: str, words: list[str], options: ClientOptions) -> None:
    """Read short flags as getopt does: `-vr`, `-s PATH`, `-sPATH`."""
    while letters:
        flag, letters = letters[0], letters[1:]
        if flag == "s":
            if not letters and not words:
                raise ClientUsageError("option requires an argument -- 's'")
            options.socket = letters or words.pop(0)
            return
        if flag == "l":
            options.socket = os.path.basename(options.socket)
        elif flag == "v":
            options.verbose = True
        elif flag == "r":
            options.restricted = True
        else:
            raise ClientUsageError(f"invalid option -- '{flag}'")


def run() -> None:
    """The entry point of the `pybirdc` script."""
    if sys.stdin is not None:
        sys.stdin.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    try:
        sys.exit(main(sys.argv))
    except KeyboardInterrupt:
        sys.exit(1)
    except BrokenPipeError:  # `pybirdc show route | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def main(argv: list[str]) -> int:
    """Run `pybirdc` with these arguments, `argv[0]` its name; returns the exit code."""
    try:
        options = parse_arguments(argv)
    except ClientUsageError as error:
        sys.stderr.write(f"{argv[0]}: {error}\nUsage: {argv[0]} {USAGE}\n")
        return 1
    if options.help:
        sys.stdout.write(f"Usage: {os.path.basename(argv[0])} {USAGE}\n{HELP}")
        return 0
    try:
        connection = RouterConnection(options.socket)
    except OSError as error:
        sys.stderr.write(
            f"Unable to connect to server control socket ({options.socket}): {error.strerror or error}\n"
        )
        return 1
    except ConnectionLostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        return _run_connected(connection, options)
    except ConnectionLostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        connection.close()


def _run_connected(connection: RouterConnection, options: ClientOptions) -> int:
    greet = options.as_birdc or options.verbose
    if greet and (options.command or not sys.stdin.isatty()):
        print_lines([ReplyLine(1, connection.banner, True, f"0001 {connection.banner}")], options.verbose)
    if not options.command and sys.stdin.isatty() and sys.stdout.isatty():
        from pybird.client.shell import Shell

        settings = ["restrict"] * options.restricted + ["output json"] * options.json
        return Shell(connection, settings, verbose=options.verbose).run()
    if options.restricted:
        lines = connection.ask("restrict")
        if greet:
            print_lines(lines, options.verbose)
    if options.command:
        return run_command(connection, options.command, options)
    return run_lines(connection, sys.stdin, options)


def run_lines(connection: RouterConnection, source: TextIO, options: ClientOptions) -> int:
    """Run commands from a file or a pipe; returns the exit code of the last one."""
    code = 0
    for line in source:
        command = line.strip()
        if command in ("quit", "exit"):
            break
        if command:
            code = run_command(connection, command, options)
    return code


def run_command(connection: RouterConnection, text: str, options: ClientOptions) -> int:
    """Run one command; returns the exit code."""
    try:
        command = expand(text)
    except NoCommandError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    if options.json:
        return print_json(connection, command)
    connection.send(command)
    replies = connection.replies()
    raw = options.verbose or options.as_birdc
    return print_lines(replies if raw else for_people(replies), options.verbose)


def print_lines(lines: Iterable[ReplyLine], verbose: bool) -> int:
    """Print a reply; returns the exit code that its last line's reply code means."""
    code = 0
    out: list[str] = []
    for line in lines:
        if line.unasked:
            out.append(f">>> {line.text}\n")
        elif line.text or not line.last:
            out.append(f"{line.coded if verbose else line.text}\n")
        code = line.code if line.last else code
        if len(out) > 200:
            sys.stdout.write("".join(out))
            out.clear()
    sys.stdout.write("".join(out))
    sys.stdout.flush()
    return int(code >= FAILED)


def print_json(connection: RouterConnection, command: str) -> int:
    """Run a command and print its reply as a JSON array, or an error as `{"error": ..., "code": ...}`."""
    if connection.ask("output json")[-1].code >= FAILED:
        sys.stderr.write("This daemon does not answer in JSON\n")
        return 1
    connection.send(command)
    begun = False
    for line in connection.replies():
        if line.last and line.code >= FAILED:
            import json

            error = json.dumps({"error": line.text, "code": line.code})
            sys.stdout.write(f",\n{error}\n]\n" if begun else f"{error}\n")
            return 1
        if line.text.startswith("{"):
            sys.stdout.write((",\n" if begun else "[\n") + line.text)
            begun = True
    sys.stdout.write("\n]\n" if begun else "[]\n")
    return 0
