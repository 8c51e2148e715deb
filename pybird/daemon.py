"""The daemon: a router on this machine, with its logs, control sockets and signals.

The real clock, network, kernel and files are made here and given to the router as
ports; the router itself does not touch the machine. A new configuration reaches the
router through `reconfigure`. What belongs to the daemon alone, log files and further
control sockets, follows when the router has switched to the new configuration.
"""

from __future__ import annotations

import signal
from random import Random
from typing import TYPE_CHECKING, Final

from pybird.cli.control import Console
from pybird.cli.control import SocketOptions as SessionOptions
from pybird.cli.registry import commands
from pybird.conf.errors import ConfigErrors, Warning, new_warnings  # noqa: A004
from pybird.conf.model import Config, LogConfig, LogKind, SocketConfig
from pybird.conf.rereading import ReadUnits
from pybird.core.ports import Ports, Stream
from pybird.core.reload.study import Study
from pybird.core.router import Router
from pybird.io import loop as event_loop
from pybird.io.clock import AsyncioClock
from pybird.io.control_socket import AnotherDaemonError, Bound, ControlSocket
from pybird.io.disk import ThreadFiles
from pybird.io.dump import FileStream
from pybird.io.files import resident
from pybird.io.kernel import NetlinkKernel
from pybird.io.log import ALL_CLASSES, LogFiles, check_files, default_targets
from pybird.io.network import AsyncioNetwork
from pybird.io.worker import Worker
from pybird.options import DaemonOptions
from pybird.proto import PROTOCOLS

if TYPE_CHECKING:
    from pybird.conf.language import Language

DUMP_FILE: Final = "bird.dump"
DUMP_COMMANDS: Final = (
    "show status",
    "show interfaces",
    "show protocols all",
    "show memory",
    "show symbols",
    "show route table all all",
)
SHUTDOWN_LIMIT: Final = 30.0  # seconds that protocols may take to stop
DRAIN_LIMIT: Final = 0.5  # seconds that last messages may take to reach their peers


class Daemon:
    """A running PyBIRD."""

    def __init__(
        self, options: DaemonOptions, language: Language, config: Config, memory: ReadUnits, bound: Bound
    ) -> None:
        """Open logs and further control sockets; start no protocol yet.

        `memory` is what reading `config` has filled, `bound` the main control socket.

        Raises:
            OSError: a socket or the debug file cannot be made.
        """
        self._options = options
        self._language = language
        self._memory = memory
        self._config = config
        self._warned: tuple[Warning, ...] = ()  # warnings that were logged already
        self.log = LogFiles()
        if options.debug:
            kind: LogKind = "file" if options.debug_file is not None else "stderr"
            self.log.add_target(LogConfig(kind, ALL_CLASSES, options.debug_file or ""))
        self._open_logs(config)
        self.loop = event_loop.new_loop(self.log)
        self.network = AsyncioNetwork(self.loop, self.log)
        self.kernel = NetlinkKernel(self.loop, self.log)
        files = ThreadFiles(self.loop)
        ports = Ports(AsyncioClock(self.loop), self.network, self.kernel, self.log, Random(), files)
        self.router = Router(ports, PROTOCOLS)
        self._work = Worker(self.loop)
        self.console = Console(
            self.router,
            commands(PROTOCOLS),
            language,
            self._load,
            self.shut_down,
            files,
            self._work,
            resident,
            options.config,
        )
        self.log.listener = self.console.log
        self._sockets: dict[SocketConfig, ControlSocket] = {}
        self._main_socket = self._serve(SocketConfig(options.socket), bound)
        self._open_sockets(config)
        self._ending = False

    # life ---------------------------------------------------------------

    def run(self) -> None:
        """Start the protocols and run until the daemon is shut down."""
        self._warn(self._config)
        self.router.configure(self._config, self._options.graceful)
        self.router.config_observers[self._apply_config] = None
        self.log.write("info", "Started")
        handlers = {
            signal.SIGHUP: self.reload,
            signal.SIGTERM: self._on_terminate,
            signal.SIGUSR1: self.dump,
        }
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            handlers[signal.SIGINT] = self._on_terminate
        event_loop.run(self.loop, handlers)

    def _on_terminate(self) -> None:
        self.shut_down(graceful=False)

    def shut_down(self, graceful: bool) -> None:
        """Stop all protocols, then end; a second call ends immediately."""
        if self._ending:
            self._end()
            return
        self._ending = True
        self.log.write("info", "Shutting down for graceful restart" if graceful else "Shutting down")
        self.loop.call_later(SHUTDOWN_LIMIT, self._stop_timed_out)
        self.router.shutdown(self._all_down, graceful)

    def _stop_timed_out(self) -> None:
        for instance in self.router.protocols.values():
            if instance.state.value != "down":
                self.log.write("error", f"{instance.name}: did not stop in time")
        self._end()

    def _all_down(self) -> None:
        self._drain(self.loop.time() + DRAIN_LIMIT)

    def _drain(self, deadline: float) -> None:
        """Wait until last messages are sent, at most to the deadline, then end: exiting would lose them."""
        if self.network.closing and self.loop.time() < deadline:
            self.loop.call_later(0.005, self._drain, deadline)
        else:
            self._end()

    def _end(self) -> None:
        self.log.write("fatal", "Shutdown completed")
        for socket in (self._main_socket, *self._sockets.values()):
            socket.close()
        self._sockets.clear()
        self.kernel.close()
        self.loop.stop()

    # configuration ------------------------------------------------------

    def reload(self) -> None:
        """SIGHUP: read the configuration file again."""
        self.log.write("info", "Reconfiguration requested by SIGHUP")
        path = self.router.config.path or self._options.config

        def read() -> tuple[Config, Study]:
            config = self.console.read(path)
            return config, self.router.study(config)

        def carry_out(found: tuple[Config, Study] | None, error: Exception | None) -> None:
            match error:
                case None:
                    assert found is not None
                    self.router.reconfigure(found[0], study=found[1])
                    return
                case OSError():
                    text = f"Unable to open configuration file {path}: {error.strerror or error}"
                    self.log.write("error", text)
                case ConfigErrors():
                    for problem in error.errors:
                        self.log.write("error", str(problem))
                case _:
                    raise error
            self.log.write("error", "The running configuration stays")

        self._work(read, carry_out)

    def _load(self, path: str) -> Config:
        """Read a configuration, and check that its log files can be written.

        Raises:
            ConfigErrors: with every error.
            OSError: the file cannot be read.
        """
        config = self._language.load(path, memory=self._memory)
        check_files(config.logs, make=False)  # they are created when the configuration takes effect
        return config

    def _apply_config(self, config: Config) -> None:
        """Change logs and control sockets: the router runs a new configuration."""
        self._open_logs(config)
        self._warn(config)
        self._open_sockets(config)

    def _warn(self, config: Config) -> None:
        """Log the warnings that the previous configuration did not have."""
        for warning in new_warnings(self._warned, config.warnings):
            span = warning.span
            self.log.write("warning", f"{span.file}:{span.line}:{span.column} warning: {warning.text}")
        self._warned = config.warnings

    def _open_logs(self, config: Config) -> None:
        targets = config.logs
        if not targets and not self._options.debug:
            targets = default_targets(self._options.foreground)
        self.log.configure(targets, config.timeformat_log)

    # control sockets ----------------------------------------------------

    def _open_sockets(self, config: Config) -> None:
        """Open the sockets of new `cli` statements, close those whose statement is gone."""
        wanted = {item: None for item in config.sockets if item.path != self._options.socket}
        for item in [item for item in self._sockets if item not in wanted]:
            self._sockets.pop(item).close()
        for item in wanted:
            if item in self._sockets:
                continue
            try:
                self._sockets[item] = self._serve(item, Bound(item.path))
            except OSError as error:
                self.log.write("error", error.strerror or str(error))
            except AnotherDaemonError as error:
                self.log.write("error", f"Cannot create control socket {item.path}: {error}")

    def _serve(self, config: SocketConfig, bound: Bound) -> ControlSocket:
        options = SessionOptions(config.restrict, config.dialect or 2, config.v2_attributes)

        def accepted(stream: Stream) -> None:
            self.console.accept(stream, options)

        return ControlSocket(self.loop, self.log, bound, accepted)

    # dump ---------------------------------------------------------------

    def dump(self) -> None:
        """SIGUSR1: write the replies to `DUMP_COMMANDS` to a file in the working folder."""

        def failed(reason: str) -> None:
            self.log.write("error", f"Cannot write {DUMP_FILE}: {reason}")

        try:
            stream = FileStream(DUMP_FILE, len(DUMP_COMMANDS) + 1, failed, self.loop.call_soon)
        except OSError as error:
            failed(error.strerror or str(error))
            return
        session = self.console.open(stream)
        session.received("".join(f"{command}\n" for command in DUMP_COMMANDS).encode())
