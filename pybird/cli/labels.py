"""`show mpls ranges`: the labels of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pybird.core.command_parts import word
from pybird.core.replies import (
    PARSE_ERROR,
    CommandError,
    Done,
    LabelDomainRanges,
    LabelRangeRow,
    Reply,
)

if TYPE_CHECKING:
    from pybird.core.labels.space import LabelSpace
    from pybird.core.router import Router

_IMPLICIT: Final = ("static", "dynamic")  # ranges of every domain


def asked(tree: Any, _session: Any) -> tuple[str, ...]:
    """The words behind `show mpls ranges`: a domain, a range, or both."""
    return tuple([word(child) for child in tree.children])


def show_mpls_ranges(router: Router, arguments: tuple[str, ...], session: Any) -> Iterator[Reply]:
    """Show MPLS ranges."""
    spaces = router.services.labels.by_name
    if not spaces:
        raise CommandError(PARSE_ERROR, "No MPLS domain defined")
    domain, name = _meant(router, arguments)
    shown = list(spaces.values()) if domain is None else [spaces[domain]]
    for number, space in enumerate(shown):
        yield LabelDomainRanges(space.name, _rows(space, name), number == 0)
    yield Done()


def _meant(router: Router, arguments: tuple[str, ...]) -> tuple[str | None, str | None]:
    """(domain, range) that are asked for; None: all.

    Raises:
        CommandError: a word is neither, or the range is of another domain.
    """
    symbols = router.config.symbols
    domain: str | None = None
    for text in arguments:
        symbol = symbols.get(text)
        kind = symbol.kind if symbol is not None else ""
        if kind == "MPLS domain" and domain is None and text is arguments[0]:
            domain = text
        elif text in _IMPLICIT and not kind:
            return domain or next(iter(router.services.labels.by_name)), text
        elif symbol is not None and kind == "MPLS label range":
            if domain not in (None, symbol.value):
                raise CommandError(PARSE_ERROR, "MPLS label range from different MPLS domain")
            return symbol.value, text
        else:
            raise CommandError(PARSE_ERROR, "MPLS domain or label range expected")
    return domain, None


def _rows(space: LabelSpace, name: str | None) -> tuple[LabelRangeRow, ...]:
    return tuple(
        [
            LabelRangeRow(
                use.range.name, use.range.start, use.range.length, use.range.end, use.labels, use.last
            )
            for use in space.uses()
            if name in (None, use.range.name)
        ]
    )
