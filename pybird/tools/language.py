"""BIRD's language as the programs of this package read it."""

from __future__ import annotations

from pybird.conf.language import Language
from pybird.io.files import cache_folder, iproute2_names
from pybird.proto import PROTOCOLS


def make_language() -> Language:
    """The language with all our protocols, its tables from the cache where there is one."""
    return Language(PROTOCOLS, cache=cache_folder(), numbers=iproute2_names())
