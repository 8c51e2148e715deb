"""FRR's configuration for the neighbors of a case: what `bgp` and `bgp6` of case.py are for BIRD."""

from __future__ import annotations

from collections.abc import Sequence

Neighbor = tuple[str, int, Sequence[str]]
HEAD = """router bgp 65001
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 coalesce-time 0
"""


def frr(number: int, asn: int | None = None, *options: str, address: str = "10.0.0.{}") -> Neighbor:
    """Neighbor NUMBER with options of its address family, such as `route-reflector-client`."""
    return address.format(number), 65000 + number if asn is None else asn, options


def frr6(number: int, asn: int | None = None, *options: str, address: str = "2001:db8:a::{}") -> Neighbor:
    return frr(number, asn, *options, address=address)


def router(*neighbors: Neighbor) -> str:
    """The text of bgpd for these."""
    lines = []
    for address, asn, _ in neighbors:
        lines += [f" neighbor {address} remote-as {asn}", f" neighbor {address} advertisement-interval 0"]
        if address.startswith("fe80"):
            lines.append(f" neighbor {address} interface eth0")
    for family, v6 in (("ipv4", False), ("ipv6", True)):
        lines.append(f" address-family {family} unicast")
        for address, _, options in neighbors:
            if (":" in address) == v6:
                lines += [f"  neighbor {address} {option}" for option in ("activate", *options)]
        lines.append(" exit-address-family")
    return HEAD + "\n".join(lines) + "\n"
