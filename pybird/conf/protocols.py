"""What all `protocol` and `template` statements share: name, template, common options."""

from __future__ import annotations

from typing import Any, TypeVar

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.model import DEBUG_FLAGS, ProtocolConfig, Symbol, SymbolKind
from pybird.conf.options import Handlers, Ignored, Taken, constant, flags, switch, text
from pybird.conf.tree import Tree

P = TypeVar("P", bound=ProtocolConfig)


def open_protocol(builder: Builder, tree: Tree, kind: type[P]) -> Draft[P]:
    """Begin a protocol: its name, the values of its template, then the common options."""
    head = tree.find("protocol_head")
    assert head is not None
    assert builder.type is not None
    base = _base(builder, head, kind)
    name = builder.building = _name(builder, tree, head)
    if base is not None:
        builder.inherit(base.name, builder.span(head))
    draft = Draft(kind, base, type_name=builder.type.name, name=name, span=builder.span(head))
    builder.each(tree.children, draft, COMMON)
    return draft


def _name(builder: Builder, tree: Tree, head: Tree) -> str:
    name = next(iter(head.words()), None)
    if name is not None:
        builder.declare(name, "template" if builder.template else "protocol", tree.data)
        return str(name)
    assert builder.type is not None
    builder.always_reread = True
    number = 1
    while builder.scope.here(f"{builder.type.name}{number}") is not None:
        number += 1
    made = f"{builder.type.name}{number}"
    kind: SymbolKind = "template" if builder.template else "protocol"
    span = builder.sources.span(tree.start, tree.start)
    builder.scope.add(made, Symbol(made, kind, tree.data, span=span))
    return made


def _base(builder: Builder, head: Tree, kind: type[ProtocolConfig]) -> ProtocolConfig | None:
    origin = head.find("protocol_from")
    if origin is None:
        return None
    name = origin.words()[0]
    found = builder.scope.find(name)
    if found is None:
        known = [n for n, s in builder.scope.names.items() if isinstance(s, Symbol) and s.kind == "template"]
        raise builder.undefined(name, type(builder.scope)(), extra=known, what="template")
    if not isinstance(found, Symbol) or found.kind not in ("template", "protocol"):
        raise builder.error(f"`{name}` is no template or protocol", name)
    base = builder.bases.get(str(name))
    if base is None:
        raise builder.silenced(f"{name} is broken", name)
    assert builder.type is not None
    if base.type_name != builder.type.name:
        text = f"Can't copy configuration from a different protocol type: `{name}` is for {base.type_name}"
        raise builder.error(text, name, symbol=found)
    return base


def build_protocol(builder: Builder, statement: Tree) -> None:
    """Build the protocol of one `protocol` or `template` statement."""
    tree = statement.trees()[0]
    builder.template = statement.data == "template_statement"
    name = tree.data
    builder.type = builder.types.get(name)
    if builder.type is None:
        raise builder.error(f"BIRD has protocol {name}, PyBIRD does not yet", tree)
    builder.errors_before = len(builder.errors)
    config = builder.type.build(builder, tree)
    if len(builder.errors) > builder.errors_before:
        return
    builder.bases[config.name] = config
    if builder.template:
        return
    if builder.type.instance is None:
        head = tree.find("protocol_head")
        place = builder.sources.span(statement.start, head.end if head is not None else tree.end)
        builder.warn(f"protocol {name} is understood but not run by this version", place, "not-run")
    builder.made.append(config)


def _router_id(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["router_id"] = builder.router_id(tree.children[0])


def _restart_time(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["restart_time"] = builder.seconds(tree.children[0])


COMMON: Handlers = {
    "disabled": switch("disabled"),
    "restart_time": _restart_time,
    "debug": flags("debug", DEBUG_FLAGS),
    "mrtdump": Ignored("MRT dumps are not written"),
    "router_id": _router_id,
    "hostname": text("hostname"),
    "description": text("description"),
    "vrf": text("vrf"),
    "vrf_default": constant("vrf", "default"),
    "thread_group": Taken("one thread does the work"),
}
