"""Kernel's configuration. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pybird.conf.model import NotRun, ProtocolConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelConfig(ProtocolConfig):
    """One `protocol kernel`. `merge_paths`: next hops of one route at most; 0: no merging."""

    persist: bool = False
    scan_time: int = 60
    learn: Literal["no", "yes", "all"] = "no"
    graceful_restart: bool = False
    merge_paths: int = 0
    kernel_table: int = 254
    metric: int = 32
    netlink_rx_buffer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelNotRunConfig(KernelConfig, NotRun):
    """A `protocol kernel` whose channel this version understands but does not run."""
