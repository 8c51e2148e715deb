"""Cases, and the `Side` of a case: one daemon with its scripted neighbors.

A case is a function that gets a `Side`, tells it what to do and returns a dict
of what it saw. It runs for every daemon at the same time, each on a side of its
own; the dicts are compared key by key.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.interop.lab import PATIENCE, Lab
from tests.side_by_side.speaker import Session, progress
from tests.side_by_side.world import FRR, Kind, Place, Refused, header

Answers = Mapping[str, Any]
_NEIGHBOR = re.compile(r"\bneighbor\s+([\da-fA-F:.]+)\S*\s+(?:port\s+\d+\s+)?as\s+(\d+)")
_LOCAL = re.compile(r"\blocal\s+([\da-fA-F:.]+)\S*\s+(?:port\s+\d+\s+)?as\s+(\d+)")
_TIMES = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?)?|\b\d\d:\d\d:\d\d(?:\.\d+)?")
_ROW = re.compile(r"(\S+(?: \S+)*)?\s+(\S+) \[(\S+) [^\]]*?(?: from ([^\]]+))?\]( \*)? ?(.*)")


@dataclass(frozen=True)
class Case:
    """A case; its fields are the arguments of `case`."""

    name: str
    function: Callable[[Side], Answers]
    long: bool = False
    dialect3: bool = False
    since: str = "2.0"
    options: tuple[str, ...] = ()
    frr: bool = False


CASES: dict[str, Case] = {}


def case(
    *,
    name: str = "",
    long: bool = False,
    dialect3: bool = False,
    since: str = "2.0",
    options: Sequence[str] = (),
    frr: bool = False,
) -> Callable[[Callable[[Side], Answers]], Callable[[Side], Answers]]:
    """Make a function a case, by its own name or by another one.

    `long`: only in `make test-long`. `dialect3`: what commands answer is looked at, so
    ours runs in dialect 3 too, beside BIRD 3. `since`: the first version that takes
    the configuration, "2.19" or "3". `options`: which of the manual are compared here,
    such as `"bgp: hold time"`; test_lists.py wants every one that acts. `frr`: FRR has a
    column, where it is installed; the case gives `start` its configuration (`frr.py`)
    and looks at what neighbors hear, nothing else.
    """

    def register(function: Callable[[Side], Answers]) -> Callable[[Side], Answers]:
        known = name or getattr(function, "__name__", "")
        assert known not in CASES, f"two cases have the name {known}"
        CASES[known] = Case(known, function, long, dialect3, since, tuple(options), frr)
        return function

    return register


def bgp(
    number: int,
    asn: int | None = None,
    options: str = "",
    channel: str = "",
    *,
    local: str = "10.0.0.1",
    neighbor: str | None = None,
    imports: str = "all",
    exports: str = "all",
    family: int = 4,
) -> str:
    """The text of `protocol bgp pNUMBER` for that neighbor, with one channel.

    `options` and `channel` are further options of the protocol and of its channel.
    """
    if neighbor is None:
        base, _, link = local.partition("%")
        neighbor = f"{base[:-1]}{number}" + (f"%{link}" if link else "")
    return (
        f"protocol bgp p{number} {{ local {local} as 65001; neighbor {neighbor} as {asn or 65000 + number};"
        f" connect delay time 1; connect retry time 2; {options}"
        f" ipv{family} {{ import {imports}; export {exports}; {channel} }}; }}\n"
    )


def bgp6(number: int, asn: int | None = None, options: str = "", channel: str = "", **more: Any) -> str:
    """The same over IPv6: global addresses, or `local="fe80::1%eth0"`."""
    usual: dict[str, Any] = {"local": "2001:db8:a::1", "family": 6}
    return bgp(number, asn, options, channel, **(usual | more))


class Side:
    """One daemon, its place and its neighbors; all that a case does goes through here."""

    def __init__(self, place: Place, quiet: float) -> None:
        self.place = place
        self.kind = place.kind
        self.quiet = quiet
        self.config = ""
        self.sessions: list[Session] = []

    # --- to do

    def start(self, config: str, frr: str = "") -> None:
        """Start the daemon, or start it anew, with this text (the header comes by itself).

        `frr` is what FRR starts with, for the same neighbors.
        """
        self.close()
        self.config = config
        self.daemon = self.place.start(config, frr)

    def recover(self) -> None:
        """Kill the daemon, and start it again with `-R`; its sessions are gone."""
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.close()
        self.daemon = self.place.start(self.config, options=("-R",))

    def starts(self, config: str) -> bool:
        """Whether the daemon starts with this text."""
        try:
            self.start(config)
        except Refused:
            return False
        return True

    def configure(self, config: str, command: str = "configure") -> list[str]:
        """Another text and the reply to the command that loads it."""
        self.config = config
        self.daemon.config.write_text(header(config))
        return self.ask(command)

    def session(self, number: int, **options: Any) -> Session:
        """A session for `protocol bgp pNUMBER`, not connected; options are those of `Session`."""
        text = re.search(rf"protocol bgp p{number} .*?(?=\nprotocol |\Z)", self.config, re.DOTALL)
        found: dict[str, Any] = {}
        if text and (local := _LOCAL.search(text[0])):
            found |= {"destination": local[1], "remote_asn": int(local[2])}
        if text and (neighbor := _NEIGHBOR.search(text[0])):
            found |= {"source": neighbor[1], "asn": int(neighbor[2])}
        found |= {"insists": self.kind is FRR}
        made = Session(self.place.neighbors.namespace, number, **(found | options))
        self.sessions.append(made)
        return made

    def connect(self, *numbers: int, **options: Any) -> list[Session]:
        """Established sessions for the protocols `pNUMBER`."""
        return [self.session(number, **options).connect() for number in numbers]

    def settle(self, quiet: float | None = None) -> None:
        """Wait until nothing has changed for a short while."""
        quiet = self.quiet if quiet is None else max(quiet, self.quiet)
        last: Any = None
        begin = since = time.monotonic()
        while (now := time.monotonic()) - since < quiet and now - begin < 20 * PATIENCE:
            current = self._progress()
            if current != last:
                last, since = current, time.monotonic()
            time.sleep(0.04)

    def _progress(self) -> Any:
        if self.kind is FRR:
            return progress(self.sessions)
        return (
            progress(self.sessions),
            self.daemon.cli("show route table all count"),
            _TIMES.sub("T", self.daemon.cli("show protocols")),
            self.kernel() if "protocol kernel" in self.config else [],
        )

    def close(self) -> None:
        for session in self.sessions:
            session.close()
        self.sessions.clear()

    # --- to look at

    def ask(self, command: str) -> list[str]:
        """The reply to a command, codes included, times masked."""
        return [_TIMES.sub("T", line.rstrip()) for line in self.daemon.reply(command)]

    def code(self, command: str) -> str:
        """The code that ends the reply to a command."""
        return self.daemon.reply(command)[-1][:4]

    def lines(self, command: str) -> list[str]:
        """The reply to a command without its codes, times masked."""
        return [re.sub(r"^(\d{4}[- ]| )", "", line) for line in self.ask(command)]

    def routes(self, arguments: str = "") -> dict[str, list[dict[str, str]]]:
        """`show route ARGUMENTS all`: the routes of each network, best first, the others by protocol.

        Each is a dict of `via`, `protocol`, `from`, `best` where they are, `info`
        (what stands behind) and the attributes, by the names that BIRD 2 gives them.
        """
        found: dict[str, list[dict[str, str]]] = {}
        net, route = "", dict[str, str]()
        for line in "\n".join(self.lines(f"show route {arguments} all")).replace("\n\t\t", " ").splitlines():
            if line.startswith("\t"):
                _add_attribute(route, line)
            elif match := _ROW.match(line):
                net = match[1] or net
                route = {"to": match[2], "protocol": match[3], "info": match[6].replace("-)", ")")}
                route |= {"from": match[4]} if match[4] else {}
                route |= {"best": "*"} if match[5] else {}
                found.setdefault(net, []).append(route)
        for routes in found.values():
            routes.sort(key=lambda one: ("best" not in one, one["protocol"], str(one)))
        return dict(sorted(found.items()))

    def best(self, arguments: str = "") -> dict[str, str]:
        """The protocol whose route is the best one of each network, and `unreachable` and the like."""
        found = {}
        for net, routes in self.routes(arguments).items():
            first = routes[0]
            to = "" if first["to"] == "unicast" else f" {first['to']}"
            found[net] = first["protocol"] + to if "best" in first else "none"
        return found

    def info(self, protocol: str) -> str:
        """State and Info of a protocol in `show protocols`."""
        for line in self.lines(f"show protocols {protocol}"):
            if line.startswith(f"{protocol} "):
                words = line.split()
                return " ".join([words[3], *words[5:]])
        return "none"

    def details(self, protocol: str, pattern: str = "") -> list[str]:
        """The lines of `show protocols all PROTOCOL` that match, without what lies around them."""
        rows = self.lines(f"show protocols all {protocol}")[2:]
        return [" ".join(row.split()) for row in rows if re.search(pattern, row) and row.strip()]

    def kernel(self, table: int = 99, family: int = 4) -> list[str]:
        """The routes of a table of the kernel; none of a table that was never used."""
        show = ("ip", f"-{family}", "route", "show", "table", str(table))
        rows = self.place.subject.run(*show, check=False).splitlines()
        if any("table does not exist" in row for row in rows):
            return []
        return sorted(" ".join(row.replace("pref medium", "").split()) for row in rows)

    def log(self, pattern: str = "") -> list[str]:
        """The lines of the log that match, without their times."""
        rows = re.sub(r"^(bird: )?(\S+ \S+ )?(\[\d+\] )?(?=<)", "", self.daemon.text(), flags=re.MULTILINE)
        return [_TIMES.sub("T", row) for row in rows.splitlines() if re.search(pattern, row)]


# Keys of what a daemon did not come to, such as an Established session, or a start.
FAILED = "failed"
REFUSED = "refused"
# What depends on the version, not on the route.
_UNTOLD = {"preference", "from", "source", "Type", "hostentry", "local_metric", "igp_metric"}


def _add_attribute(route: dict[str, str], line: str) -> None:
    """Take a line of `show route all` into a route, by BIRD 2's names of attributes."""
    text = line.strip()
    if text.startswith(("via ", "dev ")):
        route["via"] = f"{route['via']}, {text}" if "via" in route else text
    elif ":" in text and not text.startswith("Internal"):
        name, _, value = text.partition(":")
        name = re.sub(r"^bgp_", "BGP.", name).replace("BGP.path", "BGP.as_path")
        if name not in _UNTOLD:
            route[name] = value.strip()


@dataclass(frozen=True)
class Column:
    """What one daemon showed."""

    kind: Kind
    answers: Answers


def run(lab: Lab, one: Case, kinds: Iterable[Kind], quiet: float = 0.3) -> list[Column]:
    """Run a case for all these daemons at the same time."""
    places = [Place(lab, kind) for kind in kinds]
    with ThreadPoolExecutor(len(places)) as pool:
        return list(pool.map(lambda place: _column(place, one, quiet), places))


def _column(place: Place, one: Case, quiet: float) -> Column:
    side = Side(place, quiet)
    try:
        answers = one.function(side)
    except Refused as refused:
        answers = {REFUSED: re.sub(r"\S*/", "", str(refused)).strip()}
    except AssertionError as error:
        answers = {FAILED: f"{error}"[:1000]}
    finally:
        side.close()
        for daemon in place.subject.daemons:
            daemon.stop()
    return Column(place.kind, json.loads(json.dumps(answers, sort_keys=True)))
