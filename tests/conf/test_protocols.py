"""Whole configurations of the protocols that are run."""

from __future__ import annotations

import pytest

from pybird.conf.model import InterfacePattern, Limit
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig, PeersChannelConfig
from pybird.proto.radv.config import RadvConfig
from pybird.proto.static.config import StaticConfig, StaticVia
from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, Prefix
from pybird.values.route import Dest
from pybird.values.sets import ValueSet
from tests.conf.loading import DEVICE, error, load

AUTOPEER = """
router id 10.0.0.1;
protocol device {}
protocol radv { peers {}; interface "eth0" { router discovery yes; max ra interval 10; }; }
protocol bgp auto {
  local as 65001;
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  ipv4 { extended next hop; import all; export all; };
  ipv6 { import all; export where source = RTS_STATIC; };
  %s
}
"""


def auto(peers: str) -> BgpConfig:
    config = load(AUTOPEER % peers)
    found = config.protocol("auto")
    assert isinstance(found, BgpConfig)
    return found


def test_a_config_for_automatic_peering() -> None:
    config = load(AUTOPEER % 'peers < from "eth0"; persist yes; >;')
    assert config.router_id == 0x0A000001
    assert config.table("peers").net_type is NetType.PEER
    assert config.table("peers").implicit
    radv = config.protocols[1]
    assert isinstance(radv, RadvConfig)
    assert radv.name == "radv1"
    assert [(channel.name, channel.table) for channel in radv.channels] == [
        ("ipv6", "master6"),  # which it has in any case
        ("peers", "peers"),
    ]
    assert radv.interfaces[0].discovery
    assert radv.interfaces[0].max_ra_interval == 10
    bgp = config.protocol("auto")
    assert isinstance(bgp, BgpConfig)
    assert (bgp.local_as, bgp.remote_kind, str(bgp.remote_range)) == (65001, "external", "fe80::/10")
    assert (bgp.dynamic_name, bgp.dynamic_name_digits) == ("auto", 2)
    four, six, peers = bgp.channels
    assert isinstance(four, BgpChannelConfig)
    assert (four.family.numbers, four.table, four.extended_next_hop) == ((1, 1), "master4", True)
    assert isinstance(six, BgpChannelConfig)
    assert six.import_set
    assert six.export_set
    assert isinstance(peers, PeersChannelConfig)
    assert peers.from_interfaces == (InterfacePattern("eth0"),)
    assert peers.persist == "yes"
    assert peers.export_filter.name == "ACCEPT"


@pytest.mark.parametrize("word", ["peers", "neighbors", "peer"])
@pytest.mark.parametrize("frame", ["{ %s }", "< %s >"])
def test_every_spelling_of_the_peers_channel_is_the_same(word: str, frame: str) -> None:
    wanted = auto('peers { from "eth*"; persist no; export all; };')
    assert auto(word + " " + frame % 'from "eth*"; persist no; export all;' + ";") == wanted


def test_the_first_declared_peer_table_is_used_wherever_it_stands() -> None:
    config = load(AUTOPEER % "peers;" + "neighbor table routers;")
    assert config.protocol("auto").channels[-1].table == "routers"
    assert config.protocol("radv1").channels[1].table == "routers"
    assert config.table("peers") is None


def test_both_spellings_of_a_peer_table_are_the_same() -> None:
    assert load("peer table x;" + DEVICE).tables == load("neighbor table x;" + DEVICE).tables


def test_from_takes_a_constant() -> None:
    config = load('define UPLINK = "eth7";' + AUTOPEER % "peers < from UPLINK; >;")
    peers = config.protocol("auto").channels[-1]
    assert peers.from_interfaces == (InterfacePattern("eth7"),)


@pytest.mark.parametrize("option", ["from", "persist"])
def test_from_and_persist_belong_to_peers_channels(option: str) -> None:
    argument = ' "eth0"' if option == "from" else ""
    text = AUTOPEER.replace("extended next hop;", option + argument + ";") % ""
    assert error(text).message == f"{option.capitalize()} option only available for peers channels"


def test_a_bgp_option_in_a_peers_channel_is_an_error() -> None:
    found = error(AUTOPEER % "peers { mandatory; };")
    assert found.message == "`mandatory` is not an option of peers channels"


def test_only_a_dynamic_protocol_has_a_peers_channel() -> None:
    text = "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; peers; }"
    assert "only a dynamic protocol" in error(DEVICE + text).message


def test_multihop_with_a_link_local_range_is_an_error() -> None:
    assert "link-local range" in error(AUTOPEER % "multihop;").message


def test_static_routes() -> None:
    config = load(
        """
        define MINE = 10.9.0.0/16;
        protocol static {
          ipv4 { preference 10; };
          route 10.0.0.0/8 via 192.0.2.1 weight 2 via 192.0.2.2 onlink;
          route MINE via fe80::1%eth0;
          route 10.2.0.0/16 via "eth1" { bgp_local_pref = 5; preference = 7; };
          route 10.3.0.0/16 recursive 192.0.2.9;
          route 10.4.0.0/16 reject;
        }"""
    )
    static = config.protocols[0]
    assert isinstance(static, StaticConfig)
    first, mine, attributes, recursive, reject = static.routes
    assert first.via == (
        StaticVia(gateway=Address.parse("192.0.2.1"), weight=2),
        StaticVia(gateway=Address.parse("192.0.2.2"), onlink=True),
    )
    assert mine.net == Prefix.parse("10.9.0.0/16")
    assert mine.via[0].interface == "eth0"
    assert attributes.attributes is not None
    assert recursive.recursive == Address.parse("192.0.2.9")
    assert reject.dest is Dest.UNREACHABLE
    assert static.channels[0].preference == 10


def test_static_peers() -> None:
    config = load("peer table p; protocol static { peers; route peer fe80::1 % 3; }")
    static = config.protocols[0]
    assert isinstance(static, StaticConfig)
    assert static.routes[0].net == PeerNet(Address.parse("fe80::1"), 3)


def test_template_channels_are_reopened() -> None:
    config = load(
        DEVICE + "template bgp t { local as 1; ipv4 { import all; export all; import limit 10; }; }"
        "protocol bgp a from t { neighbor 10.0.0.1 as 2; ipv4 { import none; }; }"
        "protocol bgp from t { neighbor 10.0.0.2 as 3; ipv6 { import all; export all; }; }"
    )
    first, second = config.protocols[1:]
    assert first.channels[0].import_filter.name == "REJECT"
    assert first.channels[0].export_filter.name == "ACCEPT"
    assert first.channels[0].import_limit == Limit(10, "disable")
    assert second.name == "bgp1"
    assert [channel.name for channel in second.channels] == ["ipv4", "ipv6"]


def test_equal_meaning_is_equal_value() -> None:
    one = load(
        DEVICE
        + "define A = 2; protocol bgp x { local as 1; neighbor 10.0.0.1 as A;"
        + " ipv4 { import all; export none; }; }"
    )
    two = load(
        DEVICE + "template bgp t { local as (0+1); }\n"
        "protocol bgp x from t {\n ipv4 { export none; import all; }; neighbor 10.0.0.1 as 2; }"
    )
    assert one.protocol("x") == two.protocol("x")


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ("for route r in routes do { bgp_path = r.bgp_med; }", "bgp_path takes bgppath, not int"),
        ("for int r in routes do print r;", "members of block of routes are route, r is int"),
        ("for route r in routes do print r.nothing;", "there is no attribute nothing"),
        ("int x = routes;", "x takes int, not block of routes"),
        ("print routes.len;", "block of routes has no method `len`"),
    ],
)
def test_the_code_of_merge_by_is_checked(statements: str, message: str) -> None:
    frame = "ipv4 table t1; ipv4 table t2; protocol aggregator { table t1; peer table t2; aggregate on net; "
    assert message in error(f"{frame}merge by {{ {statements} accept; }}; }}").message


def test_keys_of_an_aggregator_are_checked() -> None:
    frame = "ipv4 table t1; ipv4 table t2; protocol aggregator { table t1; peer table t2; aggregate on net, "
    assert "takes int, not string" in error(f'{frame}(net.len + "x"); merge by {{ accept; }}; }}').message
    load(f"{frame}(net.len + 1), (source); merge by {{ for route r in routes do print r.net; accept; }}; }}")


AS_SET = "protocol bgp { local as 1; neighbor range fe80::/10 %s; ipv6 { import all; export all; }; }"


@pytest.mark.parametrize("text", ["[65100..65199, 7]", "LEAVES", "(LEAVES)"])
def test_external_neighbors_may_have_one_of_a_set_of_as_numbers(text: str) -> None:
    config = load("define LEAVES = [65100..65199, 7];" + AS_SET % f"external as {text}")
    bgp = config.protocols[-1]
    assert isinstance(bgp, BgpConfig)
    assert bgp.remote_as_set == ValueSet("int", [(7, 7), (65100, 65199)])
    assert bgp.remote_as is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("as [5]", "A set of neighbor AS numbers needs `external`"),
        ("internal as [5]", "A set of neighbor AS numbers needs `external`"),
        ("external as []", "a set of AS numbers expected here, this is of type empty set"),
        ("external as [(1, 2)]", "a set of AS numbers expected here, this is of type pair set"),
        ("external as [1.2.3.4]", "a set of AS numbers expected here"),
        ('external as "x"', "a number expected here"),
    ],
)
def test_a_wrong_set_of_as_numbers(text: str, message: str) -> None:
    assert message in error(AS_SET % text).message
