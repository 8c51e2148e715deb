"""Builds the configuration of `protocol radv`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import PEERS, common_channel, default_channel
from pybird.conf.draft import Draft
from pybird.conf.options import Handler, Handlers, number, switch
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.radv.config import CustomOption, Dnssl, Lifetime, RadvConfig, RaInterface, RaPrefix, Rdnss
from pybird.values.net import NetType

PREFERENCES = {"low": 3, "medium": 0, "high": 1}  # RFC 4191, 2.1
MOST_LIFETIME = 9000  # RFC 8319, 4
MOST_INTERVAL = 1800
LEAST_INTERVAL = 4
MOST_OCTETS = 255 * 8 - 2  # an option's length field counts units of 8 octets (RFC 4861, 4.6)


def build(builder: Builder, tree: Tree) -> RadvConfig:
    """The configuration of one `protocol radv`."""
    draft = open_protocol(builder, tree, RadvConfig)
    builder.each(tree.children, draft, OPTIONS)
    if all(channel.name != "ipv6" for channel in draft["channels"]):
        default_channel(builder, draft, "ipv6", tree)
    draft["channels"] = tuple(sorted(draft["channels"], key=lambda channel: channel.name != "ipv6"))
    config = draft.freeze()
    if builder.complete:
        _check(builder, config, tree)
    return config


def _check(builder: Builder, config: RadvConfig, tree: Tree) -> None:
    channels = {channel.name for channel in config.channels}
    if any(interface.discovery for interface in config.interfaces) and PEERS not in channels:
        raise builder.end_error("`router discovery` needs a `peers` channel to announce routers to", tree)


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    common_channel(builder, draft, tree, ("ipv6", PEERS))


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    patterns, *items = tree.trees()
    interface = Draft(RaInterface, None, patterns=builder.interface_names(patterns))
    builder.each(items, interface, INTERFACE)
    made = interface.freeze()
    _check_interface(builder, made, tree)
    draft.append("interfaces", made)


def _check_interface(builder: Builder, made: RaInterface, tree: Tree) -> None:
    longest = made.max_ra_interval if made.max_ra_interval is not None else 10 if made.discovery else 600
    if made.min_ra_interval is not None and made.min_ra_interval > longest * 3 // 4:
        text = f"Min RA interval must be at most 3/4 of Max RA interval, {longest * 3 // 4}"
        raise builder.error(text, _option(tree, "min_ra_interval"))
    for option in ("default_lifetime", "route_lifetime", "prefix_linger_time", "route_linger_time"):
        lifetime = getattr(made, option)
        if lifetime and lifetime < longest:
            what = option.replace("_", " ").capitalize()
            text = f"{what} must be 0 or at least Max RA interval, {longest}"
            raise builder.error(text, _option(tree, option))


def _option(tree: Tree, name: str) -> Tree:
    return tree.find(name) or tree


def _lifetime(field: str, most: int = 0xFFFFFFFF) -> Handler:
    """A handler for `... lifetime N [sensitive B]`."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value, *sensitive = tree.children
        draft[field] = builder.number(value, 0, most)
        if sensitive:
            assert isinstance(sensitive[0], Tree)
            draft[f"{field.removesuffix('_lifetime')}_sensitive" if field in PREFIX_LIFETIMES
                  else f"{field}_sensitive"] = builder.switch(sensitive[0].children[0])  # fmt: skip

    return handle


PREFIX_LIFETIMES = ("valid_lifetime", "preferred_lifetime")


def _preference(field: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        level = tree.trees()[0]
        draft[field] = PREFERENCES[level.words()[0]]

    return handle


def _prefix(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    value = builder.prefix(tree.children[0])
    if value.type is not NetType.IP6:
        raise builder.error("Prefix must be IPv6", tree.children[0])
    prefix = Draft(RaPrefix, None, prefix=value)
    builder.each(tree.children[1:], prefix, PREFIX)
    made = prefix.freeze()
    if made.preferred_lifetime > made.valid_lifetime:
        place = tree.find("preferred_lifetime") or _option(tree, "valid_lifetime")
        raise builder.error("Preferred lifetime must not be longer than valid lifetime", place)
    if made.valid_sensitive and not made.preferred_sensitive:
        place = _option(tree, "valid_lifetime")
        raise builder.error("A sensitive valid lifetime requires a sensitive preferred lifetime", place)
    draft.append("prefixes", made)


def _trigger(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["trigger"] = builder.prefix(tree.children[0])
    if draft["trigger"].type is not NetType.IP6:
        raise builder.error("Prefix must be IPv6", tree.children[0])


def _build_lifetime(builder: Builder, item: Tree) -> Lifetime:
    value = builder.number(item.children[0])
    if item.data == "lifetime":
        return Lifetime(seconds=value)
    if value < 1:
        raise builder.error("Lifetime multiplier must be at least 1", item)
    return Lifetime(multiplier=value)


def _servers(tree: Tree, name: str) -> list[Tree]:
    return [item for item in tree.trees() if item.data == name]


def _rdnss(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    lifetime = _common_lifetime(builder, tree)
    values = [each.children[0] for each in _servers(tree, "ns")] or _single(tree)
    if not values:
        raise builder.error("No nameserver in RDNSS section", tree)
    for item in values:
        server = builder.address(item)
        if server.is_v4:
            raise builder.error("a name server's address must be IPv6", item)
        draft.append("rdnss", Rdnss(server, lifetime))


def _dnssl(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    lifetime = _common_lifetime(builder, tree)
    values = [each.children[0] for each in _servers(tree, "domain")] or _single(tree)
    if not values:
        raise builder.error("No domain in DNSSL section", tree)
    for item in values:
        domain = builder.text(item)
        if not domain or any(not 1 <= len(label) <= 63 for label in domain.rstrip(".").split(".")):
            raise builder.error(f"Invalid domain {domain!r}", item)
        draft.append("dnssl", Dnssl(domain, lifetime))


def _common_lifetime(builder: Builder, tree: Tree) -> Lifetime:
    found = [item for item in tree.trees() if item.data in ("lifetime", "lifetime_mult")]
    return _build_lifetime(builder, found[-1]) if found else Lifetime()


def _single(tree: Tree) -> list[Any]:
    names = ("ns", "domain", "lifetime", "lifetime_mult")
    return [item for item in tree.children if not isinstance(item, Tree) or item.data not in names]


def _custom(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    kind, value = tree.children
    option = CustomOption(builder.number(kind, 0, 255), builder.constant(value, "bytestring").value)
    if len(option.value) > MOST_OCTETS:
        raise builder.error(f"an option has at most {MOST_OCTETS} octets of value", value)
    draft.append("custom_options", option)


SHARED: Handlers = {"prefix": _prefix, "rdnss": _rdnss, "dnssl": _dnssl, "custom_option": _custom}

INTERFACE: Handlers = {
    **SHARED,
    "min_ra_interval": number("min_ra_interval", 3, MOST_INTERVAL),
    "max_ra_interval": number("max_ra_interval", LEAST_INTERVAL, MOST_INTERVAL),
    "min_delay": number("min_delay", 1),
    "solicited_unicast": switch("solicited_unicast"),
    "managed": switch("managed"),
    "other_config": switch("other_config"),
    "link_mtu": number("link_mtu"),
    "reachable_time": number("reachable_time", 0, 3600000),
    "retrans_timer": number("retrans_timer"),
    "current_hop_limit": number("current_hop_limit", 0, 255),
    "default_lifetime": _lifetime("default_lifetime", MOST_LIFETIME),
    "default_preference": _preference("default_preference"),
    "route_lifetime": _lifetime("route_lifetime"),
    "route_preference": _preference("route_preference"),
    "prefix_linger_time": number("prefix_linger_time"),
    "route_linger_time": number("route_linger_time"),
    "rdnss_local": switch("rdnss_local"),
    "dnssl_local": switch("dnssl_local"),
    "custom_local": switch("custom_local"),
    "discovery": switch("discovery"),
}

PREFIX: Handlers = {
    "skip": switch("skip"),
    "onlink": switch("onlink"),
    "autonomous": switch("autonomous"),
    "pd_preferred": switch("pd_preferred"),
    "valid_lifetime": _lifetime("valid_lifetime"),
    "preferred_lifetime": _lifetime("preferred_lifetime"),
}

OPTIONS: Handlers = {
    **SHARED,
    "channel": _channel,
    "peers_channel": _channel,
    "interface": _interface,
    "trigger": _trigger,
    "propagate_routes": switch("propagate_routes"),
}
