"""Who may reach the machine: files, the environment, sockets, threads, the clock (docs/architecture.md).

The daemon's edge may; everything else is given ports. Of modules that reach the
machine the rest may use only the names in `PURE`, which read and write nothing.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pybird

ROOT = Path(pybird.__file__).parent

EDGE = ("io/", "client/", "tools/", "main.py", "daemon.py")
READS_ITS_OWN = (
    "conf/include.py",  # the files of a configuration, on the worker's thread
    "conf/tables.py",  # the parser's tables and their cache
)
# One module, and what it may use beside: why.
EXEMPT = {
    "filter/depth.py": frozenset(("threading",)),  # a thread for its large stack; the caller waits for it
}

MACHINE = {
    *("asyncio", "concurrent", "ctypes", "fcntl", "fileinput", "glob", "grp", "http", "io", "linecache"),
    *("logging", "mmap", "multiprocessing", "os", "pathlib", "platform", "pty", "pwd", "queue", "resource"),
    *("runpy", "secrets", "select", "selectors", "shutil", "signal", "socket", "socketserver", "sqlite3"),
    *("ssl", "subprocess", "syslog", "tempfile", "termios", "threading", "time", "urllib", "uuid"),
    *("datetime", "random"),  # now, and chance without a seed
}
PURE = {
    *("os.strerror", "os.path.join", "os.path.dirname", "os.path.basename", "os.path.normpath"),
    "pathlib.PurePath",
    *("socket.AF_INET", "socket.AF_INET6", "socket.inet_ntop", "socket.inet_pton"),
    *("time.strftime", "time.localtime"),  # of a time that is given
    *("datetime.datetime", "datetime.datetime.strptime", "datetime.datetime.fromtimestamp"),
    "random.Random",
    "platform.python_version",
}
BUILTINS = {"open", "input", "__import__"}
# Methods that only files have: no such object should come in by another way.
FILE_METHODS = {
    *("read_text", "write_text", "read_bytes", "write_bytes", "iterdir", "mkdir", "rmdir", "unlink"),
    *("exists", "is_file", "is_dir", "stat", "lstat", "chmod", "touch", "rglob", "symlink_to", "readlink"),
}


def reached(source: str, besides: frozenset[str] = frozenset()) -> list[str]:
    """What a module uses of the machine, each as `line: name`."""
    tree = ast.parse(source)
    imported = [(node.lineno, *pair) for node in ast.walk(tree) for pair in _imported(node)]
    meanings = {name: f"builtins.{name}" for name in BUILTINS - _named(tree)}
    meanings.update({name: full for _line, name, full in imported})
    found = [(line, full) for line, _name, full in imported if _is_machine(full) and not _leads_to_pure(full)]
    found += [(line, full) for line, full in _uses(tree, meanings) if _is_machine(full) and full not in PURE]
    return [f"{line}: {full}" for line, full in sorted(set(found)) if full.split(".")[0] not in besides]


def _named(tree: ast.Module) -> set[str]:
    """The names that the module itself gives to things: they are not the builtin."""
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _is_machine(full: str) -> bool:
    return full.split(".")[0] in {*MACHINE, "builtins", ""}


def _leads_to_pure(full: str) -> bool:
    """May this be imported? `os` may, for `os.path.join`."""
    return any(f"{pure}.".startswith(f"{full}.") for pure in PURE)


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """What each imported name stands for: `join` for `os.path.join`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.split(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _uses(tree: ast.AST, meanings: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Each outermost dotted name that begins with an imported one, in full; methods of files as `.stat`."""
    for node in ast.iter_child_nodes(tree):
        full = _dotted(node, meanings)
        if full is not None:
            yield node.lineno, full
            continue
        if isinstance(node, ast.Attribute) and node.attr in FILE_METHODS:
            yield node.lineno, f".{node.attr}"
        yield from _uses(node, meanings)


def _dotted(node: ast.AST, meanings: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return meanings.get(node.id)
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value, meanings)
        return None if before is None else f"{before}.{node.attr}"
    return None


def free(path: str) -> bool:
    """Is this module (by its path in the package) one of those that reach the machine?"""
    return path.startswith(EDGE) or path in READS_ITS_OWN


MODULES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", [path for path in MODULES if not free(path)])
def test_only_the_edge_reaches_the_machine(path):
    found = reached((ROOT / path).read_text(), EXEMPT.get(path, frozenset()))
    assert not found, f"{path} reaches the machine: {', '.join(found)}"


@pytest.mark.parametrize("path", [*READS_ITS_OWN, *EXEMPT])
def test_each_exemption_is_needed(path):
    assert reached((ROOT / path).read_text())


# ------------------------------------------------ the test itself notices


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("open('x')", "1: builtins.open"),
        ("opener = open", "1: builtins.open"),
        ("import io\nio.open('x')", "1: io"),
        ("import os\nos.unlink('x')", "2: os.unlink"),
        ("import os as o\nx = [o.environ['HOME'] for _ in y]", "2: os.environ"),
        ("import os.path\nos.path.exists('x')", "2: os.path.exists"),
        ("from os import getenv", "1: os.getenv"),
        ("from os import path\npath.getsize('x')", "2: os.path.getsize"),
        ("from pathlib import Path", "1: pathlib.Path"),
        ("import pathlib\npathlib.Path('x').read_text()", "2: .read_text"),
        ("def f(given):\n    given.mkdir()", "2: .mkdir"),
        ("import tempfile", "1: tempfile"),
        ("def f():\n    from shutil import rmtree", "2: shutil.rmtree"),
        ("from os import *", "1: os.*"),
        ("__import__('os')", "1: builtins.__import__"),
        ("import asyncio", "1: asyncio"),
        ("import time\ntime.time()", "2: time.time"),
        ("from datetime import datetime\ndatetime.now()", "2: datetime.datetime.now"),
        ("import random\nrandom.random()", "2: random.random"),
        ("import os\nf(os)", "2: os"),
    ],
)
def test_what_reaches_the_machine_is_found(text, told):
    assert told in reached(text)


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.path.join('a', 'b') + os.strerror(2)",
        "from os.path import join\njoin('a', 'b')",
        "from os import path\npath.dirname('a')",
        "from pathlib import PurePath\ndef f(x: PurePath): ...",
        "from socket import AF_INET6, inet_pton\ninet_pton(AF_INET6, '::')",
        "channel.open()\nfiles.read('x')",
        "from datetime import datetime\ndatetime.fromtimestamp(1.0).date()",
        "from random import Random",
        "open, closed = states\nf(open)",
        "def open_all(pathlib): ...",
    ],
)
def test_pure_names_and_ports_are_no_fault(text):
    assert reached(text) == []


def test_an_exemption_is_of_one_module_of_the_machine():
    text = "import threading\nimport tempfile"
    assert reached(text, frozenset(("threading",))) == ["2: tempfile"]
