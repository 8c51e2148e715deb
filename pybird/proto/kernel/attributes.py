"""Route attributes of the kernel: what filters may ask and set.

The metrics are those of ip-route(8). Which of them the kernel must not change
(`lock`) and which features it uses are bit fields; each bit has a boolean
attribute of its own, and both spellings together make the field that is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pybird.values.attributes import AttributeDecl

SOURCE: Final = "krt_source"
METRIC: Final = "krt_metric"
PREFSRC: Final = "krt_prefsrc"

# RTAX_* numbers: a lock is the bit of that number
_METRICS: Final = {
    "mtu": 2,
    "window": 3,
    "rtt": 4,
    "rttvar": 5,
    "ssthresh": 6,
    "cwnd": 7,
    "advmss": 8,
    "reordering": 9,
    "hoplimit": 10,
    "initcwnd": 11,
    "rto_min": 13,
    "initrwnd": 14,
    "quickack": 15,
    "congctl": 16,
    "fastopen_no_cookie": 17,
}
_FEATURES: Final = {"ecn": 0, "allfrag": 3}
_PLAIN: Final = ("krt_realm", "krt_scope", *(f"krt_{name}" for name in _METRICS))
_LOCK_BITS: Final = {f"krt_lock_{name}": 1 << bit for name, bit in _METRICS.items()}
_FEATURE_BITS: Final = {f"krt_feature_{name}": 1 << bit for name, bit in _FEATURES.items()}


def _declare(name: str, type_name: str, *, writable: bool = True, hidden: bool = False) -> AttributeDecl:
    label = "Kernel." + name.removeprefix("krt_")
    return AttributeDecl(name, type_name, writable=writable, label=label, hidden=hidden)


ATTRIBUTES: Final = (
    _declare(SOURCE, "int", writable=False),
    _declare(METRIC, "int"),
    _declare(PREFSRC, "ip"),
    _declare("krt_realm", "int"),
    _declare("krt_scope", "int"),
    _declare("krt_lock", "int"),
    *(_declare(f"krt_{name}", "string" if name == "congctl" else "int") for name in _METRICS),
    _declare("krt_features", "int"),
    *(_declare(name, "bool") for name in (*_LOCK_BITS, *_FEATURE_BITS)),
)


def for_the_kernel(view: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    """The sorted pairs that `KernelRoute.attributes` takes, out of a route's view."""
    pairs: dict[str, object] = {name: view[name] for name in _PLAIN if name in view}
    lock = _field(view, "krt_lock", _LOCK_BITS)
    if lock:
        pairs["krt_lock"] = lock
    features = _field(view, "krt_features", _FEATURE_BITS)
    if features:
        pairs["krt_features"] = features
    return tuple(sorted(pairs.items()))


def _field(view: Mapping[str, Any], name: str, bits: Mapping[str, int]) -> int:
    mask = int(view.get(name, 0))
    for bit_name, bit in bits.items():
        setting = view.get(bit_name)
        if setting is not None:
            mask = mask | bit if setting else mask & ~bit
    return mask
