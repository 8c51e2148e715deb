"""The route attributes that filters of a configuration can use."""

from __future__ import annotations

from pybird.conf.model import Config
from pybird.filter.attributes import declarations_of
from pybird.proto import PROTOCOLS
from pybird.values.attributes import AttributeDecl


def declared(config: Config) -> dict[str, AttributeDecl]:
    """Those of the core, of all protocols and of the configuration itself, by name."""
    own = tuple([each.declaration for each in config.attributes])
    return declarations_of(*[each.attributes for each in PROTOCOLS], own)
