"""How often a policy runs its filter, and that nothing of it shows."""

import pytest

from pybird.core.loglimit import LogLimit
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.aspath import AsPath
from pybird.values.community import CommunityList
from pybird.values.enums import Origin
from pybird.values.net import NetType
from pybird.values.route import NO_HOP, RouteSource, Rte
from tests.conf.loading import load
from tests.core.world import World, key

NETS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "11.0.0.0/8", "12.0.0.0/8", "12.1.0.0/16")
RECORDS = """
    route 10.0.0.0/8 max 16 as 65001; route 12.0.0.0/8 max 8 as 65002; route 12.0.0.0/8 max 24 as 65003;
"""


@pytest.fixture
def every_line(monkeypatch):
    """Errors are logged without a limit."""
    monkeypatch.setattr(LogLimit, "allowed", lambda self, text, now: text)


class Judged:
    """One filter, routes of two attribute sets, and what became of them, all at once and one by one."""

    def __init__(self, body, records=RECORDS):
        self.world = World(*PROTOCOLS)
        text = f"""
          router id 1.1.1.1; roa4 table r4; aspa table at;
          protocol device {{ scan time 0; }}
          protocol static roas {{ roa4 {{ table r4; }}; {records} }}
          filter f {{ {body} }}
        """
        self.world.router.configure(load(text))
        self.world.clock.run()
        router = self.world.router
        self.policy = router.policies.policy(router.config.filters["f"], NetType.IP4)
        self.alone = router.policies.policy(router.config.filters["f"], NetType.IP4)
        pool = router.pool
        self.rtes = [
            Rte(pool.edit(pool.empty, {"bgp_path": path}), RouteSource("s", 11, None), NO_HOP, 100, 0.0)
            for path in (AsPath.sequence(64999, 65001), AsPath.of([(2, (65003,)), (1, (7, 8))]), AsPath())
        ]

    def together(self):
        found = {}
        for at, rte in enumerate(self.rtes):
            for out, keys in self.policy.divide(rte, [key(net) for net in NETS]):
                for each in keys:
                    found[at, each] = self.shown(out)
        return found

    def one_by_one(self):
        """Each network run by itself."""
        found = {}
        for at, rte in enumerate(self.rtes):
            for net in NETS:
                self.alone._memo.clear()
                found[at, key(net)] = self.shown(self.alone.judge(rte, key(net)))
        return found

    def plainly(self):
        """Each network run by itself, without questions answered ahead."""
        found = {}
        for at, rte in enumerate(self.rtes):
            for net in NETS:
                outcome = self.unmasked(rte, key(net))
                found[at, key(net)] = self.shown(outcome)
        return found

    def unmasked(self, rte, net):
        policy = self.alone
        subject = policy._subject
        subject.load(rte, net)
        if not policy.compiled.run(subject):
            return None
        attrs = policy._pool.edit(rte.attrs, subject.changes)
        return Rte(attrs, rte.source, rte.hop, subject.preference, rte.time)

    def rich(self):
        """Routes with more attributes, the first with each, each other without some."""
        pool = self.world.router.pool
        changes = {
            "bgp_origin": Origin.INCOMPLETE,
            "bgp_next_hop": Address.parse("192.0.2.1"),
            "bgp_local_pref": 70,
            "bgp_community": CommunityList.of([64999 << 16 | 1, 64998 << 16 | 2]),
            "krt_prefsrc": Address.parse("192.0.2.9"),
            "krt_lock": 1 << 3,
            "bgp_unknown_0x63": b"abc",
        }
        every = pool.edit(self.rtes[0].attrs, changes)
        sets = [every, *[pool.edit(every, {name: None}) for name in changes], pool.empty]
        return [Rte(attrs, self.rtes[0].source, NO_HOP, 100, 0.0) for attrs in sets]

    def shown(self, rte):
        if rte is None:
            return None
        return dict(self.world.router.pool.view(rte.attrs)), rte.preference


BODIES = """
case roa_check(r4) { ROA_VALID: preference = 1; ROA_INVALID: preference = 2; else: preference = 3; } accept;
if roa_check(r4, net, bgp_path.last) = ROA_INVALID then reject; accept;
if roa_check(r4, net, bgp_path.last_nonaggregated) = ROA_INVALID then reject; accept;
if roa_check(r4, net, 65003) = ROA_VALID && roa_check(r4) != ROA_VALID then reject; accept;
if net ~ [10.0.0.0/8+] && roa_check(r4) = ROA_VALID then bgp_med = net.len; accept;
bgp_path.prepend(65003); if roa_check(r4, net, bgp_path.first) = ROA_VALID then reject; accept;
bgp_path.delete(65001); if roa_check(r4) = ROA_VALID then reject; accept;
if roa_check(r4, 10.0.0.0/8, 65001) = ROA_VALID && net.len > 8 then reject; accept;
if net.len ~ [16..24] then preference = net.len; if net.len = 8 then reject; accept;
if net.ip = 10.0.0.0 then preference = 7; accept;
"""


@pytest.mark.parametrize("body", BODIES.strip().split("\n"))
def test_routes_judged_together_are_those_judged_alone(body):
    judged = Judged(body)
    found = judged.together()
    assert found == judged.one_by_one() == judged.plainly()
    assert judged.together() == found
    assert len({repr(outcome) for outcome in found.values()}) > 1


ATTRIBUTES = """
if defined(bgp_community) then bgp_med = bgp_community.len; accept;
if bgp_community ~ [(64999, *)] then bgp_community.delete([(64999, 1)]); accept;
bgp_community.add((1, 1)); bgp_large_community.add((1, 2, 3)); accept;
unset(bgp_community); if defined(bgp_med) then reject; accept;
if bgp_origin = ORIGIN_INCOMPLETE then bgp_origin = ORIGIN_IGP; accept;
if bgp_next_hop = 192.0.2.1 then reject; bgp_next_hop = 192.0.2.2; accept;
if bgp_local_pref = 70 || (from ~ 192.0.2.0/24) then reject; from = 192.0.2.1; accept;
if defined(bgp_atomic_aggr) then reject; accept;
if krt_prefsrc = 192.0.2.9 then bgp_med = 1; krt_lock_mtu = true; accept;
krt_lock_mtu = false; if krt_lock_window then krt_lock_rtt = true; accept;
if bgp_ext_community.empty = bgp_ext_community then bgp_path.empty; accept;
if bgp_community ~ [(64999, 1)] then { print "seen"; reject; } accept;
"""


@pytest.mark.parametrize("body", ATTRIBUTES.strip().split("\n"))
def test_what_a_filter_does_not_read_makes_no_difference(body):
    judged = Judged(body)
    judged.rtes = judged.rich()
    found = judged.together()
    assert found == judged.one_by_one() == judged.plainly()


def test_a_roa_table_is_asked_without_running_the_filter_again():
    judged = Judged("if roa_check(r4) = ROA_INVALID then reject; accept;")
    judged.together()
    runs = len(judged.policy._memo)
    assert 0 < runs < len(NETS) * len(judged.rtes)
    static = judged.world.router.protocols["roas"]
    judged.world.router.disable(static)
    judged.world.clock.run()
    assert all(judged.together().values())
    assert len(judged.policy._memo) <= runs + 1


@pytest.mark.parametrize("test", ["", "if net ~ [10.0.0.0/8+] then preference = 5;", "preference = net.len;"])
def test_a_run_time_error_happens_to_every_route(test, every_line):
    judged = Judged(f"{test} bgp_med = bgp_med + 1; accept;")
    log = judged.world.log.lines
    for _ in range(2):
        before = len(log)
        assert set(judged.together().values()) == {None}
        errors = [line for line in log[before:] if "an operand has no value" in line]
        assert len(errors) == len(NETS) * len(judged.rtes)


def test_a_filter_without_a_decision_says_so_for_every_route(every_line):
    judged = Judged("if net ~ [10.0.0.0/8+] then accept;")
    before = len(judged.world.log.lines)
    judged.together()
    said = [line for line in judged.world.log.lines[before:] if "did not return accept nor reject" in line]
    assert len(said) == 3 * len(judged.rtes)


def test_print_happens_for_every_route():
    judged = Judged('print "seen"; accept;')
    before = len(judged.world.log.lines)
    judged.together()
    assert len([line for line in judged.world.log.lines[before:] if "seen" in line]) == len(NETS) * 3


REFUSALS = {
    "by its attributes": "bgp_med = 7; preference = 50; reject;",
    "by the network": "if net ~ [10.0.0.0/8+] then bgp_med = 7; else bgp_med = 8; preference = 50; reject;",
    "by each network": "bgp_med = net.len; preference = 50; reject;",
    "by an error": "bgp_med = 7; preference = 50; if 1 / (bgp_med - 7) = 1 then accept; reject;",
    "without a decision": "bgp_med = 7; preference = 50; if net ~ [12.0.0.0/8+] then accept;",
}


@pytest.mark.parametrize("body", REFUSALS.values(), ids=list(REFUSALS))
def test_a_refused_route_is_kept_as_the_filter_left_it(body):
    judged = Judged(body)
    policy, pool = judged.policy, judged.world.router.pool
    rte, keys = judged.rtes[0], [key(net) for net in NETS]
    plain = [theirs for out, theirs in policy.divide(rte, keys) if out is None]
    for _ in range(2):  # anew, and remembered
        kept = []
        assert [theirs for out, theirs in policy.divide(rte, keys, kept) if out is None] == plain
        found = {each: left for left, theirs in kept for each in theirs}
        assert sorted(found) == sorted([each for theirs in plain for each in theirs])
        for each, left in found.items():
            ran = judged.alone.edited(rte, each)
            assert (left.attrs, left.preference, left.source) == (ran.attrs, 50, rte.source)
            assert "bgp_med" in pool.view(left.attrs)


def test_a_refusal_makes_attributes_only_where_routes_are_kept_and_once():
    judged = Judged("bgp_med = 7; reject;")
    policy, rte, keys = judged.policy, judged.rtes[0], [key(net) for net in NETS]
    pool = judged.world.router.pool
    before = len(pool)
    policy.divide(rte, keys)
    assert len(pool) == before
    made = []
    for _ in range(3):
        policy.divide(rte, keys, made)
    assert (len(pool), len({id(left.attrs) for left, _ in made})) == (before + 1, 1)
    policy.forget()
    assert not policy._refusals


def test_what_a_filter_prints_before_it_refuses_a_kept_route_is_printed_once():
    judged = Judged('print "seen"; bgp_med = 7; reject;')
    kept = []
    judged.policy.divide(judged.rtes[0], [key(net) for net in NETS], kept)
    assert len([line for line in judged.world.log.lines if "seen" in line]) == len(NETS)
    assert len(kept) == 1


@pytest.mark.parametrize("body", [REFUSALS["by an error"], REFUSALS["without a decision"]])
def test_an_error_is_told_as_often_where_routes_are_kept(body, every_line):
    told = []
    for kept in (None, []):
        judged = Judged(body)
        before = len(judged.world.log.lines)
        judged.policy.divide(judged.rtes[0], [key(net) for net in NETS], kept)
        told.append(judged.world.log.lines[before:])
    assert told[0] == told[1]
    assert len(told[0]) >= 4
