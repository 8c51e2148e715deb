"""Draws replies as coloured tables, from the JSON that the daemon sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from rich.console import Console

from pybird.client.layout import Column, Layout, Row

Reply = dict[str, Any]

_STATES: Final = {"up": "green", "start": "yellow", "down": "red", "stop": "red", "flush": "red"}
_DESTS: Final = {"unicast": "green", "blackhole": "red", "unreachable": "red", "prohibited": "red"}


def has_table(command: str) -> bool:
    """Whether the reply to this command, its words in full, is shown as a table."""
    words = command.split()
    if words[:2] == ["show", "route"]:
        return not {"all", "count", "stats"} & set(words[2:])
    if words[:2] == ["show", "protocols"]:
        return "all" not in words
    return words[:2] in (["show", "interfaces"], ["show", "peers"], ["show", "neighbors"])


class Form(NamedTuple):
    """How replies of one kind become rows; `key`: how many cells stay first when a row takes two lines."""

    columns: tuple[Column, ...]
    row: Callable[[Reply], Row]
    key: int = 1


class ReplyTables:
    """The tables of one command's reply, which is given in parts."""

    def __init__(self, screen: Console, today: str | None = None) -> None:
        """`today`: the date as in 2026-11-22, by default the current one."""
        self._screen = screen
        self._today = today or datetime.now().date().isoformat()
        self._current: tuple[str, str] | None = None
        self._layout: Layout | None = None

    def text(self, replies: Iterable[Reply]) -> str:
        """The text of the next replies: one table for each kind, for routes one for each routing table."""
        out = []
        for of, group in groupby(replies, _table_of):
            form = _FORMS.get(of[0])
            if form is None:
                out += [" ".join(map(str, reply.values())) + "\n" for reply in group]
                continue
            if of != self._current or self._layout is None:
                title = f"Table {of[1]}" if of[0] == "route_row" else ""
                self._current = of
                self._layout = Layout(title, form.columns, self._screen, self._today, key=form.key)
            out.append(self._layout.text([form.row(reply) for reply in group]))
        return "".join(out)


def _table_of(reply: Reply) -> tuple[str, str]:
    kind = reply["reply"]
    return kind, reply["table"] if kind in ("route_row", "peer_row") else ""


def short_time(moment: str) -> str:
    """A time such as `2026-11-22T13:44:28.750+00:00` as `2026-11-22 13:44:28`."""
    return moment[:19].replace("T", " ")


def _protocol(reply: Reply) -> Row:
    info = reply["info"].split(maxsplit=1)
    style = "green" if info[:1] == ["Established"] else ""
    state = reply["state"]
    cells = (
        reply["name"], reply["proto"], reply["table"], state, short_time(reply["since"]),
        " ".join([*info, reply.get("trouble", "")]).rstrip(),
    )  # fmt: skip
    return Row(cells, ("bold", "", "", _STATES.get(state, ""), "", style))


def _route(reply: Reply) -> Row:
    cells = (
        "*" if reply["primary"] else "",
        _net(reply),
        hops(reply),
        reply["protocol"],
        str(reply["preference"]),
        _words(reply["info"], reply.get("reason"), reply.get("lost")),  # why it was refused, or is not best
        short_time(reply["since"]),
    )
    where = "" if reply["hops"] else _DESTS.get(reply["dest"], "")
    return Row(cells, ("green", "bold", where, "", "", "", ""))


def _net(reply: Reply) -> str:
    """The network, with the label that the router gave the route."""
    net = "" if reply["again"] else reply["net"]
    label = reply.get("label")
    return net if label is None else f"{net} mpls {label}".strip()


def _words(*texts: str | None) -> str:
    return " ".join([text for text in texts if text])


def hops(reply: Reply) -> str:
    """The next hops of a route, one per line; without any its destination, e.g. `blackhole`."""
    lines = []
    for hop in reply["hops"]:
        line = f"{hop['gateway']} {hop['interface']}" if hop["gateway"] else hop["interface"]
        lines.append(line if hop["weight"] is None else f"{line} weight {hop['weight']}")
    return "\n".join(lines) if lines else reply["dest"]


def _refused(reply: Reply) -> Row:
    where = f"{reply['protocol']}.{reply['channel']}"
    cells = (reply["net"], where, reply["direction"], short_time(reply["since"]), reply["reason"])
    return Row(cells, ("bold", "", "", "", ""))


def _interface(reply: Reply) -> Row:
    state = "up" if reply["up"] else "down"
    addresses = "\n".join([f"{a['address']}/{a['length']}" for a in reply["addresses"]])
    cells = (reply["name"], state, str(reply["index"]), str(reply["mtu"]), addresses)
    return Row(cells, ("bold", _STATES[state], "", "", ""))


def _summary(reply: Reply) -> Row:
    state = reply["state"]
    return Row((reply["name"], state, reply["v4"], reply["v6"]), ("bold", _STATES[state], "", ""))


def _at(reply: Reply) -> str:
    """The names of the neighbor's system and port, where they are known."""
    names = f"{reply['system']} {reply['port']}".strip()
    return f"[{names}]" if names else ""


def _peer(reply: Reply) -> Row:
    cells = (
        reply["address"],
        reply["interface"],
        ", ".join(reply["sources"]) or reply["source"],
        short_time(reply["since"]),
        "never" if reply["expires"] is None else f"{reply['expires']:.0f} s",
        reply["child"] or "---",
        " ".join([word for word in (reply["state"], reply["why"], _at(reply)) if word]),
    )
    return Row(cells, ("bold", "", "", "", "", "", _STATES.get(reply["state"], "yellow")))


_FORMS: Final = {
    "protocol_row": Form(
        (
            Column("Name"),
            Column("Proto", leaves=2),
            Column("Table", leaves=1),
            Column("State"),
            Column("Since"),
            Column("Info", words=True),
        ),
        _protocol,
    ),
    "route_row": Form(
        (
            Column(""),
            Column("Network"),
            Column("Next hop"),
            Column("Protocol", leaves=4),
            Column("Pref", leaves=1),
            Column("Origin", leaves=3),
            Column("Since", leaves=2),
        ),
        _route,
        key=2,
    ),
    "refused_row": Form(
        (
            Column("Network"),
            Column("Channel"),
            Column("Direction", leaves=1),
            Column("Since", leaves=2),
            Column("Reason", words=True),
        ),
        _refused,
    ),
    "interface_row": Form(
        (
            Column("Interface"),
            Column("State"),
            Column("Index", leaves=1),
            Column("MTU", leaves=2),
            Column("Addresses"),
        ),
        _interface,
    ),
    "interface_summary": Form(
        (Column("Interface"), Column("State"), Column("IPv4 address"), Column("IPv6 address")), _summary
    ),
    "peer_row": Form(
        (
            Column("Neighbor"),
            Column("Interface"),
            Column("Found by", leaves=1),
            Column("Since", leaves=3),
            Column("Expires", leaves=2),
            Column("Session"),
            Column("State", words=True),
        ),
        _peer,
    ),
}
