"""What two sides can do together: RFC 5492, 4760 section 8, 8950, 8654, 7313, 7911."""

from dataclasses import replace

import pytest

from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.wire.capabilities import Capabilities, GracefulRestart, local_capabilities, negotiate
from pybird.values.net import NetType

IPV4 = BgpChannelConfig(name="ipv4", net_type=NetType.IP4, table="master4", extended_next_hop=True)
IPV6 = BgpChannelConfig(name="ipv6", net_type=NetType.IP6, table="master6")


def config(**options) -> BgpConfig:
    return BgpConfig(type_name="bgp", name="b", channels=(IPV4, IPV6), local_as=65001, **options)


def test_we_announce_what_bird_announces():
    assert local_capabilities(config()) == Capabilities(
        multiprotocol=((1, 1), (2, 1)),
        route_refresh=True,
        extended_next_hop=((1, 1, 2),),
        graceful_restart=GracefulRestart(0, 120),
        as4=65001,
        enhanced_refresh=True,
        long_lived=(),
    )


def test_graceful_restart_is_announced_without_families_unless_it_is_off():
    """The neighbor keeps no routes of ours: our own restarts are not graceful."""
    assert local_capabilities(config(graceful_restart="off")).graceful_restart is None
    assert bytes.fromhex("40020fff") in local_capabilities(config(graceful_restart_time=4095)).encode()


def test_a_restarting_role_announces_its_families():
    """With the flags of one that has restarted: R, and F of each family whose forwarding went on."""
    on = config(graceful_restart="on")
    assert local_capabilities(on).graceful_restart == GracefulRestart(0, 120, ((1, 1, 0), (2, 1, 0)))
    again = local_capabilities(on, recovers=True).graceful_restart
    assert again == GracefulRestart(8, 120, ((1, 1, 0x80), (2, 1, 0x80)))
    half = replace(on, channels=(replace(IPV4, graceful_restart=False), IPV6))
    assert local_capabilities(half).graceful_restart.families == ((2, 1, 0),)
    aware = replace(config(), channels=(replace(IPV4, graceful_restart=True), IPV6))
    assert local_capabilities(aware).graceful_restart.families == ((1, 1, 0),)


def test_long_lived_families_are_announced_with_their_stale_times():
    """RFC 9494, 3: by default none, the role of a receiving speaker; with F of what has recovered."""
    assert local_capabilities(config()).long_lived == ()
    on = config(long_lived_graceful_restart="on", long_lived_stale_time=77)
    assert local_capabilities(on).long_lived == ((1, 1, 0, 77), (2, 1, 0, 77))
    assert bytes.fromhex("470e 0001010000004d 0002010000004d") in local_capabilities(on).encode()
    again = local_capabilities(on, recovers=True).long_lived
    assert again == ((1, 1, 0x80, 77), (2, 1, 0x80, 77))
    half = replace(IPV4, long_lived_graceful_restart=False), replace(IPV6, long_lived_stale_time=9)
    assert local_capabilities(replace(on, channels=half)).long_lived == ((2, 1, 0, 9),)
    one = replace(IPV4, long_lived_graceful_restart=True), IPV6
    assert local_capabilities(replace(config(), channels=one)).long_lived == ((1, 1, 0, 3600),)


@pytest.mark.parametrize("off", [{"long_lived_graceful_restart": "off"}, {"graceful_restart": "off"}])
def test_the_long_lived_capability_is_announced_beside_graceful_restart_unless_it_is_off(off):
    """RFC 9494, 3: it must not be announced without capability 64; channels change nothing about that."""
    channels = replace(IPV4, long_lived_graceful_restart=True), IPV6
    assert local_capabilities(replace(config(**off), channels=channels)).long_lived is None


FOREVER = ((1, 1, 0, 600), (1, 4, 0, 600))
BOTH = {"graceful_restart": GracefulRestart(), "long_lived": FOREVER}


@pytest.mark.parametrize("missing", ["our long_lived", "our graceful_restart", "their graceful_restart"])
def test_the_long_lived_capability_counts_only_beside_graceful_restart(missing):
    """RFC 9494, 3."""
    ours, theirs = Capabilities(**BOTH), Capabilities(**BOTH)
    assert negotiate(ours, theirs).long_lived == {(1, 1)}
    whose, what = missing.split()
    if whose == "our":
        ours = replace(ours, **{what: None})
    else:
        theirs = replace(theirs, **{what: None})
    assert negotiate(ours, theirs).long_lived == frozenset()


def test_families_are_announced_in_the_order_of_their_numbers():
    """As BIRD does, whatever the order of the channels."""
    turned = BgpConfig(type_name="bgp", name="b", channels=(IPV6, IPV4), local_as=65001)
    assert local_capabilities(turned).multiprotocol == ((1, 1), (2, 1))


def test_options_switch_capabilities():
    assert local_capabilities(config(capabilities=False)) == Capabilities()
    small = local_capabilities(config(enable_as4=False, enable_route_refresh=False))
    assert (small.as4, small.route_refresh, small.enhanced_refresh) == (None, False, False)
    big = local_capabilities(config(enable_extended_messages=True, advertise_hostname=True), "r1")
    assert (big.extended_messages, big.hostname) == (True, "r1")
    assert local_capabilities(config(enable_enhanced_route_refresh=True)).enhanced_refresh


def test_families_are_those_of_both_in_our_order():
    ours = Capabilities(multiprotocol=((2, 1), (1, 1)))
    assert negotiate(ours, Capabilities(multiprotocol=((1, 1), (1, 2), (2, 1)))).families == ((2, 1), (1, 1))


def test_a_side_without_multiprotocol_speaks_ipv4():
    """RFC 4760, section 8."""
    ours = Capabilities(multiprotocol=((1, 1), (2, 1)))
    assert negotiate(ours, Capabilities()).families == ((1, 1),)
    assert negotiate(Capabilities(multiprotocol=((2, 1),)), Capabilities()).families == ()


def test_extended_next_hop_needs_both_and_the_family():
    """RFC 8950, section 4."""
    ours = Capabilities(multiprotocol=((1, 1),), extended_next_hop=((1, 1, 2),))
    assert negotiate(ours, ours).extended_next_hop == {(1, 1)}
    assert not negotiate(ours, Capabilities(multiprotocol=((1, 1),))).extended_next_hop


def test_as4_messages_and_refresh_need_both():
    full = Capabilities(as4=1, extended_messages=True, route_refresh=True, enhanced_refresh=True)
    both = negotiate(full, full)
    assert (both.as4, both.extended_messages, both.max_length) == (True, True, 65535)
    assert (both.route_refresh, both.enhanced_refresh) == (True, True)
    none = negotiate(full, Capabilities(enhanced_refresh=True))
    assert (none.as4, none.max_length, none.route_refresh, none.enhanced_refresh) == (
        False,
        4096,
        False,
        False,
    )


def test_route_refresh_needs_capability_2_and_not_ciscos():
    """RFC 2918, 4."""
    ours = Capabilities(route_refresh=True, enhanced_refresh=True)
    assert negotiate(ours, Capabilities(route_refresh=True)).route_refresh
    assert not negotiate(ours, Capabilities(cisco_refresh=True)).route_refresh
    assert not negotiate(ours, Capabilities(cisco_refresh=True, enhanced_refresh=True)).enhanced_refresh


@pytest.mark.parametrize(
    ("ours", "theirs", "receives", "sends"),
    [
        (1, 2, True, False),
        (2, 1, False, True),
        (3, 3, True, True),
        (3, 1, False, True),
        (3, 2, True, False),
        (1, 1, False, False),
        (2, 2, False, False),
        (3, 0, False, False),
        (3, 4, False, False),
        (3, 255, False, False),
    ],
)
def test_paths_are_sent_in_a_direction_that_one_side_sends_and_the_other_receives(
    ours, theirs, receives, sends
):
    """RFC 7911, 4. Directions other than 1, 2 and 3 are ignored."""
    found = negotiate(Capabilities(add_path=((1, 1, ours),)), Capabilities(add_path=((1, 1, theirs),)))
    assert (found.add_path_rx, found.add_path_tx) == (
        {(1, 1)} if receives else set(),
        {(1, 1)} if sends else set(),
    )


def test_paths_of_a_family_that_is_not_exchanged_do_not_count():
    both = Capabilities(add_path=((1, 1, 3), (2, 1, 3)))
    assert negotiate(both, both).add_path_rx == {(1, 1)}
    assert not negotiate(both, Capabilities(add_path=((2, 1, 3),))).add_path_tx


@pytest.mark.parametrize(("word", "mode"), [("no", ()), ("rx", (1,)), ("tx", (2,)), ("yes", (3,))])
def test_add_paths_is_announced_with_its_direction(word, mode):
    written = replace(config(), channels=(IPV6, replace(IPV4, add_paths=word)))
    assert local_capabilities(written).add_path == tuple((1, 1, each) for each in mode)
