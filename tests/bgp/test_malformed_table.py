"""The table of malformed attributes in docs/protocols/bgp.md is what the codec does."""

import re
from typing import NamedTuple

import pytest

from pybird.proto.bgp.family import IPV4_UNICAST, IPV6_UNICAST
from pybird.proto.bgp.wire.attributes import AS4_AGGREGATOR, AS4_PATH, KNOWN, MP_REACH, MP_UNREACH
from pybird.proto.bgp.wire.errors import BgpError
from pybird.proto.bgp.wire.messages import Update
from pybird.proto.bgp.wire.updates import ReceiveTerms, UpdateReader

from .test_rfc_rows import DOCUMENT
from .vectors import LOCAL_PREF_100, NEXT_HOP, ORIGIN_IGP, PATH_65002, octets, pool

NET = octets("18c63364")
SIDES = {
    "external": ReceiveTerms(65001, 65002, 1, families=(IPV4_UNICAST, IPV6_UNICAST)),
    "internal": ReceiveTerms(
        65001, 65001, 1, families=(IPV4_UNICAST, IPV6_UNICAST), aigp=frozenset([IPV4_UNICAST])
    ),
    "member": ReceiveTerms(
        65001, 65002, 1, families=(IPV4_UNICAST, IPV6_UNICAST), confederation=100, member=True
    ),
    "2-octet": ReceiveTerms(65001, 65002, 1, families=(IPV4_UNICAST, IPV6_UNICAST), as4=False),
}
PATHS = {"2-octet": "4002040201fdea", "member": "4002060301" + "0000fdea"}


class Row(NamedTuple):
    attribute: str
    side: str
    malformed: str
    octets: str
    rule: str
    action: str


def table() -> list[Row]:
    found = []
    for line in DOCUMENT.read_text().split("## Malformed attributes")[1].splitlines():
        cells = line.strip("| ").split(" | ")
        if len(cells) == 6 and cells[0] != "attribute":
            found.append(Row(*cells))
    return found


def usual(side: str) -> dict[int, bytes]:
    found = {
        1: octets(ORIGIN_IGP),
        2: octets(PATHS.get(side, PATH_65002)),
        3: octets(NEXT_HOP),
    }
    if side == "internal":
        found[5] = octets(LOCAL_PREF_100)
    return found


def outcome(usual: bytes, example: bytes, side: str) -> str:
    """What the reader makes of an UPDATE, in the words of the table."""
    reader = UpdateReader(pool(), SIDES[side])
    try:
        found = reader.read(Update(b"", usual + example, NET))
    except BgpError as error:
        return "reset" if error.code == 3 else f"{error.code}/{error.subcode}"
    if any(each.malformed for each in found.withdrawn):
        left = [each.keys for each in found.announced]
        return "withdraw" if not left or example[1] == MP_REACH else f"withdraw, but not {left}"
    if found.discarded:
        return "discard"
    return "kept" if example[1:] in found.announced[0].attrs.wire else "silently left out"


def cases() -> list[tuple[Row, str]]:
    sides = {"any": ("external", "internal")}
    return [(row, side) for row in table() for side in sides.get(row.side, (row.side,))]


@pytest.mark.checkout
@pytest.mark.parametrize(("row", "side"), cases(), ids=lambda value: str(value)[:60])
def test_a_row_of_the_table_is_what_happens(row, side):
    code = int(found[1]) if (found := re.search(r"\((\d+)\)$", row.attribute)) else 0
    there = usual(side)
    if row.octets == "-":
        for missing in (1, 2, 3):
            rest = b"".join(value for key, value in there.items() if key != missing)
            assert outcome(rest, b"", side) == row.action
        return
    there.pop(code, None)
    assert (
        outcome(b"".join(there.values()), octets(row.octets.strip("`").replace(" ", "")), side) == row.action
    )


@pytest.mark.checkout
def test_every_attribute_that_we_understand_is_in_the_table():
    found = {int(code) for row in table() for code in re.findall(r"\((\d+)\)$", row.attribute)}
    assert {*KNOWN, MP_REACH, MP_UNREACH, AS4_PATH, AS4_AGGREGATOR} - found == set()


def test_a_good_attribute_is_kept():
    there = b"".join(usual("external").values())
    assert outcome(there, octets("c00804fdea0001"), "external") == "kept"
