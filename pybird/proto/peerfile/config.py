"""The configuration of `protocol peerfile`."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import ProtocolConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFileConfig(ProtocolConfig):
    """One `protocol peerfile`. A relative path begins in the daemon's working folder."""

    file: str = ""
