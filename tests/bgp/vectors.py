"""Builders for the octets that the tests of BGP's codecs read, one line each."""

from pybird.proto.bgp.wire.attributes import ATTRIBUTES
from pybird.proto.bgp.wire.messages import Update
from pybird.values.attributes import AttributePool

ORIGIN_IGP = "40010100"
PATH_65002 = "40020602010000fdea"
PATH_65002_64512 = "40020a02020000fdea0000fc00"
NEXT_HOP = "4003040a000002"
LOCAL_PREF_100 = "40050400000064"
BASE = ORIGIN_IGP + PATH_65002 + NEXT_HOP
CANONICAL = BASE + LOCAL_PREF_100


def octets(*parts: str) -> bytes:
    return bytes.fromhex("".join(parts))


def update(attributes: str = BASE, nlri: str = "18c63364", withdrawn: str = "") -> Update:
    return Update(octets(withdrawn), octets(attributes), octets(nlri))


def reach(next_hop: str, nlri: str, afi: str = "0002", flags: str = "80") -> str:
    value = octets(afi, "01", f"{len(next_hop) // 2:02x}", next_hop, "00", nlri)
    return flags + "0e" + f"{len(value):02x}" + value.hex()


def pool() -> AttributePool:
    return AttributePool(ATTRIBUTES)
