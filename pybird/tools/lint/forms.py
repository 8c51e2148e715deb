"""Old forms that still work, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator

from pybird.conf.tree import Tree
from pybird.filter.nodes import FunctionRef
from pybird.filter.types import Typing
from pybird.tools.declared import declared
from pybird.tools.lint.context import Finding, LintContext


def old_locals(subject: LintContext) -> Iterator[Finding]:
    """Variables declared between the name of a filter or function and its block."""
    for statement in subject.statements:
        for tree in statement.walk():
            if isinstance(tree, Tree) and tree.data == "locals" and tree.children:
                text = (
                    "variables before the block are deprecated, and refused by BIRD 2.21 and 3.5;"
                    " declare them inside it"
                )
                yield Finding("deprecated", subject.span(tree), text)


def ignored_lladdr(subject: LintContext) -> Iterator[Finding]:
    """`missing lladdr`: no BIRD acts on it any more."""
    for statement in subject.statements:
        for tree in statement.walk():
            if isinstance(tree, Tree) and tree.data == "missing_lladdr":
                text = "`missing lladdr` does nothing any more, delete it"
                yield Finding("deprecated", subject.span(tree), text)


def inferred_types(subject: LintContext) -> Iterator[Finding]:
    """Functions that return something and do not say of which type."""
    typing = Typing(declared(subject.config))
    for _, name in subject.definitions("function"):
        ref = subject.config.symbols[name].value
        if not isinstance(ref, FunctionRef) or ref.return_type is not None:
            continue
        kind = typing.returned(ref)
        if kind not in (None, "any", "void"):
            text = f"the type of what `{name}` returns is inferred; BIRD 2.14 and later ask for `-> {kind}`"
            yield Finding("inferred-type", subject.span(name), text)
