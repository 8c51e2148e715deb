"""What the kernel's TCP-MD5 counters suggest while a session does not come up.

A segment with a wrong signature, with none, or with one that nobody expects is
silently dropped (RFC 2385, section 2): both sides only see that nothing arrives.
The kernel counts such segments, though not per neighbor, so this is a hint for users
and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pybird.core.ports import SignatureFailures, Timer

if TYPE_CHECKING:
    from pybird.core.services import Services

WRONG: Final = "MD5: segments with a wrong signature arrive, is the password the same on both sides?"
MISSING: Final = "MD5: segments without a signature arrive, does the neighbor have this password?"
FIRST_REPORT: Final = 10.0  # seconds without a session after which the log says what may be wrong
UNEXPECTED: Final = "MD5: segments with a signature arrive, does the neighbor use a password?"


class SignatureWatch:
    """Compares the kernel's counters with their values when the session began to be missing.

    `log` is called with the suspicion, `FIRST_REPORT` seconds after `begin` and when
    `report` is called later, but only if it is new.
    """

    def __init__(self, services: Services, log: Callable[[str], None]) -> None:
        self._clock = services.clock
        self._network = services.network
        self._log = log
        self._before: SignatureFailures | None = None
        self._reported = ""
        self._password = False
        self._timer: Timer | None = None

    def begin(self, password: bool) -> None:
        """There is no session: count from now on. `password`: one is configured."""
        self.end()
        self._password = password
        self._before = self._network.signature_failures()
        self._timer = self._clock.call_at(self._clock.now() + FIRST_REPORT, self.report)

    def end(self) -> None:
        """There is a session, or none is wanted."""
        self._before = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def report(self) -> None:
        """Log what may be wrong, if that is new."""
        suspicion = self.suspicion
        if suspicion and suspicion != self._reported:
            self._log(suspicion)
        self._reported = suspicion

    @property
    def suspicion(self) -> str:
        """What may be wrong; empty if the counters show nothing."""
        if self._before is None or (now := self._network.signature_failures()) is None:
            return ""
        before = self._before
        if not self._password:
            return UNEXPECTED if now.unexpected > before.unexpected else ""
        if now.wrong > before.wrong:
            return WRONG
        return MISSING if now.missing > before.missing else ""
