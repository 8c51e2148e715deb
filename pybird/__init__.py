"""PyBIRD: a BIRD-compatible Internet routing daemon in Python."""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # programs start fast: the library is imported when it is asked for
if TYPE_CHECKING:
    from pybird.client.compat import PyBird

__all__ = ["PyBird", "__version__"]


def __getattr__(name: str) -> object:
    """`PyBird`, for scripts written for the library of that name."""
    if name != "PyBird":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pybird.client.compat import PyBird

    return PyBird
