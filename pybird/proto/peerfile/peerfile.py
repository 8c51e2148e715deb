"""PeerFile: the neighbors that a file names are entries of the peer table.

The file is read when the protocol starts and whenever it has changed (`Files.watch`). A file that
cannot be read, or is wrong, changes nothing: the entries of the last one that was right stay, and the
log and `show protocols` say what is wrong. An entry whose interface does not exist
waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pybird.conf.errors import ConfigError
from pybird.core.channel import Channel
from pybird.core.forwarding.interfaces import InterfaceEvent
from pybird.core.life import StopReason
from pybird.core.peering import Discoverer
from pybird.core.ports import FileError, FileTask, FileWatch
from pybird.core.protocol import Detail, InstanceOwner
from pybird.proto.peerfile.config import PeerFileConfig
from pybird.proto.peerfile.entries import MOST_OCTETS, FileEntry, parse
from pybird.values.net import NetType, PeerNet
from pybird.values.route import NO_HOP, Rte


class PeerFile(Discoverer[PeerFileConfig]):
    """One `protocol peerfile`."""

    def __init__(self, config: PeerFileConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.named: tuple[FileEntry, ...] = ()  # in the last file that was right
        self.error = ""  # why the file is not in force
        self._read_at: float | None = None  # when `named` was read
        self._entries: dict[bytes, tuple[FileEntry, float]] = {}  # announced, and since when
        self._gone: dict[bytes, str] = {}  # why the last withdrawn entries were withdrawn
        self._watch: FileWatch | None = None
        self._task: FileTask | None = None

    # life ---------------------------------------------------------------

    def start(self) -> None:
        self.services.interfaces.listen(self)
        for channel in self.channels.values():
            channel.open()
        self.went_up()
        self._follow(self.config.file)

    def stop(self, reason: StopReason) -> None:
        self.services.interfaces.unlisten(self)
        self._unfollow()
        self.named, self.error, self._read_at = (), "", None
        self._entries.clear()
        self.stopped()

    def accepts(self, old: PeerFileConfig, new: PeerFileConfig) -> bool:
        """True: another file is read, and until then the entries stay."""
        return new.vrf == old.vrf

    def reconfigure(self, new: PeerFileConfig) -> bool:
        if not self.accepts(self.config, new):
            return False
        if new.file != self.config.file:
            self._unfollow()
            self._follow(new.file)
        return True

    def channel_added(self, channel: Channel) -> None:
        super().channel_added(channel)
        self._entries.clear()
        self._update()

    # the file -----------------------------------------------------------

    def _follow(self, path: str) -> None:
        self._watch = self.services.files.watch(path, lambda: self._read(path))
        self._read(path)

    def _unfollow(self) -> None:
        if self._watch is not None:
            self._watch.close()
        if self._task is not None:
            self._task.cancel()
        self._watch = self._task = None

    def _read(self, path: str) -> None:
        """Read the file; a read that has not ended is dropped, as it may have begun before the change."""
        if self._task is not None:
            self._task.cancel()
        self._task = self.services.files.read(path, MOST_OCTETS, lambda result: self._done(path, result))

    def _done(self, path: str, result: bytes | FileError) -> None:
        self._task = None
        if isinstance(result, FileError):
            self._refuse(str(result), [str(result)])
            return
        try:
            named = parse(path, result)
        except ConfigError as error:
            self._refuse(str(error), error.show().splitlines())
            return
        wrong, self.error, self._read_at = self.error, "", self.services.clock.now()
        if wrong or named != self.named:
            self.named = named
            self.log("info", f"{path}: {_count(len(named))}")
            self._update()

    def _refuse(self, error: str, lines: list[str]) -> None:
        """Keep what is in force, and log why; each reason once."""
        if error == self.error:
            return
        self.error = error
        for line in lines:
            self.log("error", line)
        kept = _count(len(self.named)) if self._read_at is not None else "nothing"
        self.log("error", f"the file is not in force, {kept} of an earlier one stays")

    # entries ------------------------------------------------------------

    def follows_interfaces(self, address: bool) -> bool:
        return not address

    def interface_event(self, event: InterfaceEvent) -> None:
        """An interface that the file names may have come, gone, or have another name."""
        if event.kind in ("added", "removed", "renamed", "changed"):
            self._update()

    @property
    def _peers(self) -> Channel | None:
        return next(iter(self.channels.values()), None)

    def _wanted(self) -> dict[bytes, FileEntry]:
        """The entries whose interfaces are there."""
        interfaces = self.services.interfaces
        by_name = {
            interface.name: interface.index
            for interface in interfaces
            if interfaces.in_vrf(interface, self.config.vrf)
        }
        return {
            PeerNet(entry.address, by_name[entry.interface]).key: entry
            for entry in self.named
            if entry.interface in by_name
        }

    def _update(self) -> None:
        """Announce and withdraw what differs."""
        channel = self._peers
        if channel is None:
            return
        wanted = self._wanted()
        for key in [key for key in self._entries if key not in wanted]:
            entry, _ = self._entries.pop(key)
            self._gone[key] = "no such interface" if entry in self.named else "not in the file"
            channel.withdraw([key])
        while len(self._gone) > 256:
            del self._gone[next(iter(self._gone))]
        for key, entry in wanted.items():
            known = self._entries.get(key)
            if known is None or known[0] != entry:
                self._announce(channel, key, entry)

    def _announce(self, channel: Channel, key: bytes, entry: FileEntry) -> None:
        now = self.services.clock.now()
        self._entries[key] = (entry, self._entries[key][1] if key in self._entries else now)
        self._gone.pop(key, None)
        names = (("peerfile_port", entry.port), ("peerfile_system", entry.system))
        attrs = self.services.pool.intern(b"", names)
        channel.announce([key], Rte(attrs, channel.source, NO_HOP, channel.config.preference, now))

    def request_refresh(self, channel: Channel) -> bool:
        """Announce all entries again."""
        channel.begin_refresh()
        for key, (entry, _) in self._entries.items():
            self._announce(channel, key, entry)
        channel.end_refresh()
        return True

    def describe(self, net_type: NetType, key: bytes) -> dict[str, Any]:
        """`since` and the names of an entry; or why it was `withdrawn`."""
        known = self._entries.get(key) if net_type is NetType.PEER else None
        if known is None:
            return {"withdrawn": self._gone[key]} if key in self._gone else {}
        entry, since = known
        return {"since": since, "system": entry.system, "port": entry.port}

    def unreachable(self, net_type: NetType, key: bytes) -> None:
        """Nothing: the neighbor cannot be told that we are here."""

    # what is shown ------------------------------------------------------

    def info(self) -> str:
        return self.error

    def details(self) -> Iterator[Detail]:
        waiting = sorted(
            {entry.interface for entry in self.named} - {each.name for each in self.services.interfaces}
        )
        yield Detail("File", f"{self.config.file}: {_count(len(self.named))}")
        if self.error:
            yield Detail("Not in force", self.error)
        if waiting:
            yield Detail("Waits for", ", ".join(waiting[:10]))


def _count(number: int) -> str:
    return "1 neighbor" if number == 1 else f"{number} neighbors"
