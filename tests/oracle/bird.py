"""Programs as real BIRD runs them: import filters of static routes, their prints read from the log."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.oracle.programs import Writer
from tests.real_bird import running

HEAD = "router id 192.0.2.1;\nprotocol device {}\n"
NET = "10.1.0.0/16"
# The interfaces that programs name; the second command gives both indexes that are known beforehand.
LINKS = [
    "ip link add d0 index 3 type veth peer name d1 index 2",
    "ip address add 192.0.2.1/24 dev d0",
    "ip address add 2001:db8:9::1/64 dev d0 nodad",
    "ip link set d0 up",
    "ip link set d1 up",
]
ERROR = "filters, line "
GROUP = 5  # programs per daemon: it keeps quiet about more errors than that
_ITS_OWN = ("Started", "Shutting down", "Shutdown completed")
_CODE = re.compile(r"\(enum \w+\)")  # every BIRD has its own


def plain(line: str) -> str:
    """A logged line as all versions print it; the text of an error does not count."""
    return "error" if line.startswith(ERROR) else _CODE.sub("(enum)", line)


def printed(version: str, writer: Writer, programs: dict[str, str], folder: Path) -> dict[str, list[str]]:
    """What each program, by the name of its filter, logs on a route without attributes."""
    log = folder / "log"
    log.unlink(missing_ok=True)
    parts = [f'log "{log}" all;\n{HEAD}', *writer.shared()]
    for name, text in programs.items():
        parts += [
            text.replace(f"filter {name} {{\n", f'filter {name} {{\nprint "BEGIN {name}";\n'),
            f"ipv4 table table_{name};\nprotocol static static_{name} {{ ipv4 {{ table table_{name};",
            f"import filter {name}; }}; route {NET} via 192.0.2.9; }}",
        ]
    with running(version, "\n".join(parts), folder, LINKS) as ask:
        for _ in range(50):
            if log.read_text(errors="replace").count("> BEGIN ") == len(programs):
                break
            time.sleep(0.05)
        ask("eval 1")
        time.sleep(0.05)
    return _by_program(log.read_text(errors="replace"), repeating=version == "3")


def _by_program(log: str, *, repeating: bool) -> dict[str, list[str]]:
    """`repeating`: BIRD 3.3 prints what the filter printed before once more with each line."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    said = ""
    for level, line in re.findall(r"<(\w+)> (.*)", log):
        if line.startswith("BEGIN ") and not (repeating and line.startswith(said or "\n")):
            said = line
            lines = found.setdefault(line.split()[1], [])
        elif level == "INFO" and repeating and line.startswith(said):
            lines.append(plain(line.removeprefix(said)))
            said = line
        elif level in ("INFO", "ERR") and line not in _ITS_OWN:
            lines.append(plain(line))
    return found


__all__ = ["GROUP", "HEAD", "NET", "plain", "printed"]
