"""BGP's errors: codes of the NOTIFICATION message, their texts, exceptions.

Codes are RFC 4271 section 4.5, subcodes also RFC 4486 and 9003 (Cease), 6608
(FSM), 7313 (ROUTE-REFRESH), 8538 (Hard Reset), 9234 (Role), 9384 (BFD Down)
and 9687 (Send Hold Timer). The texts are those that `show protocols` and the
log use after "Error: " and "Received: ".
"""

from __future__ import annotations

from typing import Final

from pybird.wire import WireError

HEADER: Final = 1
OPEN: Final = 2
UPDATE: Final = 3
HOLD_TIMER: Final = 4
FSM: Final = 5
CEASE: Final = 6
ROUTE_REFRESH: Final = 7
SEND_HOLD_TIMER: Final = 8

# Message header error
NOT_SYNCHRONIZED: Final = 1
BAD_LENGTH: Final = 2
BAD_TYPE: Final = 3

# OPEN message error
BAD_VERSION: Final = 1
BAD_PEER_AS: Final = 2
BAD_IDENTIFIER: Final = 3
BAD_PARAMETER: Final = 4
BAD_HOLD_TIME: Final = 6
CAPABILITY_MISSING: Final = 7
ROLE_MISMATCH: Final = 11

# UPDATE message error
MALFORMED_LIST: Final = 1
UNKNOWN_WELL_KNOWN: Final = 2
MISSING_WELL_KNOWN: Final = 3
BAD_FLAGS: Final = 4
BAD_ATTRIBUTE_LENGTH: Final = 5
BAD_ORIGIN: Final = 6
BAD_NEXT_HOP: Final = 8
OPTIONAL_ERROR: Final = 9
BAD_NETWORK: Final = 10
BAD_AS_PATH: Final = 11

# Finite state machine error (RFC 6608)
IN_OPEN_SENT: Final = 1
IN_OPEN_CONFIRM: Final = 2
IN_ESTABLISHED: Final = 3

# Cease (RFC 4486, 8538, 9384)
PREFIX_LIMIT: Final = 1
SHUTDOWN: Final = 2
DECONFIGURED: Final = 3
RESET: Final = 4
REJECTED: Final = 5
CONFIGURATION_CHANGE: Final = 6
COLLISION: Final = 7
OUT_OF_RESOURCES: Final = 8
HARD_RESET: Final = 9
BFD_DOWN: Final = 10

# ROUTE-REFRESH message error (RFC 7313)
BAD_REFRESH_LENGTH: Final = 1

MOST_DATA: Final = 128  # octets of an error's data in the log, as in BIRD

_TEXTS: Final[dict[tuple[int, int], str]] = {
    (HEADER, 0): "Invalid message header",
    (HEADER, NOT_SYNCHRONIZED): "Connection not synchronized",
    (HEADER, BAD_LENGTH): "Bad message length",
    (HEADER, BAD_TYPE): "Bad message type",
    (OPEN, 0): "Invalid OPEN message",
    (OPEN, BAD_VERSION): "Unsupported version number",
    (OPEN, BAD_PEER_AS): "Bad peer AS",
    (OPEN, BAD_IDENTIFIER): "Bad BGP identifier",
    (OPEN, BAD_PARAMETER): "Unsupported optional parameter",
    (OPEN, 5): "Authentication failure",
    (OPEN, BAD_HOLD_TIME): "Unacceptable hold time",
    (OPEN, CAPABILITY_MISSING): "Required capability missing",
    (OPEN, 8): "No supported AFI/SAFI",
    (OPEN, ROLE_MISMATCH): "Role mismatch",
    (UPDATE, 0): "Invalid UPDATE message",
    (UPDATE, MALFORMED_LIST): "Malformed attribute list",
    (UPDATE, UNKNOWN_WELL_KNOWN): "Unrecognized well-known attribute",
    (UPDATE, MISSING_WELL_KNOWN): "Missing mandatory attribute",
    (UPDATE, BAD_FLAGS): "Invalid attribute flags",
    (UPDATE, BAD_ATTRIBUTE_LENGTH): "Invalid attribute length",
    (UPDATE, BAD_ORIGIN): "Invalid ORIGIN attribute",
    (UPDATE, 7): "AS routing loop",
    (UPDATE, BAD_NEXT_HOP): "Invalid NEXT_HOP attribute",
    (UPDATE, OPTIONAL_ERROR): "Optional attribute error",
    (UPDATE, BAD_NETWORK): "Invalid network field",
    (UPDATE, BAD_AS_PATH): "Malformed AS_PATH",
    (HOLD_TIMER, 0): "Hold timer expired",
    (FSM, 0): "Finite state machine error",
    (FSM, IN_OPEN_SENT): "Unexpected message in OpenSent state",
    (FSM, IN_OPEN_CONFIRM): "Unexpected message in OpenConfirm state",
    (FSM, IN_ESTABLISHED): "Unexpected message in Established state",
    (CEASE, 0): "Cease",
    (CEASE, PREFIX_LIMIT): "Maximum number of prefixes reached",
    (CEASE, SHUTDOWN): "Administrative shutdown",
    (CEASE, DECONFIGURED): "Peer de-configured",
    (CEASE, RESET): "Administrative reset",
    (CEASE, REJECTED): "Connection rejected",
    (CEASE, CONFIGURATION_CHANGE): "Other configuration change",
    (CEASE, COLLISION): "Connection collision resolution",
    (CEASE, OUT_OF_RESOURCES): "Out of Resources",
    (CEASE, HARD_RESET): "Hard reset",
    (CEASE, BFD_DOWN): "BFD session down",
    (ROUTE_REFRESH, 0): "Invalid ROUTE-REFRESH message",
    (ROUTE_REFRESH, BAD_REFRESH_LENGTH): "Invalid ROUTE-REFRESH message length",
    (SEND_HOLD_TIMER, 0): "Send hold timer expired",
}


def error_text(code: int, subcode: int) -> str:
    """What the log and `show protocols` call this error."""
    text = _TEXTS.get((code, subcode)) or _TEXTS.get((code, 0))
    return text or f"Unknown error {code}.{subcode}"


def text_with_data(code: int, subcode: int, data: bytes) -> str:
    """The error and its data as BIRD's log has them: an AS number and a time in decimal, else octets."""
    text = error_text(code, subcode)
    if not data:
        return text
    if code == OPEN and subcode in (BAD_PEER_AS, BAD_HOLD_TIME) and len(data) in (2, 4):
        return f"{text}: {int.from_bytes(data, 'big')}"
    return f"{text}: {data[:MOST_DATA].hex()}"


class BgpError(WireError):
    """An error that ends a session: the NOTIFICATION to send and a text for the log.

    `data` is the NOTIFICATION's data field.
    """

    code: int = UPDATE
    subcode: int = 0

    def __init__(self, text: str, code: int, subcode: int, data: bytes = b"") -> None:
        super().__init__(text or error_text(code, subcode))
        self.code = code
        self.subcode = subcode
        self.data = data


class HeaderError(BgpError):
    """An invalid message header (RFC 4271, 6.1)."""

    def __init__(self, subcode: int, data: bytes = b"", text: str = "") -> None:
        super().__init__(text or text_with_data(HEADER, subcode, data), HEADER, subcode, data)


class OpenError(BgpError):
    """An unacceptable OPEN (RFC 4271, 6.2)."""

    def __init__(self, subcode: int, data: bytes = b"", text: str = "") -> None:
        super().__init__(text or text_with_data(OPEN, subcode, data), OPEN, subcode, data)


class UpdateError(BgpError):
    """An UPDATE whose networks cannot be determined, so the session is reset (RFC 4271, 6.3; RFC 7606)."""

    def __init__(self, subcode: int, data: bytes = b"", text: str = "") -> None:
        super().__init__(text or error_text(UPDATE, subcode), UPDATE, subcode, data)
