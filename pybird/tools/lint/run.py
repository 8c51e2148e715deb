"""All lints, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from pybird.conf.language import Reading
from pybird.filter.depth import with_enough_stack
from pybird.tools.lint import flow, forms, routing, unused
from pybird.tools.lint.codes import OTHER
from pybird.tools.lint.context import Finding, LintContext

LINTS: Final[tuple[Callable[[LintContext], Iterator[Finding]], ...]] = (
    unused.unused_constants,
    unused.unused_functions,
    unused.unused_filters,
    unused.unused_templates,
    unused.unused_attributes,
    unused.unused_tables,
    flow.unreachable,
    flow.no_decision,
    flow.no_return,
    routing.unread_tables,
    forms.old_locals,
    forms.ignored_lladdr,
    forms.inferred_types,
)


def findings(reading: Reading) -> list[Finding]:
    """The warnings of the reading itself and those of all lints, in the order of the text."""
    found = [Finding(each.code or OTHER, each.span, each.text) for each in reading.config.warnings]
    for lint in LINTS:
        try:
            found += with_enough_stack(partial(_run_lint, lint, reading))
        except RecursionError:  # nested beyond what this lint can follow
            continue
    place = {id(each): reading.sources.offset(each.span) for each in found}
    return sorted(found, key=lambda each: place[id(each)])


def _run_lint(lint: Callable[[LintContext], Iterator[Finding]], reading: Reading) -> list[Finding]:
    return list(lint(LintContext(reading)))
