"""Roles of neighbors, and Only to Customer, which marks what must only go down (RFC 9234).

A role is what we are to the neighbor: the capability's number, NO_ROLE where none is
configured. Without one no rule applies (section 5 asks for an Established session with
a local role, whether the neighbor announced its own or not). The rules stand here, once
for what arrives and once for what is sent; both are for unicast alone (`Family.otc`).
"""

from __future__ import annotations

from typing import Final

PROVIDER: Final = 0
RS_SERVER: Final = 1
RS_CLIENT: Final = 2
CUSTOMER: Final = 3
PEER: Final = 4
NO_ROLE: Final = -1

# The configuration's words, with the numbers of the capability (section 4.1).
ROLES: Final[dict[str, int]] = {
    "provider": PROVIDER,
    "rs_server": RS_SERVER,
    "rs_client": RS_CLIENT,
    "customer": CUSTOMER,
    "peer": PEER,
}
NAMES: Final[dict[int, str]] = {number: name for name, number in ROLES.items()}

# Section 4.2: what the neighbor must be if we are that.
FITTING: Final[dict[int, int]] = {
    PROVIDER: CUSTOMER,
    CUSTOMER: PROVIDER,
    RS_SERVER: RS_CLIENT,
    RS_CLIENT: RS_SERVER,
    PEER: PEER,
}

# Our roles to providers, peers and route servers: what comes from these goes to customers only.
_UPWARD: Final = frozenset((CUSTOMER, PEER, RS_CLIENT))
_DOWNWARD: Final = frozenset((PROVIDER, RS_SERVER))


def leak(otc: bytes | None, role: int, remote_as: int) -> str:
    """Why a received route is a leak (section 5, ingress 1 and 2); empty: it is none."""
    if otc is None:
        return ""
    if role in _DOWNWARD:
        return f"route leak: only to customer, and from a {NAMES[FITTING[role]]}"
    if role == PEER and int.from_bytes(otc, "big") != remote_as:
        return "route leak: only to customer, and from a peer that is not the one who said so"
    return ""


def marks_received(role: int) -> bool:
    """True if a route without OTC gets one with the neighbor's AS (section 5, ingress 3)."""
    return role in _UPWARD


def marks_sent(role: int) -> bool:
    """True if a route without OTC is sent with one that has our AS (section 5, egress 1)."""
    return role in _DOWNWARD or role == PEER


def holds_back(role: int) -> bool:
    """True if a route with OTC must not be sent to the neighbor (section 5, egress 2)."""
    return role in _UPWARD
