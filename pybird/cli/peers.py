"""`show peers`: every discovered neighbor, with its session or the reason why there is none.

The entries are in the peer tables. The protocol that announced an entry says when
it expires (`Discoverer.describe`); the dynamic protocols say which child is its
session (`Spawner.child_of`) or why there is none (`no_child_reason`). No protocol is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pybird.cli.arguments import ShowPeers
from pybird.cli.protocols import info
from pybird.cli.selection import ask_protocol, moment, orphaned, table
from pybird.core.command_targets import Which, protocols
from pybird.core.peering import Discoverer, Spawner
from pybird.core.replies import (
    LEFT,
    PARSE_ERROR,
    PRUNED,
    CommandError,
    Done,
    Note,
    PeerHeading,
    PeerRow,
    Reply,
)
from pybird.values.net import NetType, PeerNet, net_of
from pybird.values.route import Rte

if TYPE_CHECKING:
    from pybird.core.protocol import Instance
    from pybird.core.router import Router
    from pybird.core.table import Table


def show_peers(router: Router, arguments: ShowPeers, session: Any) -> Iterator[Reply]:
    """Show discovered neighbors and their sessions."""
    tables = _tables(router, arguments)
    yield PeerHeading()
    for found in tables:
        for row in _rows(router, found):
            if arguments.interface is None or fnmatchcase(row.interface, arguments.interface):
                yield row
    yield Done()


def prune(router: Router, arguments: Which, session: Any) -> Iterator[Reply]:
    """Remove sessions of neighbors that are gone, except established and disabled ones."""
    for instance in protocols(router, arguments):
        parent = instance.parent
        spawner = parent if isinstance(parent, Spawner) else None
        if spawner is not None and orphaned(instance) is not None:
            why = ask_protocol(spawner, spawner.prune, instance)
            if why:
                yield _left(instance.name, why)
            else:
                yield Note(PRUNED, f"{instance.name}: pruned", instance.name)
        elif arguments.name is not None:
            yield _left(instance.name, "no orphan")
    yield Done()


def _left(name: str, why: str) -> Note:
    return Note(LEFT, f"{name}: not pruned, {why}", name)


def _rows(router: Router, found: Table) -> Iterator[PeerRow]:
    parents = _spawners(router, found)
    for key in sorted(found.keys()):
        routes = found.get(key)
        if routes:
            yield peer_row(router, found, key, routes, parents)
    for parent in parents:
        for key, child in (ask_protocol(parent, parent.orphans, NetType.PEER) or {}).items():
            if not found.get(key):
                yield _orphan_row(router, found, key, child, parents)


def _tables(router: Router, arguments: ShowPeers) -> list[Table]:
    if arguments.table is None:
        return [t for t in router.tables.values() if t.net_type is NetType.PEER]
    found = table(router, arguments.table)
    if found.net_type is not NetType.PEER:
        raise CommandError(PARSE_ERROR, f"{found.name} is not a peer table")
    return [found]


def peer_row(
    router: Router, found: Table, key: bytes, routes: Sequence[Rte], parents: list[Spawner]
) -> PeerRow:
    """One entry as data; `routes` are those of all protocols that found it, the best first."""
    net = net_of(NetType.PEER, key)
    assert isinstance(net, PeerNet)
    rte = routes[0]
    known = _description(rte, key)
    expires = known.get("expires")
    system, port = _names(router, net, [known, *[_description(other, key) for other in routes[1:]]])
    child, why = _child(parents, key)
    return PeerRow(
        table=found.name,
        address=str(net.address),
        interface=_interface_name(router, net.ifindex),
        source=rte.source.name,
        since=moment(router, known.get("since", rte.time)),
        expires=None if expires is None else max(expires - router.clock.now(), 0.0),
        child="" if child is None else child.name,
        state="" if child is None else child.state.value,
        why=why if child is None else _session_state(child),
        cable=_cable(parents, key),
        sources=tuple(dict.fromkeys(each.source.name for each in routes)),
        system=system,
        port=port,
    )


def _names(router: Router, net: PeerNet, known: list[dict[str, Any]]) -> tuple[str, str]:
    """System and port as the cable's other end says, else as those do who found the neighbor."""
    end = router.services.cables.end_of(net.ifindex, net.address)
    if end is not None:
        return end.system, end.port
    for each in known:
        if each.get("system"):
            return str(each["system"]), str(each.get("port", ""))
    return "", ""


def _orphan_row(router: Router, found: Table, key: bytes, child: Instance, parents: list[Spawner]) -> PeerRow:
    """A session that outlived its entry (`persist`), or that was made for a connection."""
    net = net_of(NetType.PEER, key)
    assert isinstance(net, PeerNet)
    orphan = orphaned(child)
    prune_in = None
    if orphan is not None and orphan.prune_at is not None:
        prune_in = max(orphan.prune_at - router.clock.now(), 0.0)
    system, port = _names(router, net, [])
    return PeerRow(
        table=found.name,
        address=str(net.address),
        interface=_interface_name(router, net.ifindex),
        source="---",
        since=moment(router, child.since),
        expires=None,
        child=child.name,
        state=child.state.value,
        why=", ".join([word for word in ("orphan", _session_state(child), _pruning(prune_in)) if word]),
        orphan_since=None if orphan is None else moment(router, orphan.since),
        prune_in=prune_in,
        cable=_cable(parents, key),
        system=system,
        port=port,
    )


def _pruning(seconds: float | None) -> str:
    return "" if seconds is None else f"pruned in {seconds:.0f} s"


def _session_state(child: Instance) -> str:
    """The state of a child's session as in the Info column and what troubles it, or that it is disabled."""
    said = info(child).strip()
    if child.enabled or said:
        trouble = ask_protocol(child, child.trouble) or ""
        return ", ".join([text for text in (said, trouble) if text])
    return f'disabled: "{child.message}"' if child.message else "disabled"


def _description(rte: Rte, key: bytes) -> dict[str, Any]:
    owner = rte.source.owner
    finder = None if owner is None else owner.protocol
    if not isinstance(finder, Discoverer):
        return {}
    return ask_protocol(finder, finder.describe, NetType.PEER, key) or {}


def _interface_name(router: Router, index: int) -> str:
    found = router.interfaces.by_index.get(index)
    return f"%{index}" if found is None else found.name


def _spawners(router: Router, found: Table) -> list[Spawner]:
    """The protocols that make sessions from a table's entries."""
    return [
        instance
        for instance in router.protocols.values()
        if isinstance(instance, Spawner) and any(c.table is found for c in instance.channels.values())
    ]


def _cable(parents: list[Spawner], key: bytes) -> str:
    """The verdict of the cable check; empty if no protocol expects anybody there."""
    for instance in parents:
        check = ask_protocol(instance, instance.cable, NetType.PEER, key)
        if check is not None:
            return str(check.verdict)
    return ""


def _child(parents: list[Spawner], key: bytes) -> tuple[Instance | None, str]:
    """(session of an entry, ""), or (None, the reasons of every protocol that could have made one)."""
    reasons: list[str] = []
    for instance in parents:
        child = ask_protocol(instance, instance.child_of, NetType.PEER, key)
        if child is not None:
            return child, ""
        reason = ask_protocol(instance, instance.no_child_reason, NetType.PEER, key)
        if reason:
            reasons.append(f"{instance.name}: {reason}")
    return None, "; ".join(reasons) or "no protocol uses it"
