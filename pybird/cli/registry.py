"""All commands: those below, and what the protocols bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pybird.cli import arguments as a
from pybird.cli import configuring, dumps, not_run, overview, peers, protocols, routes, session_commands
from pybird.cli.route_arguments import show_route, show_route_refused
from pybird.conf.model import DEBUG_FLAGS
from pybird.core.commands import Command, Commands
from pybird.core.protocol import ProtocolType

_WHO: Final = '(<protocol> | "<pattern>" | all)'


def _is_json(tree: Any, _session: Any) -> bool:
    return a.Parts(tree).has("json")


def _dialect(tree: Any, _session: Any) -> int:
    return a.number(tree)


def _expression(tree: Any, _session: Any) -> Any:
    return tree.children[0]


CORE: Final = (
    Command("show_status", overview.show_status, "show status"),
    Command("show_version", overview.show_version, "show version"),
    Command("show_memory", overview.show_memory, "show memory"),
    Command(
        "show_protocols",
        protocols.show_protocols,
        'show protocols [all] [<protocol> | "<pattern>"]',
        a.show_protocols,
    ),
    Command(
        "show_route",
        routes.show_route,
        "show route [<prefix> | for <prefix|ip> | in <prefix>] [table <t>|all] [filter <f> | where <cond>]"
        " [all] [primary] [filtered] [(export|preexport|noexport|exported) <p>[.<ch>]] [protocol <p>]"
        " [import|export table <p>.<ch>] [stats|count]",
        show_route,
    ),
    Command(
        "show_route_refused",
        routes.show_route_refused,
        "show route refused [<protocol>[.<channel>]] [<prefix> | for <prefix|ip> | in <prefix>]",
        show_route_refused,
    ),
    Command("show_interfaces", overview.show_interfaces, "show interfaces"),
    Command("show_interfaces_summary", overview.show_interfaces_summary, "show interfaces summary"),
    Command(
        "show_symbols",
        overview.show_symbols,
        "show symbols [table|filter|function|protocol|template|constant|<symbol>]",
        a.show_symbols,
    ),
    Command("show_static", overview.show_static, "show static [<protocol>]", a.show_static),
    Command("show_peers", peers.show_peers, 'show peers [table <t> | "<interface>"]', a.show_peers),
    Command(
        "show_ospf",
        not_run.show_ospf,
        'show ospf [<name> | neighbors|interface [<name>] ["<interface>"] | topology|state [all] [<name>]'
        " | lsadb [global | area <id> | link] [type <num>] [lsid <id>] [self | router <id>] [<name>]]",
        not_run.name_of,
    ),
    Command(
        "show_rip",
        not_run.show_rip,
        'show rip (interfaces|neighbors) [<name>] ["<interface>"]',
        not_run.name_of,
    ),
    Command(
        "show_babel",
        not_run.show_babel,
        'show babel (interfaces|neighbors|entries|routes) [<name>] ["<interface>"]',
        not_run.name_of,
    ),
    Command(
        "show_bfd",
        not_run.show_bfd,
        'show bfd sessions [<name>] [address <ip|prefix>] [(interface|dev) "<name>"] [ipv4|ipv6]'
        " [direct|multihop] [all]",
        not_run.name_of,
    ),
    Command("show_mpls_ranges", not_run.show_mpls_ranges, "show mpls ranges [<domain> | <range>]"),
    Command("show_threads", not_run.show_threads, "show threads [all]"),
    Command(
        "mrt_dump",
        not_run.mrt_dump,
        'mrt dump [table <name>|"<pattern>"] [to "<file>"] [filter <f> | where <cond>]',
        not_run.parts,
        restricted=True,
    ),
    Command(
        "mrtdump",
        not_run.mrtdump,
        f"mrtdump {_WHO} (all | off | {{ states|messages [, ...] }})",
        not_run.parts,
        restricted=True,
    ),
    Command(
        "configure",
        configuring.configure,
        'configure [soft] ["<file>"] [timeout [<sec>]]',
        a.configure,
        restricted=True,
    ),
    Command(
        "configure_check",
        configuring.configure_check,
        'configure check ["<file>"]',
        a.configure,
        restricted=True,
    ),
    Command("configure_confirm", configuring.configure_confirm, "configure confirm", restricted=True),
    Command("configure_undo", configuring.configure_undo, "configure undo", restricted=True),
    Command("configure_status", configuring.configure_status, "configure status"),
    Command("enable", protocols.enable, f'enable {_WHO} ["<message>"]', a.switch, restricted=True),
    Command("disable", protocols.disable, f'disable {_WHO} ["<message>"]', a.switch, restricted=True),
    Command("restart", protocols.restart, f'restart {_WHO} ["<message>"]', a.switch, restricted=True),
    Command("reload", protocols.reload, f"reload [in|out] {_WHO}", a.reload, restricted=True),
    Command(
        "reload_filters",
        protocols.reload_filters,
        f"reload filters [in|out] {_WHO} [partial <prefix set>]",
        a.reload,
        restricted=True,
    ),
    Command("reload_bgp", protocols.reload_bgp, f"reload bgp [in|out] {_WHO}", a.reload, restricted=True),
    Command(
        "debug",
        protocols.debug,
        f"debug {_WHO}[.<channel>] (all | off | {{ {', '.join(DEBUG_FLAGS)} }})",
        a.debug,
        restricted=True,
    ),
    Command("dump", dumps.dump, 'dump <what> ["<file>"]', a.dump, restricted=True),
    Command("eval", session_commands.eval_, "eval <expr>", _expression, restricted=True),
    Command("echo", session_commands.echo, "echo (all | off | { debug|trace|... [, ...] })", a.echo),
    Command(
        "timeformat",
        session_commands.timeformat,
        'timeformat [base|protocol|route] "<format>" [<limit> "<format>"] | iso (short|long) [ms|us]',
        a.timeformat,
    ),
    Command("output", session_commands.output, "output (json|text)", _is_json),
    Command("dialect", session_commands.dialect, "dialect (2|3)", _dialect),
    Command("restrict", session_commands.restrict, "restrict"),
    Command("down", configuring.down, "down", restricted=True),
    Command("graceful_restart", configuring.graceful_restart, "graceful restart", restricted=True),
    Command("help", session_commands.help_, "help"),
)


def commands(types: Iterable[ProtocolType] = ()) -> Commands:
    """Every command of a router with these protocol types."""
    return Commands([*CORE, *(command for kind in types for command in kind.commands)])
