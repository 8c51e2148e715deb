"""Which of several routes is best: what each protocol type contributes.

The channel sets `rte.rank` with `rank_of`: preference in the top bits, then
what the protocol adds. Higher wins. Routes of equal rank, and any with the
SLOW flag, are compared by `better` of their type; routes of different types
and equal preference by source name, so that the result never depends on time
or hash order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pybird.values.route import Rte

RANK_BITS: Final = 44  # below these are a type's own; above: 16 bits of preference, 1 resolvable


def no_rank(rte: Rte, view: Mapping[str, Any]) -> int:
    """A type without a metric."""
    return 0


def first_by_name(new: Rte, old: Rte) -> bool:
    """The older name wins: deterministic."""
    return (new.source.name, new.source.path_id) < (old.source.name, old.source.path_id)


@dataclass(frozen=True, slots=True)
class Selection:
    """`rank(rte, view)` gives below 2**RANK_BITS, or -1 for "compare in full";
    `better(new, old)` is the full comparison of two routes of this type;
    `mergeable(best, other)` says whether both may serve one multipath route.
    `dependent`: best-path is not transitive (MED), so a change rescans all."""

    rank: Callable[[Rte, Mapping[str, Any]], int] = no_rank
    better: Callable[[Rte, Rte], bool] = first_by_name
    mergeable: Callable[[Rte, Rte], bool] = lambda best, other: best.rank == other.rank
    dependent: bool = False
