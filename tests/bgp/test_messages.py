"""Messages byte by byte: RFC 4271 sections 4 and 6, RFC 2918, 5492, 7313, 8654, 9003, 9072."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.proto.bgp.wire import errors
from pybird.proto.bgp.wire.capabilities import Capabilities, GracefulRestart
from pybird.proto.bgp.wire.errors import BgpError, OpenError
from pybird.proto.bgp.wire.messages import (
    Framer,
    Keepalive,
    Message,
    Notification,
    Open,
    RouteRefresh,
    Update,
    frame,
)

MARKER = "ff" * 16


def octets(*parts: str) -> bytes:
    return bytes.fromhex("".join(parts))


def read(data: bytes, max_length: int = 4096) -> list[Message]:
    framer = Framer()
    framer.max_length = max_length
    framer.receive(data)
    out = []
    while (message := framer.next()) is not None:
        out.append(message)
    return out


def refused(data: bytes, max_length: int = 4096) -> tuple[int, int, bytes]:
    with pytest.raises(BgpError) as caught:
        read(data, max_length)
    return caught.value.code, caught.value.subcode, caught.value.data


# ------------------------------------------------------------------ framing


def test_keepalive_is_nineteen_octets():
    assert Keepalive().encode() == octets(MARKER, "0013", "04")
    assert read(octets(MARKER, "0013", "04")) == [Keepalive()]


def test_messages_may_come_in_any_pieces():
    stream = Open(65001, 90, 1).encode() + Keepalive().encode() + Update(b"", b"", b"").encode()
    framer = Framer()
    out = []
    for octet in stream:
        framer.receive(bytes((octet,)))
        while (message := framer.next()) is not None:
            out.append(message)
    assert out == [Open(65001, 90, 1), Keepalive(), Update(b"", b"", b"")]


def test_a_wrong_marker_is_1_1():
    """RFC 4271, 6.1: Connection Not Synchronized."""
    assert refused(octets("ff" * 15, "fe", "0013", "04")) == (1, 1, b"")


@pytest.mark.parametrize(
    ("length", "kind", "body"),
    [
        ("0012", "04", ""),  # below the header
        ("1001", "02", ""),  # above 4096
        ("001c", "01", "00" * 9),  # OPEN below 29
        ("0016", "02", "00" * 3),  # UPDATE below 23
        ("0014", "03", "06"),  # NOTIFICATION below 21
        ("0014", "04", "00"),  # KEEPALIVE not 19
        ("0016", "05", "000101"),  # ROUTE-REFRESH below 23
    ],
)
def test_a_wrong_length_is_1_2_with_the_length(length, kind, body):
    """RFC 4271, 6.1: the Data field MUST contain the erroneous Length field."""
    assert refused(octets(MARKER, length, kind, body)) == (1, 2, bytes.fromhex(length))


def test_a_wrong_type_is_1_3_with_the_type():
    """RFC 4271, 6.1: the Data field MUST contain the erroneous Type field."""
    assert refused(octets(MARKER, "0013", "09")) == (1, 3, b"\x09")


def test_a_bad_header_is_refused_before_the_body_came():
    assert refused(octets(MARKER, "ffff", "02")) == (1, 2, b"\xff\xff")


def test_extended_messages_when_negotiated():
    """RFC 8654, section 4: all types but OPEN and KEEPALIVE up to 65535 octets."""
    long = Update(b"", b"", bytes(5000))
    assert read(long.encode(), 65535) == [long]
    assert refused(frame(1, bytes(5000)), 65535) == (1, 2, (5019).to_bytes(2, "big"))


def test_update_lengths_beyond_the_message_are_3_1():
    """RFC 4271, 6.3: Malformed Attribute List; RFC 7606 section 3 keeps the reset."""
    assert refused(frame(2, octets("0001", "0000"))) == (3, 1, b"")
    assert refused(frame(2, octets("0000", "0005", "00000000"))) == (3, 1, b"")
    assert refused(frame(2, octets("ffff", "0000"))) == (3, 1, b"")


def test_an_update_in_its_parts():
    update = read(octets(MARKER, "0020", "02", "0002", "080a", "0004", "40010100", "10c612"))[0]
    assert update == Update(b"\x08\x0a", b"\x40\x01\x01\x00", b"\x10\xc6\x12")


# --------------------------------------------------------------------- OPEN

# As BIRD 3.3.2 sends it on an unnumbered session.
BIRD_OPEN = octets(
    MARKER,
    "0043" "01" "04" "fde9" "00f0" "c0000201" "26",
    "0224",
    "0104" "00010001" "0104" "00020001" "0200",
    "0506" "000100010002",
    "4002" "0078" "4104" "0000fde9" "4600" "4700",
)  # fmt: skip

# FRR: one optional parameter for each capability.
FRR_OPEN = octets(
    MARKER,
    "007b" "01" "04" "fdea" "00b4" "c0000202" "5e",
    "0206" "010400010001",
    "0208" "0506000100010002",
    "0206" "010400020001",
    "0202" "8000",
    "0202" "0200",
    "0202" "4600",
    "0206" "41040000fdea",
    "0202" "0600",
    "020a" "4508" "00010101" "00020101",
    "0206" "4904" "02722b" "00",
    "0204" "4002c078",
    "0210" "470e" "00010180000000" "00020180000000",
)  # fmt: skip


def test_the_open_of_bird():
    message = read(BIRD_OPEN)[0]
    assert isinstance(message, Open)
    assert (message.asn, message.hold_time, message.router_id) == (65001, 240, 0xC0000201)
    assert message.capabilities == Capabilities(
        multiprotocol=((1, 1), (2, 1)),
        route_refresh=True,
        extended_next_hop=((1, 1, 2),),
        graceful_restart=GracefulRestart(0, 120),
        as4=65001,
        enhanced_refresh=True,
        long_lived=(),
    )


def test_the_open_of_frr():
    message = read(FRR_OPEN)[0]
    assert isinstance(message, Open)
    assert message.capabilities == Capabilities(
        multiprotocol=((1, 1), (2, 1)),
        route_refresh=True,
        extended_next_hop=((1, 1, 2),),
        extended_messages=True,
        graceful_restart=GracefulRestart(0xC, 120),
        as4=65002,
        add_path=((1, 1, 1), (2, 1, 1)),
        enhanced_refresh=True,
        long_lived=((1, 1, 0x80, 0), (2, 1, 0x80, 0)),
        hostname="r+",
        cisco_refresh=True,
    )


def test_our_open_has_one_parameter_with_all_capabilities():
    capabilities = Capabilities(multiprotocol=((1, 1), (2, 1)), route_refresh=True, as4=4200000001)
    assert Open(4200000001, 90, 0x0A000001, capabilities).encode() == octets(
        MARKER, "0033" "01" "04" "5ba0" "005a" "0a000001" "16",
        "0214", "0104" "00010001", "0104" "00020001", "0200", "4104" "fa56ea01",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("03" "fde9" "005a" "0a000001" "00", (2, 1, b"\0\4")),  # version 3
        ("04" "fde9" "005a" "00000000" "00", (2, 3, b"\0\0\0\0")),  # RFC 6286: identifier 0
        ("04" "fde9" "0001" "0a000001" "00", (2, 6, b"\0\1")),
        ("04" "fde9" "0002" "0a000001" "00", (2, 6, b"\0\2")),
        ("04" "fde9" "005a" "0a000001" "03" "010100", (2, 4, b"")),  # not Capabilities
        ("04" "fde9" "005a" "0a000001" "03" "020200", (2, 0, b"")),  # parameter too long
        ("04" "fde9" "005a" "0a000001" "04" "02020104", (2, 0, b"")),  # capability too long
        ("04" "fde9" "005a" "0a000001" "00" "00", (2, 0, b"")),  # octets left over
        ("04" "fde9" "005a" "0a000001" "06" "0204" "41020000", (2, 0, b"")),  # AS4 of 2 octets
    ],
)  # fmt: skip
def test_an_unacceptable_open(body, error):
    """RFC 4271, 6.2."""
    assert refused(frame(1, bytes.fromhex(body))) == error


def test_extended_optional_parameters():
    """RFC 9072: type 255, then two octets of length, and two per parameter."""
    body = octets("04fde9005a0a000001ffff00050200020200")
    assert Open.decode(body).capabilities == Capabilities(route_refresh=True)


def test_extended_form_with_any_non_zero_length_octet():
    """RFC 9072: the non-extended length SHOULD be 255 and is ignored on receipt unless 0."""
    body = octets("04fde9005a0a00000105ff00050200020200")
    assert Open.decode(body).capabilities.route_refresh


def test_unknown_capabilities_are_kept():
    """RFC 5492, section 3: unknown capabilities are ignored."""
    body = octets("04fde9005a0a000001060204c702abcd")
    assert Open.decode(body).capabilities.unknown == ((0xC7, b"\xab\xcd"),)


def test_a_repeated_capability_counts_once():
    """RFC 5492, section 4: several instances of the same one are one."""
    body = octets("04fde9005a0a0000010e020c010400010001010400010001")
    assert Open.decode(body).capabilities.multiprotocol == ((1, 1),)


@given(st.binary(max_size=60))
def test_no_open_body_raises_anything_else(tail):
    try:
        Open.decode(octets("04fde9005a0a000001") + bytes((len(tail),)) + tail)
    except OpenError:
        pass


@given(st.binary(max_size=300))
def test_no_stream_raises_anything_else(data):
    try:
        read(MARKER_BYTES + data)
    except BgpError:
        pass


MARKER_BYTES = bytes.fromhex(MARKER)

families = st.tuples(st.integers(1, 65535), st.integers(1, 255))


@given(
    st.builds(
        Open,
        st.integers(1, 65535),
        st.sampled_from((0, 3, 90, 65535)),
        st.integers(1, 2**32 - 1),
        st.builds(
            Capabilities,
            multiprotocol=st.lists(families, unique=True, max_size=8).map(tuple),
            route_refresh=st.booleans(),
            extended_messages=st.booleans(),
            role=st.none() | st.integers(0, 4),
            enhanced_refresh=st.booleans(),
            hostname=st.none() | st.text("abcdefg", max_size=20),
        ),
    )
)
def test_open_round_trip(message):
    again = read(message.encode())[0]
    assert isinstance(again, Open)
    assert (again.asn, again.hold_time, again.router_id) == (
        message.asn,
        message.hold_time,
        message.router_id,
    )
    assert again.capabilities == message.capabilities


# ------------------------------------------------------------- NOTIFICATION


def test_a_notification():
    assert read(octets(MARKER, "0017", "03", "0203", "abcd")) == [Notification(2, 3, b"\xab\xcd")]
    assert Notification(4).text == "Hold timer expired"
    assert Notification(6, 2).text == "Administrative shutdown"
    assert Notification(5, 99).text == "Finite state machine error"
    assert Notification(99, 1).text == "Unknown error 99.1"


def test_shutdown_communication():
    """RFC 9003: length octet and UTF-8 text, with shutdown and reset only."""
    message = Notification.cease(2, "bye ø soon")
    assert message.encode() == octets(MARKER, "0021", "03", "0602", "0b", "bye ø soon".encode().hex())
    assert message.reason == "bye ø soon"
    assert Notification.cease(3, "bye").data == b""
    assert Notification.cease(2).data == b""


def test_a_long_reason_is_cut_between_characters():
    data = Notification.cease(4, "é" * 200).data
    assert data[0] == 254 == len(data) - 1


def test_a_broken_reason_is_no_text():
    assert Notification(6, 2, b"\x05ab").reason == ""
    assert Notification(6, 2, b"\x03a\nb").reason == "a b"


# ------------------------------------------------------------ ROUTE-REFRESH


def test_route_refresh_and_its_subtypes():
    assert RouteRefresh(2, 1).encode() == octets(MARKER, "0017", "05", "00020001")
    assert read(octets(MARKER, "0017", "05", "00010101")) == [RouteRefresh(1, 1, 1)]


def test_a_long_route_refresh_is_7_1_with_the_message():
    """RFC 7313, section 5."""
    message = octets(MARKER, "0018", "05", "0001010100")
    assert refused(message) == (7, 1, message)
    request = octets(MARKER, "001b", "05", "0001000101020000")  # with route filters (RFC 5291)
    assert refused(request) == (7, 1, request)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ((1, 3, b"\x09"), "Bad message type: 09"),
        ((2, 2, b"\xfd\xe9"), "Bad peer AS: 65001"),
        ((2, 6, b"\0\x01"), "Unacceptable hold time: 1"),
        ((2, 1, b"\0\x04"), "Unsupported version number: 0004"),
        ((3, 5, bytes(200)), f"Invalid attribute length: {'00' * 128}"),
        ((6, 2, b""), "Administrative shutdown"),
    ],
)
def test_the_log_has_the_data_of_an_error_behind_its_name(error, text):
    assert errors.text_with_data(*error) == text
