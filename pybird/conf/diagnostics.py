"""What is wrong with a configuration, at its place: errors, warnings and refusals are collected here.

The ground floor of the builder: it knows the texts and how to speak of them.
One wrong option does not hide the next: errors are collected.
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
        self.refusals: list[ConfigError] = []  # what is right, and too important not to be run
        self.template_refusals: dict[
            str, list[ConfigError]
        ] = {}  # the same in templates, until a protocol uses them
        self.template = False  # a template is being built
        self.building = ""  # its name
        self.errors_before = 0  # errors before the protocol being built

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
        """An error at this place, to be raised; `symbol` is shown as the other place that matters."""
        span = item if isinstance(item, Span) else self.span(item)
        related = None
        if symbol is not None and symbol.span != NO_SPAN:
            related = (f"{symbol.kind} declared here", symbol.span)
        return self.sources.error(message, span, hint=hint, expected=expected, related=related)

    def end_error(self, message: str, tree: Tree, *, place: tuple[str, Span] | None = None) -> ConfigError:
        """An error that is known at the end of a block: at its closing brace, as BIRD says it.

        `place` is the other place that matters.
        """
        error = self.error(message, self.sources.span(tree.end - 1, tree.end))
        error.related = place
        return error

    def silenced(self, message: str, item: Item) -> ConfigError:
        """The consequence of an error that was reported at its own place."""
        return SilencedError(message, self.span(item))

    def warn(self, text: str, item: Item | Span, code: str = "") -> None:
        """Tell the user something, once per place; `code` is that of docs/lint.md."""
        text = shortened(printable(text))
        self.warnings[Warning(text, item if isinstance(item, Span) else self.span(item), code)] = None

    def keyword_warning(self, name: Token) -> Warning:
        """What is said of a name that hides a keyword."""
        text = f"Symbol '{name}' overrides existing keyword"
        return Warning(text, self.span(name), "shadowed-keyword")

    def refuse(self, what: str, reason: str, item: Item) -> None:
        """Something that BIRD has and that must not be left out: the file is right, nobody may run it.

        In a template that holds as soon as a protocol uses it.
        """
        error = self.refusal(what, reason, item, used=not self.template)
        found = self.refusals
        if self.template:
            found = self.template_refusals.setdefault(self.building, [])
        found.append(error)

    def refusal(self, what: str, reason: str, item: Item | Span, *, used: bool) -> ConfigError:
        """Warn of what nobody may run; the error for who would run it. Not `used`: so far nobody would."""
        user = "it" if used else "a protocol that uses it"
        text = f"{what} is not run by this version ({reason}): PyBIRD refuses to start with {user}"
        self.warn(text, item, "refused")
        return self.error(f"BIRD has {what}, PyBIRD does not yet ({reason})", item)

    def inherit(self, base: str, user: Span) -> None:
        """A protocol or template takes over what its template has, and what is refused of that."""
        for refusal in self.template_refusals.get(base, ()):
            if self.template:
                self.template_refusals.setdefault(self.building, []).append(refusal)
                continue
            used = ("used here", user)
            again = ConfigError(refusal.message, refusal.span, related=used)
            self.refusals.append(again)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an error for later and go on."""
        try:
            yield
        except ConfigError as error:
            self.errors.append(bare(error))

    def phrase(self, tree: Tree) -> str:
        """The text of a short tree as it stands in the file."""
        source, start = self.sources.locate(tree.start)
        text = source.text[start : start + tree.end - tree.start]
        first = redacted(" ".join(text.split("{", 1)[0].split()))
        return first if len(first) <= 50 else first[:47] + "..."

    @property
    def complete(self) -> bool:
        """A protocol is being built, and all its options were right: the whole can be checked."""
        return not self.template and len(self.errors) == self.errors_before
