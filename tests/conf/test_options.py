"""Every option of the manual's lists is read."""

from __future__ import annotations

from datetime import datetime

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import (
    ISO_LONG_MS,
    InterfacePattern,
    LogConfig,
    NotRun,
    SocketConfig,
    TimeFormat,
    must_run,
)
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.device.config import DeviceConfig
from pybird.proto.direct.config import DirectConfig
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.ospf.config import OspfConfig
from pybird.proto.pipe.config import PipeConfig
from pybird.proto.radv.config import Dnssl, Lifetime, RadvConfig, Rdnss
from pybird.values.address import Address
from pybird.values.net import NetType
from tests.conf.loading import DEVICE, error, load

BGP_OPTIONS = """
local 10.0.0.2 port 1179 as 65001; source address 10.0.0.2; strict bind; free bind on; onlink; direct;
neighbor 10.0.0.1 port 1790 as 65002 external; passive yes; ttl security off; check link; bfd off;
rr cluster id 1.2.3.4; allow local as 2; dynamic name "x"; dynamic name digits 3; persist no;
child prune time 60; hold down after 3; hold down time 5, 60; hold down forget time 60;
hold time 90; min hold time 10; startup hold time 60; keepalive time 30; min keepalive time 5;
send hold time 200;
connect delay time 1; connect retry time 60; error wait time 10, 20; error forget time 100;
disable after error; disable after cease { cease, prefix limit hit, out of resources };
enable route refresh off; enable enhanced route refresh off; enable as4 off; enable extended messages;
advertise hostname; capabilities on; graceful restart off; long lived graceful restart off;
require route refresh; require as4; require hostname off; password "secret"; authentication md5;
enforce first as; interpret communities no; allow bgp_local_pref; allow bgp_med; allow as sets;
path metric off; med metric; igp metric off; prefer older; deterministic med; default bgp_med 5;
default bgp_local_pref 200; setkey on; disabled; restart time 7 s; debug { states, events };
router id 9.9.9.9; hostname "h"; description "d"; vrf "red"; thread group x;
"""


def test_the_options_of_bgp() -> None:
    channel = """ipv4 { import all; export all; mandatory; next hop address 10.0.0.9; next hop self ebgp;
      next hop keep ibgp; next hop prefer local; link local next hop format native; missing lladdr ignore;
      gateway recursive; igp table master4; import table; export table off; secondary off; extended next hop;
      require extended next hop; add paths off; cost 5; graceful restart off; aigp off; preference 50;
      import keep filtered; rpki reload off; debug all; import limit 5 action warn; receive limit off;
      export limit 7; table master4; };"""
    config = load(DEVICE + "protocol bgp a {" + BGP_OPTIONS + channel + "}")
    found = config.protocol("a")
    assert isinstance(found, BgpConfig)
    assert (found.local_port, found.remote_port, found.remote_kind) == (1179, 1790, "external")
    assert (found.hold_time, found.keepalive_time, found.error_wait_time) == (90, 30, (10, 20))
    assert found.disable_after_cease == {0, 1, 8}
    assert found.require == {"route refresh", "as4"}
    assert (found.password, found.restart_time, found.vrf) == ("secret", 7.0, "red")
    assert found.debug == {"states", "events"}
    assert not found.enable_as4
    four = found.channels[0]
    assert (four.next_hop_self, four.next_hop_keep, four.gateway) == ("ebgp", "ibgp", "recursive")
    assert (four.cost, four.preference, four.keep_filtered, four.rpki_reload) == (5, 50, True, False)
    said = [each.text for each in config.warnings]
    assert said[0] == "AS4 support required but disabled"
    assert all(each.endswith("acts only with `neighbor range`") for each in said[1:])


@pytest.mark.parametrize(
    "option",
    ["bfd;", "bfd graceful;", "bfd { interval 1 s; };"],
)
def test_what_is_not_acted_on_is_said_once(option: str) -> None:
    text = "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; %s }"
    (warning,) = load(DEVICE + text % option).warnings
    assert "not acted on yet" in warning.text


def test_multicast_channels_have_the_options_and_the_default_tables_of_unicast_ones() -> None:
    text = "ipv4 table t; protocol bgp a {{ local as 1; neighbor 10.0.0.1 as 1; {} }}"
    channels = "ipv4 multicast { extended next hop; }; ipv6 multicast { import none; };"
    config = load(text.format(channels))
    assert not config.warnings
    assert [(each.name, each.table) for each in config.protocol("a").channels] == [
        ("ipv4 multicast", "master4"),
        ("ipv6 multicast", "master6"),
    ]
    assert load(text.format("ipv4 multicast { table t; };")).protocol("a").channels[0].table == "t"


def test_a_kernel_protocol_of_routes_by_source_address_is_left_out() -> None:
    text = "ipv6 sadr table s6; template kernel t { ipv6 sadr { export all; }; metric 9; }"
    config = load(DEVICE + text + " protocol kernel k from t { scan time 5; }")
    found = config.protocol("k")
    assert isinstance(found, NotRun)
    assert (found.metric, found.scan_time, found.channels[0].table) == (9, 5, "s6")
    (warning,) = config.warnings
    assert (warning.code, warning.text) == (
        "not-run",
        "the ipv6 sadr channel is understood but not run by this version",
    )


def test_a_kernel_protocol_of_labels_is_left_out_and_says_what_that_means() -> None:
    config = load(DEVICE + "mpls domain d; mpls table m; protocol kernel k { mpls { export all; }; }")
    assert isinstance(config.protocol("k"), NotRun)
    (warning,) = config.warnings
    assert warning.code == "not-run"
    assert warning.text.endswith("not run by this version: packets with labels are not forwarded")


def test_the_options_of_radv() -> None:
    config = load(
        """
        peer table p;
        protocol radv {
          ipv6 { table master6; export all; }; neighbors { table p; };
          interface "eth*", -"lo" {
            min ra interval 5; max ra interval 20; min delay 2; solicited ra unicast; managed;
            other config yes;
            link mtu 1400; reachable time 100; retrans timer 50; current hop limit 32;
            default lifetime 60 sensitive yes; default preference high;
            route lifetime 50 sensitive off; route preference low;
            prefix linger time 30; route linger time 40; rdnss local; dnssl local no; custom option local;
            neighbor discovery on; rdnss 2001:db8::53; dnssl "example.net";
            prefix 2001:db8::/64 { skip off; onlink no; autonomous; pd preferred;
              valid lifetime 500 sensitive;
              preferred lifetime 400 sensitive; };
            custom option type 38 value hex:0102030405060708090a0b0c0d0e;
          };
          prefix ::/0 { skip; };
          rdnss { ns 2001:db8::1; ns 2001:db8::2; lifetime mult 5; };
          dnssl { domain "a.example"; lifetime 60; };
          trigger 2001:db8::/32; propagate routes;
        }
"""
    )
    radv = config.protocols[0]
    assert isinstance(radv, RadvConfig)
    (interface,) = radv.interfaces
    assert interface.patterns == (
        InterfacePattern("eth*"), InterfacePattern("lo", negative=True),
    )  # fmt: skip
    assert (interface.min_ra_interval, interface.max_ra_interval, interface.min_delay) == (5, 20, 2)
    assert (interface.default_lifetime, interface.default_lifetime_sensitive) == (60, True)
    assert (interface.default_preference, interface.route_preference) == (1, 3)
    assert interface.discovery
    assert interface.prefixes[0].valid_sensitive
    assert not interface.prefixes[0].onlink
    assert interface.custom_options[0].type == 38
    assert radv.rdnss == tuple(
        Rdnss(Address.parse(f"2001:db8::{number}"), Lifetime(multiplier=5)) for number in (1, 2)
    )
    assert radv.dnssl == (Dnssl("a.example", Lifetime(60)),)
    assert radv.propagate_routes


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("max ra interval 3;", "3 is out of range, 4 to 1800 are possible"),
        ("max ra interval 20; min ra interval 16;", "at most 3/4 of Max RA interval, 15"),
        ("max ra interval 20; default lifetime 10;", "0 or at least Max RA interval, 20"),
        ("prefix 10.0.0.0/8;", "Prefix must be IPv6"),
        ("router discovery;", "`router discovery` needs a `peers` channel"),
    ],
)
def test_what_radv_refuses(option: str, message: str) -> None:
    assert message in error(f'protocol radv {{ interface "x" {{ {option} }}; }}').message


def test_the_options_of_kernel_and_device() -> None:
    config = load(
        'protocol device { scan time 5; interface "eth0" { preferred 10.0.0.1; }; }'
        "protocol kernel { ipv6 { export all; }; persist; scan time 9; learn all; merge paths on limit 4;"
        " kernel table ipt_main; metric 7; netlink rx buffer 100; }"
    )
    device, kernel = config.protocols
    assert isinstance(device, DeviceConfig)
    assert device.scan_time == 5
    assert isinstance(kernel, KernelConfig)
    assert (kernel.learn, kernel.merge_paths, kernel.kernel_table, kernel.metric) == ("all", 4, 254, 7)
    assert kernel.channels[0].table == "master6"


def test_direct_and_pipe_are_understood() -> None:
    config = load(
        'ipv4 table t; protocol direct { ipv4; interface -"x", "*"; check link; }'
        "protocol pipe { peer table t; import none; export where source = RTS_BGP; max generation 3; }"
    )
    assert [protocol.name for protocol in config.protocols] == ["direct1", "pipe1"]
    direct, pipe = config.protocols
    assert isinstance(direct, DirectConfig)
    assert (direct.interfaces[0].negative, direct.check_link) == (True, True)
    assert isinstance(pipe, PipeConfig)
    assert (pipe.peer_table, pipe.channels[0].table, pipe.max_generation) == ("t", "master4", 3)
    assert pipe.channels[0].import_filter.name == "REJECT"


OTHERS = {
    "ospf": 'area 0 { interface "eth0" { cost 5; }; };',
    "ospf v2": "area 0 {};",
    "ospf v3": "ipv6; area 0.0.0.0 {};",
    "rip": 'interface "*";',
    "rip ng": "",
    "babel": 'ipv4; ipv6; interface "wlan*" { type wireless; };',
    "bfd": 'interface "*" { interval 50 ms; }; neighbor 10.0.0.1;',
    "rpki": 'roa4 { table r; }; remote "rtr.example.com" port 3323;',
    "mrt": 'table "*"; filename "x.mrt"; period 60;',
    "bmp": "station address ip 10.0.0.1 port 5000;",
    "aggregator": "table a; peer table b; aggregate on net, (bgp_path.len); merge by { accept; };",
    "l3vpn": "ipv4; vpn4; mpls; rd 1:2; route target (rt, 1, 2);",
    "evpn": "eth; evpn; rd 1:2; route target [(rt, 1, 2)]; encapsulation vxlan {};",
    "bridge": 'eth; bridge device "br0";',
    "perf": "ipv4; repeat 3;",
}
OTHER_TABLES = (
    "mpls domain d; mpls table m; roa4 table r; vpn4 table v; eth table e; evpn table ev;"
    " ipv4 table a; ipv4 table b;"
)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_protocols_are_understood(kind: str) -> None:
    text = f"protocol {kind} x {{ {OTHERS[kind]} }}\nprotocol {kind} {{ {OTHERS[kind]} }}\n"
    config = load(DEVICE + OTHER_TABLES + text)
    name = kind.split()[0]
    assert [protocol.name for protocol in config.protocols[1:]] == ["x", f"{name}1"]
    assert [warning.text for warning in config.warnings] == [
        f"protocol {name} is understood but not run by this version"
    ] * 2
    assert {warning.code for warning in config.warnings} == {"not-run"}
    assert not config.refusals


def test_the_configuration_of_ospf() -> None:
    config = load(
        """protocol ospf v3 o { ipv4; ecmp limit 4; graceful restart on; instance id 64;
          area 0.0.0.1 { nssa; networks { 10.0.0.0/8; 10.1.0.0/16 hidden; }; stubnet 10.2.0.0/16 { cost 7; };
            interface "eth*", -"lo" instance 3 { cost 5; hello 3; type pointopoint; rx buffer large;
              ttl security tx only; tx dscp 48; authentication cryptographic; neighbors { fe80::1 eligible; };
              password "secret" { id 2; algorithm hmac sha256; accept to "2026-11-22 10:00:00"; }; };
            virtual link 1.2.3.4 { dead 40; }; };
          area 0 {}; }"""
    ).protocols[0]
    assert isinstance(config, OspfConfig)
    assert (config.version, config.ecmp, config.graceful_restart, config.channels[0].name) == (
        3,
        4,
        "yes",
        "ipv4",
    )
    area = config.areas[0]
    assert (area.id, area.nssa, area.networks[1].hidden, area.stubnets[0].cost) == (1, True, True, 7)
    (link,) = area.interfaces
    assert link.patterns == (InterfacePattern("eth*"), InterfacePattern("lo", negative=True))
    assert (link.instance, link.cost, link.type, link.rx_buffer) == (3, 5, "ptp", 65535)
    assert (link.ttl_security, link.tx_class, link.neighbors[0].eligible) == ("tx only", 192, True)
    (password,) = link.passwords
    assert (password.id, password.algorithm) == (2, "hmac sha256")
    assert password.accept_to == datetime(2026, 11, 22, 10)
    assert area.virtual_links[0].dead == 40


@pytest.mark.usefixtures("refused")
def test_what_must_not_be_left_out_is_read_and_kept_from_running() -> None:
    config = load("protocol bgp { local as 1; neighbor 10.0.0.1 as 2; confederation 5; }")
    (warning,), (refusal,) = config.warnings, config.refusals
    assert "PyBIRD refuses to start with it" in warning.text
    assert refusal.span == warning.span
    with pytest.raises(ConfigErrors) as caught:
        must_run(config)
    assert "PyBIRD does not yet" in caught.value.errors[0].message


def test_the_statements_of_the_file() -> None:
    config = load(
        """
        log "/var/log/bird.log" 100000 "/var/log/old" all; log syslog name "x" { info, warning };
        log stderr all; log udp 10.0.0.1 port 515 { error }; log fixed "/tmp/ring" 5000 all;
        debug protocols { states, events }; debug channels all; debug tables off; debug commands 1;
        router id 10.0.0.9; hostname "r"; graceful restart wait 15; threads 4;
        timeformat route "%T" 3600 "%F"; timeformat protocol iso short; timeformat base iso long us;
        timeformat log iso long ms;
        cli "/run/second.ctl" { restrict; v2 attributes; dialect 3; };
        ipv4 table t1
        roa6 table r { sorted; gc period 10 s; gc threshold 5; export settle time 1 ms 2 ms; debug all; };
        ipv6 table master6 sorted { trie on; };
        eval 1 + 1;
        ;;;
        protocol device {}
        """
    )
    assert config.router_id == 0x0A000009
    assert config.logs[0].limit == 100000
    assert config.logs[1] == LogConfig("syslog", frozenset(("info", "warning")), "x")
    assert config.logs[3].port == 515
    assert config.sockets == (SocketConfig("/run/second.ctl", True, 3, True),)
    assert config.timeformat_route == TimeFormat("%T", 3600, "%F")
    assert config.timeformat_log == ISO_LONG_MS
    assert config.table("master6").sorted
    assert config.table("r").net_type is NetType.ROA6
    assert (config.hostname, config.graceful_restart_wait, config.debug_commands) == ("r", 15, 1)


@pytest.mark.parametrize("value", ["", "on", "yes", "true", "1", "(1 = 1)", "T"])
def test_switches_that_are_on(value: str) -> None:
    config = load(f"define T = true; protocol kernel {{ ipv4; persist {value}; }}")
    assert config.protocols[0].persist is True


@pytest.mark.parametrize("value", ["off", "no", "false", "0"])
def test_switches_that_are_off(value: str) -> None:
    assert load(f"protocol kernel {{ ipv4; persist {value}; }}").protocols[0].persist is False


@pytest.mark.parametrize(
    "kind",
    ["ipv4", "ipv6", "ipv6 sadr", "vpn4", "vpn6", "roa4", "roa6", "flow4", "flow6", "eth", "mpls", "aspa",
     "evpn", "peer", "neighbor"],
)  # fmt: skip
def test_tables_of_all_net_types(kind: str) -> None:
    assert load(f"{kind} table t;" + DEVICE).table("t") is not None


def test_iproute2_names_are_constants() -> None:
    config = load("protocol kernel { ipv4; kernel table ipt_local; }")
    assert config.protocols[0].kernel_table == 255


def test_the_interface_of_the_local_address_is_that_of_the_session() -> None:
    text = "protocol bgp a { local fe80::1%eth0 as 1; neighbor fe80::2 as 1; }"
    found = load(DEVICE + text).protocol("a")
    assert isinstance(found, BgpConfig)
    assert (str(found.local_address), found.interface) == ("fe80::1", "eth0")


def test_deterministic_med_needs_a_table_that_is_not_sorted() -> None:
    bgp = "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; deterministic med; ipv4 { table t; }; }"
    found = error(DEVICE + "ipv4 table t sorted;" + bgp)
    assert found.message == "BGP with deterministic MED prohibits sorted table"


@pytest.mark.parametrize(
    ("local", "neighbor", "shown"),
    [
        ("10.0.0.1", 'fe80::1 % "eth0"', "fe80::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("2001:db8::1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "range fe80::/10", "fe80::/10"),
    ],
)
def test_addresses_of_two_families_are_a_warning(local: str, neighbor: str, shown: str) -> None:
    both = f"local {local} as 1; neighbor {neighbor} as 2;"
    text = f"protocol bgp {{ {both} ipv6 {{ import all; export all; }}; }}\n"
    warnings = [each.text for each in load(DEVICE + text).warnings]
    assert warnings == [f"local address {local} cannot reach neighbor {shown}: the session stays down"]


def test_a_limit_that_is_never_reached_is_said() -> None:
    """What waits for a neighbor is bounded; a larger `tx size warning` would be silent for ever."""
    text = DEVICE + "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; tx size warning %d; }"
    assert load(text % 262144).warnings == ()
    (warning,) = load(text % 262145).warnings
    assert "there will be no warning" in warning.text


RESTART = "raceful restart required but not enabled"
ENHANCED = "Enhanced refresh required but disabled"
LONG = "long lived graceful restart"
VAIN = {
    "enable enhanced route refresh off; require enhanced route refresh;": ENHANCED,
    "enable route refresh off; require enhanced route refresh;": ENHANCED,
    "enable as4 off; require as4;": "AS4 support required but disabled",
    "require extended messages;": "Extended messages required but not enabled",
    "graceful restart off; require graceful restart;": f"G{RESTART}",
    f"graceful restart off; require {LONG};": f"Long-lived g{RESTART}",
    f"{LONG} off; require {LONG};": f"Long-lived g{RESTART}",
    "ipv6 { require add paths; };": "ADD-PATH required but not enabled",
    "ipv4 { require extended next hop; };": "Extended next hop required but not enabled",
    "enable extended messages; require extended messages;": "",
    "graceful restart off; enable enhanced route refresh; require enhanced route refresh;": "",
    "enable route refresh off; require route refresh;": "",
    f"require hostname; require as4; require graceful restart; require {LONG};": "",
    "ipv6 { add paths rx; require add paths; };": "",
}


@pytest.mark.parametrize("options", VAIN)
def test_a_requirement_that_we_do_not_meet_ourselves_is_warned_about(options):
    """In the words of BIRD 2.19 and 3.3, at the end of the block."""
    text = f"protocol bgp p {{ local as 1; neighbor 10.0.0.2 as 1;\n{options}\n}}"
    found = [(each.text, each.span.line) for each in load(DEVICE + text).warnings]
    line = (DEVICE + text).count("\n") + 1
    assert found == ([(VAIN[options], line)] if VAIN[options] else [])


CHILDREN = (
    "child prune time 20;",
    "child prune off;",
    "hold down off;",
    "hold down after 2;",
    "hold down time 1, 2;",
    "hold down forget time 5;",
    "persist yes;",
    "persist established;",
    'dynamic name "a";',
    "dynamic name digits 2;",
)


@pytest.mark.parametrize("option", CHILDREN)
def test_an_option_about_the_neighbors_of_a_range_is_warned_about_beside_a_single_neighbor(option):
    text = f"protocol bgp p {{ local as 1; neighbor %s as 1; {option} }}"
    (warning,) = load(DEVICE + text % "10.0.0.2").warnings
    name = warning.text.removesuffix("` acts only with `neighbor range`").removeprefix("`")
    assert name
    assert option.startswith(name)
    assert load(DEVICE + text % "range 10.0.0.0/8").warnings == ()
