"""Replies as coloured tables, from the JSON that the daemon sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

Row = dict[str, Any]

_STATES = {"up": "green", "start": "yellow", "down": "red", "stop": "red", "flush": "red"}
_DESTS = {"unicast": "green", "blackhole": "red", "unreachable": "red", "prohibited": "red"}


def shows(command: str) -> bool:
    """Is there a table for this command (its words in full)?"""
    words = command.split()
    if words[:2] == ["show", "route"]:
        return words[2:3] == ["refused"] or not {"all", "count", "stats"} & set(words[2:])
    if words[:2] == ["show", "protocols"]:
        return "all" not in words
    return words[:2] in (["show", "interfaces"], ["show", "peers"], ["show", "neighbors"])


def render(rows: Iterable[Row]) -> Iterable[RenderableType]:
    """Rows of one kind stand in one table; routes in one per routing table."""
    for (kind, _), group in groupby(
        rows, lambda row: (row["reply"], row.get("table") if _by_table(row) else "")
    ):
        make = _MAKERS.get(kind)
        found = list(group)
        if make is not None:
            yield make(found)
        else:
            yield from (Text(" ".join(map(str, row.values()))) for row in found)


def _by_table(row: Row) -> bool:
    return row["reply"] in ("route_row", "peer_row")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def short_time(moment: str) -> str:
    """`2026-11-22T13:44:28.750+00:00` without fraction and zone."""
    return moment[:19].replace("T", " ")


def protocols(rows: list[Row]) -> RenderableType:
    """`show protocols`."""
    table = _table("", "Name", "Proto", "Table", "State", "Since", "Info")
    for row in rows:
        info = row["info"].split(maxsplit=1)
        style = "green" if info[:1] == ["Established"] else ""
        table.add_row(
            Text(row["name"], "bold"),
            row["proto"],
            row["table"],
            Text(row["state"], _STATES.get(row["state"], "")),
            short_time(row["since"]),
            Text(" ".join(info), style),
        )
    return table


def routes(rows: list[Row]) -> RenderableType:
    """`show route` of one table."""
    table = _table(
        f"Table {rows[0]['table']}", "", "Network", "Next hop", "Protocol", "Pref", "Origin", "Since"
    )
    explained = any(row.get("reason") for row in rows)
    if explained:
        table.add_column("Refused for", overflow="fold")
    for row in rows:
        table.add_row(
            Text("*" if row["primary"] else "", "green"),
            Text("" if row["again"] else row["net"], "bold"),
            hops(row),
            row["protocol"],
            str(row["preference"]),
            row["info"],
            short_time(row["since"]),
            *([row["reason"]] if explained else []),
        )
    return table


def refused(rows: list[Row]) -> RenderableType:
    """`show route refused`."""
    table = _table("", "Network", "Channel", "Direction", "Since", "Reason")
    for row in rows:
        table.add_row(
            Text(row["net"], "bold"),
            f"{row['protocol']}.{row['channel']}",
            row["direction"],
            short_time(row["since"]),
            row["reason"],
        )
    return table


def hops(row: Row) -> Text:
    """Where a route goes, one line per next hop."""
    if not row["hops"]:
        return Text(row["dest"], _DESTS.get(row["dest"], ""))
    lines = []
    for hop in row["hops"]:
        line = f"{hop['gateway']} {hop['interface']}" if hop["gateway"] else hop["interface"]
        lines.append(line if hop["weight"] is None else f"{line} weight {hop['weight']}")
    return Text("\n".join(lines))


def interfaces(rows: list[Row]) -> RenderableType:
    """`show interfaces`."""
    table = _table("", "Interface", "State", "Index", "MTU", "Addresses")
    for row in rows:
        state = "up" if row["up"] else "down"
        addresses = "\n".join(f"{a['address']}/{a['length']}" for a in row["addresses"])
        table.add_row(
            Text(row["name"], "bold"),
            Text(state, _STATES[state]),
            str(row["index"]),
            str(row["mtu"]),
            addresses,
        )
    return table


def summary(rows: list[Row]) -> RenderableType:
    """`show interfaces summary`."""
    table = _table("", "Interface", "State", "IPv4 address", "IPv6 address")
    for row in rows:
        table.add_row(
            Text(row["name"], "bold"), Text(row["state"], _STATES[row["state"]]), row["v4"], row["v6"]
        )
    return table


def peers(rows: list[Row]) -> RenderableType:
    """`show peers`."""
    table = _table("", "Neighbour", "Interface", "Found by", "Since", "Expires", "Session", "State")
    for row in rows:
        expires = "never" if row["expires"] is None else f"{row['expires']:.0f} s"
        state = f"{row['state']} {row['why']}".strip()
        table.add_row(
            Text(row["address"], "bold"),
            row["interface"],
            row["source"],
            short_time(row["since"]),
            expires,
            row["child"] or "---",
            Text(state, _STATES.get(row["state"], "yellow")),
        )
    return table


_MAKERS: dict[str, Callable[[list[Row]], RenderableType]] = {
    "protocol_row": protocols,
    "route_row": routes,
    "interface_row": interfaces,
    "interface_summary": summary,
    "peer_row": peers,
    "refused_row": refused,
}
