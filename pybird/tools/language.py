"""The configuration language, set up for the programs of this package."""

from __future__ import annotations

from pybird.conf.language import Language
from pybird.io.files import cache_folder, iproute2_names
from pybird.proto import PROTOCOLS


def make_language() -> Language:
    """The language with all our protocols, its tables from the cache where there is one."""
    return Language(PROTOCOLS, cache=cache_folder(), numbers=iproute2_names())
