"""Two configurations in, the list of actions out."""

from dataclasses import replace

import pytest

from pybird.conf.model import Config, Limit, NotRun, TableConfig
from pybird.core.reload.plan import compare, plan, runs
from pybird.filter import nodes as n
from pybird.filter.digest import digest
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from pybird.values.net import NetType, Prefix
from tests.core.world import MASTER4, MASTER6, PeerConfig, config, ipv4, peer


class Running:
    """A running instance as the planner sees it."""

    def __init__(self, down: bool = False, enabled: bool = True) -> None:
        self.is_down = down
        self.enabled = enabled

    def accepts(self, old, new):
        return old.restarts_on == new.restarts_on

    def reloads(self, old, new):
        return False, False

    def refeeds(self, old, new):
        return False

    def forces_restart(self, old, new):
        return False


def actions(old: Config, new: Config, **judges: Running) -> list[str]:
    running = {p.name: judges.get(p.name, Running(enabled=not p.disabled)) for p in old.protocols}
    return str(plan(old, new, running, digest)).splitlines()


def prefers(number: int) -> Filter:
    return Filter(
        "prefers",
        n.Block((n.Assign(n.Attribute("preference"), n.Literal("int", number)), n.Decide("accept"))),
    )


def calls(number: int) -> Filter:
    function = n.Function("level", (), n.Block((n.Return(n.Literal("int", number)),)), "int")
    reference = n.FunctionRef("level", (), "int")
    reference.function = function
    return Filter("calls", n.Block((n.Evaluate(n.Call(reference, ())), n.Decide("accept"))))


A, B = peer("a"), peer("b")
OTHER = TableConfig("other", NetType.IP4)


TENS = Prefix.parse("10.0.0.0/8")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (config(A), config(A), []),
        (config(A), config(A, B), ["start b"]),
        (config(A, B), config(A), ["stop b"]),
        (config(A, B), config(B, A), []),
        (config(A), config(replace(A, description="x")), ["adapt a"]),
        (config(A), config(replace(A, debug=frozenset({"states"}))), ["adapt a"]),
        (config(A), config(replace(A, disabled=True)), ["restart a: disabled"]),
        (config(replace(A, disabled=True)), config(A), ["restart a: enabled"]),
        (config(A), config(replace(A, vrf="red")), ["restart a: another VRF"]),
        (config(A), config(replace(A, group="h")), ["adapt a"]),
        (
            config(A),
            config(replace(A, restarts_on="x")),
            ["restart a: options that cannot change while it runs"],
        ),
        (config(A), config(peer("a", ipv4(export_filter=REJECT))), ["adapt a", "reload a.ipv4 export"]),
        (config(A), config(peer("a", ipv4(import_filter=REJECT))), ["adapt a", "reload a.ipv4 import"]),
        (config(A), config(peer("a", replace(ipv4(), preference=50))), ["adapt a", "reload a.ipv4 import"]),
        (config(A), config(peer("a", ipv4(import_in=TENS))), ["adapt a", "reload a.ipv4 import"]),
        (config(A), config(peer("a", ipv4(export_in=TENS))), ["adapt a", "reload a.ipv4 export"]),
        (config(A), config(peer("a", ipv4(import_limit=Limit(5)))), ["adapt a"]),
        (config(A), config(peer("a", ipv4(export_limit=Limit(5)))), ["adapt a", "reload a.ipv4 export"]),
        (config(A), config(peer("a", ipv4(keep_filtered=True))), ["adapt a"]),
        (config(A), replace(config(A), hostname="x"), ["set hostname", "adapt a"]),
        (
            config(A, tables=(MASTER4, MASTER6)),
            config(A, tables=(MASTER4, MASTER6, OTHER)),
            ["add table other"],
        ),
        (config(A, tables=(MASTER4, OTHER)), config(A, tables=(MASTER4,)), ["remove table other"]),
        (
            config(A),
            config(A, tables=(replace(MASTER4, sorted=True), MASTER6)),
            ["restart a: table master4 is recreated", "remove table master4", "add table master4"],
        ),
        (
            config(A),
            config(A, tables=(replace(MASTER4, trie=True), MASTER6)),
            ["restart a: table master4 is recreated", "remove table master4", "add table master4"],
        ),
        (config(A), config(A, tables=(replace(MASTER4, debug=frozenset({"routes"})), MASTER6)), []),
        (config(A), config(A, NotRun(type_name="ospf", name="o")), []),
    ],
)
def test_plan(old, new, expected):
    assert actions(old, new) == expected


def filtered(one: Filter) -> Config:
    return config(peer("a", ipv4(import_filter=one)))


def test_a_filter_with_another_constant_is_another_filter():
    assert actions(filtered(prefers(1)), filtered(prefers(2))) == ["adapt a", "reload a.ipv4 import"]


def test_a_filter_that_does_the_same_under_another_name_is_the_same():
    assert actions(filtered(prefers(1)), filtered(replace(prefers(1), name="y"))) == []
    assert actions(filtered(ACCEPT), filtered(Filter(None, ACCEPT.body))) == []


def test_a_changed_function_counts_for_the_filters_that_call_it():
    assert actions(filtered(calls(1)), filtered(calls(1))) == []
    assert actions(filtered(calls(1)), filtered(calls(2))) == ["adapt a", "reload a.ipv4 import"]


def test_a_protocol_that_is_down_is_made_anew():
    changed = config(replace(A, group="h"))
    assert actions(config(A), changed, a=Running(down=True)) == ["restart a: it is down"]


def test_what_is_written_of_disabled_counts_beside_what_is_not_beside_what_was_written():
    off = replace(A, disabled=True)
    down, up = Running(down=True, enabled=False), Running()
    assert actions(config(A), config(A), a=down) == ["restart a: enabled"]
    assert actions(config(off), config(off), a=up) == ["restart a: disabled"]
    assert actions(config(A), config(off), a=down) == []
    assert actions(config(off), config(A), a=up) == []
    assert actions(config(off), config(replace(A, description="x")), a=up) == ["adapt a"]
    assert actions(config(A), config(replace(off, description="x")), a=down) == ["restart a: it is down"]


def test_another_type_under_the_same_name_restarts():
    class OtherConfig(PeerConfig):
        pass

    other = OtherConfig(type_name="other", name="a", channels=A.channels)
    assert actions(config(A), config(other)) == ["restart a: another type"]


def test_what_was_not_read_again_is_not_looked_through(monkeypatch):
    looked_at = []
    monkeypatch.setattr("pybird.core.reload.plan._settle", lambda value, *_: looked_at.append(value))
    before, after = config(A, B), config(A, replace(B, group="h"))
    compare(before, after, digest, runs)
    assert "h" in looked_at
    assert "a" not in looked_at
