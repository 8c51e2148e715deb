"""Tables that are filled and never read."""

from __future__ import annotations

from collections.abc import Iterator

from pybird.conf.expressions import TABLE_CALLS
from pybird.conf.tree import Token, Tree
from pybird.filter.nodes import REJECT
from pybird.proto.pipe.config import PipeConfig
from pybird.tools.lint.context import Finding, LintContext


def unread_tables(subject: LintContext) -> Iterator[Finding]:
    """A pipe whose target no channel exports from, no other pipe reads and no filter asks."""
    read = _read_tables(subject)
    for protocol in subject.config.protocols:
        if isinstance(protocol, PipeConfig):
            for target in dict.fromkeys(table for _, table in _flows(protocol)):
                if target not in read:
                    text = f"pipe `{protocol.name}` fills table `{target}`, which nobody reads"
                    yield Finding("unread-table", protocol.span, text)


def _flows(pipe: PipeConfig) -> list[tuple[str, str]]:
    """(from, to): the tables between which a pipe copies routes."""
    targets = [channel.table for channel in pipe.channels if channel.import_filter != REJECT]
    tables = {channel.table for channel in pipe.channels} | {pipe.peer_table}
    return [(source, target) for target in targets for source in tables - {target}]


def _read_tables(subject: LintContext) -> set[str]:
    config = subject.config
    read: set[str] = set()
    for protocol in config.protocols:
        if isinstance(protocol, PipeConfig):
            read |= {source for source, _ in _flows(protocol)}
            continue
        read |= {channel.table for channel in protocol.channels if channel.export_filter != REJECT}
    for statement in subject.statements:
        for item in statement.walk():
            if isinstance(item, Tree) and item.data == "call" and item.children[0] in TABLE_CALLS:
                read |= {str(word) for word in item.walk() if isinstance(word, Token)}
    return read
