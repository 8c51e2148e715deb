"""Replies: the answers of commands, as data.

A handler yields these; renderers in `cli` turn them into the text of BIRD's
control socket, into JSON or into tables, so that the forms cannot diverge. The
code of a reply is BIRD's (`NNNN` before each line): 0xxx done, 1xxx rows, 2xxx
headings, 8xxx a command failed, 9xxx it was not understood. One reply may be
several lines of text. `Pause` and `Wait` are for the session and never shown;
headings are not shown in JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pybird.core.protocol import Detail


class Reply:
    """Base of all replies. `code` is the code of the first line."""

    __slots__ = ()
    code: int


class CommandError(Exception):
    """A command cannot be carried out: ends its reply with this code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


PRUNED: Final = 26
LEFT: Final = 27
NOT_FOUND: Final = 8001
CONFIG_ERROR: Final = 8002
NO_MATCH: Final = 8003
RELOAD_FAILED: Final = 8006
DENIED: Final = 8007
EVAL_ERROR: Final = 8008
FILE_ERROR: Final = 8009
TOO_LONG: Final = 9000
PARSE_ERROR: Final = 9001
ARGUMENT_ERROR: Final = 9003


# ------------------------------------------------------------ of the session


@dataclass(frozen=True, slots=True)
class Pause(Reply):
    """Nothing to show yet: let other work run, then continue."""

    code: int = field(default=-1, init=False)


@dataclass(frozen=True, slots=True)
class Wait(Reply):
    """Continue when `ready()` is true, or after `timeout` seconds."""

    code: int = field(default=-1, init=False)
    ready: Callable[[], bool]
    timeout: float


PAUSE: Final = Pause()


# ------------------------------------------------------------------ general


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, seconds since the epoch; shown in the session's format.

    `use` says which of the session's formats: base, protocol or route.
    """

    wall: float
    use: str = "protocol"


@dataclass(frozen=True, slots=True)
class Note(Reply):
    """One line of text with a code: what a command did, and to which object."""

    code: int
    text: str
    name: str | None = None  # of the protocol, table or file it is about


@dataclass(frozen=True, slots=True)
class Done(Reply):
    """The end of a reply that has no closing line of its own."""

    code: int = field(default=0, init=False)


@dataclass(frozen=True, slots=True)
class FailureReply(Reply):
    """The end of a reply that failed, 8xxx or 9xxx."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class ConfigProblem(Reply):
    """An error of a configuration file.

    `shown` is the source line with a caret, and hints. Tools read the last line
    of the reply as the message, so the text form of the `last` problem has
    `shown` before the message.
    """

    code: int = field(default=8002, init=False)
    file: str
    line: int
    column: int
    message: str
    source: str = ""
    shown: tuple[str, ...] = ()
    last: bool = True


# -------------------------------------------------------------- show status


@dataclass(frozen=True, slots=True)
class Status(Reply):
    """`show status`. `recovery`: lines about graceful restart."""

    code: int = field(default=1000, init=False)
    version: str
    router_id: str
    hostname: str
    server_time: Moment
    last_reboot: Moment
    last_reconfiguration: Moment
    state: str
    recovery: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version(Reply):
    """`show version`: the program that really runs, whatever the banner says."""

    code: int = field(default=1000, init=False)
    program: str
    version: str
    python: str
    compiled: bool
    dialect: int


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """For one kind of object, the octets in use and those allocated but unused."""

    name: str
    effective: int
    overhead: int


@dataclass(frozen=True, slots=True)
class MemoryUse(Reply):
    """`show memory`; the rows are estimates, without a row for the total.

    `resident` is the real memory of the process in octets, None if unknown.
    """

    code: int = field(default=1018, init=False)
    rows: tuple[MemoryRow, ...]
    resident: int | None = None


# ----------------------------------------------------------- show protocols


@dataclass(frozen=True, slots=True)
class ProtocolHeading(Reply):
    """The line above the rows of `show protocols`."""

    code: int = field(default=2002, init=False)


@dataclass(frozen=True, slots=True)
class RouteChanges:
    """One line of `Route change stats`. A dialect shows those that it has columns for."""

    received: int = 0
    rejected: int = 0
    filtered: int = 0
    ignored: int = 0
    rx_limit: int = 0
    limit: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class LimitState:
    """A route limit of a channel."""

    count: int
    action: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class ChannelDetail:
    """One channel of `show protocols all`; counts are None while it is down."""

    name: str
    state: str
    import_state: str
    export_state: str
    table: str
    preference: int
    input_filter: str
    output_filter: str
    recovery: str | None = None  # while this router recovers: "pending", "waiting", both or nothing
    receive_limit: LimitState | None = None
    import_limit: LimitState | None = None
    export_limit: LimitState | None = None
    imported: int | None = None
    filtered: int | None = None
    exported: int | None = None
    preferred: int | None = None
    import_updates: RouteChanges | None = None
    import_withdraws: RouteChanges | None = None
    export_updates: RouteChanges | None = None
    export_withdraws: RouteChanges | None = None
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class PairDetail:
    """A protocol between two tables (pipe); imports are from the peer table. Counts are None while down."""

    table: str
    peer_table: str
    state: str
    import_state: str
    export_state: str
    import_filter: str
    export_filter: str
    import_limit: LimitState | None = None
    export_limit: LimitState | None = None
    imported: int | None = None
    exported: int | None = None
    import_updates: RouteChanges | None = None
    import_withdraws: RouteChanges | None = None
    export_updates: RouteChanges | None = None
    export_withdraws: RouteChanges | None = None


@dataclass(frozen=True, slots=True)
class OffenceDetail:
    """The last message from a neighbor that broke the rules: `octets` in hex, the first ones of `length`."""

    since: Moment
    action: str
    reason: str
    length: int
    octets: str


@dataclass(frozen=True, slots=True)
class ProtocolDetail:
    """What `show protocols all` adds to a row."""

    created: Moment
    description: str = ""
    message: str = ""
    router_id: str = ""
    vrf: str = ""
    orphan_since: Moment | None = None  # of a dynamic child whose neighbor is not discovered
    prune_at: Moment | None = None
    details: tuple[Detail, ...] = ()
    channels: tuple[ChannelDetail, ...] = ()
    pair: PairDetail | None = None
    offence: OffenceDetail | None = None


@dataclass(frozen=True, slots=True)
class ProtocolRow(Reply):
    """One protocol; `table` is empty if it has none or several.

    `info` is BIRD's column; `trouble` is what keeps it from working beyond that.
    """

    code: int = field(default=1002, init=False)
    name: str
    proto: str
    table: str
    state: str
    since: Moment
    info: str
    detail: ProtocolDetail | None = None
    trouble: str = ""


# --------------------------------------------------------------- show route


@dataclass(frozen=True, slots=True)
class RouteHeading(Reply):
    """The line above the first route of a table."""

    code: int = field(default=1007, init=False)
    table: str
    first: bool = True


@dataclass(frozen=True, slots=True)
class Via:
    """One next hop of a route."""

    gateway: str
    interface: str
    weight: int | None = None  # only of several next hops
    onlink: bool = False
    labels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeText:
    """One attribute: its name in filters, its name in dialect 2, its value."""

    name: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class RouteAttributes:
    """What `show route all` adds to a route."""

    source: str  # BGP, static, device, ...
    origin: str  # the same in the words of dialect 2
    attributes: tuple[AttributeText, ...] = ()
    hostentry: str = ""  # where the next hop is resolved
    local_metric: str = ""  # the metric of that, dialect 3


@dataclass(frozen=True, slots=True)
class RouteRow(Reply):
    """One route. `again`: its network is that of the previous row."""

    code: int = field(default=1007, init=False)
    table: str
    net: str
    again: bool
    dest: str
    protocol: str
    since: Moment
    sender: str  # the address it came from
    primary: bool
    preference: int
    info: str  # [AS65002i]
    metric: int | None = None
    stale: bool = False  # kept although its sender is lost, as a last choice
    kernel_error: bool = False
    hops: tuple[Via, ...] = ()
    all: RouteAttributes | None = None
    reason: str = ""  # why the protocol refused it, or why it is not valid; empty if the import filter did
    lost: str = ""  # the step of the decision that it lost; empty for the best route
    label: int | None = None  # the MPLS label that we gave it
    path_id: int = 0  # that its sender gave it (RFC 7911); 0 also without add-path


@dataclass(frozen=True, slots=True)
class RouteCount(Reply):
    """`N of M routes for K networks in table T`."""

    code: int = field(default=1007, init=False)
    table: str
    shown: int
    routes: int
    networks: int


@dataclass(frozen=True, slots=True)
class RouteTotal(Reply):
    """The sum over several tables."""

    code: int = field(default=14, init=False)
    tables: int
    shown: int
    routes: int
    networks: int


# ------------------------------------------------------- the other listings


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address of an interface; scope is BIRD's word: host, link, site, univ."""

    address: str
    length: int
    preferred: bool
    scope: str
    opposite: str = ""
    secondary: bool = False


@dataclass(frozen=True, slots=True)
class InterfaceRow(Reply):
    """One interface of `show interfaces`."""

    code: int = field(default=1001, init=False)
    name: str
    up: bool
    index: int
    mtu: int
    flags: tuple[str, ...]
    addresses: tuple[InterfaceAddress, ...] = ()
    master: str = ""


@dataclass(frozen=True, slots=True)
class InterfaceHeading(Reply):
    """The line above `show interfaces summary`."""

    code: int = field(default=2005, init=False)


@dataclass(frozen=True, slots=True)
class InterfaceSummary(Reply):
    """One interface with its preferred addresses."""

    code: int = field(default=1005, init=False)
    name: str
    state: str
    v4: str
    v6: str


@dataclass(frozen=True, slots=True)
class LabelRangeRow:
    """A range of labels: from `start` to before `end`, and what is in use of it."""

    name: str
    start: int
    length: int
    end: int
    labels: int
    last: int


@dataclass(frozen=True, slots=True)
class LabelDomainRanges(Reply):
    """A domain of `show mpls ranges`; `first`: no other was shown before it."""

    code: int = field(default=1026, init=False)
    domain: str
    ranges: tuple[LabelRangeRow, ...]
    first: bool = True


@dataclass(frozen=True, slots=True)
class SymbolRow(Reply):
    """A name of the configuration and what it is."""

    code: int = field(default=1010, init=False)
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class StaticRow(Reply):
    """A route of a static protocol as configured."""

    code: int = field(default=1009, init=False)
    protocol: str
    net: str
    target: str = ""
    hops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerHeading(Reply):
    """The line above the rows of `show peers`."""

    code: int = field(default=2030, init=False)


@dataclass(frozen=True, slots=True)
class PeerRow(Reply):
    """A discovered neighbor and the session created for it.

    Without a session `child` is empty and `why` is the reason; otherwise `why` is
    the child's info.
    """

    code: int = field(default=1030, init=False)
    table: str
    address: str
    interface: str
    source: str  # the protocol that found it, by the best entry
    since: Moment
    expires: float | None  # seconds from now, None: never
    child: str = ""
    state: str = ""
    why: str = ""
    orphan_since: Moment | None = None  # of a session whose neighbor is not discovered
    prune_in: float | None = None  # seconds from now; None: never, or not while it is up
    sources: tuple[str, ...] = ()  # every protocol that found it
    system: str = ""  # the name of the neighbor's system, where one is known
    port: str = ""  # and of its port
    cable: str = ""  # with `expect`: right, wrong, unknown


@dataclass(frozen=True, slots=True)
class RefusedHeading(Reply):
    """The line above the rows of `show route refused`."""

    code: int = field(default=2032, init=False)


@dataclass(frozen=True, slots=True)
class RefusedRow(Reply):
    """Why a channel did not import or export a network, or only a part of its route."""

    code: int = field(default=1032, init=False)
    net: str
    protocol: str
    channel: str
    direction: str  # import, export
    since: Moment
    reason: str


@dataclass(frozen=True, slots=True)
class HelpRow(Reply):
    """A command: its syntax, and what it does."""

    code: int = field(default=1031, init=False)
    syntax: str
    text: str


# `output json` leaves these out: they only shape the text.
HEADINGS: Final = (ProtocolHeading, RouteHeading, InterfaceHeading, PeerHeading, RefusedHeading)
