"""All commands: the core's, listed here, and those of the protocol types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pybird.cli import arguments as a
from pybird.cli import (
    configuring,
    dumps,
    labels,
    not_run,
    overview,
    peers,
    protocols,
    routes,
    session_commands,
)
from pybird.cli.route_arguments import show_route, show_route_refused
from pybird.conf.model import DEBUG_FLAGS
from pybird.core.command_parts import Parts, number
from pybird.core.command_targets import WHICH
from pybird.core.commands import Command, Commands
from pybird.core.protocol import ProtocolType


def _is_json(tree: Any, _session: Any) -> bool:
    return Parts(tree).has("json")


def _dialect(tree: Any, _session: Any) -> int:
    return number(tree)


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
    Command("show_peers", peers.show_peers, 'show peers [table <t> | "<interface>"]', a.show_peers),
    Command(
        "show_mpls_ranges", labels.show_mpls_ranges, "show mpls ranges [<domain>] [<range>]", labels.asked
    ),
    Command("show_threads", not_run.show_threads, "show threads [all]"),
    Command(
        "mrtdump",
        not_run.mrtdump,
        f"mrtdump {WHICH} (all | off | {{ states|messages [, ...] }})",
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
    Command("enable", protocols.enable, f'enable {WHICH} ["<message>"]', a.switch, restricted=True),
    Command("disable", protocols.disable, f'disable {WHICH} ["<message>"]', a.switch, restricted=True),
    Command("restart", protocols.restart, f'restart {WHICH} ["<message>"]', a.switch, restricted=True),
    Command("prune", peers.prune, f"prune {WHICH}", a.prune, restricted=True),
    Command("reload", protocols.reload, f"reload [in|out] {WHICH}", a.reload, restricted=True),
    Command(
        "reload_filters",
        protocols.reload_filters,
        f"reload filters [in|out] {WHICH} [partial <prefix set>]",
        a.reload,
        restricted=True,
    ),
    Command(
        "debug",
        protocols.debug,
        f"debug {WHICH}[.<channel>] (all | off | {{ {', '.join(DEBUG_FLAGS)} }})",
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
    """Every command of a router with these protocol types, in the order of help."""
    followers: dict[str, list[Command]] = {}
    for kind in types:
        for command in kind.commands:
            followers.setdefault(command.after, []).append(command)
    found = [each for core in CORE for each in (core, *followers.pop(core.rule, ()))]
    return Commands([*found, *(command for left in followers.values() for command in left)])
