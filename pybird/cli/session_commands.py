"""Commands about the session itself: restrict, echo, timeformat, output, dialect, help, eval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pybird.cli.arguments import Echo, TimeChoice
from pybird.cli.times import ISO_LONG, ISO_SHORT
from pybird.conf.model import TimeFormat
from pybird.core.replies import (
    ARGUMENT_ERROR,
    EVAL_ERROR,
    PARSE_ERROR,
    CommandError,
    Done,
    HelpRow,
    Note,
    Reply,
)
from pybird.filter.budget import Budget
from pybird.filter.check import check
from pybird.filter.compile import compile_expression
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.format import show_value
from pybird.filter.route_context import RouteContext
from pybird.values.net import NetType

if TYPE_CHECKING:
    from pybird.cli.control import ControlSession
    from pybird.core.router import Router

_DIGITS = {"": 0, "ms": 3, "us": 6}


def restrict(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Restrict current CLI session to safe commands."""
    session.restricted = True
    yield Note(16, "Access restricted")


def echo(router: Router, arguments: Echo, session: ControlSession) -> Iterator[Reply]:
    """Show log messages of some classes in this session."""
    session.echo = arguments.classes
    session.echo_limit = arguments.limit
    yield Done()


def timeformat(router: Router, arguments: TimeChoice, session: ControlSession) -> Iterator[Reply]:
    """Set time format for this CLI session."""
    chosen = time_format(arguments)
    if chosen.flaw:
        raise CommandError(ARGUMENT_ERROR, chosen.flaw)
    for use in arguments.uses:
        session.formats[use] = chosen
    yield Done()


def time_format(choice: TimeChoice) -> TimeFormat:
    """The `TimeFormat` that a `timeformat` command asks for."""
    words = choice.format.split()
    if words[:1] == ["iso"] and len(words) in (2, 3):
        digits = _DIGITS[words[2] if len(words) == 3 else ""]
        return (ISO_SHORT if words[1] == "short" else ISO_LONG)[digits]
    return TimeFormat(choice.format, choice.limit, choice.old)


def output(router: Router, arguments: bool, session: ControlSession) -> Iterator[Reply]:
    """Choose the form of replies in this session."""
    yield Done()
    session.json = arguments


def dialect(router: Router, arguments: int, session: ControlSession) -> Iterator[Reply]:
    """Answer as BIRD 2 or BIRD 3 does in this session."""
    if arguments not in (2, 3):
        raise CommandError(ARGUMENT_ERROR, f"dialect {arguments} is not 2 or 3")
    session.dialect = arguments
    yield Done()


def help_(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """List all commands."""
    for command in session.console.commands:
        yield HelpRow(command.syntax, command.help)
    yield Done()


def eval_(router: Router, arguments: Any, session: ControlSession) -> Iterator[Reply]:
    """Evaluate an expression."""
    node = session.console.language.expression_of(arguments, router.config)
    subject = RouteContext(router.pool, NetType.IP4, lambda text: router.log("info", text), router.lookup)
    problems = check(node, router.pool.by_name)  # computes constants, also those behind `true ||`
    if problems:
        raise CommandError(PARSE_ERROR, problems[0].message)
    try:
        expression = compile_expression(node, router.pool.by_name, Budget())
    except (FilterTypeError, FilterRuntimeError) as error:
        raise CommandError(PARSE_ERROR, error.message) from None
    try:
        value = expression(subject)
    except FilterRuntimeError as error:
        raise CommandError(EVAL_ERROR, f"{error.message} (there is no route here)") from None
    except AttributeError:  # the expression reads the route, and there is none
        raise CommandError(EVAL_ERROR, "there is no route here") from None
    finally:
        expression.clear()
    yield Note(23, show_value(value))
