"""What a reload does to a router that runs: sessions stay, and routes are as the new text says."""

from __future__ import annotations

import pytest

from pybird.core.life import ProtocolState
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest
from tests.reload.lab import best, blackholes, configure, session, speaker, speakers
from tests.scenarios.lab import Lab, pair, unnumbered

A = speaker(1, blackholes("10.1.0.0/16", "10.2.0.0/16"))
B = speaker(2, blackholes("10.3.0.0/16"))


class Unbroken:
    """Inside, no session may end on either side."""

    def __init__(self, lab):
        self.lab = lab

    def __enter__(self):
        self.since = [session(self.lab, name).since for name in "ab"]
        return self.lab

    def __exit__(self, kind, error, trace):
        if error is None:
            assert [session(self.lab, name).since for name in "ab"] == self.since


def nets(lab, name):
    return lab.nets(name, "master4")


def test_static_routes_come_go_and_change():
    with Unbroken(speakers(A, B)) as lab:
        configure(lab, "a", speaker(1, blackholes("10.1.0.0/16", "10.4.0.0/16")))
        assert nets(lab, "b") == ["10.1.0.0/16", "10.3.0.0/16", "10.4.0.0/16"]
        configure(lab, "a", speaker(1, "route 10.1.0.0/16 prohibit;"))
        assert best(lab, "a", "10.1.0.0/16").hop.dest is Dest.PROHIBIT
        assert nets(lab, "b") == ["10.1.0.0/16", "10.3.0.0/16"]


def test_filters_of_both_directions():
    with Unbroken(speakers(A, B)) as lab:
        only = "where net ~ [10.1.0.0/16]"
        configure(lab, "a", speaker(1, blackholes("10.1.0.0/16", "10.2.0.0/16"), exports=only))
        assert nets(lab, "b") == ["10.1.0.0/16", "10.3.0.0/16"]
        configure(lab, "a", A)
        configure(lab, "b", speaker(2, blackholes("10.3.0.0/16"), imports=only))
        assert nets(lab, "b") == ["10.1.0.0/16", "10.3.0.0/16"]
        configure(lab, "b", B)
        assert nets(lab, "b") == ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]


def test_a_function_that_filters_call():
    text = "function level() -> int {{ return {}; }}"
    tag = "filter {{ bgp_local_pref = level(); accept; }}".replace("{{", "{").replace("}}", "}")

    def b(level):
        return text.format(level) + speaker(2, imports=tag)

    with Unbroken(speakers(A, b(50))) as lab:
        assert preference(lab) == 50
        configure(lab, "b", b(70))
        assert preference(lab) == 70


def preference(lab):
    router = lab.nodes["b"].router
    return router.pool.view(best(lab, "b", "10.1.0.0/16").attrs)["bgp_local_pref"]


def test_preference_of_a_channel():
    with Unbroken(speakers(A, B)) as lab:
        configure(lab, "b", speaker(2, blackholes("10.3.0.0/16"), channel="preference 150;"))
        assert best(lab, "b", "10.1.0.0/16").preference == 150


@pytest.mark.parametrize("table", ["", "import table;"])
def test_preference_and_filter_with_and_without_an_import_table(table):
    with Unbroken(speakers(A, speaker(2, channel=table))) as lab:
        configure(lab, "b", speaker(2, imports="none", channel=table))
        assert nets(lab, "b") == []
        configure(lab, "b", speaker(2, channel=table + "preference 150;"))
        assert nets(lab, "b") == ["10.1.0.0/16", "10.2.0.0/16"]
        assert best(lab, "b", "10.1.0.0/16").preference == 150


def test_the_cost_of_a_neighbor():
    with Unbroken(speakers(A, B)) as lab:
        assert best(lab, "b", "10.1.0.0/16").hop.igp_metric == 0
        configure(lab, "b", speaker(2, blackholes("10.3.0.0/16"), channel="cost 30;"))
        assert best(lab, "b", "10.1.0.0/16").hop.igp_metric == 30


def test_a_gateway_that_becomes_recursive():
    way = 'route 10.0.0.1/32 via "eth0";'
    with Unbroken(speakers(A, speaker(2, way))) as lab:
        configure(lab, "b", speaker(2, way, channel="gateway recursive;"))
        hop = best(lab, "b", "10.1.0.0/16").hop
        assert (hop.dest, hop.key.table) == (Dest.UNICAST, "master4")


def test_next_hop_options():
    inner = speaker(1, "route 10.1.0.0/16 via 10.0.0.77;", internal=True)
    with Unbroken(speakers(inner, speaker(2, internal=True))) as lab:
        gateway = Address.parse("10.0.0.77")
        assert best(lab, "b", "10.1.0.0/16").hop.key.gateway == gateway
        own = speaker(1, "route 10.1.0.0/16 via 10.0.0.77;", internal=True, channel="next hop self;")
        configure(lab, "a", own)
        assert best(lab, "b", "10.1.0.0/16").hop.key.gateway == Address.parse("10.0.0.1")


def test_limits_are_taken_over_and_forgotten():
    with Unbroken(speakers(A, B)) as lab:
        configure(lab, "b", speaker(2, channel="import limit 2 action block;"))
        configure(lab, "a", speaker(1, blackholes("10.1.0.0/16", "10.2.0.0/16", "10.5.0.0/16")))
        assert nets(lab, "b") == ["10.1.0.0/16", "10.2.0.0/16"]
        configure(lab, "b", B)
        lab.nodes["b"].router.reload(session(lab, "b"), imports=True, exports=False)
        lab.run(1)
        assert "10.5.0.0/16" in nets(lab, "b")


def test_an_export_limit_takes_nothing_back_and_keeps_new_routes_out():
    with Unbroken(speakers(A, B)) as lab:
        known, limit = ("10.1.0.0/16", "10.2.0.0/16"), "export limit 1 action block;"
        configure(lab, "a", speaker(1, blackholes(*known), channel=limit))
        assert session(lab, "a").channels["ipv4"].export_limit.hit
        assert len(nets(lab, "b")) == 3
        configure(lab, "a", speaker(1, blackholes(*known, "10.5.0.0/16"), channel=limit))
        assert "10.5.0.0/16" not in nets(lab, "b")
        configure(lab, "a", speaker(1, blackholes(*known, "10.5.0.0/16")))
        assert len(nets(lab, "b")) == 4


def test_soft_keeps_routes_as_they_are():
    with Unbroken(speakers(A, B)) as lab:
        configure(lab, "a", speaker(1, blackholes("10.1.0.0/16", "10.2.0.0/16"), exports="none"), soft=True)
        assert "10.1.0.0/16" in nets(lab, "b")
        assert "Channel session.ipv4 changed export" in lab.nodes["a"].messages("info")


def tagged(med, *routes):
    """Router 1, which sends its routes with this metric."""
    return speaker(1, blackholes(*routes), exports=f"filter {{ bgp_med = {med}; accept; }}")


def meds(lab):
    """The metrics of router 1's routes, as router 2 has them."""
    view = lab.nodes["b"].router.pool.view
    ours = [net for net in nets(lab, "b") if net != "10.3.0.0/16"]
    return {net: view(best(lab, "b", net).attrs)["bgp_med"] for net in ours}


def ask(lab, name, imports=False, exports=False):
    lab.nodes[name].router.reload(session(lab, name), imports, exports)
    lab.run(2)


def test_after_soft_new_routes_go_by_the_new_export_filter_and_old_ones_with_reload_out():
    old, new = "10.1.0.0/16", "10.4.0.0/16"
    with Unbroken(speakers(tagged(1, old), B)) as lab:
        configure(lab, "a", tagged(2, old), soft=True)
        configure(lab, "a", tagged(2, old, new))
        assert meds(lab) == {old: 1, new: 2}
        ask(lab, "a", exports=True)
        assert meds(lab) == {old: 2, new: 2}
        configure(lab, "a", tagged(3, old, new), soft=True)
        configure(lab, "a", tagged(3, old))
        assert meds(lab) == {old: 2}
        ask(lab, "b", imports=True)  # the neighbor asks
        assert meds(lab) == {old: 3}


def test_after_soft_new_routes_go_by_the_new_import_filter_and_old_ones_with_reload_in():
    old, new = "10.1.0.0/16", "10.4.0.0/16"

    def b(level):
        return speaker(2, imports=f"filter {{ bgp_med = {level}; accept; }}")

    with Unbroken(speakers(speaker(1, blackholes(old)), b(1))) as lab:
        configure(lab, "b", b(2), soft=True)
        configure(lab, "a", speaker(1, blackholes(old, new)))
        assert meds(lab) == {old: 1, new: 2}
        ask(lab, "b", imports=True)
        assert meds(lab) == {old: 2, new: 2}


def test_the_undo_of_a_soft_change_is_soft():
    with Unbroken(speakers(tagged(1, "10.1.0.0/16"), B)) as lab:
        configure(lab, "a", tagged(2, "10.1.0.0/16"), soft=True)
        ask(lab, "a", exports=True)
        lab.nodes["a"].router.reconfiguration.undo()
        lab.run(2)
        assert meds(lab) == {"10.1.0.0/16": 2}
        ask(lab, "a", exports=True)
        assert meds(lab) == {"10.1.0.0/16": 1}


def test_routes_that_are_refused_are_kept_from_then_on_and_no_longer():
    refusing = {"imports": "where net != 10.1.0.0/16"}
    with Unbroken(speakers(A, speaker(2, **refusing))) as lab:
        channel = session(lab, "b").channels["ipv4"]
        configure(lab, "b", speaker(2, channel="import keep filtered; mandatory;", **refusing))
        assert channel.filtered == 0
        ask(lab, "b", imports=True)
        assert channel.filtered == 1
        configure(lab, "b", speaker(2, channel="mandatory;", **refusing))
        assert channel.filtered_routes() == {}


def test_what_the_neighbor_was_told_restarts_the_session():
    lab = speakers(A, B)
    before = session(lab, "b").since
    configure(lab, "a", speaker(1, blackholes("10.1.0.0/16"), options="hold time 30;"))
    lab.expect(lambda: session(lab, "a").state is ProtocolState.UP, 60, "the session is back")
    assert session(lab, "b").since > before
    assert session(lab, "a").state is ProtocolState.UP


def test_undo_brings_everything_back():
    lab = speakers(A, B)
    with Unbroken(lab):
        configure(lab, "a", speaker(1, "route 10.9.0.0/16 blackhole;", exports="none"))
        assert nets(lab, "b") == ["10.3.0.0/16"]
        lab.nodes["a"].router.reconfiguration.undo()
        lab.run(2)
        assert nets(lab, "b") == ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]


# -------------------------------------------------------- other protocols

KERNEL = """
router id 10.0.0.1;
protocol device {{ }}
protocol static one {{ ipv4; route 10.7.0.0/16 via 10.0.0.7; }}
ipv4 table second;
protocol static two {{ ipv4; route 10.7.0.0/16 via 10.0.0.8; }}
protocol kernel k {{ {channel} {{ export all; }}; {options} }}
{more}
"""


def machine(**options):
    lab = Lab()
    lab.router("r", KERNEL.format(**{"channel": "ipv4", "options": "", "more": "", **options}))
    lab.router("x", "router id 10.0.0.7; protocol device { }")
    lab.link("r", "eth0", "x", "eth0")
    lab.nodes["r"].host.add_address("eth0", "10.0.0.1/24")
    lab.run(3)
    return lab


def reload(lab, **options):
    configure(lab, "r", KERNEL.format(**{"channel": "ipv4", "options": "", "more": "", **options}))


def ways(lab):
    """How many next hops the kernel has for the network; 0 without a route."""
    kernel = lab.nodes["r"].host.kernel
    net = Prefix.parse("10.7.0.0/16")
    return sum(len(route.nexthops) for route in kernel.routes(True, 254) if route.prefix == net)


def test_merged_paths_of_the_kernel_change_while_traffic_flows():
    lab = machine()
    kernel, since = lab.nodes["r"].host.kernel, lab.nodes["r"].router.protocols["k"].since
    assert ways(lab) == 1
    told = []
    kernel.report = lambda event, tell=kernel.report: (told.append(ways(lab)), tell(event))
    reload(lab, options="merge paths;")
    assert ways(lab) == 2
    reload(lab, options="merge paths limit 1;")
    assert ways(lab) == 1
    reload(lab, options="merge paths;")
    reload(lab)
    assert ways(lab) == 1
    assert 0 not in told
    assert lab.nodes["r"].router.protocols["k"].since == since


def test_another_family_of_the_kernel_restarts_it():
    lab = machine()
    reload(lab, channel="ipv6")
    assert ways(lab) == 0
    assert list(lab.nodes["r"].router.protocols["k"].channels) == ["ipv6"]
    reload(lab)
    assert ways(lab) == 1


def test_direct_gets_another_family_while_it_runs():
    lab = machine(more="protocol direct d { ipv4; }")
    instance = lab.nodes["r"].router.protocols["d"]
    assert lab.nets("r", "master6") == []
    reload(lab, more='protocol direct d { ipv4; ipv6; interface "eth0"; }')
    lab.nodes["r"].host.add_address("eth0", "2001:db8::1/64")
    lab.run(3)
    assert "2001:db8::/64" in lab.nets("r", "master6")
    assert lab.nodes["r"].router.protocols["d"] is instance
    reload(lab, more='protocol direct d { ipv4; interface "wan*"; }')
    assert lab.nets("r", "master6") == []
    assert "10.0.0.0/24" not in lab.nets("r", "master4")


def test_a_pipe_follows_its_filters():
    lab = machine(more="protocol pipe p { table second; peer table master4; import all; export none; }")
    assert lab.nets("r", "second") == ["10.7.0.0/16"]
    reload(lab, more="protocol pipe p { table second; peer table master4; import none; export none; }")
    assert lab.nets("r", "second") == []
    reload(lab, more="protocol pipe p { table second; peer table master4; import all; export none; }")
    assert lab.nets("r", "second") == ["10.7.0.0/16"]


def test_a_table_made_anew_is_filled_again():
    lab = speakers(A, B)
    configure(lab, "b", "ipv4 table master4 sorted;" + B)
    lab.expect(lambda: len(nets(lab, "b")) == 3, 60, "session and static routes are back")
    assert lab.nodes["b"].router.tables["master4"].config.sorted


def test_radv_gets_its_peers_channel_while_it_runs():
    quiet = unnumbered(1).replace("radv { peers { };", "radv {").replace("{ router discovery yes; }", "")
    lab = pair(quiet)
    lab.run(10)
    assert lab.entries("a") == []
    configure(lab, "a", unnumbered(1))
    lab.expect(lab.meshed, 12, "it hears and is heard")


def test_a_session_enabled_by_hand_lives_on_when_the_file_enables_it_with_another_description():
    lab = speakers(speaker(1), speaker(2))
    configure(lab, "a", speaker(1, options="disabled;"))
    ours = session(lab, "a")
    assert ours.state is ProtocolState.DOWN
    lab.nodes["a"].router.enable(ours)
    lab.expect(lambda: ours.state is ProtocolState.UP, 30, "it is up")
    since = ours.since
    lab.run(5)
    configure(lab, "a", speaker(1, options='description "x";'))
    assert (session(lab, "a"), ours.since, ours.state) == (ours, since, ProtocolState.UP)
