"""Definitions that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from pybird.tools.lint.context import Finding, LintContext


def unused_constants(subject: LintContext) -> Iterator[Finding]:
    """A `define` whose name nothing uses."""
    yield from _unused(subject, "unused-constant", "constant `{}` is not used", "define")


def unused_functions(subject: LintContext) -> Iterator[Finding]:
    """A function that at most calls itself."""
    yield from _unused(subject, "unused-function", "function `{}` is not called", "function")


def unused_filters(subject: LintContext) -> Iterator[Finding]:
    """A filter that no channel names."""
    yield from _unused(subject, "unused-filter", "filter `{}` is not used", "filter")


def unused_templates(subject: LintContext) -> Iterator[Finding]:
    """A template that no protocol is made from."""
    text = "no protocol is made from template `{}`"
    yield from _unused(subject, "unused-template", text, "template_statement")


def unused_attributes(subject: LintContext) -> Iterator[Finding]:
    """`attribute int x;` that no filter reads or sets."""
    text = "attribute `{}` is not used"
    yield from _unused(subject, "unused-attribute", text, "attribute", "attribute_bgp")


def unused_tables(subject: LintContext) -> Iterator[Finding]:
    """A table that nothing names and no channel uses by default."""
    config = subject.config
    defaults = {channel.table for protocol in config.protocols for channel in protocol.channels}
    for finding in _unused(subject, "unused-table", "table `{}` is not used", "table"):
        name = finding.message.split("`")[1]
        if name not in defaults:
            yield finding


def _unused(subject: LintContext, code: str, text: str, *rules: str) -> Iterator[Finding]:
    for at, name in subject.definitions(*rules):
        if not subject.used_outside(str(name), at):
            yield Finding(code, subject.span(name), text.format(name))
