"""RPKI's configuration (RFC 6810, RFC 8210). Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pybird.conf.model import NotRun
from pybird.values.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpTransport:
    """Plain TCP, or with MD5 signatures."""

    authentication: Literal["none", "md5"] = "none"
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshTransport:
    """SSH, as `user` on the cache."""

    user: str = ""
    private_key: str | None = None  # a file: ours
    public_key: str | None = None  # a file: the cache's


@dataclass(frozen=True, slots=True, kw_only=True)
class RpkiConfig(NotRun):
    """One `protocol rpki`."""

    remote: str = ""  # the cache: an address or a name
    port: int | None = None  # None: 323, or 22 of SSH
    local_address: Address | None = None
    transport: TcpTransport | SshTransport = TcpTransport()
    refresh: int = 3600
    keep_refresh: bool = False  # ignore the interval that the cache sends; so for the two below
    retry: int = 600
    keep_retry: bool = False
    expire: int = 7200
    keep_expire: bool = False
    ignore_max_length: bool = False
    min_version: int = 0
    max_version: int = 2
