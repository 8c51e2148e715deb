"""Faults and delays of one simulated TCP connection.

Faults of whole links are methods of `LinkSegment` and `World`; these are for the
stream of octets: something between the ends breaks it after the nth octet, or
one connection is slower than another on the same path.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FaultKind(Enum):
    """How a connection breaks."""

    RESET = "reset"  # both ends get a reset
    CLOSE = "close"  # both ends see an orderly end
    STALL = "stall"  # nothing more arrives, not even an end


@dataclass(frozen=True, slots=True)
class Fault:
    """Break a connection when `at` octets have arrived at one end; what follows is lost."""

    at: int
    kind: FaultKind = FaultKind.RESET


@dataclass(frozen=True, slots=True)
class Lags:
    """The extra latency, in seconds, of octets that a host sends on its new connections.

    It depends on which end opened the connection, so that two connections between
    the same hosts can differ.
    """

    connected: float = 0.0
    accepted: float = 0.0
