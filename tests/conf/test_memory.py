"""Reading leaves no cycles: the daemon runs without the garbage collector."""

from __future__ import annotations

import gc

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import DEVICE, language

GOOD = DEVICE + "define S = [ 10.0.0.0/8+ ]; filter f { if net ~ S then accept; reject; }"
RUN = DEVICE + (
    "function r(int x) -> int { if x = 0 then return 1; return r(x - 1); }"
    " define N = r(3); define T = [1, (r(2))]; define V = r(1) / 0;"
)
PARSE = DEVICE + "filter f { if net ~ then accept; } protocol static { ipv4; rout 10.0.0.0/8; }"
MEANING = DEVICE + "define A = B; filter f { x = 1; bgp_med = 1.2.3.4; } protocol bgp { hold time 2; }"


@pytest.mark.parametrize("text", [GOOD, RUN, PARSE, MEANING], ids=["good", "run", "syntax", "meaning"])
def test_a_reload_leaves_nothing_behind(text: str) -> None:
    def read() -> None:
        try:
            language().read(text)
        except ConfigErrors:
            pass

    read()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            read()
        assert gc.collect() == 0
    finally:
        gc.enable()
