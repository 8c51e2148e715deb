"""Enumerations of the filter language and their constants.

The numbers are BIRD's: the CLI prints them (`(enum 31)11`), and protocols store
them in routes. A number without a constant is a valid value too; its name is
the number.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from pybird.values.net import NetType
from pybird.values.route import Dest


class OpenEnum(IntEnum):
    """An enumeration that accepts numbers without a name."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum:
        assert isinstance(value, int)
        member = int.__new__(cls, value)
        member._name_ = f"{value}"
        member._value_ = value
        return member


class Rts(OpenEnum):
    """The kind of protocol that announced a route (`source`). `_UNNAMED` ones have no constant."""

    NONE = 0
    STATIC = 1
    INHERIT = 2
    DEVICE = 3
    STATIC_DEVICE = 4
    REDIRECT = 5
    RIP = 6
    OSPF = 7
    OSPF_IA = 8
    OSPF_EXT1 = 9
    OSPF_EXT2 = 10
    BGP = 11
    PIPE = 12
    BABEL = 13
    RPKI = 14
    PERF = 15
    L3VPN = 16
    AGGREGATED = 17
    RADV = 18
    BRIDGE = 19
    EVPN = 20
    LLDP = 64  # ours, beyond BIRD's
    PEERFILE = 65


class AddressScope(OpenEnum):
    """The scope of an address."""

    HOST = 0
    LINK = 1
    SITE = 2
    ORGANIZATION = 3
    UNIVERSE = 4
    UNDEFINED = 5


class Roa(OpenEnum):
    """The result of route origin validation (RFC 6811)."""

    UNKNOWN = 0
    VALID = 1
    INVALID = 2


class Aspa(OpenEnum):
    """The result of AS path verification (ASPA)."""

    UNKNOWN = 0
    VALID = 1
    INVALID = 2


class Origin(OpenEnum):
    """ORIGIN of a BGP route (RFC 4271, 5.1.1)."""

    IGP = 0
    EGP = 1
    INCOMPLETE = 2


class RaPreference(OpenEnum):
    """Preference of a router or route in Router Advertisements: bits of the flags octet (RFC 4191, 2.1)."""

    LOW = 0x18
    MEDIUM = 0x00
    HIGH = 0x08


class AddressFamily(OpenEnum):
    """Address family numbers of IANA."""

    IPV4 = 1
    IPV6 = 2


class MplsPolicy(OpenEnum):
    """How MPLS labels are allocated."""

    NONE = 0
    STATIC = 1
    PREFIX = 2
    AGGREGATE = 3
    VRF = 4


class EvpnType(OpenEnum):
    """EVPN route types (RFC 7432, 7; RFC 9136, 3)."""

    EAD = 1
    MAC = 2
    IMET = 3
    ES = 4
    PREFIX = 5


class BridgeSource(OpenEnum):
    """Where a bridge entry came from (`kbr_source`)."""

    NONE = 0
    BIRD = 1
    LOCAL = 2
    STATIC = 3
    DYNAMIC = 4


# By type name: (class, prefix of its constants, type code that `eval` prints).
# The codes are those of BIRD 3.3; they differ in BIRD 2 and from release to release.
ENUMS: Final[dict[str, tuple[type[IntEnum], str, int]]] = {
    "enum rts": (Rts, "RTS", 0x31),
    "enum bgp_origin": (Origin, "ORIGIN", 0x13),
    "enum scope": (AddressScope, "SCOPE", 0x33),
    "enum rtd": (Dest, "RTD", 0x37),
    "enum roa": (Roa, "ROA", 0x39),
    "enum net_type": (NetType, "NET", 0x3B),
    "enum ra_preference": (RaPreference, "RA_PREF", 0x15),
    "enum af": (AddressFamily, "AF", 0x3D),
    "enum aspa": (Aspa, "ASPA", 0x2F),
    "enum mpls_policy": (MplsPolicy, "MPLS_POLICY", 0x35),
    "enum net_evpn_type": (EvpnType, "NET_EVPN", 0x2D),
    "enum kbr_source": (BridgeSource, "KBR_SRC", 0x29),
}

_UNNAMED: Final = {"RTS_NONE", "RTS_PERF", "RTS_RADV", "RTS_BRIDGE", "RTS_EVPN", "RTD_NONE", "KBR_SRC_NONE"}


def _constants() -> dict[str, tuple[str, IntEnum]]:
    found: dict[str, tuple[str, IntEnum]] = {}
    for type_name, (kind, prefix, _code) in ENUMS.items():
        for member in kind:
            name = f"{prefix}_{member.name}"
            if name not in _UNNAMED:
                found[name] = (type_name, member)
    found["NET_NEIGHBOR"] = found["NET_PEER"]
    return found


# By constant (`RTS_BGP`, `NET_IP4`): (type, value).
CONSTANTS: Final[dict[str, tuple[str, IntEnum]]] = _constants()


def enum_type(value: IntEnum) -> str:
    """The filter language's name of the type of an enum value."""
    return _TYPE_OF[type(value)]


_TYPE_OF: Final[dict[type[IntEnum], str]] = {kind: name for name, (kind, _, _) in ENUMS.items()}
