"""A registry that bgpq4 can ask: the few queries of IRRd's whois protocol that it sends."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PREFIXES4 = {
    3333: ["192.0.2.0/24", "198.51.100.0/24", "198.51.100.0/25", "198.51.100.128/25"],
    2121: ["203.0.112.0/20", "203.0.113.0/24"],
    394000: ["10.0.0.0/8"],
}
PREFIXES6 = {3333: ["2001:db8::/32", "2001:db8:1::/48"], 2121: ["2001:db8:8000::/33"]}
MEMBERS = {"AS-ONE": "AS3333 AS2121 AS394000", "AS-NONE": "AS8881"}


class Registry(socketserver.ThreadingTCPServer):
    """Answers on a port of its own on the loopback interface."""

    daemon_threads = True
    allow_reuse_address = True


class Conversation(socketserver.StreamRequestHandler):
    """One client's queries, a line each."""

    def handle(self) -> None:
        for octets in self.rfile:
            line = octets.decode().strip()
            if line == "!q":
                return
            if line != "!!":
                self.wfile.write(answer(line).encode())


def answer(line: str) -> str:
    """`A<octets>`, the data and `C`; `C` alone for nothing to say, `D` for no such object."""
    data = ""
    if line.startswith(("!gAS", "!gas")):
        data = " ".join(PREFIXES4.get(int(line[4:]), []))
    elif line.startswith(("!6AS", "!6as")):
        data = " ".join(PREFIXES6.get(int(line[4:]), []))
    elif line.startswith("!i"):
        data = MEMBERS.get(line[2:].split(",")[0].upper(), "")
    elif line.startswith("!a"):
        return expanded(line[2:])
    elif line == "!s-lc":
        data = "TEST"
    elif not line.startswith(("!n", "!s", "!t")):
        return "F unknown query\n"
    else:
        return "C\n"
    return f"A{len(data) + 1}\n{data}\nC\n" if data else "D\n"


def expanded(query: str) -> str:
    """`!a[4|6]SET`: the prefixes of all members."""
    table = PREFIXES6 if query.startswith("6") else PREFIXES4
    numbers = MEMBERS.get(query.lstrip("46").upper(), "").split()
    data = " ".join(prefix for number in numbers for prefix in table.get(int(number[2:]), []))
    return f"A{len(data) + 1}\n{data}\nC\n" if data else "D\n"


@contextmanager
def registry() -> Iterator[int]:
    """A running registry; its port."""
    with Registry(("127.0.0.1", 0), Conversation) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
