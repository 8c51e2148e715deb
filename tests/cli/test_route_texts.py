"""Metric and origin behind a route, as the BIRDs show them (tests/side_by_side/cases/texts.py)."""

from typing import Any

import pytest

from pybird.core.forwarding.nexthop import Recursive
from pybird.filter.attributes import declarations_of
from pybird.proto import PROTOCOLS
from pybird.proto.bgp.wire.values import Opaque
from pybird.values.address import Address
from pybird.values.aspath import AsPath
from pybird.values.attributes import AttributePool
from pybird.values.route import UNKNOWN_METRIC, Dest, Hop, RouteSource, Rte

KEY = Recursive("master4", Address.parse("10.0.0.9"))
AIGP_77 = Opaque(bytes((1, 0, 11)) + (77).to_bytes(8, "big"))


POOL = AttributePool(declarations_of(*[each.attributes for each in PROTOCOLS]).values())


def route(hop: Hop, of: str = "bgp", **attributes: Any) -> Rte:
    """A route of a protocol of this type with these attributes."""
    kind = next(each for each in PROTOCOLS if each.name == of)
    return Rte(
        POOL.edit(POOL.empty, attributes), RouteSource("p", kind.kind, kind.selection, None), hop, 100, 0.0
    )


def shown_metric(rte: Rte) -> int | None:
    return rte.source.type.shown_metric(rte, POOL)  # type: ignore[no-any-return]


def shown_origin(rte: Rte) -> str:
    return rte.source.type.shown_origin(rte, POOL)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("dest", "metric", "attributes", "shown"),
    [
        (Dest.UNICAST, 10, {}, 10),
        (Dest.UNICAST, 0, {}, None),
        (Dest.UNICAST, UNKNOWN_METRIC, {}, -1),
        (Dest.UNREACHABLE, 10, {}, -2),
        (Dest.UNREACHABLE, UNKNOWN_METRIC, {}, -2),
        (Dest.UNREACHABLE, None, {}, None),
        (Dest.BLACKHOLE, UNKNOWN_METRIC, {}, -1),
        (Dest.PROHIBIT, 10, {}, 10),
        (Dest.UNICAST, 10, {"bgp_aigp": AIGP_77}, 87),
        (Dest.UNICAST, 0, {"bgp_aigp": AIGP_77}, 78),
        (Dest.UNICAST, UNKNOWN_METRIC, {"bgp_aigp": AIGP_77}, -1),
        (Dest.UNREACHABLE, 10, {"bgp_aigp": AIGP_77}, -2),
        (Dest.UNICAST, 10, {"igp_metric": 44}, 10),
    ],
)
def test_the_metric_of_a_bgp_route_is_the_distance_to_its_next_hop(
    dest: Dest, metric: int | None, attributes: dict[str, Any], shown: int | None
) -> None:
    assert shown_metric(route(Hop(dest, (), metric, KEY), **attributes)) == shown


def test_a_direct_next_hop_has_no_metric_but_with_aigp() -> None:
    assert shown_metric(route(Hop(Dest.UNICAST))) is None
    assert shown_metric(route(Hop(Dest.UNICAST), bgp_aigp=AIGP_77)) == 78


@pytest.mark.parametrize(
    ("of", "attributes", "shown"),
    [
        ("static", {"igp_metric": 10}, 10),
        ("static", {"igp_metric": 0}, 0),
        ("static", {}, None),
        ("direct", {"igp_metric": 3}, None),
    ],
)
def test_of_other_routes_static_ones_show_what_was_written(
    of: str, attributes: dict[str, Any], shown: int | None
) -> None:
    assert shown_metric(route(Hop(Dest.BLACKHOLE), of, **attributes)) == shown


def path(*segments: tuple[int, tuple[int, ...]]) -> AsPath:
    return AsPath(
        b"".join([bytes((k, len(n))) + b"".join([a.to_bytes(4, "big") for a in n]) for k, n in segments])
    )


@pytest.mark.parametrize(
    ("segments", "origin", "shown"),
    [
        (((2, (65002, 9)),), 0, "[AS9i]"),
        (((2, (65002,)), (1, (5, 6))), 0, "[i]"),
        (((1, (5,)),), 1, "[e]"),
        (((2, (65002,)), (1, (5, 6)), (2, (9,))), 2, "[AS9?]"),
        ((), 0, "[i]"),
    ],
)
def test_a_path_that_ends_in_a_set_has_no_origin_as(
    segments: tuple[tuple[int, tuple[int, ...]], ...], origin: int, shown: str
) -> None:
    assert shown_origin(route(Hop(Dest.UNICAST), bgp_path=path(*segments), bgp_origin=origin)) == shown


def test_only_bgp_routes_show_an_origin() -> None:
    assert shown_origin(route(Hop(Dest.UNICAST), "static", bgp_path=path((2, (9,))), bgp_origin=0)) == ""
