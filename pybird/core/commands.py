"""Commands: declared once, in the core or by a protocol, shown by whoever asks.

A command is an alias in the grammar (`grammar/commands.lark` or a protocol's
file), a handler that yields replies, the form in which help writes it and a
help text. `restricted` ones are refused in a restricted session because they
change something.
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
    parse tree into what the handler takes. `syntax` is how `?` writes it; the
    help text is the first line of the handler's docstring. Of a protocol's
    command `after` is the rule of the core's that help lists it behind; without
    it the command is among the last.
    """

    rule: str
    handler: Handler
    syntax: str
    arguments: Callable[[Any, Any], Any] | None = None
    restricted: bool = False
    after: str = ""

    @property
    def help(self) -> str:
        """What it does, for `?`, without the full stop."""
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
        """The command of a grammar rule."""
        return self._by_rule.get(rule)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._by_rule.values())
