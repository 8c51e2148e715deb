"""The client side: the shell `pybirdc`, and a library for other programs."""

from __future__ import annotations

TYPE_CHECKING = False  # `pybirdc` must start fast: the library is imported on first use only
if TYPE_CHECKING:
    from pybird.client.compat import PyBird
    from pybird.client.library import Client, CommandFailedError

__all__ = ["Client", "CommandFailedError", "PyBird"]

_HOMES = {
    "Client": "pybird.client.library",
    "CommandFailedError": "pybird.client.library",
    "PyBird": "pybird.client.compat",
}


def __getattr__(name: str) -> object:
    """Import a name of the library on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
