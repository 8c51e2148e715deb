"""Static's configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from pybird.conf.model import ProtocolConfig
from pybird.filter.nodes import NO_SPAN, Block, Span
from pybird.values.address import Address
from pybird.values.net import Net
from pybird.values.route import Dest


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticVia:
    """One `via`: a gateway (with or without interface) or an interface."""

    gateway: Address | None = None
    interface: str | None = None
    weight: int = 1
    onlink: bool = False
    bfd: bool = False
    labels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticRoute:
    """One `route`. `dest` NONE: a route without next hop; `recursive` is resolved in the IGP table."""

    net: Net
    dest: Dest = Dest.UNICAST
    via: tuple[StaticVia, ...] = ()
    recursive: Address | None = None
    recursive_labels: tuple[int, ...] = ()
    providers: tuple[int, ...] | None = None  # of an ASPA route
    label: int | None = None  # `mpls N`: the label under which we forward to it
    attributes: Block | None = None  # filter statements in braces
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticConfig(ProtocolConfig):
    """One `protocol static`."""

    routes: tuple[StaticRoute, ...] = ()
    check_link: bool = False
    igp_table: str | None = None

    @property
    def gives_labels(self) -> bool:
        """True if routes get labels: the `mpls` channel is there besides theirs."""
        return len(self.channels) > 1
