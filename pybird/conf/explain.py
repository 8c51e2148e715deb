"""An unexpected token in the user's words: what it is, what fits there, what was meant.

The parser describes where it stands (`Situation`); nothing of the automaton,
no name of a rule or terminal, reaches the message.
"""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.errors import ConfigError, closest, either
from pybird.conf.lexer import DECLARING, END, Lexer
from pybird.conf.tree import Token

MAX_SHOWN = 6  # alternatives listed in a message
MANY_OPERATORS = 4  # that many are called "an operator"

KINDS = {
    "TEXT": "a text in quotes",
    "NUMBER": "a number",
    "ADDRESS": "an address",
    "PREFIX": "a prefix",
    "PREFIX_LONGER": "a prefix",
    "PREFIX_SHORTER": "a prefix",
    "MAC": "a MAC address",
    "BYTES": "octets",
    "RD": "a route distinguisher",
    "NAME": "a name",
    "NEW_NAME": "a new name",
    "NEW_LOCAL": "a new name",
    "PARAMETER": "a new name",
    "ELSE_COLON": "`else:`",
    "PREFIX_SET": "a set",
    "NUMBER_SET": "a set",
    "BODY": "`{`",
    END: "the end",
}
VALUE = frozenset(("ADDRESS", "NUMBER", "NAME", "("))
LITERALS = frozenset(("TEXT", "PREFIX", "MAC", "BYTES", "RD", "PREFIX_SET", "NUMBER_SET"))
OPERATORS = frozenset(
    ("=", "!=", "<", "<=", ">", ">=", "~", "!~", "+", "-", "++", "*", "/", "&&", "||", "|", "&", ".")
)
NEVER_NAMES = frozenset(("in", "ng", "v2", "v3"))  # keywords that are reserved


# What may begin a statement of a filter, where a name is taken too.
KEYWORDS = ("accept", "reject", "error", "print", "printn", "return", "unset", "if", "case", "for", "else")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the parser stands: what it would take, and what it took."""

    expected: list[str]  # terminals
    texts: dict[str, str]  # terminal to keyword or operator
    last: Token | None
    open_block: Token | None
    semicolon_missing: bool  # a `;` here would end something


def explain(lexer: Lexer, situation: Situation, token: Token) -> ConfigError:
    """The error for a token that does not fit."""
    sources = lexer.sources
    words = in_words(situation)
    if token.type == END:
        return _at_the_end(lexer, situation, words, token)
    span = sources.span(token.start, max(token.end, token.start + 1))
    if token == "include" and token.type == "NAME":
        return sources.error("`include` must be the first word on its line", span, expected=words)
    if situation.open_block is not None and lexer.begins_statement(token):
        opened = sources.span(situation.open_block.start, situation.open_block.end)
        text = f"the block before `{token}` is not closed"
        return sources.error(text, span, expected=words, related=("opened here", opened))
    hidden = _hidden(lexer, situation, token)
    if hidden is not None:
        text = f"`{token}` is your own name here, not the keyword"
        related = ("declared here", sources.span(hidden.start, hidden.end)) if hidden.end else None
        return sources.error(text, span, expected=words, related=related)
    if token.type == "RESERVED" or (
        token in NEVER_NAMES and not set(DECLARING).isdisjoint(situation.expected)
    ):
        return sources.error(f"`{token}` is a reserved word, not a name", span, expected=words)
    last = situation.last
    if last is not None and not lexer.of_command and lexer.unknown(last):
        return _unknown_before(lexer, last)
    if situation.semicolon_missing and last and (token == "}" or _line_ended(lexer, last, token)):
        return sources.error(f"`;` missing before {_shown(token)}", span, expected=words)
    return sources.error(
        _unexpected(situation, words, token), span, expected=words, hint=_meant(lexer, situation, token)
    )


def _unexpected(situation: Situation, words: tuple[str, ...], token: Token) -> str:
    last = situation.last
    between = last is not None and last.type in ("SEMICOLON", "LBRACE")
    if (
        token.isidentifier()
        and between
        and "RBRACE" in situation.expected
        and "NAME" not in situation.expected
    ):
        return f"`{token}` is not an option here"
    return f"unexpected {_shown(token)}{_wanted(words)}"


def _meant(lexer: Lexer, situation: Situation, token: Token) -> str:
    """What the user may have meant, for this word or for the one before."""
    if token.type not in ("TEXT", "NUMBER") and token.isidentifier():
        choices = [situation.texts[kind] for kind in situation.expected if kind in situation.texts]
        if "NAME" in situation.expected:
            choices += lexer.declared
        return closest(token, choices)
    return ""


def _unknown_before(lexer: Lexer, last: Token) -> ConfigError:
    """The word before is nobody's name: a misspelt keyword was read as one."""
    hint = closest(last, (*KEYWORDS, *lexer.declared))
    return lexer.sources.error(
        f"`{last}` is not defined", lexer.sources.span(last.start, last.end), hint=hint
    )


def _at_the_end(lexer: Lexer, situation: Situation, words: tuple[str, ...], token: Token) -> ConfigError:
    sources = lexer.sources
    span = sources.span(token.start, token.start)
    brace = situation.open_block
    if brace is not None:
        related = ("opened here", sources.span(brace.start, brace.end))
        return sources.error("the file ends inside a block", span, expected=words, related=related)
    return sources.error(f"the text ends too early{_wanted(words)}", span, expected=words)


def _hidden(lexer: Lexer, situation: Situation, token: Token) -> Token | None:
    """The declaration that hides the keyword that would have fitted."""
    keyword = lexer.keyword(token)
    if token.type != "NAME" or keyword not in situation.expected or "NAME" in situation.expected:
        return None
    return lexer.declared.get(token) or Token.make("NAME", token, 0, 0)


def _line_ended(lexer: Lexer, last: Token, token: Token) -> bool:
    source, at = lexer.sources.locate(token.start)
    before, end = lexer.sources.locate(max(last.end - 1, 0))
    return before is not source or "\n" in source.text[end:at]


def _shown(token: Token) -> str:
    return f'"{token}"' if token.type == "TEXT" else f"`{token}`"


def in_words(situation: Situation) -> tuple[str, ...]:
    """What would have been accepted, as short as it can be said."""
    texts = situation.texts
    left = {texts.get(kind, kind) if kind not in KINDS else kind for kind in situation.expected}
    out: list[str] = []
    if left >= VALUE:
        out.append("an expression" if "!" in left else "a value")
        left -= {*VALUE, *LITERALS, "!", "[", "[=", "+", "-"}
    if len(left & OPERATORS) >= MANY_OPERATORS:
        out.append("an operator")
        left -= {*OPERATORS, "("}
    named = sorted({KINDS[kind] for kind in left if kind in KINDS})
    keywords = sorted(f"`{word}`" for word in left if word not in KINDS)
    return (*out, *named, *keywords)


def _wanted(words: tuple[str, ...]) -> str:
    if not words or len(words) > MAX_SHOWN:
        return ""
    return f", expected {either(words)}"
