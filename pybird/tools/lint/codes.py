"""The codes of everything that `pybird check` says, and what each means (docs/lint.md)."""

from __future__ import annotations

from typing import Final

ERROR: Final = "error"
MISSING_POLICY: Final = "missing-policy"
OTHER: Final = "other"

CODES: Final = {
    ERROR: "the configuration cannot be run",
    MISSING_POLICY: "an external BGP session without import or export policy (RFC 8212)",
    "unused-constant": "a `define` that nothing uses",
    "unused-function": "a function that nothing calls",
    "unused-filter": "a filter that nothing uses",
    "unused-template": "a template that no protocol is made from",
    "unused-table": "a table that no channel and no filter uses",
    "unused-attribute": "a route attribute of yours that no filter uses",
    "unreachable": "a statement or branch that never runs",
    "no-decision": "a filter that can end without `accept` or `reject`",
    "no-return": "a function that can end without the value that it returns elsewhere",
    "shadowed-keyword": "a name that hides a keyword of the language",
    "unread-table": "a pipe fills a table that nobody reads",
    "deprecated": "an old form, with its replacement",
    "inferred-type": "a function that does not say of which type it returns",
    "not-acted-on": "an option that is read and checked, and has no effect here",
    "not-run": "a protocol or channel that is understood and not run here",
    "refused": "an option without which a router must not start is not run here",
    OTHER: "anything else worth knowing",
}
