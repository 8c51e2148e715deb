"""The vectors in tests/vectors/bgp: octets, what they mean, and the error that they are.

A new message, capability, attribute or family needs entries there: a valid one in the
direction or directions that exist, and one for each way in which it can be malformed.
"""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from pybird.cli.attribute_text import text_of
from pybird.proto.bgp import family
from pybird.proto.bgp.details import capability_lines
from pybird.proto.bgp.wire import capabilities, messages
from pybird.proto.bgp.wire.attributes import ATTRIBUTES, KNOWN
from pybird.proto.bgp.wire.capabilities import Capabilities, parse
from pybird.proto.bgp.wire.errors import BgpError
from pybird.proto.bgp.wire.messages import MARKER, Framer, Open, Update
from pybird.proto.bgp.wire.updates import ReceiveTerms, UpdateReader
from pybird.values.attributes import find
from pybird.values.net import net_of

from .vectors import BASE, octets, pool

FOLDER = Path(__file__).parent.parent / "vectors" / "bgp"


def read(kind):
    """The vectors of one file, whose tables are called by its name in the singular."""
    name = {"capability": "capabilities", "nlri": "nlri"}.get(kind, f"{kind}s")
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())[kind]


def each(kind):
    found = read(kind)
    ids = [f"{item.get('family', item.get('code', item.get('type', '')))} {item['name']}" for item in found]
    return pytest.mark.parametrize("vector", found, ids=ids)


def bits(text):
    return octets(text.replace("M", MARKER.hex()).replace(" ", ""))


def error_of(raised):
    """A NOTIFICATION as the vectors write it."""
    return raised.code, raised.subcode, raised.data


def wanted_error(text):
    codes, _, data = text.partition(" ")
    code, subcode = codes.split("/")
    return int(code), int(subcode), bits(data)


# ------------------------------------------------------------------ messages


@each("message")
def test_a_message(vector):
    data = bits(vector["octets"])
    framer = Framer()
    if vector.get("long"):
        framer.max_length = 65535
    framer.receive(data)
    if "error" in vector:
        with pytest.raises(BgpError) as raised:
            framer.next()
        assert error_of(raised.value) == wanted_error(vector["error"])
        return
    message = framer.next()
    assert text(message) == vector["shown"]
    assert framer.next() is None
    assert (message.encode() == data) is vector.get("sent", False)


def text(message):
    """A message as the vectors write it: of capabilities only those that are there."""
    if not isinstance(message, Open):
        return repr(message)
    there = message.capabilities
    none = Capabilities()
    names = [each.name for each in fields(there) if getattr(there, each.name) != getattr(none, each.name)]
    shown = ", ".join(f"{name}={getattr(there, name)!r}" for name in names)
    return f"Open({message.asn}, {message.hold_time}, {message.router_id:#x}, Capabilities({shown}))"


# -------------------------------------------------------------- capabilities


def lines(details, indent=""):
    """Lines of `show protocols all`, without its columns."""
    for detail in details:
        yield indent + detail.label + (f": {detail.text}" if detail.text else "")
        yield from lines(detail.below, indent + "  ")


@each("capability")
def test_a_capability(vector):
    body = bits(vector["octets"])
    parameter = bytes((len(body) + 2, 2, len(body))) + body
    if "error" in vector:
        with pytest.raises(BgpError) as raised:
            parse(parameter)
        assert (raised.value.code, raised.value.subcode) == (2, vector["error"])
        return
    found = parse(parameter)
    assert list(lines(capability_lines(found))) == vector["shown"]
    assert (found.encode() == body) is vector.get("sent", False)


@pytest.mark.parametrize(("families", "letters", "size"), [(41, 2, 252), (41, 3, 253), (300, 0, 1804)])
def test_many_capabilities_are_written_in_the_extended_form(families, letters, size):
    """RFC 9072: if they do not fit in 255 octets with the parameter's head, and not otherwise."""
    there = Capabilities(
        multiprotocol=tuple((afi, 1) for afi in range(families)), hostname="x" * letters
    )  # of 6 and of 4 + letters octets
    assert len(there.encode()) == size
    data = Open(65002, 240, 1, there).encode()
    assert data[28:30] == (bytes((size + 2, 2)) if size <= 252 else b"\xff\xff")
    framer = Framer()
    framer.receive(data)
    assert framer.next() == Open(65002, 240, 1, there)


# ---------------------------------------------------------------- attributes


@each("attribute")
def test_an_attribute(vector):
    """It is kept as it is, shown, and written back."""
    code, data = vector["code"], bits(vector["octets"])
    aigp = frozenset([family.IPV4_UNICAST])
    terms = ReceiveTerms(65001, 65001, 1, aigp=aigp, allow_as_sets=True, confederation=100)
    sets = pool()
    usual = b"".join(part for part in split(octets(BASE)) if part[1] != code)
    (announced,) = UpdateReader(sets, terms).read(Update(b"", usual + data, octets("18c63364"))).announced
    value = data[3:]
    assert find(announced.attrs.wire, code) == value
    decl = KNOWN[code].decl
    shown = sets.view(announced.attrs)[decl.name]
    assert text_of(shown, decl) == vector["text"]
    if not decl.hidden:
        assert decl.encode(decl.decode(value)) == value


def split(attributes):
    """Attributes, one by one; none is longer than 255 octets."""
    at = 0
    while at < len(attributes):
        stop = at + 3 + attributes[at + 2]
        yield attributes[at:stop]
        at = stop


# ------------------------------------------------------------------ networks


@each("nlri")
def test_networks(vector):
    row, data, paths = family.named(vector["family"]), bits(vector["octets"]), vector.get("paths", False)
    if "error" in vector:
        with pytest.raises(BgpError) as raised:
            row.nlri.read_groups(data, paths)
        assert error_of(raised.value) == wanted_error(vector["error"])
        return
    groups = row.nlri.read_groups(data, paths)
    found = [(group.path_id, key) for group in groups for key in group.keys]
    shown = [f"{path_id} " * paths + str(net_of(row.net_type, key)) for path_id, key in found]
    assert shown == vector["networks"]
    assert [group.error for group in groups if group.error] == vector.get("malformed", [])
    if not paths:
        assert row.nlri.read(data) == [key for _, key in found]
    prefixed = [path_id.to_bytes(4, "big") * paths + key for path_id, key in found]
    if "beside" in vector:
        (octets_beside,) = {group.beside for group in groups}
        there = row.nlri.attributes(octets_beside)
        assert [f"{name} {text_of(value, BESIDE[name])}" for name, value in there] == vector["beside"]
        assert row.nlri.beside(row.nlri.labels(octets_beside), there) == octets_beside
        assert row.nlri.split_labeled(prefixed, 4096, 4 * paths, octets_beside) == [data]
    if vector.get("sent"):
        assert row.nlri.split(prefixed, 4096, 4 * paths) == [data]


BESIDE = {decl.name: decl for decl in ATTRIBUTES}


# ------------------------------------------------- nothing is without vectors


def codes(module, names):
    """The values of these constants of a module."""
    return {getattr(module, name) for name in names.split()}


def both(kind, key):
    """What has a valid vector and what has a malformed one."""
    found = read(kind)
    return {item.get(key) for item in found if "error" not in item}, {
        item.get(key) for item in found if "error" in item
    }


def test_every_type_of_message_has_vectors():
    types = codes(messages, "OPEN UPDATE NOTIFICATION KEEPALIVE REFRESH")
    good, bad = both("message", "type")
    assert types <= good & bad


# Those without a value: nothing can be wrong with them.
FLAGS = codes(
    capabilities, "ROUTE_REFRESH EXTENDED_MESSAGES ENHANCED_REFRESH LINK_LOCAL_NEXT_HOP CISCO_REFRESH"
)


def test_every_capability_has_vectors():
    known = capabilities._SINGLE | codes(capabilities, "MULTIPROTOCOL EXTENDED_NEXT_HOP ADD_PATH")
    good, bad = both("capability", "code")
    assert known <= good
    assert known - FLAGS <= bad


def test_every_attribute_has_vectors():
    assert KNOWN.keys() <= {item["code"] for item in read("attribute")}


def test_every_family_has_vectors():
    good, bad = both("nlri", "family")
    assert {row.name for row in family.ROWS} <= good & bad
