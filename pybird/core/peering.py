"""Protocols for automatic peering: those that find neighbors, and those that create sessions for them.

A `Discoverer` announces each neighbor as a route of a peer table; a `Spawner`
gets these routes through a channel and creates the sessions. Neither names the
other: they meet only through these two base classes and the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pybird.core.channel import Channel
from pybird.core.protocol import C, Instance
from pybird.values.net import NetType


class Discoverer(Instance[C]):
    """A protocol that finds neighbors and announces an entry for each."""

    def describe(self, net_type: NetType, key: bytes) -> dict[str, Any]:
        """Details of an entry that this protocol announced.

        For peers `since` and `expires`, on the router's clock; for an entry that
        was just withdrawn `withdrawn`, the reason for people.
        """
        raise NotImplementedError

    def unreachable(self, net_type: NetType, key: bytes) -> None:
        """An entry announced here could not be used: the peer refused the session.

        RAdv then sends an advertisement immediately. Cheap and harmless to call often.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Orphaned:
    """A child without an entry: since when, and when it is removed (None: not yet known, or never)."""

    since: float
    prune_at: float | None


@dataclass(frozen=True, slots=True)
class CableCheck:
    """Whether the neighbor at the end of a cable is the expected one; `text`: what is wrong, for people.

    `name` is the name that does not fit.
    "unknown": it says no name (yet). With `enforce` a session needs "right".
    """

    verdict: Literal["right", "wrong", "unknown"]
    text: str = ""
    enforce: bool = False
    name: str = ""


class Spawner(Instance[C]):
    """A protocol that creates a dynamic child for each entry that is exported to it."""

    def no_child_reason(self, net_type: NetType, key: bytes) -> str | None:
        """Why an exported entry has no child; None: it has one, or is unknown here."""
        raise NotImplementedError

    def child_of(self, net_type: NetType, key: bytes) -> Instance | None:
        """The child created for an exported entry; None: it has none."""
        raise NotImplementedError

    def orphans(self, net_type: NetType) -> dict[bytes, Instance]:
        """Children without an entry, by the key that one would have."""
        raise NotImplementedError

    def orphaned(self, child: Instance) -> Orphaned | None:
        """What is known of a child without an entry; None: it has one."""
        raise NotImplementedError

    def cable(self, net_type: NetType, key: bytes) -> CableCheck | None:
        """Whether a neighbor is the one that is expected on its interface; None: nobody is."""
        raise NotImplementedError

    def prune(self, child: Instance) -> str:
        """Remove a child that has no entry and is down; why it is left instead, empty: it is removed."""
        raise NotImplementedError

    def entry_alive(self, channel: Channel, key: bytes, returned: bool) -> None:
        """The neighbor behind an entry of this channel was heard; `returned`: after a long silence.

        Must be cheap: called for every advertisement.
        """
        raise NotImplementedError


def report_alive(channel: Channel, key: bytes, returned: bool) -> None:
    """The neighbor behind an entry of this channel was heard: notify the spawners that get the entry.

    No route changes. `returned`: it had been silent for longer than it should.
    """
    for group in list(channel.table.groups.values()):
        for other in list(group.members):
            if other is not channel and isinstance(other.protocol, Spawner):
                other.protocol.guarded(other.protocol.entry_alive, other, key, returned)
