"""Labels of our own: spaces with their ranges, and the classes of routes that have a label in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.conf.model import LabelChannelConfig, LabelDomain, LabelRange
from pybird.core.labels.labeler import Labeler
from pybird.core.labels.space import LabelSpace, LabelSpaces
from pybird.core.selection import Selection
from pybird.filter.attributes import CORE_ATTRIBUTES
from pybird.values.attributes import AttributePool
from pybird.values.enums import MplsPolicy
from pybird.values.net import NetType, Prefix
from pybird.values.route import Dest, Hop, RouteSource, Rte

STATIC, DYNAMIC, SMALL = (
    LabelRange("static", 16, 84),
    LabelRange("dynamic", 100, 900),
    LabelRange("small", 500, 3),
)
DOMAIN = LabelDomain("d", (STATIC, DYNAMIC, SMALL))
ONE, TWO = Hop(Dest.UNICAST), Hop(Dest.UNICAST)
A, B, C, D = (Prefix.parse(f"10.{number}.0.0/16").key for number in range(4))


def uses(space):
    return {each.range.name: (each.labels, each.last) for each in space.uses()}


# -------------------------------------------------------------------- spaces


def test_the_lowest_free_label_of_a_range_is_the_next():
    space = LabelSpace(DOMAIN)
    assert [space.allocate("small") for _ in range(4)] == [500, 501, 502, None]
    space.release(501)
    assert space.allocate("small") == 501
    space.release(500)
    assert uses(space) == {"static": (0, 0), "dynamic": (0, 502), "small": (2, 502)}


def test_ranges_that_overlap_never_give_a_label_twice():
    space = LabelSpace(LabelDomain("d", (LabelRange("a", 10, 4), LabelRange("b", 12, 4))))
    assert [space.allocate(name) for name in "bbaaaab"] == [12, 13, 10, 11, None, None, 14]
    space.release(13)
    assert space.allocate("a") == 13


def test_a_static_label_is_free_and_in_the_range_static():
    space = LabelSpace(DOMAIN)
    assert [space.claim(label) for label in (15, 16, 99, 100, 16)] == [False, True, True, False, False]
    assert space.allocate("static") == 17


def test_a_range_that_is_moved_keeps_what_is_in_use():
    space = LabelSpace(DOMAIN)
    assert [space.allocate("small"), space.allocate("small")] == [500, 501]
    space.configure(LabelDomain("d", (STATIC, DYNAMIC, LabelRange("small", 501, 3))))
    assert [space.allocate("small") for _ in range(3)] == [502, 503, None]
    space.release(500)
    assert space.allocate("dynamic") == 100
    space.configure(LabelDomain("d", (STATIC, DYNAMIC)))
    assert space.allocate("small") is None
    assert uses(space) == {"static": (0, 0), "dynamic": (1, 503)}


def test_a_domain_that_stays_keeps_its_labels():
    spaces = LabelSpaces()
    spaces.configure([DOMAIN])
    spaces.of(DOMAIN).allocate("dynamic")
    spaces.configure([LabelDomain("e", (STATIC, DYNAMIC)), DOMAIN])
    assert list(spaces.by_name) == ["e", "d"]
    assert spaces.of(DOMAIN).allocate("dynamic") == 101
    spaces.configure([])
    assert spaces.of(DOMAIN).allocate("dynamic") == 100


@given(st.lists(st.tuples(st.sampled_from(("a", "b", "static", "free")), st.integers(0, 30)), max_size=60))
def test_labels_are_used_once_and_counted(steps):
    space = LabelSpace(
        LabelDomain("d", (LabelRange("static", 0, 9), LabelRange("a", 5, 9), LabelRange("b", 8, 9)))
    )
    held: dict[int, str] = {}
    for what, number in steps:
        if what == "free":
            if held:
                label = sorted(held)[number % len(held)]
                del held[label]
                space.release(label)
            continue
        if what == "static":
            wanted = number if space.claim(number) else None
            assert (wanted is not None) == (number < 9 and number not in held)
        else:
            start = {"a": 5, "b": 8}[what]
            free = [label for label in range(start, start + 9) if label not in held]
            wanted = space.allocate(what)
            assert wanted == (free[0] if free else None)
        if wanted is not None:
            held[wanted] = what
    for use in space.uses():
        inside = [label for label in held if use.range.start <= label < use.range.end]
        assert use.labels == list(held.values()).count(use.range.name)
        assert use.last == max(inside, default=0)


# ------------------------------------------------------------------- classes


class Table:
    """What the `mpls` channel has: next hops by label."""

    def __init__(self):
        self.hops = {}
        self.announced = 0

    def announce_labels(self, labels, hop):
        self.announced += len(labels)
        self.hops.update(dict.fromkeys(labels, hop))

    def withdraw_labels(self, labels):
        for label in labels:
            del self.hops[label]


class World:
    """A labeler with its table and its space."""

    def __init__(self, policy="prefix", label_range="dynamic"):
        self.pool = AttributePool(CORE_ATTRIBUTES)
        self.spaces = LabelSpaces()
        self.config = LabelChannelConfig(
            name="mpls", net_type=NetType.MPLS, table="m", domain=DOMAIN, label_range=label_range,
            label_policy=policy,
        )  # fmt: skip
        self.labeler = Labeler(self.config, self.spaces, self.pool)
        self.table = self.labeler.routes = Table()
        self.source = RouteSource("p", 1, Selection())
        self.other = RouteSource("p", 1, Selection(), path_id=1)

    def route(self, hop=ONE, source=None, **attributes):
        named = {f"mpls_{name}": value for name, value in attributes.items()}
        attrs = self.pool.edit(self.pool.empty, named)
        return self.labeler.prepared(Rte(attrs, source or self.source, hop, 100, 0.0))

    def give(self, *keys, **route):
        """The labels of these networks, by network; None: not accepted."""
        assignment = self.labeler.assign(list(keys), self.route(**route))
        found = dict.fromkeys(keys)
        for rte, theirs in assignment.routes:
            found |= dict.fromkeys(theirs, self.pool.view(rte.attrs).get("mpls_label", "none"))
        assert sorted(assignment.failed) == sorted(key for key in keys if found[key] is None)
        return [found[key] for key in keys]

    def in_use(self):
        return sum(each.labels for each in self.spaces.of(DOMAIN).uses())


def test_prefix_each_network_has_a_label_and_keeps_it():
    world = World()
    assert world.give(A, B) == [100, 101]
    assert world.give(A, hop=TWO) == [100]
    assert world.table.hops == {100: TWO, 101: ONE}
    world.labeler.release([A], world.source)
    assert world.table.hops == {101: ONE}
    assert world.give(C, A) == [100, 102]


def test_prefix_paths_of_a_network_have_labels_of_their_own():
    world = World()
    assert world.give(A) == [100]
    assert world.give(A, source=world.other, hop=TWO) == [101]
    world.labeler.release([A], world.source)
    assert world.table.hops == {101: TWO}


def test_aggregate_routes_with_one_next_hop_and_class_have_one_label():
    world = World("aggregate")
    assert world.give(A, B) == [100, 100]
    assert world.give(C, hop=TWO) == [101]
    assert world.give(D, **{"class": 7}) == [102]
    assert world.table.hops == {100: ONE, 101: TWO, 102: ONE}
    assert world.give(A, hop=TWO) == [101]
    world.labeler.release([B], world.source)
    assert world.table.hops == {101: TWO, 102: ONE}
    assert world.in_use() == 2


def test_static_labels_come_from_the_route_and_others_have_none():
    world = World("static")
    assert world.give(A) == ["none"]
    assert world.give(A, label=50) == [50]
    assert world.give(B, label=50, hop=TWO) == [50]
    assert world.table.hops == {50: TWO}
    assert world.give(C, label=100) == [None]
    world.labeler.release([A, B], world.source)
    assert (world.table.hops, world.in_use()) == ({}, 0)


@pytest.mark.parametrize("policy", [MplsPolicy.NONE, MplsPolicy.VRF])
def test_routes_of_other_policies_have_no_label(policy):
    world = World()
    assert world.give(A) == [100]
    assert world.give(A, policy=int(policy), label=50) == ["none"]
    assert world.in_use() == 0


def test_a_label_of_another_protocol_is_not_given_twice():
    world = World("static")
    second = Labeler(world.config, world.spaces, world.pool)
    assert world.give(A, label=50) == [50]
    assert second.assign([B], world.route(label=50)).failed == [B]
    world.labeler.release([A], world.source)
    assert not second.assign([B], world.route(label=50)).failed


def test_without_a_free_label_routes_are_not_accepted_and_the_old_one_goes():
    world = World(label_range="small")
    assert world.give(A, B, C, D) == [500, 501, 502, None]
    assert world.give(A, label=15, policy=int(MplsPolicy.STATIC)) == [None]
    assert world.give(D) == [500]
    assert sorted(world.table.hops) == [500, 501, 502]


def test_what_the_filter_has_set_is_not_prepared_again():
    world = World("aggregate")
    assert world.pool.view(world.route().attrs) == {"mpls_policy": 3}
    assert world.pool.view(world.route(policy=1, label=50).attrs) == {"mpls_policy": 1, "mpls_label": 50}


def test_a_label_outside_of_a_changed_range_is_replaced():
    world = World()
    assert world.give(A, B) == [100, 101]
    moved = LabelDomain("d", (STATIC, LabelRange("dynamic", 101, 9), SMALL))
    world.spaces.configure([moved])
    assert world.give(A, B) == [102, 101]
    assert world.table.hops == {101: ONE, 102: ONE}
    assert world.in_use() == 2


def test_an_aggregated_label_outside_of_a_changed_range_is_replaced_with_its_last_route():
    world = World("aggregate")
    assert world.give(A, B) == [100, 100]
    world.spaces.configure([LabelDomain("d", (STATIC, LabelRange("dynamic", 200, 9), SMALL))])
    assert world.give(A) == [200]
    assert sorted(world.table.hops) == [100, 200]
    assert world.give(B) == [200]
    assert (sorted(world.table.hops), world.in_use()) == ([200], 1)


POLICIES = st.sampled_from((0, 1, 2, 3, 4))


@given(
    st.lists(
        st.tuples(
            st.sampled_from((A, B, C, D)),
            st.sampled_from(("give", "give", "release")),
            POLICIES,
            st.sampled_from((None, 50, 51, 5000)),
            st.sampled_from((ONE, TWO)),
        ),
        max_size=40,
    )
)
def test_each_label_in_use_has_one_route_and_the_others_none(steps):
    world = World(label_range="small")
    held = {}
    for key, what, policy, label, hop in steps:
        if what == "release":
            world.labeler.release([key], world.source)
            held.pop(key, None)
            continue
        more = {} if label is None else {"label": label}
        (given_,) = world.give(key, hop=hop, policy=policy, **more)
        held.pop(key, None)
        if isinstance(given_, int):
            held[key] = given_
    assert sorted(world.table.hops) == sorted(set(held.values()))
    assert world.in_use() == len(set(held.values()))
