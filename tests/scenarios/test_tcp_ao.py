"""TCP-AO between whole routers (RFC 5925), on simulated kernels with it and without."""

import pytest

from pybird.cli.birdc_text import block
from tests.scenarios.lab import Lab, read

KEYS = 'key { id 1; secret "tops3cret"; algorithm hmac sha256; };'
BOTH = """key { id 1; secret "tops3cret"; algorithm hmac sha256; %s };
    key { send id %d; recv id %d; secret "second"; %s };"""
AO = "authentication ao; keys { %s };"


def text(number: int, options: str) -> str:
    return f"""
router id 192.0.2.{number};
debug protocols {{ events }};
protocol device {{ }}
protocol static {{ ipv4; route 10.{number}.0.0/16 blackhole; }}
protocol bgp x {{
  local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; connect retry time 2; {options}
  ipv4 {{ import all; export all; }};
}}
"""


def lab(a: str, b: str, has_ao: bool = True) -> Lab:
    made = Lab(dad=None)
    for number, (name, options) in enumerate((("a", a), ("b", b)), 1):
        made.router(name, text(number, options))
        made.nodes[name].host.tcp.has_ao = has_ao
    made.link("a", "eth0", "b", "eth0")
    for number, name in enumerate("ab", 1):
        made.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
    return made


def configure(lab: Lab, name: str, number: int, options: str) -> None:
    lab.nodes[name].router.reconfigure(read(text(number, options)))


def peer(lab: Lab, name: str):
    return lab.nodes[name].router.protocols["x"]


def established(lab: Lab) -> bool:
    return all(lab.nodes[name].router is not None for name in "ab") and all(
        peer(lab, name).bgp_state == "Established" for name in "ab"
    )


def used(lab: Lab, name: str) -> tuple[int, int]:
    """The keys that a session signs with, and asks for."""
    state = peer(lab, name).active.stream.ao.state
    return state.current, state.following


def shown(lab: Lab, name: str) -> list[str]:
    """The lines of `show protocols all`, as BIRD 2.19.2 and 3.3.2 have them."""
    (found,) = [each for each in peer(lab, name).details() if each.label == "BGP state"]
    return [line for each in found.below if each.label == "TCP-AO:" for line in block(each, 4)]


def test_two_routers_with_the_same_key_have_a_session():
    made = lab(AO % KEYS, AO % KEYS)
    made.expect(lambda: established(made), 10, "a session")
    assert shown(made, "a") == [
        "    TCP-AO:",
        "      Current key:    1",
        "      RNext key:      1",
        "      Good packets:   0",
        "      Bad packets:    0",
    ]


@pytest.mark.parametrize(
    "other", ["", AO % KEYS.replace("tops3cret", "wrong"), AO % KEYS.replace("id 1", "id 2")]
)
def test_without_the_same_key_there_is_no_session(other: str):
    made = lab(AO % KEYS, other)
    made.run(60)
    assert not any(peer(made, name).bgp_state == "Established" for name in "ab")


def test_a_kernel_without_tcp_ao_stops_the_protocol_and_nothing_is_connected():
    """Even towards a neighbor that wants no authentication."""
    made = lab(AO % KEYS, "", has_ao=False)
    made.run(60)
    ours = peer(made, "a")
    assert (ours.state.value, ours.last_error) == ("down", "Error: Authentication failed")
    assert peer(made, "b").bgp_state != "Established"
    lines = [line.text for line in made.log if line.level == "error"]
    assert lines == [
        "x: Socket error: Kernel does not support TCP-AO signatures",
        "x: Cannot add TCP-AO key 1/1 to BGP listening socket",
        "x: No usable TCP-AO key",
    ]
    assert not [line.text for line in made.log if "Connecting to 10.0.0.2" in line.text]


def test_keys_roll_over_by_configure_and_the_session_stays():
    """RFC 5925, 6: the new key comes to both, is asked for, and then the old one goes."""
    made = lab(AO % KEYS, AO % KEYS)
    made.expect(lambda: established(made), 10, "a session")
    since = peer(made, "a").active
    for name, number, ids in (("a", 1, (2, 3)), ("b", 2, (3, 2))):
        configure(made, name, number, AO % (BOTH % ("", *ids, "preferred;")))
    made.run(1)
    assert (used(made, "a"), used(made, "b")) == ((2, 3), (3, 2))
    for name, number, ids in (("a", 1, (2, 3)), ("b", 2, (3, 2))):
        configure(made, name, number, AO % f'key {{ send id {ids[0]}; recv id {ids[1]}; secret "second"; }};')
    made.run(300)
    assert established(made)
    assert peer(made, "a").active is since
    assert not [line.text for line in made.log if line.level in ("warning", "error")]


def test_a_key_in_use_that_goes_is_replaced_by_one_that_stays():
    both = AO % (BOTH % ("preferred;", 2, 3, ""))
    made = lab(both, AO % (BOTH % ("preferred;", 3, 2, "")))
    made.expect(lambda: established(made), 10, "a session")
    assert used(made, "a") == (1, 1)
    configure(made, "a", 1, AO % 'key { send id 2; recv id 3; secret "second"; };')
    assert used(made, "a") == (2, 3)
    assert [line.text for line in made.log if line.level == "warning"] == [
        "x: Deleting TCP-AO Current key 1/1, setting Current key to 2/3",
        "x: Deleting TCP-AO RNext key 1/1, setting RNext key to 2/3",
    ]
    assert established(made)


def test_a_deprecated_key_is_not_selected_but_accepted():
    made = lab(AO % (BOTH % ("deprecated;", 2, 3, "")), AO % (BOTH % ("", 3, 2, "deprecated;")))
    made.expect(lambda: established(made), 10, "a session")
    assert peer(made, "a").authentication.selected.send_id == 2
    assert peer(made, "b").authentication.selected.send_id == 1


def test_deprecated_keys_alone_are_no_authentication():
    made = lab(AO % KEYS.replace("algorithm", "deprecated; algorithm"), AO % KEYS)
    made.run(30)
    assert peer(made, "a").last_error == "Error: Authentication failed"


def test_authentication_that_changes_restarts_the_session():
    made = lab(AO % KEYS, AO % KEYS)
    made.expect(lambda: established(made), 10, "a session")
    configure(made, "a", 1, "")
    made.run(60)
    assert not established(made)
    configure(made, "b", 2, "")
    made.expect(lambda: established(made), 60, "a session without authentication")
    assert peer(made, "a").active.stream.ao is None


def test_secrets_are_in_no_text():
    made = lab(AO % KEYS, AO % KEYS, has_ao=False)
    made.run(5)
    texts = [repr(peer(made, "a").config), repr(peer(made, "a").authentication.for_connection())]
    assert not [text for text in (*texts, *[line.text for line in made.log]) if "tops3cret" in text]
