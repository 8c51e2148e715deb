"""`pybird demo A.conf B.conf`: two routers that find each other, and a shell on the first.

Each config runs as a daemon of its own in a network namespace of its own,
joined by a veth pair with `eth0` at both ends. Root makes them directly, a
user inside `unshare -rnm`; on a machine that allows neither, the same
configs run on the simulated network. When the shell ends (Ctrl-D), daemons,
namespaces and files are removed. Without a terminal the demo waits for the
session, prints what the shell would show, and ends.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import must_run
from pybird.tools.keeper import Keeper, remove_namespace
from pybird.tools.language import make_language

HINT = """\
You are on router A. Ctrl-D stops both routers.
  show protocols        the BGP session `auto01` was made for the discovered neighbor
  show route, show peers, show protocols all auto01, help, ?"""
TOUR = ("show protocols", "show peers", "show route")
PATIENCE = 20.0  # seconds within which the session must be up
INSIDE = "--inside"  # we are the copy that runs in a user's own namespaces
SERVE = "--serve"  # we are the copy that runs the simulated network
SIMULATED = "--simulated"  # use the simulated network in any case
OURS = re.compile(r"pybird-(?:a|b|probe|demo)-(\d+)\b")  # namespaces and folders, with the demo's process


def main(argv: list[str]) -> int:
    """Run the demo; 0 if the session between the routers came up."""
    if argv[:1] == [SERVE]:
        return _serve_simulated(argv[1:])
    inside = INSIDE in argv
    configs = [Path(arg) for arg in argv if arg not in (INSIDE, SIMULATED)]
    if len(configs) != 2:
        print("usage: pybird demo [--simulated] A.conf B.conf", file=sys.stderr)
        return 1
    for path in configs:
        if not path.is_file():
            print(f"{path}: no such file", file=sys.stderr)
            return 1
    if inside:
        _fresh_run_folder()
    elif not _runnable(configs):
        return 1
    why_not = f"{SIMULATED} was given" if SIMULATED in argv else _why_no_namespaces()
    _end_in_order()
    _remove_leftovers()
    if why_not is None:
        return _in_namespaces(configs)
    if not inside and SIMULATED not in argv and _may_unshare():
        command = ["unshare", "-rnm", sys.executable, "-m", "pybird", "demo", INSIDE, *map(str, configs)]
        sys.stdout.flush()
        os.execvp(command[0], command)  # the same process: a signal to it ends the demo
    print(f"No network namespaces here ({why_not}): the same configs run on the simulated network.")
    return _simulated(configs)


def _end_in_order() -> None:
    """A closed terminal and TERM end the demo as Ctrl-D does."""

    def end(number: int, _frame: object) -> None:
        for each in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for each in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup
            signal.signal(each, end)


def _remove_leftovers() -> None:
    """Remove namespaces and folders of demos that died, and end what still runs there."""
    rows = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=False).stdout
    for row in rows.splitlines():
        if _is_left(name := row.split()[0]):
            remove_namespace(name)
    for path in Path(tempfile.gettempdir()).iterdir():
        if _is_left(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _is_left(name: str) -> bool:
    """True if this was made by a demo that no longer runs."""
    found = OURS.match(name)
    if found is None:
        return False
    try:
        return b"demo" not in Path(f"/proc/{found[1]}/cmdline").read_bytes()
    except OSError:
        return True


def _runnable(configs: list[Path]) -> bool:
    """True if a router starts with each of these configurations; otherwise prints the errors."""
    language = make_language()
    try:
        for path in configs:
            must_run(language.load(str(path)))
    except ConfigErrors as found:
        print("\n".join([error.show() for error in found.errors]), file=sys.stderr)
        return False
    except OSError as problem:
        print(f"{path}: {problem.strerror or problem}", file=sys.stderr)
        return False
    return True


def _why_no_namespaces() -> str | None:
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    if os.geteuid() != 0:
        return "not root"
    probe = f"pybird-probe-{os.getpid()}"
    made = _ip("netns", "add", probe)
    _ip("netns", "del", probe)
    return made


def _may_unshare() -> bool:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return subprocess.run(["unshare", "-rnm", "true"], capture_output=True, check=False).returncode == 0


def _fresh_run_folder() -> None:
    """In a user's own mount namespace /run still belongs to the host: cover it."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], capture_output=True, check=False)
    Path("/run/netns").mkdir(exist_ok=True)


def _ip(*arguments: str) -> str | None:
    """Run ip(8); its error message if it fails, else None."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    return done.stderr.strip() or "failed" if done.returncode else None


@contextmanager
def _folder(keeper: Keeper) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"pybird-demo-{os.getpid()}-") as name:
        keeper.folder(name)
        yield Path(name)


@contextmanager
def _namespaces(keeper: Keeper) -> Iterator[tuple[str, str]]:
    """Two joined namespaces with forwarding on, removed in any case."""
    names = (f"pybird-a-{os.getpid()}", f"pybird-b-{os.getpid()}")
    try:
        for number, name in enumerate(names, 1):
            keeper.namespace(name)
            _ip_or_exit("netns", "add", name)
            _ip_or_exit("-n", name, "link", "set", "lo", "up")
            _ip_or_exit("-n", name, "addr", "add", f"10.{number}.0.1/32", "dev", "lo")
            _ip_or_exit("-n", name, "addr", "add", f"2001:db8:{number}::1/128", "dev", "lo")
            for setting in ("net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1"):
                # read-only in some containers: then the daemons warn, and the sessions still come up
                subprocess.run(
                    ["ip", "netns", "exec", name, "sysctl", "-qw", setting], capture_output=True, check=False
                )
        _ip_or_exit(
            "-n", names[0], "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", names[1]
        )
        for name in names:
            _ip_or_exit("-n", name, "link", "set", "eth0", "up")
        yield names
    finally:
        for name in names:
            _ip("netns", "del", name)


def _ip_or_exit(*arguments: str) -> None:
    complaint = _ip(*arguments)
    if complaint is not None:
        raise SystemExit(f"ip {' '.join(arguments)}: {complaint}")


def _in_namespaces(configs: list[Path]) -> int:
    with ExitStack() as stack:
        keeper = stack.enter_context(Keeper())
        folder = stack.enter_context(_folder(keeper))
        names = stack.enter_context(_namespaces(keeper))
        print("Two routers in network namespaces, joined by eth0.")
        for letter, name, config in zip("ab", names, configs, strict=True):
            stack.enter_context(_daemon(keeper, name, config, folder / letter))
        return _open_shell(folder / "a.ctl", lambda: (folder / "a.log").read_text(errors="replace"))


@contextmanager
def _daemon(keeper: Keeper, namespace: str, config: Path, stem: Path) -> Iterator[None]:
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "pybird", "-f"]
    with _running(keeper, [*command, "-c", str(config), "-s", str(stem.with_suffix(".ctl"))], stem):
        yield


@contextmanager
def _running(keeper: Keeper, command: list[str], stem: Path) -> Iterator[None]:
    """A process that logs to a file and ends with the block."""
    with stem.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the shell reaches only the shell
        )
    keeper.group(process.pid)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _open_shell(socket: Path, log: Callable[[], str]) -> int:
    """Wait for the session on the first router, then run the shell on it."""
    began = time.monotonic()
    while "Established" not in _ask(socket, "show protocols"):
        if time.monotonic() - began > PATIENCE:
            print(f"No session within {PATIENCE:.0f} s. Router A said:\n{log()}", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print(f"They found each other: BGP is up after {time.monotonic() - began:.1f} s.")
    if not sys.stdin.isatty():
        for command in TOUR:
            print(f"\nbird> {command}\n{_ask(socket, command)}")
        return 0
    print(HINT)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        subprocess.run([sys.executable, "-m", "pybird.client", "-s", str(socket)], check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    return 0


def _ask(socket: Path, command: str) -> str:
    if not socket.exists():
        return ""
    done = subprocess.run(
        [sys.executable, "-m", "pybird.client", "-s", str(socket), *command.split()],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else ""


def _simulated(configs: list[Path]) -> int:
    with Keeper() as keeper, _folder(keeper) as folder:
        command = [sys.executable, "-m", "pybird", "demo", SERVE, str(folder / "a.ctl"), *map(str, configs)]
        with _running(keeper, command, folder / "a"):
            return _open_shell(folder / "a.ctl", lambda: (folder / "a.log").read_text(errors="replace"))


def _serve_simulated(arguments: list[str]) -> int:
    from pybird.tools.simulated import serve

    socket, *configs = map(Path, arguments)
    serve(configs, socket)
    return 0
