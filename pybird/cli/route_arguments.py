"""The arguments of `show route`, which may come in any order and repeat: parse tree to value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pybird.cli.arguments import ChannelName, ShowRefused, ShowRoute, channel_name
from pybird.core.command_parts import Parts, named, words
from pybird.core.replies import PARSE_ERROR, CommandError
from pybird.values.address import Address
from pybird.values.net import Net, Prefix

_MATCH: Final = {"route_net": "exact", "route_for": "for", "route_in": "in"}


def show_route(tree: Any, session: Any) -> ShowRoute:
    """`show route`.

    Raises:
        CommandError: options that exclude each other, or a network expected and something else given.
    """
    found = ShowRoute()
    for rule, part in Parts(tree):
        found = _with_argument(found, rule, part, session)
    return found


def show_route_refused(tree: Any, session: Any) -> ShowRefused:
    """`show route refused`.

    Raises:
        CommandError: a network was expected and something else given.
    """
    found = ShowRefused()
    for rule, part in Parts(tree):
        if rule == "refused_by":
            found = replace(found, by=channel_name(part))
        elif rule in _MATCH:
            found = replace(found, net=_asked_net(rule, part, session), match=_MATCH[rule])
    return found


def _with_argument(found: ShowRoute, rule: str, part: Any, session: Any) -> ShowRoute:
    match rule:
        case "all":
            return replace(found, all=True)
        case "primary":
            return replace(found, primary=True)
        case "count":
            return replace(found, count=True, stats=False)
        case "stats":
            return replace(found, stats=True, count=False)
        case "filtered":
            return _with_mode(found, "filtered")
        case "route_table":
            tables = (*found.tables, named(part))
            return replace(found, tables=tables, channel_first=found.channel is not None)
        case "route_every_table":
            return replace(found, every_table=True)
        case "route_import_table" | "route_export_table":
            kind = rule.split("_")[1]
            return replace(_with_mode(found, f"{kind} table"), channel=channel_name(part))
        case "route_net" | "route_for" | "route_in":
            if found.net is not None:
                raise CommandError(PARSE_ERROR, "Only one prefix expected")
            return replace(found, net=_asked_net(rule, part, session), match=_MATCH[rule])
        case "policy_named" | "policy_filter" | "policy_where":
            if found.filter is not None:
                raise CommandError(PARSE_ERROR, "Filter specified twice")
            return replace(found, filter=session.console.language.filter_of(part, session.router.config))
        case "exported_to":
            mode = words(next(c for name, c in Parts(part) if name == "export_mode"))
            name: ChannelName = channel_name(part)
            return replace(_with_mode(found, mode), channel=name)
        case "route_protocol":
            return replace(found, protocol=named(part))
    raise CommandError(PARSE_ERROR, f"{words(part)} is not supported")


def _with_mode(found: ShowRoute, mode: str) -> ShowRoute:
    if found.mode:
        raise CommandError(PARSE_ERROR, "Incompatible show route options")
    return replace(found, mode=mode)


def _asked_net(rule: str, part: Any, session: Any) -> Net | Address:
    net = net_of_tree(part, session)
    if rule == "route_in" and not isinstance(net, Address | Prefix):
        raise CommandError(PARSE_ERROR, "Only IP networks accepted for 'in' argument")
    return net


def net_of_tree(part: Any, session: Any) -> Net | Address:
    """The network or address of `route_net`, `for`, `in`.

    Raises:
        CommandError: the expression is neither a network nor an address.
    """
    node = session.console.language.expression_of(part.children[0], session.router.config)
    value: Any = getattr(node, "value", None)
    if not isinstance(value, Address) and not hasattr(value, "key"):
        raise CommandError(PARSE_ERROR, f"{words(part)} is not a network")
    found: Net | Address = value
    return found
