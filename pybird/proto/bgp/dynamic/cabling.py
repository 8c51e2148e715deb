"""Cable check: is the neighbor on an interface the one that the configuration expects there?

Its name is known from LLDP, which needs no session, and from the hostname capability in its
OPEN. Each of the names must fit. A name fits a pattern in capitals or not; a pattern without a dot also
fits the first part of a name with a domain.
"""

from __future__ import annotations

from pybird.conf.model import Expectation
from pybird.core.forwarding.cables import CableEnd
from pybird.core.forwarding.interfaces import Interface, matches
from pybird.core.peering import CableCheck
from pybird.core.services import Services
from pybird.filter.runtime import text_match
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.dynamic.admission import peers_config
from pybird.proto.bgp.wire.messages import Open
from pybird.values.address import Address
from pybird.values.net import PeerNet


def expectation(config: BgpConfig, interface: Interface) -> Expectation | None:
    """What is expected on an interface: the first `expect` whose interfaces fit."""
    channel = peers_config(config)
    for each in channel.expect if channel is not None else ():
        if not each.interfaces or matches(each.interfaces, interface):
            return each
    return None


def fits(expected: Expectation, name: str) -> bool:
    """True if a name is one of those expected."""
    name = name.lower()
    for pattern in expected.names:
        host = name if "." in pattern else name.partition(".")[0]
        if text_match(name, pattern.lower()) or text_match(host, pattern.lower()):
            return True
    return False


def name_in(open_message: Open) -> str:
    """The name in a neighbor's OPEN; empty: it says none."""
    theirs = open_message.capabilities
    return ".".join([part for part in (theirs.hostname, theirs.domain) if part])


def judge(expected: Expectation, names: list[tuple[str, str]]) -> CableCheck:
    """What follows from (system, port) of a neighbor; empty names are not known."""
    known = [(system, port) for system, port in names if system]
    wanted = " or ".join(expected.names)
    for system, port in known:
        if not fits(expected, system):
            text = f"miscabled: leads to {f'{system} {port}'.strip()}, expected {wanted}"
            return CableCheck("wrong", text, expected.enforce, system)
    if known:
        return CableCheck("right", enforce=expected.enforce)
    return CableCheck("unknown", f"cable not checked: expected {wanted}, it says no name", expected.enforce)


class Cabling:
    """The cables of one dynamic protocol, and what was logged of them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wrong: dict[tuple[int, Address | None], CableCheck] = {}  # what was logged and is still so

    def check(self, config: BgpConfig, net: PeerNet, said: Open | None) -> CableCheck | None:
        """Judge a neighbor; `said` is its OPEN, None if there was none yet."""
        interface = self._services.interfaces.by_index.get(net.ifindex)
        expected = None if interface is None else expectation(config, interface)
        if expected is None:
            return None
        end = self._services.cables.end_of(net.ifindex, net.address)
        names = [] if end is None else [_names(end)]
        if said is not None:
            names.append((name_in(said), ""))
        found = judge(expected, names)
        early = said is None and found.verdict == "unknown"
        return CableCheck("unknown", enforce=found.enforce) if early else found

    def check_end(self, config: BgpConfig, ifindex: int) -> CableCheck | None:
        """Judge whoever is heard on an interface, even if it is no neighbor (yet)."""
        interface = self._services.interfaces.by_index.get(ifindex)
        expected = None if interface is None else expectation(config, interface)
        if expected is None:
            return None
        return judge(expected, [_names(end) for end in self._services.cables.ends(ifindex)])

    def news(self, ifindex: int, address: Address | None, check: CableCheck | None) -> tuple[str, str] | None:
        """(level, text) to log of a verdict; None: nothing that was not logged.

        `address` is that of the neighbor; None: of whoever is heard on the interface.
        """
        interface = self._services.interfaces.by_index.get(ifindex)
        before = self._wrong.pop((ifindex, address), None)
        others = [other for (index, _), other in self._wrong.items() if index == ifindex]
        if interface is None or check is None or check.verdict == "unknown":
            return None
        if check.verdict == "right":
            again = before is not None and not others
            return ("info", f"{interface.name} is cabled as expected again") if again else None
        self._wrong[ifindex, address] = check
        known = [other.name for other in (before, *others) if other is not None]
        return None if check.name in known else ("warning", f"{interface.name} is {check.text}")

    def troubles(self) -> list[tuple[str, str]]:
        """(interface, what is wrong) of all that is wrong now."""
        found: dict[tuple[str, str], None] = {}
        for (ifindex, _), check in self._wrong.items():
            interface = self._services.interfaces.by_index.get(ifindex)
            if interface is not None:
                found[interface.name, check.text] = None
        return list(found)

    def forget(self) -> None:
        """Log everything anew."""
        self._wrong.clear()


def _names(end: CableEnd) -> tuple[str, str]:
    return end.system, end.port
