"""Messages about an unexpected token: what it is, what fits there, what was probably meant.

The parser describes its state (`Situation`); the message names no state of the
automaton, no rule and no terminal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pybird.conf.errors import ConfigError, either
from pybird.conf.lexer import DECLARING, END, Lexer
from pybird.conf.tree import Token
from pybird.filter.nodes import Span
from pybird.filter.spelling import closest
from pybird.filter.types import TYPES

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
    END: "the end",
}
VALUE = frozenset(("ADDRESS", "NUMBER", "NAME", "("))
LITERALS = frozenset(("TEXT", "PREFIX", "MAC", "BYTES", "RD", "PREFIX_SET", "NUMBER_SET"))
OPERATORS = frozenset(
    ("=", "!=", "<", "<=", ">", ">=", "~", "!~", "+", "-", "++", "*", "/", "&&", "||", "|", "&", ".")
)
NEVER_NAMES = frozenset(("in", "ng", "v2", "v3"))  # keywords that are reserved


# Keywords that may begin an expression, besides VALUE.
NETWORKS = frozenset(("aspa", "eth", "evpn", "flow4", "flow6", "mpls", "neighbor", "peer", "routes"))
TYPE_NAMES = frozenset(word for name in (*TYPES, "enum", "route") for word in name.split())
UNITS = frozenset(("s", "ms", "us"))

# Keywords that may begin a statement of a filter, where a name fits as well.
KEYWORDS = ("accept", "reject", "error", "print", "printn", "return", "unset", "if", "case", "for", "else")
# Options that all channels have and no protocol has.
OF_CHANNELS = ("import", "export", "table", "preference")
# Those that channels of protocols with a neighbor have; in BIRD 1 they stood in the protocol.
OF_SESSIONS = ("gateway", "next", "secondary", "add", "missing", "receive")

HYPHENATED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
# A secret that begins without a quote, up to what does not fit.
BARE_SECRET = re.compile(r'(?:^|[;{])\s*(?:password|key|secret)\s+([^\s="{};#/][^"{};#]*)?$')
DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)+")


@dataclass(frozen=True, slots=True)
class Situation:
    """The state of the parser at the unexpected token."""

    expected: list[str]  # terminals
    fitting: list[str]  # those after which the unexpected token would be right
    texts: dict[str, str]  # terminal to keyword or operator
    last: Token | None
    open_block: Token | None  # the innermost block, or the one that seems to lack its end
    open_set: Token | None  # the `[` that a `]` here would close
    semicolon_missing: bool  # a `;` is accepted here and would end something
    brace_missing: bool  # a `{` is accepted here, and the token fits in its block
    between: bool  # between two statements of the file
    outside: bool  # the token is a keyword that belongs in a block


def explain(lexer: Lexer, situation: Situation, token: Token) -> ConfigError:
    """The error for a token that does not fit."""
    if token.type == END:
        return _at_the_end(lexer, situation, token)
    span = lexer.sources.span(token.start, max(token.end, token.start + 1))
    for guess in GUESSES:
        found = guess(lexer, situation, token, span)
        if found is not None:
            found.expected = found.expected or in_words(situation)
            return found
    words = in_words(situation)
    if len(words) > MAX_SHOWN and token.type != "NAME" and not lexer.of_command:
        words = in_words(situation, situation.fitting)
    message = _unexpected(situation, words, token)
    return lexer.sources.error(message, span, expected=words, hint=_meant(lexer, situation, token))


def _after(lexer: Lexer, last: Token, token: Token) -> tuple[str, Span] | None:
    """The last token as a second place to show, if the unexpected one is on a later line."""
    if not lexer.line_ended(last, token):
        return None
    return "after this", lexer.sources.span(last.start, last.end)


# ------------------------------------------------- guesses, the surest first


def _include(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """An `include` within a line."""
    if token != "include" or token.type != "NAME":
        return None
    return lexer.sources.error("`include` must be the first word on its line", span)


def _unclosed_set(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A token that cannot be an item of a set and fits after its `]`, or begins a statement."""
    opening = situation.open_set
    if opening is None or not ("RSQB" in situation.fitting or lexer.begins_statement(token)):
        return None
    if "COMMA" in situation.fitting:
        return None
    related = ("opened here", lexer.sources.span(opening.start, opening.end))
    return lexer.sources.error(f"`]` missing before {_shown(token)}", span, related=related)


def _remote_as(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """`remote-as`, as FRR writes it."""
    if token != "remote":
        return None
    source, at = lexer.sources.locate(token.start)
    if not source.text.startswith("remote-as", at):
        return None
    place = lexer.sources.span(token.start, token.start + len("remote-as"))
    return lexer.sources.error("unexpected `remote-as`", place, hint="neighbor ... as")


def _unclosed(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A statement begins at the left edge, and a block is still open."""
    brace = situation.open_block
    if brace is None or not lexer.begins_statement(token):
        return None
    related = ("opened here", lexer.sources.span(brace.start, brace.end))
    return lexer.sources.error(f"the block before `{token}` is not closed", span, related=related)


def _unquoted(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A secret without quotes that is more than one word, or cannot be a name."""
    source, at = lexer.sources.locate(token.start)
    found = BARE_SECRET.search(source.text[source.text.rfind("\n", 0, at) + 1 : at])
    last = situation.last
    if found is None or last is None or (found[1] is None and not token[:1].isalnum()):
        return None
    start = token.start - len(found[1] or "")
    if start == last.start and last.type == "NAME" and token.start > last.end and not lexer.unknown(last):
        return None  # the name of a text, and something missing behind it
    return lexer.sources.error("a text must be in double quotes", lexer.sources.span(start, token.end))


def _own_name(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """The keyword that would fit is hidden by a name of the user's."""
    hidden = _hidden(lexer, situation, token)
    if hidden is None:
        return None
    related = ("declared here", lexer.sources.span(hidden.start, hidden.end)) if hidden.end else None
    return lexer.sources.error(f"`{token}` is your own name here, not the keyword", span, related=related)


def _reserved(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A word that can never be a name, where one is declared."""
    declared = token in NEVER_NAMES and not set(DECLARING).isdisjoint(situation.expected)
    if token.type != "RESERVED" and not declared:
        return None
    return lexer.sources.error(f"`{token}` is a reserved word, not a name", span)


def _joined(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A name with a hyphen, or an address with too few numbers, that the lexer split."""
    last = situation.last
    if last is None or last.end != token.start or token not in ("-", "."):
        return None
    source, at = lexer.sources.locate(last.start)
    if token == "." and last.type == "NUMBER" and (found := DOTTED.match(source.text, at)):
        place = lexer.sources.span(last.start, last.start + len(found[0]))
        return lexer.sources.error(f"`{found[0]}` is no number and no address", place)
    found = HYPHENATED.match(source.text, at)
    if last.type not in DECLARING or found is None:
        return None
    place = lexer.sources.span(last.start, last.start + len(found[0]))
    return lexer.sources.error("a name with `-` must be in single quotes", place, hint=f"'{found[0]}'")


def _between_statements(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A token that begins no statement of the file."""
    error, last = lexer.sources.error, situation.last
    if not situation.between:
        return None
    if token == "}":
        return error("unexpected `}`: no block is open here", span)
    if token == "table":  # of IPv4 or IPv6 in BIRD 1, as it was built
        return error("`table` needs the type of its routes", span, hint="ipv4 table")
    if situation.outside:
        block = "a filter" if token in KEYWORDS else "a protocol"
        ended = None
        if last is not None and last.type == "RBRACE":
            ended = ("the last block ended here", lexer.sources.span(last.start, last.end))
        return error(f"`{token}` outside of {block}", span, related=ended)
    if not token.isidentifier():
        return None
    if "PROTOCOL" in situation.fitting:
        return error(f"`{token}` is not a statement", span, hint=f"protocol {token}")
    return error(f"`{token}` is not a statement", span, hint=_meant(lexer, situation, token))


def _negative(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A negative number: there are none, `-` begins only an empty list (`-empty-`)."""
    last = situation.last
    if token.type == "NUMBER" and last == "-" and "EMPTY" in situation.expected:
        span = lexer.sources.span(last.start, last.end)
    elif token != "-" or not {"NUMBER", "NAME", "LPAR"} <= {*situation.expected}:
        return None
    return lexer.sources.error("unexpected `-`: there are no negative numbers", span)


def _comma(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """Two items of a set without a comma between them."""
    if "COMMA" not in situation.fitting or "RSQB" not in situation.expected or situation.last is None:
        return None
    source, at = lexer.sources.locate(token.start)
    text = source.text[at : at + token.end - token.start]
    related = _after(lexer, situation.last, token)
    return lexer.sources.error(f"`,` missing before `{text}`", span, related=related)


def _pattern(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """`10.0.0.0/8+` outside of a set."""
    if token.type not in ("PREFIX_LONGER", "PREFIX_SHORTER") or "COMMA" in situation.fitting:
        return None
    sign = "+" if token.type == "PREFIX_LONGER" else "-"
    return lexer.sources.error(
        f"`{token}{sign}` is a pattern and must be in a set: `[ {token}{sign} ]`", span
    )


def _unknown_before(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """The word before is an undefined name, probably a misspelt keyword."""
    last = situation.last
    if last is None or lexer.of_command or not lexer.unknown(last):
        return None
    hint = closest(last, (*KEYWORDS, *lexer.declared))
    place = lexer.sources.span(last.start, last.end)
    return lexer.sources.error(f"`{last}` is not defined", place, hint=hint)


def _missing(lexer: Lexer, situation: Situation, token: Token, span: Span) -> ConfigError | None:
    """A `{` or a `;` is missing before the token."""
    last = situation.last
    if last is None:
        return None
    sign = "{" if situation.brace_missing else ";"
    ended = situation.semicolon_missing and (token == "}" or lexer.line_ended(last, token))
    if not situation.brace_missing and not ended:
        return None
    related = _after(lexer, last, token)
    return lexer.sources.error(f"`{sign}` missing before {_shown(token)}", span, related=related)


GUESSES = (
    _include,
    _unclosed_set,
    _unclosed,
    _unquoted,
    _own_name,
    _reserved,
    _joined,
    _remote_as,
    _between_statements,
    _negative,
    _comma,
    _pattern,
    _unknown_before,
    _missing,
)


# ------------------------------------------------------------------- in words


def _unexpected(situation: Situation, words: tuple[str, ...], token: Token) -> str:
    last = situation.last
    between = last is not None and last.type in ("SEMICOLON", "LBRACE")
    if (
        token.isidentifier()
        and between
        and "RBRACE" in situation.expected
        and "NAME" not in situation.expected
    ):
        if {"IPV4", "IPV6"} <= {*situation.expected} and (
            token in OF_CHANNELS or (token in OF_SESSIONS and "NEIGHBOR" in situation.expected)
        ):
            return _of_channels(token)
        return f"`{token}` is not an option here"
    if last == "igp" and token == "table":  # in BIRD 1, of the protocol
        return _of_channels("igp table")
    if last in ("protocol", "template") and token.isidentifier():
        return f"`{token}` is not a protocol"
    if token in UNITS and last is not None and last.type == "NUMBER":
        return f"unexpected `{token}`: no unit is possible here"
    if token == "=" and last is not None and last.type != "NAME" and _is_option(last):
        return "unexpected `=`: options and values are written without `=` between them"
    if token == "]" and last == ",":
        return f"unexpected `]` after `,`{_wanted(words)}"
    return f"unexpected {_shown(token)}{_wanted(words)}"


def _of_channels(option: str) -> str:
    return f"`{option}` is an option of channels: it stands in `ipv4 {{ ... }}` or `ipv6 {{ ... }}`"


def _is_option(word: Token) -> bool:
    return word.isidentifier() and word not in (*KEYWORDS, "where", "then", "do", "in")


def _meant(lexer: Lexer, situation: Situation, token: Token) -> str:
    """What the user may have meant, for this word or for the one before."""
    if token in UNITS or (token in (*OF_CHANNELS, *OF_SESSIONS) and "IPV4" in situation.expected):
        return ""
    if token.type not in ("TEXT", "NUMBER") and token.isidentifier():
        choices = [situation.texts[kind] for kind in situation.expected if kind in situation.texts]
        if "NAME" in situation.expected:
            choices += lexer.declared
        return closest(token, choices)
    return ""


def _at_the_end(lexer: Lexer, situation: Situation, token: Token) -> ConfigError:
    sources, words = lexer.sources, in_words(situation)
    span = sources.span(token.start, token.start)
    brace = situation.open_block
    if brace is not None:
        related = ("opened here", sources.span(brace.start, brace.end))
        return sources.error("the file ends inside a block", span, expected=words, related=related)
    what = "command" if lexer.of_command else "text"
    return sources.error(f"the {what} ends too early{_wanted(words)}", span, expected=words)


def _hidden(lexer: Lexer, situation: Situation, token: Token) -> Token | None:
    """The declaration that hides the keyword that would have fitted."""
    keyword = lexer.keyword(token)
    if token.type != "NAME" or keyword not in situation.expected or "NAME" in situation.expected:
        return None
    return lexer.declared.get(token) or Token.make("NAME", token, 0, 0)


def _shown(token: Token) -> str:
    return f'"{token}"' if token.type == "TEXT" else f"`{token}`"


def in_words(situation: Situation, kinds: list[str] | None = None) -> tuple[str, ...]:
    """What would have been accepted, in few words."""
    texts = situation.texts
    expected = {*(situation.expected if kinds is None else kinds)}
    left = {texts.get(kind, kind) if kind not in KINDS else kind for kind in expected}
    out: list[str] = []
    if left >= VALUE:
        out.append("an expression" if "!" in left else "a value")
        left -= {*VALUE, *LITERALS, *(NETWORKS if "!" in left else ()), "!", "[", "[=", "+", "-"}
    if "=]" in left:
        out.append("an AS number")
        left -= {"NUMBER", "NAME", "(", "[", "+", *LITERALS}
    if len(left & OPERATORS) >= MANY_OPERATORS:
        out.append("an operator")
        left -= {*OPERATORS, "("}
    if "{" in left and left >= {"int", "bool"}:
        left -= TYPE_NAMES  # declarations before the brace, as of old
    named = sorted({KINDS[kind] for kind in left if kind in KINDS})
    keywords = sorted(f"`{word}`" for word in left if word not in KINDS)
    return (*out, *named, *keywords)


def _wanted(words: tuple[str, ...]) -> str:
    if not words or len(words) > MAX_SHOWN:
        return ""
    return f", expected {either(words)}"
