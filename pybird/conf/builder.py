"""The builder: from parse trees to the configuration, in the order of the text.

It is built in floors, each a subclass of the one below: `diagnostics.py`
collects errors, `names.py` resolves names, `values.py` reads values out of
option trees. `nets.py`, `expressions.py` and `statements.py` make the nodes of
filters. This module adds filters, the protocols built so far, and applies the
tables of options that `options.py` makes. `toplevel.py` has the statements of
the file, `protocols.py` what all protocols share, `channels.py` what all
channels share; each protocol's own options are in its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar

from pybird.conf.draft import Draft
from pybird.conf.expressions import ExpressionBuilder
from pybird.conf.include import Sources
from pybird.conf.model import LabelDomain, ProtocolConfig
from pybird.conf.scope import Scope
from pybird.conf.statements import filter_of, merging, where
from pybird.conf.tree import Item, Token, Tree
from pybird.conf.values import Values
from pybird.filter.check import check
from pybird.filter.nodes import ACCEPT, REJECT, Filter, Node
from pybird.values.attributes import AttributeDecl

Handler: TypeAlias = Callable[["Builder", Draft[Any], Tree], None]
Handlers: TypeAlias = Mapping[str, Handler]  # name of the grammar's rule -> what to do with it

N = TypeVar("N", bound=Node)


class ProtocolTypeLike(Protocol):
    """What a configuration needs to know of a protocol type (`core.protocol.ProtocolType`)."""

    @property
    def name(self) -> str: ...
    @property
    def preference(self) -> int: ...
    @property
    def build(self) -> Callable[..., ProtocolConfig]: ...
    @property
    def instance(self) -> object | None: ...
    @property
    def attributes(self) -> tuple[AttributeDecl, ...]: ...


class Builder(Values):
    """The state of one reading of a configuration."""

    def __init__(
        self,
        sources: Sources,
        types: Mapping[str, ProtocolTypeLike],
        scope: Scope,
        attributes: Mapping[str, AttributeDecl],
    ) -> None:
        super().__init__(sources, scope, attributes)
        self.types = types
        self.type: ProtocolTypeLike | None = None  # the protocol type being built
        self.label_domains: dict[str, LabelDomain] = {}  # MPLS domains, in the order of the text
        self.made: list[ProtocolConfig] = []  # the protocols, in the order of the text
        self.bases: dict[str, ProtocolConfig] = {}  # templates and protocols that `from` may name

    @property
    def protocols(self) -> list[ProtocolConfig]:
        """The protocols before this place of the text.

        A statement that uses them is read at every reload: it depends on more than its own text.
        """
        self.always_reread = True
        return self.made

    def node(self, item: Item) -> Node:
        """An expression outside of any filter."""
        return ExpressionBuilder(self, self.scope).expr(item)

    def policy(self, tree: Item) -> Filter:
        """The filter that `all`, `none`, `filter ...` or `where ...` stands for."""
        assert isinstance(tree, Tree)
        match tree.data:
            case "policy_all":
                return ACCEPT
            case "policy_none":
                return REJECT
            case "policy_named":
                name = tree.children[0]
                assert isinstance(name, Token)
                found = self.symbol(name, "filter").value
                if not isinstance(found, Filter):  # it is declared, and there was an error in it
                    raise self.silenced(f"{name} was declared in a broken statement", name)
                return found
            case "policy_where":
                return self.checked(where(self, tree.children[0]))
        locals_, block = tree.trees()
        return self.checked(filter_of(self, None, locals_, block))

    def merging(self, block: Tree) -> Filter:
        """The block of `merge by` in an aggregator: it makes one route of several `routes`."""
        return self.checked(merging(self, block))

    def checked(self, made: N) -> N:
        """The same filter, function or block; errors that the filter checker finds in it are collected."""
        for problem in check(made, self.attributes):
            self.errors.append(self.error(problem.message, problem.span, hint=problem.hint))
        return made

    def each(self, items: Iterable[Item], draft: Draft[Any], handlers: Handlers) -> None:
        """Apply every option to the draft, collecting errors."""
        for item in items:
            if isinstance(item, Tree) and item.data in handlers:
                with self.collecting():
                    handlers[item.data](self, draft, item)

    def unreachable(self, tree: Tree) -> NoReturn:
        """The grammar has a rule that no handler is written for: a mistake of ours."""
        raise AssertionError(f"no handler for `{tree.data}`")
