"""The two kinds of channels that labels need: the `mpls` channel, and those whose routes get labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pybird.conf.model import ChannelConfig, LabelChannelConfig
from pybird.core.channel import Channel, ChannelState, Waiting
from pybird.core.labels.labeler import Labeler
from pybird.core.selection import Selection
from pybird.values.net import net_of
from pybird.values.nets import MplsNet
from pybird.values.route import Hop, RouteSource, Rte

PREFERENCE: Final = 0  # of the routes of labels, whatever the channel's is


class LabelChannel(Channel):
    """The `mpls` channel: it announces a route for each label that its protocol has given.

    It opens before the channels whose routes get labels. While it is suspended its routes
    stay, but those of labels that become free go at once: others may get these labels.
    """

    __slots__ = ("_labeler", "_relabels", "users")

    def __init__(self, config: LabelChannelConfig, protocol: Any, labeler: Labeler) -> None:
        super().__init__(config, protocol)
        # Nothing in these routes could be compared: labels differ.
        self.source.type = Selection(shown_origin=protocol.type.selection.shown_origin)
        self._labeler = labeler
        self._relabels = False  # the next reload gives routes new labels
        self.users: Sequence[Channel] = ()  # the channels whose routes get labels
        labeler.routes = self

    def open(self) -> None:
        super().open()
        self._labeler.announce_all()
        self.end_refresh()

    def announce_labels(self, labels: list[int], hop: Hop) -> None:
        now = self.services.clock.now()
        keys = [MplsNet(label).key for label in labels]
        self.announce(keys, Rte(self._pool.empty, self.source, hop, PREFERENCE, now))

    def withdraw_labels(self, labels: list[int]) -> None:
        keys = [MplsNet(label).key for label in labels]
        if self.state is ChannelState.START:
            self._remove(keys, self.source)
        else:
            self.withdraw(keys)

    def reconfigure(self, config: ChannelConfig) -> None:
        assert isinstance(config, LabelChannelConfig)
        old = self.config
        super().reconfigure(config)
        if config.relabels(old):
            self._labeler.configure(config)
            self._relabels = True

    def reload_imports(self) -> bool:
        """Run the routes of all labels through the import filter again.

        With another range or policy all routes that get labels are asked for again as well.
        """
        if self.state is not ChannelState.UP:
            return True
        self.trace("states", "Reload requested")
        self._labeler.announce_all()
        relabels, self._relabels = self._relabels, False
        return not relabels or all(channel.reload_imports() for channel in self.users)

    def discard(self) -> None:
        super().discard()
        self._labeler.routes = None
        self.users = ()


class LabeledChannel(Channel):
    """A channel whose routes get labels, after the import filter and the import limit."""

    __slots__ = ("_labeler",)

    def __init__(self, config: ChannelConfig, protocol: Any, labeler: Labeler) -> None:
        super().__init__(config, protocol)
        self._labeler = labeler

    def _evaluate(self, keys: list[bytes], rte: Rte) -> None:
        super()._evaluate(keys, self._labeler.prepared(rte))

    def _enter(self, keys: list[bytes], rte: Rte) -> None:
        if self.import_limit is not None:
            keys = self._within_import_limit(keys, rte)
        if not keys:
            return
        assignment = self._labeler.assign(keys, rte)
        for labeled, theirs in assignment.routes:
            super()._enter(theirs, labeled)
        if assignment.failed:
            self._enter_none(assignment.failed, rte, assignment.reason)

    def _enter_none(self, keys: list[bytes], rte: Rte, reason: str) -> None:
        """There is no label for these routes: earlier ones go, too."""
        self.statistics.import_updates.rejected += len(keys)
        if rte.source.routes:
            self.statistics.import_withdraws.accepted += self._remove(keys, rte.source)
        self.explain(keys, reason)
        refusals, now = self._refusals(), self.services.clock.now()
        for key in keys:
            said = refusals.log_permit(now)
            if said is None:
                return
            text = f"{reason} for {net_of(self.net_type, key)} from {self.protocol.name}"
            self.services.log("warning", said or text)

    def _remove(self, keys: list[bytes], source: RouteSource) -> int:
        removed = super()._remove(keys, source)
        self._labeler.release(keys, source)
        return removed

    def _wait(self, keys: list[bytes], entry: Waiting) -> None:
        super()._wait(keys, entry)
        self._labeler.release(keys, entry.rte.source)
