"""ROA and ASPA tables that stay unfilled: this version does not run the protocol that fills them.

A filter that checks routes against such a table would find none of them invalid:
what was written to protect a network would let everything pass. The router does
not start with it, whatever else is in the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pybird.conf.builder import Builder
from pybird.conf.model import NotRun, ProtocolConfig
from pybird.filter.nodes import REJECT, Builtin, Call, Filter, Function, Literal, Node, Span
from pybird.filter.types import PARTS
from pybird.values.net import NetType

ORIGINS: Final = frozenset((NetType.ROA4, NetType.ROA6, NetType.ASPA))
REASON: Final = "no route would be invalid"

Unfilled = dict[str, ProtocolConfig]


def refuse_unfilled(
    builder: Builder, filters: Mapping[str, Filter], functions: Mapping[str, Function]
) -> None:
    """Refuse a configuration whose channels check against such tables; warn of other filters that do."""
    found = unfilled(builder.made)
    if not found:
        return
    used = {
        place: table
        for protocol in builder.made
        if not isinstance(protocol, NotRun)
        for channel in protocol.channels
        for policy in (channel.import_filter, channel.export_filter)
        for table, place in tables_asked(policy)
        if table in found
    }
    for place, table in used.items():
        error = builder.refusal(_what(found[table], table), REASON, place, used=True)
        error.related = ("it is filled here", found[table].span)
        builder.refusals.append(error)
    for node in (*filters.values(), *functions.values()):
        for table, place in tables_asked(node):
            if table in found and place not in used:
                builder.refusal(_what(found[table], table), REASON, place, used=False)


def unfilled(protocols: Iterable[ProtocolConfig]) -> Unfilled:
    """The tables that lack routes which should be there, and the protocol that would bring those."""
    protocols = list(protocols)
    found: Unfilled = {
        channel.table: protocol
        for protocol in protocols
        if isinstance(protocol, NotRun) and not protocol.disabled
        for channel in protocol.channels
        if channel.net_type in ORIGINS and channel.import_filter.body != REJECT.body
    }
    pairs = [pair for protocol in protocols for pair in protocol.copies]
    while missed := [pair for pair in pairs if pair[0] in found and pair[1] not in found]:
        found.update({target: found[source] for source, target in missed})
    return found


def tables_asked(node: Node) -> Iterator[tuple[str, Span]]:
    """(table, place) of each check against a table in a filter or function, or in what it calls."""
    seen: set[int] = set()
    left: list[object] = [node]
    while left:
        value = left.pop()
        if isinstance(value, tuple):
            left += value
        if not isinstance(value, Node):
            continue
        match value:
            case Builtin(arguments=(Literal(type="table", value=table), *_)):
                yield table, value.span
            case Call(function=ref) if id(ref.identity) not in seen:
                seen.add(id(ref.identity))
                left.append(ref.function)
        left += [getattr(value, name) for name in PARTS[type(value)]]


def _what(protocol: ProtocolConfig, table: str) -> str:
    return f"the protocol {protocol.type_name} that fills {table}"
