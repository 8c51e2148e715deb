from hypothesis import given, settings
from hypothesis import strategies as st

from pybird.core.ports import KernelRoute
from pybird.proto.kernel.fib import Change, Fib, KernelPath, path_of, sorted_hops
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop

A, B, C = (
    KernelPath(Dest.BLACKHOLE, (), 32),
    KernelPath(Dest.UNREACHABLE, (), 32),
    KernelPath(Dest.PROHIBIT, (), 32),
)


def drain(fib):
    changes = fib.next_changes(1000)
    return [(c.key, c.have, c.want) for c in changes]


def test_only_the_last_state_of_a_network_is_sent():
    fib = Fib()
    fib.want(b"1", A)
    fib.want(b"1", B)
    fib.want(b"2", A)
    fib.want(b"2", None)
    assert drain(fib) == [(b"1", None, B)]
    assert fib.installed == 1


def test_a_route_that_comes_back_as_it_was_changes_nothing():
    fib = Fib()
    fib.want(b"1", A)
    drain(fib)
    fib.want(b"1", None)
    fib.want(b"1", A)
    assert drain(fib) == []


def test_leftovers_are_adopted_replaced_or_removed():
    fib = Fib()
    for key, way in ((b"1", A), (b"2", A), (b"3", A)):
        fib.adopt(key, way)
    fib.want(b"1", A)
    fib.want(b"2", B)
    assert drain(fib) == [(b"2", A, B)]
    fib.queue_leftovers()
    assert drain(fib) == [(b"3", A, None)]


def test_a_refused_route_waits_for_the_next_scan_or_for_a_change():
    fib = Fib()
    fib.want(b"1", A)
    drain(fib)
    fib.refuse(b"1", "File exists", None)
    assert fib.installed == 0
    assert drain(fib) == []
    fib.begin_scan()
    assert fib.end_scan() == 1
    assert drain(fib) == [(b"1", None, A)]
    fib.refuse(b"1", "File exists", None)
    fib.want(b"1", B)
    assert drain(fib) == [(b"1", None, B)]


def test_a_scan_repairs_what_is_missing_changed_or_too_much():
    fib = Fib()
    for key in (b"1", b"2", b"3"):
        fib.want(key, A)
    drain(fib)
    fib.begin_scan()
    assert fib.scanned(b"1", A)
    assert fib.scanned(b"2", B)
    assert fib.scanned(b"4", C)
    assert not fib.scanned(b"1", A._replace(metric=33))  # the same network again
    assert fib.end_scan() == 3
    assert drain(fib) == [(b"2", B, A), (b"4", C, None), (b"3", None, A)]


def test_what_a_scan_tells_of_a_network_changed_meanwhile_is_not_believed():
    fib = Fib()
    fib.want(b"1", A)
    drain(fib)
    fib.begin_scan()
    fib.want(b"1", B)
    fib.want(b"2", B)
    drain(fib)
    assert fib.scanned(b"1", A)  # read before the change
    assert fib.end_scan() == 0


def test_a_scan_that_lost_its_place_does_not_tell_what_is_missing():
    fib = Fib()
    for key in (b"1", b"2"):
        fib.want(key, A)
    drain(fib)
    fib.begin_scan()
    fib.want(b"1", None)
    drain(fib)
    assert fib.end_scan(steady=False) == 0
    fib.begin_scan()
    assert fib.end_scan(steady=False) == 1


def test_a_scan_that_lost_its_place_tries_refused_routes_again():
    fib = Fib()
    for key in (b"1", b"2"):
        fib.want(key, A)
    drain(fib)
    fib.refuse(b"1", "File exists", None)
    fib.begin_scan()
    fib.want(b"2", None)
    drain(fib)
    assert fib.end_scan(steady=False) == 1
    assert drain(fib) == [(b"1", None, A)]
    assert not fib.refused


def test_what_is_refused_is_not_removed_when_it_was_never_there():
    fib = Fib()
    fib.want(b"1", A)
    drain(fib)
    fib.refuse(b"1", "File exists", None)
    fib.want(b"1", None)
    assert drain(fib) == []


def test_a_removal_that_is_refused_is_tried_again():
    fib = Fib()
    fib.want(b"1", A)
    drain(fib)
    fib.want(b"1", None)
    drain(fib)
    fib.refuse(b"1", "No buffer space", A)
    fib.begin_scan()
    assert fib.scanned(b"1", A)
    fib.end_scan()
    assert drain(fib) == [(b"1", A, None)]


def test_clear_removes_what_the_kernel_holds():
    fib = Fib()
    for key in (b"1", b"2", b"3"):
        fib.want(key, A)
    drain(fib)
    fib.want(b"2", B)
    drain(fib)
    fib.refuse(b"2", "no", None)
    fib.want(b"4", A)
    fib.adopt(b"5", C)
    fib.clear()
    assert sorted(drain(fib)) == [(b"1", A, None), (b"3", A, None), (b"5", C, None)]


def test_next_hops_compare_whatever_their_order_and_names():
    one, two = (NextHop(Address.parse(f"fe80::{n}"), n, f"eth{n}") for n in (1, 2))
    route = KernelRoute(Prefix.parse("10.0.0.0/8"), 254, Dest.UNICAST, (two, one, two))
    assert (
        path_of(route).nexthops
        == sorted_hops((one, two))
        == (one._replace(ifname=""), two._replace(ifname=""))
    )
    assert sorted_hops((two, one), 1) == (one._replace(ifname=""),)


class ModelKernel:
    """A dictionary that refuses some routes."""

    def __init__(self):
        self.routes = {}
        self.refusing = set()

    def apply(self, fib, changes):
        for change in changes:
            assert isinstance(change, Change)
            assert self.routes.get(change.key) == change.have
            if change.want is None:
                self.routes.pop(change.key, None)
            elif change.key in self.refusing:
                self.routes.pop(change.key, None)
                fib.refuse(change.key, "refused", None)
            else:
                self.routes[change.key] = change.want


KEYS = st.sampled_from([b"1", b"2", b"3", b"4"])
WAYS = st.sampled_from([A, B, C, None])
STEP = st.one_of(
    st.tuples(st.just("want"), KEYS, WAYS),
    st.tuples(st.just("flush"), st.integers(1, 3), st.none()),
    st.tuples(st.just("refuse"), KEYS, st.booleans()),
    st.tuples(st.just("lose"), KEYS, st.none()),
    st.tuples(st.just("scan"), st.none(), st.none()),
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, st.sampled_from([A, B])), st.lists(STEP, max_size=30))
def test_the_kernel_ends_with_what_is_wanted(leftover, steps):
    fib, kernel, wanted = Fib(), ModelKernel(), {}
    for key, way in leftover.items():
        fib.adopt(key, way)
        kernel.routes[key] = way
    for step, first, second in steps:
        match step:
            case "want":
                wanted[first] = second
                fib.want(first, second)
            case "flush":
                kernel.apply(fib, fib.next_changes(first))
            case "refuse" if second:
                kernel.refusing.add(first)
            case "refuse":
                kernel.refusing.discard(first)
            case "lose" if first in wanted and kernel.routes.get(first) == wanted[first]:
                if fib.lost(first):  # somebody removed it, and we heard of it
                    del kernel.routes[first]
            case "scan":
                scan(fib, kernel)
    kernel.refusing.clear()
    fib.queue_leftovers()
    kernel.apply(fib, fib.next_changes(1000))
    scan(fib, kernel)
    kernel.apply(fib, fib.next_changes(1000))
    assert kernel.routes == {key: way for key, way in wanted.items() if way is not None}
    assert not fib.queue
    assert not fib.refused
    assert not fib.leftover


def scan(fib, kernel):
    fib.begin_scan()
    for key, way in kernel.routes.items():
        assert fib.scanned(key, way)
    fib.end_scan()
