"""Errors, warnings and refusals of a configuration, each with its place in the text.

The ground floor of the builder. Errors are collected, so that one wrong option
does not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pybird.conf.errors import ConfigError, SilencedError, Warning, bare, shortened  # noqa: A004
from pybird.conf.include import Sources
from pybird.conf.model import Symbol
from pybird.conf.secrets import redacted
from pybird.conf.tree import Item, Token, Tree
from pybird.filter.nodes import NO_SPAN, Span
from pybird.values.text import printable


class Diagnostics:
    """The errors, warnings and refusals of one reading."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.errors: list[ConfigError] = []
        self.warnings: dict[Warning, None] = {}
        self.refusals: list[ConfigError] = []  # valid in BIRD, not run here, and too important to be left out
        self.template_refusals: dict[
            str, list[ConfigError]
        ] = {}  # the same by template, until a protocol uses it
        self.template = False  # a template is being built
        self.building = ""  # the name of the template or protocol being built
        self.errors_before = 0  # how many, before the protocol being built

    def span(self, item: Item) -> Span:
        """Where this is in the text."""
        return self.sources.span(item.start, item.end)

    def error(
        self,
        message: str,
        item: Item | Span,
        *,
        symbol: Symbol | None = None,
        hint: str = "",
        expected: tuple[str, ...] = (),
    ) -> ConfigError:
        """The error at this place, for the caller to raise; it also shows where `symbol` is declared."""
        span = item if isinstance(item, Span) else self.span(item)
        related = None
        if symbol is not None and symbol.span != NO_SPAN:
            related = (f"{symbol.kind} declared here", symbol.span)
        return self.sources.error(message, span, hint=hint, expected=expected, related=related)

    def end_error(self, message: str, tree: Tree, *, place: tuple[str, Span] | None = None) -> ConfigError:
        """The error about a block as a whole, placed at its closing brace as in BIRD.

        `place` is a second place to show, with its text.
        """
        error = self.error(message, self.sources.span(tree.end - 1, tree.end))
        error.related = place
        return error

    def silenced(self, message: str, item: Item) -> ConfigError:
        """An error that only follows from another one, which was reported at its own place."""
        return SilencedError(message, self.span(item))

    def warn(self, text: str, item: Item | Span, code: str = "") -> None:
        """Add a warning, once per place; `code` is one of docs/lint.md."""
        text = shortened(printable(text))
        self.warnings[Warning(text, item if isinstance(item, Span) else self.span(item), code)] = None

    def end_warning(self, text: str, tree: Tree) -> None:
        """Add the warning about a block as a whole, placed at its closing brace as in BIRD."""
        self.warn(text, self.sources.span(tree.end - 1, tree.end))

    def keyword_warning(self, name: Token) -> Warning:
        """The warning about a name that hides a keyword."""
        text = f"Symbol '{name}' overrides existing keyword"
        return Warning(text, self.span(name), "shadowed-keyword")

    def refuse(self, what: str, reason: str, item: Item) -> None:
        """Refuse to run the file, though it is valid: BIRD has `what`, and leaving it out is not acceptable.

        What a template has counts as soon as a protocol uses the template.
        """
        error = self.refusal(what, reason, item, used=not self.template)
        found = self.refusals
        if self.template:
            found = self.template_refusals.setdefault(self.building, [])
        found.append(error)

    def refusal(self, what: str, reason: str, item: Item | Span, *, used: bool) -> ConfigError:
        """Warn of something that must not be run, and return the error for an attempt to run it.

        `used` is False if only an unused template, filter or function has it so far.
        """
        user = "it" if used else "a protocol that uses it"
        text = f"{what} is not run by this version ({reason}): PyBIRD refuses to start with {user}"
        self.warn(text, item, "refused")
        return self.error(f"BIRD has {what}, PyBIRD does not yet ({reason})", item)

    def inherit(self, base: str, user: Span) -> None:
        """Take over what is refused of the template `base`; `user` is where it is used."""
        for refusal in self.template_refusals.get(base, ()):
            if self.template:
                self.template_refusals.setdefault(self.building, []).append(refusal)
                continue
            used = ("used here", user)
            again = ConfigError(refusal.message, refusal.span, related=used)
            self.refusals.append(again)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Collect an error of the block instead of raising it."""
        try:
            yield
        except ConfigError as error:
            self.errors.append(bare(error))

    def phrase(self, tree: Tree) -> str:
        """The text of a tree up to its `{`, at most 50 characters, with secrets hidden."""
        source, start = self.sources.locate(tree.start)
        text = source.text[start : start + tree.end - tree.start]
        first = redacted(" ".join(text.split("{", 1)[0].split()))
        return first if len(first) <= 50 else first[:47] + "..."

    @property
    def complete(self) -> bool:
        """True if a protocol is being built and none of its options was wrong: the whole can be checked."""
        return not self.template and len(self.errors) == self.errors_before
