"""Synchronisation with the kernel's forwarding table."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.kernel.attributes import ATTRIBUTES
from pybird.proto.kernel.build import build
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.kernel.kernel import KernelInstance
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="kernel",
    title="Kernel",
    kind=Rts.INHERIT,
    preference=10,
    config=KernelConfig,
    build=build,
    shows_table=True,
    instance=KernelInstance,
    attributes=ATTRIBUTES,
)
KernelInstance.type = TYPE
