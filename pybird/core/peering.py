"""Protocols that deal in neighbors: those that find them, and those that stand up sessions for them.

What is found becomes a route of a peer table; who stands up sessions is given
it through a channel. Neither side names the other: each is asked, or told, for
what it is.
"""

from __future__ import annotations

from typing import Any

from pybird.core.channel import Channel
from pybird.core.protocol import C, Instance
from pybird.values.net import NetType


class Discoverer(Instance[C]):
    """A protocol that finds neighbors and announces an entry for each."""

    def describe(self, net_type: NetType, key: bytes) -> dict[str, Any]:
        """What is known of an entry that was announced here.

        Peers: `since` and `expires` on the router's clock; of an entry that was
        just withdrawn, `withdrawn` is the reason for people.
        """
        raise NotImplementedError

    def unreachable(self, net_type: NetType, key: bytes) -> None:
        """Somebody could not use an entry announced here: the peer refused to talk.

        RAdv sends an advertisement at once. Cheap and harmless to call often.
        """
        raise NotImplementedError


class Spawner(Instance[C]):
    """A protocol that stands up a dynamic child for each entry that is exported to it."""

    def no_child_reason(self, net_type: NetType, key: bytes) -> str | None:
        """Why an exported entry has no child here; None: it has one or is not ours."""
        raise NotImplementedError

    def child_of(self, net_type: NetType, key: bytes) -> Instance | None:
        """The child that stands for an exported entry, if there is one."""
        raise NotImplementedError

    def orphans(self, net_type: NetType) -> dict[bytes, Instance]:
        """Children that outlive their entry, by the key that it had."""
        raise NotImplementedError

    def entry_alive(self, channel: Channel, key: bytes, returned: bool) -> None:
        """What an entry of this channel stands for showed that it lives; `returned`: after a silence.

        Cheap: it happens with every advertisement.
        """
        raise NotImplementedError


def report_alive(channel: Channel, key: bytes, returned: bool) -> None:
    """What an entry of this channel stands for lives: tell those who are given it from the table.

    No route changes. `returned`: it was silent for longer than it should.
    """
    for group in list(channel.table.groups.values()):
        for other in list(group.members):
            if other is not channel and isinstance(other.protocol, Spawner):
                other.protocol.guarded(other.protocol.entry_alive, other, key, returned)
