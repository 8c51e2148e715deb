"""`dump`: the router's internal state, to the log or to a file.

A file is newly created, readable by its owner only, and written in parts, so that
a large table delays nothing else. It is created through `Console.files`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pybird.core.ports import FileError, Output
from pybird.core.replies import FILE_ERROR, PAUSE, CommandError, Done, Note, Reply
from pybird.values.net import net_of
from pybird.values.text import to_octets

if TYPE_CHECKING:
    from pybird.cli.arguments import Dump
    from pybird.cli.control import ControlSession
    from pybird.core.router import Router

STEP: Final = 200  # lines between two pauses


def dump(router: Router, arguments: Dump, session: ControlSession) -> Iterator[Reply]:
    """Dump debugging information to the log or to a file."""
    lines = KINDS[arguments.kind](router)
    if arguments.file is None:
        for count, line in enumerate(lines, 1):
            router.log("debug", line)
            if count % STEP == 0:
                yield PAUSE
        yield Done()
        return
    yield from _to_file(router, session, lines, arguments.kind, arguments.file)


def _to_file(
    router: Router, session: ControlSession, lines: Iterator[str], kind: str, path: str
) -> Iterator[Reply]:
    files = session.console.files
    if files is None:
        raise CommandError(FILE_ERROR, "This router can dump to the log only, not to a file")
    try:
        file = files.create(path, 0o600)
    except FileError as problem:
        raise CommandError(FILE_ERROR, f"Failed to open file {path}: {problem.reason}") from None
    try:
        yield Note(13, f"Dumping {kind} to {path}")
        took = yield from _write(router, lines, file)
    except FileError as problem:
        raise CommandError(FILE_ERROR, f"Failed to write file {path}: {problem.reason}") from None
    finally:
        _abandon(file)
    yield Note(13, f"... dumped {took}")
    yield Note(13, f"Dumped {took}")


def _write(router: Router, lines: Iterator[str], file: Output) -> Generator[Reply, None, str]:
    """Write and close the file; returns "N bytes in N s"."""
    start = router.clock.now()
    octets = 0
    while part := list(islice(lines, STEP)):
        data = to_octets("".join([f"{line}\n" for line in part]))
        file.write(data)
        octets += len(data)
        if len(part) == STEP:
            yield PAUSE
    file.close()
    return f"{octets} bytes in {router.clock.now() - start:.3f} s"


def _abandon(file: Output) -> None:
    """Close a file that is finished, has failed or whose client has gone; an error was reported already."""
    try:
        file.close()
    except FileError:
        pass


# --------------------------------------------------- one function for each kind


def _protocols(router: Router) -> Iterator[str]:
    for instance in router.protocols.values():
        parent = f", child of {instance.parent.name}" if instance.parent is not None else ""
        yield f"protocol {instance.name}: {instance.state.value}{parent}, enabled: {instance.enabled}"
        for field in fields(instance.config):
            if field.name != "channels" and "password" not in field.name:
                yield f"  {field.name}: {getattr(instance.config, field.name)}"
        for channel in instance.channels.values():
            yield f"  channel {channel.name}: {channel.state.value}, {channel.table.name}, {channel.sources}"


def _tables(router: Router) -> Iterator[str]:
    for table in router.tables.values():
        yield (
            f"table {table.name}: {table.route_count} routes, {table.net_count} networks,"
            f" {len(table.buckets)} buckets, generation {table.generation}"
        )
        for reader in table.readers:
            yield f"  reader: {len(reader.pending)} pending, every: {reader.every}"


def _routes(router: Router) -> Iterator[str]:
    for table in router.tables.values():
        yield f"table {table.name}"
        walk = table.walk()
        while keys := walk.next_keys(STEP):
            for key in keys:
                yield f"  {net_of(table.net_type, key)}"
                for rte in table.get(key):
                    yield f"    {rte} rank {rte.rank:x} flags {rte.flags} epoch {rte.epoch}"


def _interfaces(router: Router) -> Iterator[str]:
    for interface in router.interfaces:
        yield f"interface {interface.link}"
        for address in interface.addresses.values():
            yield f"  {address}"


def _neighbors(router: Router) -> Iterator[str]:
    for hop in router.hops:
        yield f"next hop {hop.key}: {hop} version {hop.version}, metric {hop.igp_metric}"


def _attributes(router: Router) -> Iterator[str]:
    yield f"{len(router.pool)} attribute sets"


def _resources(router: Router) -> Iterator[str]:
    routes = sum([table.route_count for table in router.tables.values()])
    yield f"{len(router.tables)} tables, {routes} routes"
    yield f"{len(router.pool)} attribute sets, {len(router.hops)} next hops"
    yield f"{len(router.protocols)} protocols, {len(router.interfaces.by_index)} interfaces"


def _sockets(router: Router) -> Iterator[str]:
    for name, shared in router.services.shared.items():
        yield f"{name}: {shared}"


def _events(router: Router) -> Iterator[str]:
    for job in router.scheduler:
        yield f"waiting: {getattr(job, '__qualname__', job)} of {getattr(job, '__self__', None)}"


def _filters(router: Router) -> Iterator[str]:
    for name, found in router.config.filters.items():
        yield f"filter {name} {router.policies.meaning(found)}"
    for name in router.config.functions:
        yield f"function {name}"


def _no_keys(router: Router) -> Iterator[str]:
    yield "no TCP-AO keys"


KINDS: Final[dict[str, Callable[[Any], Iterator[str]]]] = {
    "resources": _resources,
    "sockets": _sockets,
    "events": _events,
    "interfaces": _interfaces,
    "neighbors": _neighbors,
    "attributes": _attributes,
    "attribute stats": _attributes,
    "routes": _routes,
    "tables": _tables,
    "protocols": _protocols,
    "filter all": _filters,
    "ao keys": _no_keys,
}
