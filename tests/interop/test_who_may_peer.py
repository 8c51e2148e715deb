"""Which of the discovered neighbors may peer, with real neighbors."""

import pytest

from tests.interop.configs import autopeer, frr_unnumbered
from tests.interop.lab import until


def only(numbers):
    text = autopeer(1, bgp="error wait time 1, 4;", kernel=False)
    return text.replace("fe80::/10 external;", f"fe80::/10 external as {numbers};")


@pytest.mark.peer("zebra", "vtysh")
def test_an_frr_whose_as_is_not_in_the_set_is_refused_until_it_is(lab):
    a, b = lab.pair()
    first = a.pybird(only("[65100..65199]"))
    second = b.frr(frr_unnumbered(2))
    until(lambda: "AS 65002 is not in [65100..65199]" in first.cli("show peers"), 15, "it is named")
    assert not second.established()
    assert "Error: AS 65002 is not in [65100..65199]" in first.text()
    first.configure(only("[65002, 65100..65199]"))
    until(first.established, 15, "now it may")
    until(second.established, 5)
