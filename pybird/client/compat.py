"""`PyBird`: the class of the `pybird` library on PyPI, for scripts that use that library.

Both distributions install a package named `pybird`. A script written for the
library finds the same class here, with the same methods and fields. It works with
PyBIRD and with BIRD 2 and 3, because it parses the text replies of each.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from pybird.client.library import Client, CommandFailedError

Fields = dict[str, Any]

_STATUS: Final = {
    "Router ID is ": "router_id",
    "Hostname is ": "hostname",
    "Last reboot on ": "last_reboot",
    "Last reconfiguration on ": "last_reconfiguration",
}
_ROUTE: Final = re.compile(
    r"(?P<prefix>\S+)? +(?P<dest>\S+) \[(?P<source>\S+) (?P<time>[^\]]*?)(?: from \S+)?\]"
)
_VIA: Final = re.compile(r"\tvia (?P<peer>\S+) on (?P<interface>\S+)")
_ATTRIBUTE: Final = re.compile(r"\t(?:BGP\.|bgp_)(?P<name>\w+): ?(?P<value>.*)")
_NAMES: Final = {"path": "as_path"}  # BIRD 3's name of an attribute: BIRD 2's, where they differ
_COMMUNITY: Final = re.compile(r"\((\d+),(\d+)\)")
_ROUTES: Final = re.compile(r"(\d+) (imported|exported)")
_LABELS: Final = {
    "Description": "description",
    "Neighbor address": "address",
    "Neighbor AS": "asn",
    "Neighbor ID": "router_id",
    "Source address": "source",
}


class PyBird:
    """Sends commands to the daemon behind a control socket; every call makes a new connection."""

    def __init__(
        self,
        socket_file: str,
        hostname: str | None = None,
        user: str | None = None,
        password: str | None = None,
        config_file: str | None = None,
        bird_cmd: str | None = None,
    ) -> None:
        if hostname is not None:
            raise NotImplementedError("remote daemons: run the script where the socket is")
        self.socket_file = socket_file
        self.config_file = config_file
        self.user, self.password, self.bird_cmd = user, password, bird_cmd

    def _lines(self, command: str) -> list[tuple[int, str]]:
        with Client(self.socket_file) as client:
            return [(line.code, line.text) for line in client.lines(command)]

    # status -------------------------------------------------------------

    def get_bird_status(self) -> Fields:
        """Version, router id, hostname and the times of start and last configuration."""
        found: Fields = {}
        for code, text in self._lines("show status"):
            if code == 1000:
                found["version"] = text.partition("BIRD ")[2]
            for start, name in _STATUS.items():
                if text.startswith(start):
                    value = text.removeprefix(start)
                    found[name] = _moment(value) if name.startswith("last_") else value
        return found

    def get_peer_status(self, peer_name: str | None = None) -> Any:
        """All BGP sessions as a list; with a name that session as a dictionary, or [] if there is none."""
        command = "show protocols all" if peer_name is None else f'show protocols all "{peer_name}"'
        try:
            found = _peers(self._lines(command))
        except CommandFailedError:
            return []
        if peer_name is None:
            return found
        return found[0] if found else []

    # routes -------------------------------------------------------------

    def get_routes(self, prefix: str | None = None, peer: str | None = None) -> list[Fields]:
        """All routes with their attributes; only those for one network or of one session if given."""
        words = ["show route"]
        if prefix:
            words.append(f"for {prefix}")
        if peer:
            words.append(f"protocol {peer}")
        return self._routes(" ".join([*words, "all"]))

    def get_routes_received(self, peer: str | None = None) -> list[Fields]:
        """The same as `get_routes(peer=peer)`."""
        return self.get_routes(peer=peer)

    def get_prefix_info(self, prefix: str, peer_name: str | None = None) -> list[Fields]:
        """The same as `get_routes(prefix, peer_name)`."""
        return self.get_routes(prefix, peer_name)

    def get_peer_prefixes_announced(self, peer_name: str) -> list[Fields]:
        """The routes that a session announced to us, accepted or not."""
        return self.get_peer_prefixes_accepted(peer_name) + self.get_peer_prefixes_rejected(peer_name)

    def get_peer_prefixes_accepted(self, peer_name: str) -> list[Fields]:
        """The routes of a session that the import filter accepted."""
        return self.get_routes(peer=peer_name)

    def get_peer_prefixes_rejected(self, peer_name: str) -> list[Fields]:
        """The routes of a session that the import filter rejected; needs `import keep filtered`."""
        return self._routes(f"show route all filtered protocol {peer_name}")

    def get_peer_prefixes_exported(self, peer_name: str) -> list[Fields]:
        """The routes that are exported to a session."""
        return self._routes(f"show route all export {peer_name}")

    def _routes(self, command: str) -> list[Fields]:
        try:
            return _routes(self._lines(command))
        except CommandFailedError as error:
            if error.code in (8001, 9001):  # no such network, or no protocol of that name
                return []
            raise

    # configuration ------------------------------------------------------

    def configure(self, soft: bool = False, timeout: int = 0) -> None:
        """Reconfigure the daemon; with `timeout` it undoes that after so many seconds without a confirm.

        Raises:
            ValueError: the configuration is wrong.
        """
        self._config(f"configure{' soft' if soft else ''}{f' timeout {timeout}' if timeout else ''}")

    def commit_config(self) -> None:
        """The same as `configure()`."""
        self.configure()

    def check_config(self) -> None:
        """Let the daemon check the configuration file.

        Raises:
            ValueError: the configuration is wrong.
        """
        path = f' "{self.config_file}"' if self.config_file else ""
        self._config(f"configure check{path}")

    def _config(self, command: str) -> None:
        try:
            self._lines(command)
        except CommandFailedError as error:
            raise ValueError(error.text) from None

    def get_config(self) -> str:
        """The text of the configuration file."""
        with open(self._path(), encoding="utf-8", errors="surrogateescape") as file:
            return file.read()

    def put_config(self, data: str) -> None:
        """Replace the text of the configuration file."""
        with open(self._path(), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(data)

    def _path(self) -> str:
        if not self.config_file:
            raise ValueError("config file is not set")
        return self.config_file


# ----------------------------------------------------------------- reading text


def _moment(text: str) -> datetime:
    """A time in the daemon's reply, without its fraction; a time without a date is today's."""
    plain = text.partition(".")[0]
    for style in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return datetime.strptime(plain, style)
        except ValueError:
            continue
    clock = datetime.strptime(plain, "%H:%M:%S")
    return datetime.now().replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)


def _peers(lines: list[tuple[int, str]]) -> list[Fields]:
    """The BGP protocols in the reply to `show protocols all`."""
    found: list[Fields] = []
    peer: Fields | None = None
    for code, text in lines:
        if code == 1002:
            peer = _peer(text)
            if peer is not None:
                found.append(peer)
        elif code == 1006 and peer is not None:
            _detail(peer, text)
    return found


def _peer(text: str) -> Fields | None:
    words = text.split()
    if len(words) < 5 or words[1] != "BGP":
        return None
    dated = "-" in words[4] and len(words) > 5 and ":" in words[5]
    since = " ".join(words[4:6]) if dated else words[4]
    info = words[6:] if dated else words[5:]
    return {
        "name": words[0],
        "protocol": words[1],
        "last_change": _moment(since),
        "state": info[0] if info else words[3],
        "up": info[:1] == ["Established"],
    }


def _detail(peer: Fields, text: str) -> None:
    label, _, value = (part.strip() for part in text.partition(":"))
    if label in _LABELS:
        peer[_LABELS[label]] = value
    elif label == "Routes":
        for number, kind in _ROUTES.findall(value):
            peer[f"routes_{kind}"] = peer.get(f"routes_{kind}", 0) + int(number)
    elif label.startswith(("Import ", "Export ")):
        _statistics(peer, label.lower().replace(" ", "_"), value.split())


def _statistics(peer: Fields, label: str, values: list[str]) -> None:
    """Add a line of `Route change stats` to the sums over all channels; BIRD 3 has two more columns."""
    names = ["received", "rejected", "filtered", "ignored", "accepted"]
    if len(values) == 7:
        names[4:] = ["rx_limit", "limit", "accepted"]
    if len(values) != len(names):
        return
    for name, value in zip(names, values, strict=True):
        if value.isdigit():
            key = f"{label}_{name}"
            peer[key] = peer.get(key, 0) + int(value)


def _routes(lines: list[tuple[int, str]]) -> list[Fields]:
    """The routes in the reply to `show route all`."""
    found: list[Fields] = []
    prefix = ""
    for _code, text in lines:
        if text.startswith("Table ") or not text:
            continue
        if not text.startswith("\t"):
            match = _ROUTE.match(text)
            if match is not None:
                prefix = match["prefix"] or prefix
                found.append({"prefix": prefix, "peer": None, "interface": None,
                              "source": match["source"], "time": match["time"]})  # fmt: skip
        elif found:
            _route_detail(found[-1], text)
    return found


def _route_detail(route: Fields, text: str) -> None:
    via = _VIA.match(text)
    attribute = _ATTRIBUTE.match(text)
    if via is not None:
        route.setdefault("next_hops", []).append((via["peer"], via["interface"]))
        if route["peer"] is None:
            route.update(via.groupdict())
    elif attribute is not None:
        name = _NAMES.get(attribute["name"], attribute["name"])
        route[name] = (
            _COMMUNITY.sub(r"\1:\2", attribute["value"]) if name == "community" else attribute["value"]
        )
    elif text.startswith("\t\t") and "community" in route:
        route["community"] += " " + _COMMUNITY.sub(r"\1:\2", text.strip())
