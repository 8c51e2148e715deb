"""Route attributes of the kernel (`krt_*`) that filters can read and set.

The metrics are those of ip-route(8). `krt_lock` (metrics that the kernel must
not change) and `krt_features` are bit fields; each bit also has a boolean
attribute of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pybird.values.attributes import AttributeDecl

SOURCE: Final = "krt_source"
METRIC: Final = "krt_metric"
PREFSRC: Final = "krt_prefsrc"

# RTAX_* numbers; also the bit of each metric in `krt_lock`
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
_METRICS_BEFORE_FEATURES: Final = [name for name, number in _METRICS.items() if number < 12]
_FEATURES: Final = {"ecn": 0, "allfrag": 3}
_PLAIN: Final = ("krt_realm", "krt_scope", *(f"krt_{name}" for name in _METRICS))
_LOCK_BITS: Final = {f"krt_lock_{name}": 1 << bit for name, bit in _METRICS.items()}
_FEATURE_BITS: Final = {f"krt_feature_{name}": 1 << bit for name, bit in _FEATURES.items()}


def _declare(
    name: str,
    type_name: str,
    *,
    writable: bool = True,
    text: Callable[[Any], str] | None = None,
    field: tuple[str, int] | None = None,
) -> AttributeDecl:
    label = "Kernel." + name.removeprefix("krt_")
    return AttributeDecl(name, type_name, writable=writable, label=label, text=text, field=field)


def _names(bits: Mapping[str, int]) -> Callable[[Any], str]:
    """A function that shows a bit field: the names of its bits, then the unnamed bits in hex."""

    def text(value: Any) -> str:
        known = [name for name, bit in bits.items() if value >> bit & 1]
        rest = value & ~sum(1 << bit for bit in bits.values())
        return " ".join([*known, f"{rest:x}"] if rest else known)

    return text


def _metric(name: str) -> AttributeDecl:
    return _declare(f"krt_{name}", "string" if name == "congctl" else "int")


ATTRIBUTES: Final = (
    _declare(SOURCE, "int"),
    _declare(METRIC, "int"),
    _declare(PREFSRC, "ip"),
    _declare("krt_realm", "int"),
    _declare("krt_scope", "int"),
    _declare("krt_lock", "int", text=_names(_METRICS)),
    *(_metric(name) for name in _METRICS_BEFORE_FEATURES),
    _declare("krt_features", "int", text=_names(_FEATURES)),
    *(_metric(name) for name in _METRICS if name not in _METRICS_BEFORE_FEATURES),
    *(_declare(name, "bool", field=("krt_lock", bit)) for name, bit in _LOCK_BITS.items()),
    *(_declare(name, "bool", field=("krt_features", bit)) for name, bit in _FEATURE_BITS.items()),
)


def for_the_kernel(view: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    """The `krt_*` attributes of a route as sorted pairs, for `KernelRoute.attributes`."""
    pairs: dict[str, object] = {name: view[name] for name in _PLAIN if name in view}
    pairs.update((name, view[name]) for name in ("krt_lock", "krt_features") if view.get(name))
    return tuple(sorted(pairs.items()))
