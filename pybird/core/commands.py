"""Commands: each is declared once, by the CLI or by a protocol.

A command is an alias in the grammar (`grammar/commands.lark` or a protocol's
file), a handler that yields replies, its syntax as help shows it and a help
text. A restricted session refuses `restricted` commands, as they change
something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pybird.core.replies import Reply

if TYPE_CHECKING:
    from pybird.core.router import Router

Handler = Callable[["Router", Any, Any], Iterator[Reply]]
"""`handler(router, arguments, session)`; raises CommandError before or between replies."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    `rule` is its name in the grammar. `arguments(tree, session)` turns the
    parse tree into the handler's argument. `syntax` is how `?` writes it; the
    help text is the first line of the handler's docstring. `after`, for a
    protocol's command, is the rule of the core command after which help lists
    it; without it help lists the command among the last.
    """

    rule: str
    handler: Handler
    syntax: str
    arguments: Callable[[Any, Any], Any] | None = None
    restricted: bool = False
    after: str = ""

    @property
    def help(self) -> str:
        """The help text for `?`, without the full stop."""
        text = (self.handler.__doc__ or "").strip()
        return text.splitlines()[0].rstrip(".") if text else ""


class Commands:
    """All commands of one router by their grammar rule."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._by_rule: dict[str, Command] = {}
        for command in commands:
            assert command.rule not in self._by_rule, f"command {command.rule} declared twice"
            self._by_rule[command.rule] = command

    def get(self, rule: str) -> Command | None:
        """The command of a grammar rule; None: there is none."""
        return self._by_rule.get(rule)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._by_rule.values())
