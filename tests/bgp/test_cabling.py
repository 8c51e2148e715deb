"""Cable check: which names fit, and what follows from several."""

import pytest

from pybird.conf.model import Expectation
from pybird.proto.bgp.dynamic.cabling import fits, judge, name_in
from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.messages import Open


@pytest.mark.parametrize(
    ("patterns", "name", "fit"),
    [
        ("spine*", "spine1", True),
        ("spine*", "leaf1", False),
        ("spine?", "spine10", False),
        ("spine1", "spine1", True),
        ("spine1", "spine10", False),
        ("spine1", "spine1.example.net", True),
        ("spine1", "SPINE1.example.net", True),
        ("Spine1", "spine1", True),
        ("spine1.example.net", "spine1", False),
        ("spine1.*", "spine1.example.net", True),
        ("*.example.net", "spine1.example.net", True),
        ("leaf1 spine*", "spine2", True),
        ("leaf1 spine*", "leaf2", False),
        ("*a*a*a*a*a*a*b", "a" * 255, False),
    ],
)
def test_which_names_fit(patterns, name, fit):
    assert fits(Expectation(names=tuple(patterns.split())), name) is fit


SPINES = Expectation(names=("spine1", "spine2"), enforce=True)


@pytest.mark.parametrize(
    ("names", "verdict", "text"),
    [
        ([], "unknown", "cable not checked: expected spine1 or spine2, it says no name"),
        ([("", "swp1")], "unknown", "cable not checked: expected spine1 or spine2, it says no name"),
        ([("spine1", "swp1")], "right", ""),
        ([("spine1", "swp1"), ("spine2", "")], "right", ""),
        ([("leaf1", "swp1")], "wrong", "miscabled: leads to leaf1 swp1, expected spine1 or spine2"),
        (
            [("spine1", "swp1"), ("leaf1", "")],
            "wrong",
            "miscabled: leads to leaf1, expected spine1 or spine2",
        ),
        ([("leaf1", ""), ("spine1", "")], "wrong", "miscabled: leads to leaf1, expected spine1 or spine2"),
    ],
)
def test_every_known_name_must_fit(names, verdict, text):
    found = judge(SPINES, names)
    assert (found.verdict, found.text, found.enforce) == (verdict, text, True)


@pytest.mark.parametrize(
    ("host", "domain", "name"),
    [(None, "", ""), ("", "", ""), ("r1", "", "r1"), ("r1", "example.net", "r1.example.net")],
)
def test_the_name_in_an_open(host, domain, name):
    said = Open(65001, 90, 1, Capabilities(hostname=host, domain=domain))
    assert name_in(said) == name
