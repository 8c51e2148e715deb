"""Old forms that still work, and what is written instead."""

from __future__ import annotations

from collections.abc import Iterator

from pybird.conf.tree import Tree
from pybird.tools.lint.subject import Finding, Subject


def old_locals(subject: Subject) -> Iterator[Finding]:
    """Variables declared between the name of a filter or function and its block."""
    for statement in subject.statements:
        for tree in statement.walk():
            if isinstance(tree, Tree) and tree.data == "locals" and tree.children:
                text = "variables before the block are deprecated, declare them inside it"
                yield Finding("deprecated", subject.span(tree), text)
