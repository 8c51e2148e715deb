"""Protocols whose routes get labels where they have an `mpls` channel."""

from __future__ import annotations

from pybird.conf.model import ChannelConfig, LabelChannelConfig
from pybird.core.channel import Channel
from pybird.core.labels.channels import LabelChannel, LabeledChannel
from pybird.core.labels.labeler import Labeler
from pybird.core.protocol import C, Instance


class LabelGiver(Instance[C]):
    """Base of the instances of these protocols."""

    _labeler: Labeler | None

    def gets_labels(self, config: ChannelConfig) -> bool:
        """True if routes of this channel get labels."""
        raise NotImplementedError

    def _make_channels(self, config: C) -> None:
        self._labeler = None
        given = [each for each in config.channels if isinstance(each, LabelChannelConfig)]
        if given and any(self.gets_labels(each) for each in config.channels):
            self._labeler = Labeler(given[0], self.services.labels, self.services.pool)
        super()._make_channels(config)
        users = [each for each in self.channels.values() if isinstance(each, LabeledChannel)]
        for channel in self.channels.values():
            if isinstance(channel, LabelChannel):
                channel.users = users

    def make_channel(self, config: ChannelConfig) -> Channel:
        if self._labeler is not None and isinstance(config, LabelChannelConfig):
            return LabelChannel(config, self, self._labeler)
        if self._labeler is not None and self.gets_labels(config):
            return LabeledChannel(config, self, self._labeler)
        return super().make_channel(config)

    def open_labels(self) -> None:
        """Open the `mpls` channel; to be called before the channels whose routes get labels are opened."""
        for channel in self.channels.values():
            if isinstance(channel.config, LabelChannelConfig):
                channel.open()
