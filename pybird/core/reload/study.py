"""The slow part of a new configuration, which changes nothing: digest, compile and compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from pybird.conf.errors import ConfigError, ConfigErrors
from pybird.conf.model import Config, ProtocolConfig
from pybird.core.policies import Code, Meanings
from pybird.core.reload.plan import Comparisons, compare
from pybird.filter.compile import compile_filter
from pybird.filter.digest import digest
from pybird.filter.errors import FilterTypeError
from pybird.filter.nodes import Filter
from pybird.values.attributes import AttributeDecl


class Study(NamedTuple):
    """The result of studying a config, compared with the one that ran then."""

    running: Config
    config: Config
    meanings: Meanings
    compiled: Code
    comparisons: Comparisons

    def drop(self) -> None:
        """Discard the study: break the reference cycles of its code."""
        for _, code in self.compiled.values():
            code.clear()


def study(
    running: Config,
    config: Config,
    meanings: Meanings,
    attributes: Mapping[str, AttributeDecl],
    runs: Callable[[ProtocolConfig], bool],
) -> Study:
    """Digest and compile a config's filters and compare it with the running one; adds to `meanings`.

    May run in another thread.

    Raises:
        ConfigErrors: a filter that cannot be compiled: its nesting is beyond Python's.
    """

    def meaning(found: Filter) -> str:
        known = meanings.get(id(found))
        if known is None:
            known = meanings[id(found)] = (found, digest(found))
        return known[1]

    known = {meaning(found) for found in filters_of(running)}
    decls = {decl.name: decl for decl in (each.declaration for each in config.attributes)}
    names = {**attributes, **decls}
    compiled: Code = {}
    for found in filters_of(config):
        try:
            if meaning(found) not in known and id(found.body) not in compiled:
                compiled[id(found.body)] = (found, compile_filter(found, names))
        except FilterTypeError as problem:
            for _, code in compiled.values():
                code.clear()
            raise ConfigErrors([ConfigError(problem.message, problem.span)]) from None
    return Study(running, config, meanings, compiled, compare(running, config, meaning, runs))


def filters_of(config: Config) -> Iterator[Filter]:
    """The import and export filters of all channels of enabled protocols."""
    for protocol in config.protocols:
        if not protocol.disabled:
            for channel in protocol.channels:
                yield channel.import_filter
                yield channel.export_filter
