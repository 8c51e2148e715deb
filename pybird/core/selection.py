"""Which of several routes is best, and what each protocol type contributes to that.

The channel sets `rte.rank` with `set_rank`: preference in the top bits, then
whether the next hop is resolvable, then the protocol's own bits. Higher wins.
Routes of one type that have equal rank, or of which one has the SLOW flag, are
compared by `better` of their type; routes of different types and equal
preference by source name, so that the result never depends on time or hash
order.

A route that beats all others is the best one. So a table compares a new route with
the best one only, and nothing when another than the best is withdrawn. BGP's MED may
make a circle, where none beats all others; then a fixed order decides, the best
route is DISPUTED, and every change of its networks compares all routes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Final

from pybird.values.attributes import AttributePool
from pybird.values.route import DISPUTED, SLOW, Rte

RANK_BITS: Final = 44  # a type's own; above them 1 bit for resolvable, then 16 bits of preference


def no_rank(rte: Rte, pool: AttributePool) -> int:
    """Always 0: for types without a metric."""
    return 0


def no_metric(rte: Rte) -> int | None:
    """Always None: for types whose routes have no IGP metric."""
    return None


def no_shown_metric(rte: Rte, pool: AttributePool) -> int | None:
    """Always None: for types whose routes show no metric."""
    return None


def no_shown_origin(rte: Rte, pool: AttributePool) -> str:
    """Always empty: for types whose routes show no origin."""
    return ""


def never_stale(rte: Rte) -> bool:
    """Always False: for types whose routes end with their sender."""
    return False


def first_by_name(new: Rte, old: Rte) -> bool:
    """True if `new` has the alphabetically first source name, then the lower path id: deterministic."""
    return (new.source.name, new.source.path_id) < (old.source.name, old.source.path_id)


def lost_by_name(best: Rte, other: Rte) -> str:
    """The step for types that compare by name alone."""
    return "name of the protocol" if best.source.name != other.source.name else "higher path id"


@dataclass(frozen=True, slots=True)
class Selection:
    """How routes of one protocol type are ranked, compared and shown.

    `rank(rte, pool)`: a number below 2**RANK_BITS, or -1 for "compare in full"
    (reading the wire form is cheaper than the pool's view).
    `better(new, old)`: the full comparison of two routes of this type.
    `mergeable(best, other)`: whether both may be parts of one multipath route.
    `group(rte)`: routes of one group are compared with each other first, then
    the winners (`deterministic med`); None: the route is in no group.
    `igp_metric(rte)`: the metric of a next hop that is looked up through this
    route; None: it has none of its own.
    `shown_metric(rte, pool)`: the number after the preference in `show route`;
    None: nothing, -1: unknown, -2: the next hop is unreachable.
    `shown_origin(rte, pool)`: the text at the end of that line.
    `stale(rte)`: whether the route outlives its sender, and is a last choice only.
    `step(best, other)`: why `other` is worse than `best`, in few words."""

    rank: Callable[[Rte, AttributePool], int] = no_rank
    better: Callable[[Rte, Rte], bool] = first_by_name
    mergeable: Callable[[Rte, Rte], bool] = lambda best, other: best.rank == other.rank
    group: Callable[[Rte], int | None] = lambda rte: None
    igp_metric: Callable[[Rte], int | None] = no_metric
    shown_metric: Callable[[Rte, AttributePool], int | None] = no_shown_metric
    shown_origin: Callable[[Rte, AttributePool], str] = no_shown_origin
    stale: Callable[[Rte], bool] = never_stale
    step: Callable[[Rte, Rte], str] = lost_by_name


def set_rank(rte: Rte, pool: AttributePool) -> None:
    """Set the rank of a new route from its preference, next hop and type."""
    own = rte.source.type.rank(rte, pool)
    resolvable = 1 if rte.hop.resolvable else 0
    if own < 0:
        own = 0
        rte.flags |= SLOW
    elif rte.flags:
        rte.flags &= ~SLOW
    rte.rank = (rte.preference << 1 | resolvable) << RANK_BITS | own


def beats(new: Rte, old: Rte) -> bool:
    """True if `new` is the better of two routes of one network."""
    if new.preference != old.preference:
        return new.preference > old.preference
    own = new.source.type
    if own is not old.source.type:
        return first_by_name(new, old)
    if new.rank != old.rank and not (new.flags | old.flags) & SLOW:
        return new.rank > old.rank
    better: bool = own.better(new, old)
    return better


def why_lost(rte: Rte, routes: tuple[Rte, ...]) -> str:
    """Why a route of a network is not its best one, in words; empty for the best, `routes[0]`.

    Where the best is not better (MED is not transitive), who beats it is named, too.
    """
    best = routes[0]
    if rte is best:
        return ""
    if beats(best, rte):
        return _step(best, rte)
    for other in routes:
        if other is not rte and beats(other, rte):
            return f"{_step(other, rte)}, than that of {other.source.name}"
    return ""


def _step(best: Rte, other: Rte) -> str:
    if best.preference != other.preference:
        return "lower preference"
    if best.source.type is not other.source.type:
        return lost_by_name(best, other)
    step: str = best.source.type.step(best, other)
    return step


def choose(routes: list[Rte], in_order: bool) -> tuple[Rte, ...]:
    """The routes with the best one first; with `in_order` all of them sorted, best first.

    Where no route beats all others, the order of names decides, not which was announced first.
    """
    if in_order:
        return tuple(sorted(sorted(routes, key=_name_order), key=cmp_to_key(_compare)))
    contenders = _contenders(routes)
    at = _best(contenders)
    best = contenders[at]
    if _is_beaten(best, contenders, at):
        contenders = _winners(sorted(contenders, key=_name_order))
        best = contenders[_best(contenders)]
        best.flags |= DISPUTED
    return (best, *[rte for rte in routes if rte is not best])


def _contenders(routes: list[Rte]) -> list[Rte]:
    """The routes of the highest rank, where ranks decide; else all."""
    first = routes[0]
    own, highest = first.source.type, first.rank
    for rte in routes:
        if rte.flags & SLOW or rte.source.type is not own:
            return routes
        if rte.rank > highest:
            highest = rte.rank
    return [rte for rte in routes if rte.rank == highest]


def _compare(one: Rte, other: Rte) -> int:
    return -1 if beats(one, other) else 1


def _best(routes: list[Rte]) -> int:
    """The place of the route that is left when each is compared with the best before it."""
    best, place = routes[0], 0
    for at in range(1, len(routes)):
        if beats(routes[at], best):
            best, place = routes[at], at
    return place


def _is_beaten(best: Rte, routes: list[Rte], place: int) -> bool:
    """True if one of the routes before `place` beats the best; those after it have been compared with it."""
    for at in range(place):  # noqa: SIM110  compiled code has no generator expressions
        if beats(routes[at], best):
            return True
    return False


def _winners(routes: list[Rte]) -> list[Rte]:
    """The best route of each group, and every route that has no group."""
    groups: dict[int, list[Rte]] = {}
    alone: list[Rte] = []
    for rte in routes:
        number = rte.source.type.group(rte)
        if number is None:
            alone.append(rte)
        elif number in groups:
            groups[number].append(rte)
        else:
            groups[number] = [rte]
    if not groups:
        return alone
    return sorted([*alone, *[alike[_best(alike)] for alike in groups.values()]], key=_name_order)


def _name_order(rte: Rte) -> tuple[str, int]:
    return rte.source.name, rte.source.path_id
