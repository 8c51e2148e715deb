"""Commands about the router as a whole: status, version, memory, interfaces, symbols."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pybird
from pybird.cli.arguments import ShowSymbols
from pybird.cli.control import BANNERS
from pybird.cli.selection import moment
from pybird.core.command_targets import unknown
from pybird.core.ports import Link, LinkAddress
from pybird.core.replies import (
    Done,
    InterfaceAddress,
    InterfaceHeading,
    InterfaceRow,
    InterfaceSummary,
    MemoryRow,
    MemoryUse,
    Moment,
    Reply,
    Status,
    SymbolRow,
    Version,
)
from pybird.values.address import Address

if TYPE_CHECKING:
    from pybird.core.forwarding.interfaces import Interface
    from pybird.core.router import Router

# Octets of memory for each of these, measured on CPython 3.11: a network with one route, each further
# route, a set of attributes with the routes that share it, a protocol, a name.
_NETWORK, _ROUTE, _SET, _PROTOCOL, _SYMBOL = 75, 40, 700, 12000, 600


def show_status(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show router status."""
    yield Status(
        version=f"BIRD {BANNERS[session.dialect]}",
        router_id=str(Address.from_v4(router.router_id)),
        hostname=router.hostname,
        server_time=Moment(router.clock.wall(), "base"),
        last_reboot=moment(router, router.boot_time, "base"),
        last_reconfiguration=moment(router, router.config_time, "base"),
        state=router_state(router),
        recovery=router.services.recovery.lines(),
    )


def router_state(router: Router) -> str:
    """The last line of `show status`."""
    if router.shutting_down:
        return "Shutdown in progress"
    if router.reconfiguration.busy:
        return "Reconfiguration in progress"
    return "Daemon is up and running"


def show_version(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show program and version."""
    compiled = not getattr(sys.modules["pybird.values.route"], "__file__", "").endswith(".py")
    yield Version("PyBIRD", pybird.__version__, platform.python_version(), compiled, session.dialect)
    yield Done()


def show_memory(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show memory usage."""
    routes = sum(t.route_count for t in router.tables.values())
    networks = sum(t.net_count for t in router.tables.values())
    rows = (
        MemoryRow("Routing tables", networks * _NETWORK + (routes - networks) * _ROUTE, 0),
        MemoryRow("Route attributes", len(router.pool) * _SET, 0),
        MemoryRow("Protocols", len(router.protocols) * _PROTOCOL, 0),
        MemoryRow("Current config", len(router.config.symbols) * _SYMBOL, 0),
        MemoryRow("Standby memory", 0, 0),
    )
    yield MemoryUse(rows, session.console.resident())
    yield Done()


# --------------------------------------------------------------- interfaces


def show_interfaces(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show network interfaces."""
    for interface in router.interfaces:
        yield interface_row(router, interface)
    yield Done()


def show_interfaces_summary(router: Router, arguments: Any, session: Any) -> Iterator[Reply]:
    """Show summary of network interfaces."""
    yield InterfaceHeading()
    for interface in router.interfaces:
        row = interface_row(router, interface)
        best: dict[bool, str] = {}
        for address in row.addresses:
            v4 = ":" not in address.address
            if address.preferred and (v4 or address.scope != "link"):
                best.setdefault(v4, f"{address.address}/{address.length}")
        state = "up" if row.up else "down"
        yield InterfaceSummary(row.name, state, best.get(True, ""), best.get(False, ""))
    yield Done()


def interface_row(router: Router, interface: Interface) -> InterfaceRow:
    """One interface as data."""
    link = interface.link
    addresses = list(interface.addresses.values())
    preferred = _preferred(interface)
    master = next((i.name for i in router.interfaces if link.master and i.index == link.master), "")
    return InterfaceRow(
        name=link.name,
        up=link.admin_up,
        index=link.index,
        mtu=link.mtu,
        flags=tuple(_flags(link)),
        addresses=tuple(_address(a, a in preferred) for a in addresses),
        master=master,
    )


def _flags(link: Link) -> Iterator[str]:
    yield "PtP" if link.point_to_point else "MultiAccess"
    if link.broadcast and not link.loopback:
        yield "Broadcast"
    if link.multicast and not link.loopback:
        yield "Multicast"
    yield "AdminUp" if link.admin_up else "AdminDown"
    yield "LinkUp" if link.up else "LinkDown"
    if link.loopback:
        yield "Loopback"
        yield "Ignored"


def _preferred(interface: Interface) -> list[LinkAddress | None]:
    """The addresses marked as preferred: the source address of each family, and the link-local one."""
    own = interface.link_local()
    link_local = next((a for a in interface.ready_addresses() if a.address == own), None)
    return [interface.preferred(True), interface.preferred(False), link_local]


def _address(item: LinkAddress, preferred: bool) -> InterfaceAddress:
    return InterfaceAddress(
        str(item.address), item.length, preferred, scope(item.address), _opposite(item), item.secondary
    )


def _opposite(item: LinkAddress) -> str:
    """The address at the other end: of a host address the kernel's peer, of a /31, /30, /127 the other host.

    Empty for other networks.
    """
    address = item.address
    spare = address.bits - item.length
    if not spare:
        return "" if item.opposite is None else str(item.opposite)
    if spare == 1:
        return str(_flipped(address, 0b1))
    return str(_flipped(address, 0b11)) if spare == 2 and address.is_v4 else ""


def _flipped(address: Address, bits: int) -> Address:
    value = address.value ^ bits
    return Address.from_v4(value) if address.is_v4 else Address.from_v6(value)


# 240.0.0.0/4, which is reserved, counts as private in BIRD.
_PRIVATE = ((0x0A000000, 8), (0xAC100000, 12), (0xC0A80000, 16), (0xF0000000, 4))


def scope(address: Address) -> str:
    """The scope of an address in BIRD's words: host, link, site or univ."""
    if address.is_loopback:
        return "host"
    if address.is_link_local:
        return "link"
    if address.is_v4:
        private = any(address.value >> (32 - n) == net >> (32 - n) for net, n in _PRIVATE)
        return "site" if private else "univ"
    octets = address.octets
    if not any(octets[:12]):  # it embeds an IPv4 address (RFC 4291, 2.5.5.1)
        return scope(Address(octets[12:]))
    local = octets[0] & 0xFE == 0xFC or (octets[0] == 0xFE and octets[1] & 0xC0 == 0xC0)
    return "site" if local else "univ"


# -------------------------------------------------------------------- names

_KINDS = {
    "table": "routing table",
    "filter": "filter",
    "function": "function",
    "protocol": "protocol",
    "template": "protocol template",
    "constant": "constant",
}


def show_symbols(router: Router, arguments: ShowSymbols, session: Any) -> Iterator[Reply]:
    """Show all known symbolic names."""
    rows = symbol_rows(router, session.console.language.numbers)
    if arguments.name is not None:
        if arguments.name not in rows:
            raise unknown("name", arguments.name, rows)
        yield rows[arguments.name]
        return
    wanted = None if arguments.kind is None else _KINDS[arguments.kind]
    for row in rows.values():
        if wanted is None or row.kind == wanted:
            yield row
    yield Done()


def symbol_rows(router: Router, numbers: Iterable[str]) -> dict[str, SymbolRow]:
    """Rows by name: of the configuration, then of tables and protocols made at run time, then of `numbers`.

    `numbers` are names of numbers that the system defines (iproute2's files).
    """
    rows = {name: SymbolRow(name, _kind(symbol.kind)) for name, symbol in router.config.symbols.items()}
    for name in router.tables:
        rows.setdefault(name, SymbolRow(name, "routing table"))
    for name in router.protocols:
        rows.setdefault(name, SymbolRow(name, "protocol"))
    for name in numbers:
        rows.setdefault(name, SymbolRow(name, "constant"))
    return rows


def _kind(kind: str) -> str:
    return _KINDS.get(kind, kind)
