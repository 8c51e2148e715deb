"""Build the configuration of `protocol bgp`: its options, and the checks when its block ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pybird.conf.bfd import session as bfd_session
from pybird.conf.builder import Builder
from pybird.conf.channels import PEERS
from pybird.conf.draft import Draft
from pybird.conf.model import ChannelConfig
from pybird.conf.mpls import mpls_channel
from pybird.conf.options import (
    Handler,
    Handlers,
    Ignored,
    Taken,
    address,
    checked_switch,
    constant,
    number,
    off_on_or,
    switch,
    word,
)
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Item, Token, Tree
from pybird.filter.nodes import Span
from pybird.proto.bgp import family
from pybird.proto.bgp.build_channel import (
    family_channel,
    peers_channel,
    stale_time,
)
from pybird.proto.bgp.config import ALL_CEASES, BgpChannelConfig, BgpConfig, PeersChannelConfig, SessionKey
from pybird.proto.bgp.routes.defaults import base_table, is_recursive
from pybird.proto.bgp.session.connection import HIGH_MARK
from pybird.proto.bgp.session.parameters import is_direct
from pybird.proto.bgp.session.restart import stale_bounds
from pybird.proto.bgp.wire.capabilities import wants_enhanced_refresh
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.text import to_octets

ANY_LOCAL_AS = 255
MULTIHOP = 64
NO_REMOTE_AS = "Remote AS number must be set"
NOT_SORTED = "BGP with secondary option requires sorted table"
NOT_OF_ITS_FAMILY = "Mismatched IGP table type"
LINK_LOCAL = Prefix(Address.parse("fe80::"), 10)

# Rules of options about the neighbors of a range.
_OF_CHILDREN = frozenset(
    (
        "child_prune_off",
        "child_prune_time",
        "dynamic_name",
        "dynamic_name_digits",
        "hold_down_after",
        "hold_down_forget_time",
        "hold_down_off",
        "hold_down_time",
        "persist",
    )
)

# RFC 4486: the names of the manual.
CEASES = {
    "cease": 0, "prefix limit hit": 1, "administrative shutdown": 2, "peer deconfigured": 3,
    "administrative reset": 4, "connection rejected": 5, "configuration change": 6,
    "connection collision": 7, "out of resources": 8,
}  # fmt: skip


def build(builder: Builder, tree: Tree) -> BgpConfig:
    """The configuration of one `protocol bgp` or template."""
    draft = open_protocol(builder, tree, BgpConfig)
    builder.each(tree.children, draft, OPTIONS)
    config = draft.freeze()
    if builder.complete:
        _check(builder, config, tree)
    return replace(config, key_on_link=_has_key_on_link(config, config.channels))


def _has_key_on_link(config: BgpConfig, channels: tuple[ChannelConfig, ...]) -> bool:
    """True if the password of link-local neighbors is for some interfaces only; not yet in a VRF."""
    limits = [each.from_interfaces for each in channels if isinstance(each, PeersChannelConfig)]
    limited = any(limits) or config.interface is not None or bool(config.interface_range)
    in_vrf = config.vrf not in (None, "default")
    return config.password is not None and limited and not in_vrf and _range_on_links(config)


# ------------------------------------------------------------------ checks


def _check(builder: Builder, config: BgpConfig, tree: Tree) -> None:
    """Check what BIRD checks when the block ends; every error stands at the closing brace."""
    for problem in (*_missing(config), *_session_problems(builder, config)):
        builder.errors.append(
            builder.end_error(problem, tree, place=_error_place(builder, config, problem, tree))
        )
    member = config.confederation_member
    if not is_internal(config) and not member:
        _check_policy(builder, config, tree)
    if member and config.local_role is not None:
        builder.warn("BGP roles are not recommended to be used within AS confederations", tree)
    for each in config.channels:
        if isinstance(each, BgpChannelConfig) and each.validate:
            _check_validation(builder, config, each, tree)
    _warn_of_missing_next_hop(builder, config)
    _warn_of_two_families(builder, config, tree)
    for text in _vain_demands(config):
        builder.end_warning(text, tree)
    _warn_of_options_for_children(builder, config, tree)


def _vain_demands(config: BgpConfig) -> list[str]:
    """What the neighbor must have though we do not have it: no session comes up, but BIRD accepts it."""
    found = []
    restarts, long_lived = config.graceful_restart != "off", config.long_lived_graceful_restart != "off"
    enhanced = config.enable_route_refresh and wants_enhanced_refresh(config)
    for name, have, text in (
        ("enhanced route refresh", enhanced, "Enhanced refresh required but disabled"),
        ("as4", config.enable_as4, "AS4 support required but disabled"),
        ("extended messages", config.enable_extended_messages, "Extended messages required but not enabled"),
        ("graceful restart", restarts, "Graceful restart required but not enabled"),
        (
            "long lived graceful restart",
            restarts and long_lived,
            "Long-lived graceful restart required but not enabled",
        ),
    ):
        if name in config.require and not have:
            found.append(text)
    channels = [each for each in config.channels if isinstance(each, BgpChannelConfig)]
    if any(each.require_extended_next_hop and not each.extended_next_hop for each in channels):
        found.append("Extended next hop required but not enabled")
    if any(each.require_add_paths and each.add_paths == "no" for each in channels):
        found.append("ADD-PATH required but not enabled")
    return found


def _warn_of_options_for_children(builder: Builder, config: BgpConfig, tree: Tree) -> None:
    """Warn of options that are about neighbors of a range, where there is a single one."""
    if config.remote_range is not None:
        return
    for option in tree.trees():
        if option.data in _OF_CHILDREN:
            name = option.data.replace("_", " ")
            builder.warn(f"`{name}` acts only with `neighbor range`", option)


def _warn_of_two_families(builder: Builder, config: BgpConfig, tree: Tree) -> None:
    """Warn of a local address that is not of the neighbor's family: no session, but BIRD accepts it."""
    local, remote = config.local_address, config.remote_range or config.remote_address
    if local is not None and remote is not None and local.is_v4 != _is_v4(remote):
        text = f"local address {local} cannot reach neighbor {remote}: the session stays down"
        builder.warn(text, tree.find("neighbor") or tree)


def _is_v4(address: Address | Prefix) -> bool:
    return (address.address if isinstance(address, Prefix) else address).is_v4


def _check_validation(builder: Builder, config: BgpConfig, channel: BgpChannelConfig, tree: Tree) -> None:
    """Check the base table of a flow channel: RFC 9117 compares flow routes with its unicast routes."""
    name = base_table(config, channel)
    if not builder.tables[name].trie:
        text = f"Flowspec validation requires base table ({name}) with trie"
        builder.errors.append(builder.end_error(text, tree))


def _warn_of_missing_next_hop(builder: Builder, config: BgpConfig) -> None:
    """Warn of IPv4 channels of link-local neighbors: without RFC 8950, next hops need IPv4 on the link."""
    if not _range_on_links(config):
        return
    for channel in config.channels:
        if not isinstance(channel, BgpChannelConfig) or channel.name not in family.NAMES:
            continue
        if channel.family.carries(bytes(4), False) and not channel.extended_next_hop:
            text = (
                "channel of link-local neighbors without `extended next hop`: "
                "it carries routes only where the link has IPv4 addresses"
            )
            builder.warn(f"{channel.name} {text}", channel.span)


def is_internal(config: BgpConfig) -> bool:
    """True if the neighbor is in our own AS."""
    return config.remote_kind == "internal" or (
        config.remote_as is not None and config.remote_as == config.local_as
    )


def _missing(config: BgpConfig) -> list[str]:
    found = []
    if not config.local_as:
        found.append("Local AS number must be set")
    if config.remote_address is None and config.remote_range is None:
        found.append("Neighbor must be configured")
    elif config.remote_as_set is not None and config.remote_kind != "external":
        found.append("A set of neighbor AS numbers needs `external`")
    elif config.remote_as is None and config.remote_kind is None:
        found.append(NO_REMOTE_AS)
    return found


def _error_place(builder: Builder, config: BgpConfig, problem: str, tree: Tree) -> tuple[str, Span] | None:
    """(hint, place) of the option or table that a problem comes from; None: only the block's end."""
    neighbor = tree.find("neighbor")
    if problem == NO_REMOTE_AS and neighbor is not None:
        return "this has no `as`", builder.span(neighbor)
    if problem == NOT_SORTED:
        channel = _unsorted_secondary(builder, config)[0]
        table = builder.tables[channel.table]
        text = (
            f"table {table.name} is not sorted: write `{channel.name.split()[0]} table {table.name} sorted;`"
        )
        return text, channel.span if table.implicit else table.span
    if problem == NOT_OF_ITS_FAMILY:
        text = "next hops of the other family need `extended next hop`"
        return text, _without_other_hops(config)[0].span
    return None


def _without_other_hops(config: BgpConfig) -> list[BgpChannelConfig]:
    """Channels with an IGP table for the other family, but without the next hops of that family."""
    return [
        channel
        for channel in config.channels
        if isinstance(channel, BgpChannelConfig)
        and _other_igp_table(channel)
        and is_recursive(config, channel)
        and not channel.extended_next_hop
    ]


def _other_igp_table(channel: BgpChannelConfig) -> str | None:
    """The IGP table of a channel for next hops that need `extended next hop`."""
    version = channel.family.hop_version
    if version == family.EITHER:
        return None
    return channel.igp_table6 if version == 4 else channel.igp_table4


def _unsorted_secondary(builder: Builder, config: BgpConfig) -> list[BgpChannelConfig]:
    """Channels with `secondary` on a table that is not sorted, so has no second best route."""
    return [
        channel
        for channel in config.channels
        if isinstance(channel, BgpChannelConfig)
        and channel.secondary
        and not builder.tables[channel.table].sorted
    ]


def _has_sorted_table(builder: Builder, config: BgpConfig) -> bool:
    """True if a channel's table is sorted: its full order cannot compare MED by groups."""
    return any(c.name != PEERS and builder.tables[c.table].sorted for c in config.channels)


def _is_recursive_and_sorted(builder: Builder, config: BgpConfig) -> bool:
    """True if next hops are looked up for a sorted table: they may change its order at any time."""
    return any(
        is_recursive(config, channel) and builder.tables[channel.table].sorted
        for channel in config.channels
        if isinstance(channel, BgpChannelConfig)
    )


def _session_problems(builder: Builder, config: BgpConfig) -> list[str]:
    found = []
    internal = is_internal(config)
    if config.remote_as is not None and config.local_as:
        if config.remote_kind == "internal" and config.remote_as != config.local_as:
            found.append("Internal neighbor must have the local AS number")
        if config.remote_kind == "external" and config.remote_as == config.local_as:
            found.append("External neighbor must not have the local AS number")
    found += _role_and_key_problems(config, internal)
    if config.rr_client and not internal:
        found.append("Only internal neighbor can be RR client")
    if config.rs_client and internal:
        found.append("Only external neighbor can be RS client")
    found += _direct_problems(config)
    found += _time_problems(config)
    if any(c.name == PEERS for c in config.channels) and config.remote_range is None:
        found.append("only a dynamic protocol (`neighbor range`) can have a peers channel")
    if config.deterministic_med and _has_sorted_table(builder, config):
        found.append("BGP with deterministic MED prohibits sorted table")
    elif _is_recursive_and_sorted(builder, config):
        found.append("BGP in recursive mode prohibits sorted table")
    if _unsorted_secondary(builder, config):
        found.append(NOT_SORTED)
    if _without_other_hops(config):
        found.append(NOT_OF_ITS_FAMILY)
    if config.interface_range and not config.strict_bind:
        found.append("Interface range needs strict bind")
    if config.interface_range and config.interface is not None:
        found.append("Interface and interface range cannot be configured together")
    placed = config.local_address is not None or config.interface is not None or config.interface_range
    if config.strict_bind and not placed:
        found.append("Local address or an interface must be configured for strict bind")
    return found


def _time_problems(config: BgpConfig) -> list[str]:
    found = []
    hold = config.hold_time
    keepalive = hold // 3 if config.keepalive_time is None else config.keepalive_time
    if config.keepalive_time is not None and hold and keepalive > hold:
        found.append("Keepalive time must be at most hold time")
    if config.min_hold_time > hold:
        found.append(f"Min hold time ({config.min_hold_time}) exceeds hold time ({hold})")
    if config.min_keepalive_time > keepalive:
        found.append(f"Min keepalive time ({config.min_keepalive_time}) exceeds keepalive time ({keepalive})")
    if config.send_hold_time and config.send_hold_time < hold:
        found.append("Send hold time must be zero or at least hold time")
    return found + _restart_problems(config)


def _restart_problems(config: BgpConfig) -> list[str]:
    """Contradictions of graceful restart and its long-lived form."""
    found = []
    low, high = config.min_graceful_restart_time, config.max_graceful_restart_time
    if low is not None and high is not None and low > high:
        found.append(f"Min graceful restart time ({low}) exceeds max graceful restart time ({high})")
    if config.graceful_restart == "off" and config.graceful_restart_after_notification:
        found.append("Graceful restart after notification requires basic graceful restart")
    if config.graceful_restart == "off" and config.long_lived_graceful_restart in ("on", "aware"):
        found.append("Long-lived graceful restart requires basic graceful restart")
    channels = [each for each in config.channels if isinstance(each, BgpChannelConfig)]
    for low, high in dict.fromkeys([stale_bounds(config, each) for each in (None, *channels)]):
        if low is not None and high is not None and low > high:
            found.append(f"Min long-lived stale time ({low}) exceeds max long-lived stale time ({high})")
    return found


def _role_and_key_problems(config: BgpConfig, internal: bool) -> list[str]:
    found = []
    if config.require_roles and config.local_role is None:
        found.append("Local role must be set if roles are required")
    if config.local_role is not None and internal:
        found.append("Local role cannot be set on IBGP sessions")
    if config.enforce_first_as and internal:
        found.append("Enforce first AS check is requires EBGP sessions")
    if config.confederation_member and not config.confederation:
        found.append("Confederation ID must be set for member sessions")
    if (config.authentication == "ao" and config.password is not None) or (
        config.authentication == "md5" and config.password is None
    ):
        found.append("MD5 authentication and password option should be used together")
    if (config.authentication == "ao") != bool(config.keys):
        found.append("AO authentication and keys option should be used together")
    if config.authentication == "ao" and config.remote_range is not None:
        found.append("AO authentication not supported on dynamic BGP sessions")
    return found


def _range_on_links(config: BgpConfig) -> bool:
    """True if the neighbors are link-local; each has the interface that it was found on."""
    return config.remote_range is not None and LINK_LOCAL.covers(config.remote_range)


def _direct_problems(config: BgpConfig) -> list[str]:
    found = []
    multihop = config.multihop is not None
    remote = config.remote_address
    if multihop and _range_on_links(config):
        found.append(
            "Multihop BGP cannot be used with a link-local range: link-local addresses end at the link"
        )
    local = config.local_address
    on_link = remote is not None and remote.is_link_local
    from_link = local is not None and local.is_link_local
    if multihop and (on_link or from_link):
        found.append("Multihop BGP cannot be used with link-local addresses")
    if on_link and config.interface is None:
        found.append("Link-local neighbor address requires specified interface")
    elif from_link and config.interface is None and not _range_on_links(config):
        found.append("Link-local addresses require defined interface")
    by_link = any(isinstance(each, BgpChannelConfig) and each.gateway == "direct" for each in config.channels)
    if by_link and not is_direct(config):
        found.append("Multihop BGP cannot use direct gateway mode")
    if config.enable_link_local_next_hop and not is_direct(config):
        found.append("Multihop BGP cannot have link-local next hops")
    if not is_direct(config):
        return found + _problems_of_multihop(config)
    if config.onlink and config.interface is None and config.remote_range is None and not config.passive:
        found.append("Active onlink BGP must have interface configured")
    return found


def _problems_of_multihop(config: BgpConfig) -> list[str]:
    """Options of a link, on a session that has none."""
    found = []
    if config.interface is not None or config.interface_range:
        found.append("Multihop BGP cannot be bound to interface")
    if config.check_link:
        found.append("Multihop BGP cannot depend on link state")
    if config.onlink:
        found.append("Multihop BGP cannot be configured onlink")
    return found


def _check_policy(builder: Builder, config: BgpConfig, tree: Tree) -> None:
    """Check that a session with the outside has explicit import and export policies (RFC 8212)."""
    for each in config.channels:
        if not isinstance(each, BgpChannelConfig) or (each.import_set and each.export_set):
            continue
        what, write = "import policy", "`import all;` or `import where ...;`"
        if each.import_set:
            what, write = "export policy", "`export all;` or `export where ...;`"
        elif not each.export_set:
            what, write = "import and export policies", "`import all; export none;`, or with `where ...`"
        place = (f"write {write} into this {each.name} channel", each.span)
        builder.errors.append(builder.end_error(f"EBGP requires explicit {what}", tree, place=place))


# ---------------------------------------------------- local and neighbor


def _local(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    for at, part in enumerate(tree.trees()):
        match part.data:
            case "endpoint":
                draft["local_address"] = _address(builder, part)
                _require_first(builder, part, at)
                if len(part.children) > 1:
                    draft["interface"] = builder.interface_name(part.children[1])
            case "port":
                draft["local_port"] = _port(builder, part)
            case "as_number":
                draft["local_as"] = builder.number(part.children[0], 1)


def _require_first(builder: Builder, part: Tree, at: int) -> None:
    if at:
        raise builder.error("The address stands before port and AS", part)


def _address(builder: Builder, part: Tree) -> Address:
    first = part.children[0]
    if isinstance(first, Token) and first.type == "NUMBER":
        raise builder.error(f"`as` missing before `{first}`", first)
    return builder.address(first)


def _port(builder: Builder, part: Tree) -> int:
    value = builder.number(part.children[0])
    if not 1 <= value <= 65535:
        raise builder.error("Invalid port number", part.children[0])
    return value


def _neighbor(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    for at, part in enumerate(tree.trees()):
        match part.data:
            case "endpoint":
                _refuse_second_neighbor(builder, draft, part)
                draft["remote_address"] = _address(builder, part)
                _require_first(builder, part, at)
                if len(part.children) > 1:
                    draft["interface"] = builder.interface_name(part.children[1])
            case "range":
                _refuse_second_neighbor(builder, draft, part)
                draft["remote_range"] = builder.prefix(part.children[0])
                _require_first(builder, part, at)
            case "port":
                draft["remote_port"] = _port(builder, part)
            case "neighbor_as":
                _neighbor_as(builder, draft, part)
            case "internal" | "external":
                draft["remote_kind"] = part.data
            case "neighbor_onlink":
                draft["onlink"] = True


def _neighbor_as(builder: Builder, draft: Draft[Any], part: Tree) -> None:
    """`as NUMBER` or `as [SET]`; the later of several wins."""
    item = part.children[0]
    literal = builder.constant(item)
    if literal.type == "int set":
        draft["remote_as"], draft["remote_as_set"] = None, literal.value
    elif literal.type.endswith("set"):
        raise builder.error(f"a set of AS numbers expected here, this is of type {literal.type}", item)
    else:
        draft["remote_as"], draft["remote_as_set"] = builder.number(item, 1), None


def _refuse_second_neighbor(builder: Builder, draft: Draft[Any], part: Tree) -> None:
    if draft["remote_address"] is not None or draft["remote_range"] is not None:
        raise builder.error("Only one neighbor per BGP instance is allowed", part)


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["interface"] = builder.text(tree.children[0])


def _interface_range(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["interface_range"] = builder.interface_patterns(tree.children[0])


def _direct_session(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["direct"] = True
    draft["multihop"] = None


def _multihop(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["multihop"] = builder.number(tree.children[0], 1, 255) if tree.children else MULTIHOP
    draft["direct"] = False


def _cluster_id(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["rr_cluster_id"] = builder.router_id(tree.children[0])


def _allow_local_as(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["allow_local_as"] = builder.number(tree.children[0]) if tree.children else ANY_LOCAL_AS


def _dynamic_name(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["dynamic_name"] = builder.text(tree.children[0])
    if "%" in draft["dynamic_name"]:
        raise builder.error("Forbidden character '%' in dynamic name", tree.children[0])


# ---------------------------------------------------------------- timers


def _hold(field: str) -> Handler:
    """The handler of a hold time: 0, or 3 to 65535 seconds (RFC 4271, 4.2)."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value = builder.number(tree.children[0], 0, 65535)
        if value in (1, 2):
            raise builder.error("Hold time must be in range 3-65535 or zero", tree.children[0])
        draft[field] = value

    return handle


def _start_delay(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    builder.warn("`start delay time` is deprecated, use `connect delay time`", tree, "deprecated")
    draft["connect_delay_time"] = builder.number(tree.children[0])


def _error_wait(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    low, high = (builder.number(child) for child in tree.children)
    draft["error_wait_time"] = (min(low, high), high)


def _hold_down(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    low, high = (builder.number(child, 1) for child in tree.children)
    if low > high:
        raise builder.error(
            f"the first hold down, {low} s, is longer than the last, {high} s", tree.children[0]
        )
    draft["hold_down_time"] = (low, high)


def _after_cease(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    what = tree.trees()[0]
    if what.data == "cease_set":
        draft["disable_after_cease"] = frozenset(CEASES[item.text()] for item in what.trees())
    else:
        draft["disable_after_cease"] = ALL_CEASES if builder.switch(what) else frozenset()


# ----------------------------------------------- capabilities, authentication


def _graceful_restart(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["graceful_restart"] = "on" if builder.switch(tree.children[0]) else "off"


def _long_lived(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["long_lived_graceful_restart"] = "on" if builder.switch(tree.children[0]) else "off"


def _require(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    what, on = tree.trees()
    name = what.text()
    draft["require"] = draft["require"] | {name} if builder.switch(on) else draft["require"] - {name}


def _capabilities(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["capabilities"] = builder.switch(tree.children[0])


def _password(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    value = builder.text(tree.children[0])
    if not 1 <= len(to_octets(value)) <= 80:
        raise builder.error("a TCP MD5 password has 1 to 80 octets", tree.children[0])
    draft["password"] = value


def _authentication(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["authentication"] = str(tree.children[-1])


def _keys(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    for item in tree.trees():
        draft_of_key: Draft[SessionKey] = Draft(SessionKey)
        builder.each(item.children, draft_of_key, KEY)
        key = draft_of_key.freeze()
        if problem := _key_problem(key, draft["keys"]):
            raise builder.end_error(problem, item)
        draft["keys"] = (*draft["keys"], key)


def _key_problem(key: SessionKey, before: tuple[SessionKey, ...]) -> str:
    """What is wrong with a key, in BIRD's words; empty if nothing is."""
    if key.send_id is None:
        return "No key Send ID"
    if key.recv_id is None:
        return "No key Recv ID"
    if not key.secret:
        return f"No secret defined for key {key.ao}"
    if len(key.secret) > MAX_SECRET:
        return "TCP-AO secret too long"
    if key.preferred and key.deprecated:
        return "Key cannot be both preferred and deprecated"
    if any(each.send_id == key.send_id for each in before):
        return f"Multiple keys with Send ID {key.send_id}"
    if any(each.recv_id == key.recv_id for each in before):
        return f"Multiple keys with Recv ID {key.recv_id}"
    return ""


def _key_id(builder: Builder, key: Draft[Any], tree: Tree) -> None:
    key["send_id"] = key["recv_id"] = builder.number(
        tree.children[0], 0, 255, "Key ID must be in range 0-255"
    )


def _key_secret(builder: Builder, key: Draft[Any], tree: Tree) -> None:
    key["secret"] = builder.octets(tree.children[0])


def _key_algorithm(builder: Builder, key: Draft[Any], tree: Tree) -> None:
    name = tree.trees()[0].text()
    if name not in KEY_ALGORITHMS:
        raise builder.error("Unknown algorithm for TCP-AO", tree, expected=KEY_ALGORITHMS)
    key["algorithm"] = name


def _bfd_options(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    bfd_session(builder, tree.trees()[0])


def _only_value(field: str) -> Handler:
    """The handler of a number after keywords that have two spellings."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.number(tree.children[-1])

    return handle


def _by_switch(field: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        item: Item = tree.children[-1]
        draft[field] = builder.switch(item)

    return handle


def _tx_size_warning(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    size = draft["tx_size_warning"] = builder.number(tree.children[0])
    if size > HIGH_MARK:
        text = f"no more than about {HIGH_MARK} octets wait for a neighbor: there will be no warning"
        builder.warn(f"`tx size warning {size}`: {text}", tree)


MAX_SECRET = 80  # octets of a key of TCP-AO; the system's limit
KEY_ALGORITHMS = (
    "hmac md5", "hmac sha1", "hmac sha224", "hmac sha256", "hmac sha384", "hmac sha512", "cmac aes128",
)  # fmt: skip
KEY: Handlers = {
    "key_id": _key_id,
    "send_id": number("send_id", 0, 255, "Send ID must be in range 0-255"),
    "recv_id": number("recv_id", 0, 255, "Recv ID must be in range 0-255"),
    "secret": _key_secret,
    "password_algorithm": _key_algorithm,
    "preferred": constant("preferred", True),
    "deprecated": constant("deprecated", True),
}


def _restart_time(field: str, what: str) -> Handler:
    """A time in seconds, which must fit the 12 bits of the capability's field (RFC 4724, 3)."""
    return number(field, 0, 0xFFF, f"{what} time must be less than 4096")


# Accepted, but not acted on: the session only loses speed or convenience.
NOT_ACTED_ON: Handlers = {
    "bfd": Ignored("the session notices a dead neighbor by its hold time"),
    "bfd_graceful": Ignored("the session notices a dead neighbor by its hold time"),
    "bfd_options": Ignored("the session notices a dead neighbor by its hold time", _bfd_options),
    "setkey": Taken("it is for BSD kernels", checked_switch),
}

OPTIONS: Handlers = {
    **NOT_ACTED_ON,
    "keys": _keys,
    "bgp_channel": family_channel,
    "mpls_channel": mpls_channel,
    "bgp_peers": peers_channel,
    "local": _local,
    "source_address": address("local_address"),
    "interface": _interface,
    "interface_range": _interface_range,
    "strict_bind": switch("strict_bind"),
    "free_bind": switch("free_bind"),
    "onlink": switch("onlink"),
    "neighbor": _neighbor,
    "direct": _direct_session,
    "multihop": _multihop,
    "passive": switch("passive"),
    "ttl_security": switch("ttl_security"),
    "check_link": switch("check_link"),
    "rr_client": switch("rr_client"),
    "rr_cluster_id": _cluster_id,
    "rs_client": switch("rs_client"),
    "confederation": number("confederation"),
    "confederation_member": switch("confederation_member"),
    "allow_local_as": _allow_local_as,
    "local_role": word("local_role"),
    "require_roles": switch("require_roles"),
    "disable_rx": switch("disable_rx"),
    "tx_size_warning": _tx_size_warning,
    "dynamic_name": _dynamic_name,
    "dynamic_name_digits": number("dynamic_name_digits", 0, 10),
    "persist": off_on_or("persist", established="established"),
    "child_prune_time": number("child_prune_time"),
    "child_prune_off": constant("child_prune_time", "off"),
    "hold_down_after": number("hold_down_after"),
    "hold_down_time": _hold_down,
    "hold_down_forget_time": number("hold_down_forget_time"),
    "hold_down_off": constant("hold_down_after", 0),
    "hold_time": _hold("hold_time"),
    "min_hold_time": number("min_hold_time"),
    "startup_hold_time": number("startup_hold_time"),
    "keepalive_time": number("keepalive_time", 1, 65535),
    "min_keepalive_time": number("min_keepalive_time"),
    "send_hold_time": number("send_hold_time"),
    "connect_delay_time": number("connect_delay_time"),
    "start_delay_time": _start_delay,
    "connect_retry_time": number("connect_retry_time"),
    "error_wait_time": _error_wait,
    "error_forget_time": number("error_forget_time"),
    "disable_after_error": switch("disable_after_error"),
    "disable_after_cease": _after_cease,
    "enable_route_refresh": switch("enable_route_refresh"),
    "enable_enhanced_route_refresh": switch("enable_enhanced_route_refresh"),
    "enable_as4": switch("enable_as4"),
    "enable_extended_messages": switch("enable_extended_messages"),
    "enable_link_local_next_hop": switch("enable_link_local_next_hop"),
    "advertise_hostname": switch("advertise_hostname"),
    "capabilities": _capabilities,
    "graceful_restart": _graceful_restart,
    "graceful_restart_aware": constant("graceful_restart", "aware"),
    "graceful_restart_after_notification": switch("graceful_restart_after_notification"),
    "graceful_restart_time": _restart_time("graceful_restart_time", "Graceful restart"),
    "min_graceful_restart_time": _restart_time("min_graceful_restart_time", "Min graceful restart"),
    "max_graceful_restart_time": _restart_time("max_graceful_restart_time", "Max graceful restart"),
    "long_lived_graceful_restart": _long_lived,
    "long_lived_graceful_restart_aware": constant("long_lived_graceful_restart", "aware"),
    "long_lived_stale_time": stale_time(),
    "min_long_lived_stale_time": stale_time("min"),
    "max_long_lived_stale_time": stale_time("max"),
    "require": _require,
    "password": _password,
    "authentication": _authentication,
    "enforce_first_as": switch("enforce_first_as"),
    "interpret_communities": switch("interpret_communities"),
    "allow_local_pref": _by_switch("allow_local_pref"),
    "allow_med": _by_switch("allow_med"),
    "allow_as_sets": switch("allow_as_sets"),
    "path_metric": switch("path_metric"),
    "med_metric": switch("med_metric"),
    "igp_metric": switch("igp_metric"),
    "prefer_older": switch("prefer_older"),
    "deterministic_med": switch("deterministic_med"),
    "default_med": _only_value("default_med"),
    "default_local_pref": _only_value("default_local_pref"),
}
