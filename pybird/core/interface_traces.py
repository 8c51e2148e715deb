"""Trace lines for the interface events that protocols get, in BIRD's words."""

from __future__ import annotations

from typing import Final

from pybird.core.forwarding.interfaces import Interface, InterfaceEvent, Interfaces
from pybird.core.ports import LinkAddress
from pybird.core.protocol import Instance
from pybird.core.traces import Traces

_WORDS: Final = {"up": "goes up", "down": "goes down"}


class InterfaceTraces:
    """Writes the lines of `debug { interfaces }` for the protocols that follow interfaces."""

    def __init__(self, interfaces: Interfaces, instances: dict[str, Instance], traces: Traces) -> None:
        self._interfaces = interfaces
        self._instances = instances
        self._traces = traces
        interfaces.listen(self)

    def interface_event(self, event: InterfaceEvent) -> None:
        """Trace an event for each protocol that follows it."""
        text = _text_of(event)
        if text:
            for instance in self._instances.values():
                if "interfaces" in instance.debug and instance.follows_interfaces(event.address is not None):
                    self._traces.write(f"{instance.name} < {text}")

    def trace_interfaces(self, instance: Instance) -> None:
        """Trace what a starting protocol learns: every interface that is up, and its addresses."""
        if "interfaces" not in instance.debug or not instance.follows_interfaces(False):
            return
        write = self._traces.write
        for interface in self._interfaces:
            if not interface.up:
                continue
            write(f"{instance.name} < interface {interface.name} goes up")
            for address in interface.ready_addresses() if instance.follows_interfaces(True) else ():
                write(f"{instance.name} < {_address(interface, address)} added")


def _text_of(event: InterfaceEvent) -> str:
    name = event.interface.name
    if event.address is not None:
        what = "removed" if event.kind == "address-removed" else "added"
        return f"{_address(event.interface, event.address)} {what}"
    if event.kind == "changed":
        return f"interface {name} changes {event.what}"
    word = _WORDS.get(event.kind)
    return f"interface {name} {word}" if word else ""


def _address(interface: Interface, address: LinkAddress) -> str:
    return f"address {address.prefix} on interface {interface.name}"
