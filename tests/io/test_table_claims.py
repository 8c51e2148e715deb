"""One daemon per kernel table: who holds the claim, and who only says so."""

import os
import signal

import pytest

from pybird.io.table_claims import QUEUE, answer, claim
from tests.io.isolation import needs_other_users

NAME = f"pybird-test-{os.getpid()}"
NOBODY = 65534


def test_who_asks_often_hears_each_time_whose_the_claim_is():
    """The holder lets in who asks, or its queue would be full after a few."""
    held, holder = claim(NAME)
    assert held is not None
    assert holder is None
    with held:
        for _ in range(2 * QUEUE):
            assert claim(NAME) == (None, os.getpid())
            answer(held)


def test_a_claim_that_cannot_be_made_is_an_error():
    with pytest.raises(OSError, match="too long"):
        claim("x" * 200)


@needs_other_users
def test_the_claim_of_who_may_not_change_routes_does_not_count():
    told, tell = os.pipe()
    other = os.fork()
    if other == 0:
        try:
            os.setuid(NOBODY)
            held, _ = claim(NAME)
            os.write(tell, b"held" if held is not None else b"not")
            signal.pause()
        finally:
            os._exit(0)
    try:
        assert os.read(told, 4) == b"held"
        assert claim(NAME) == (None, None)
    finally:
        os.kill(other, signal.SIGTERM)
        os.waitpid(other, 0)
        os.close(told)
        os.close(tell)
