"""The LALR(1) driver: tokens in, tree out, and on with the rest after an error.

After an unexpected token the parser first tries the most common repair, a
forgotten `;`. Otherwise it skips to the next `;` of the same block or to the
brace that closes it, and goes on there, so that all independent errors of a
file are reported. What was skipped is missing from the tree; `broken` holds
the places, and the builder leaves out the statements around them.
"""

from __future__ import annotations

from pybird.conf.errors import ConfigError, closest, either
from pybird.conf.lexer import BAD, END, NEVER_VALUES, Lexer
from pybird.conf.tables import DROP, KEEP, SPLICE, Tables
from pybird.conf.tree import Item, Token, Tree

MAX_ERRORS = 50
MAX_SHOWN = 6  # alternatives listed in a message

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
MANY_OPERATORS = 4  # that many are called "an operator"


class Parser:
    """One parse of one text."""

    def __init__(self, tables: Tables, lexer: Lexer, start: str, *, recover: bool = True) -> None:
        self.errors: list[ConfigError] = lexer.errors
        self.broken: list[int] = []
        self._states = tables.states
        self._rules = tables.rules
        self._lexer = lexer
        self._recovers = recover
        self.sources = lexer.sources
        self._words = {name: text for text, name in {**tables.keywords, **tables.operators}.items()}
        self._final = tables.ends[start]
        self._stack = [tables.starts[start]]
        self._values: list[Item | list[Item]] = []
        self._from: list[int] = []
        self._to: list[int] = []
        self._blocks: list[tuple[int, Token]] = []  # height of the stack after each open brace
        self._last: Token | None = None
        self._told = 0  # errors before the present statement

    # ------------------------------------------------------------ the driver

    def parse(self) -> Tree | None:
        """The tree; None when the end could not be reached."""
        states, stack, rules = self._states, self._stack, self._rules
        while True:
            token = self._lexer.next(self.accepts)
            kind = token.type
            while True:
                action = states[stack[-1]].get(kind)
                if action is None:
                    if not self._recover(token):
                        return None
                    break
                if action >= 0:
                    self._shift(token, action)
                    break
                self._reduce(rules[-1 - action], token.start)
                if kind == END and stack[-1] == self._final:
                    result = self._values[-1]
                    assert isinstance(result, Tree)
                    return result

    def _shift(self, token: Token, state: int) -> None:
        self._stack.append(state)
        self._values.append(token)
        self._from.append(token.start)
        self._to.append(token.end)
        self._last = token
        if token.type == "LBRACE":
            self._blocks.append((len(self._stack), token))
        elif token.type == "RBRACE" and self._blocks:
            self._blocks.pop()

    def _reduce(self, rule: tuple[int, str, str | None, bool, tuple[int, ...]], here: int) -> None:
        size, left, name, inline, parts = rule
        values = self._values
        if not size:
            start = end = self._to[-1] if self._to else here
            children: list[Item] = []
        else:
            start, end = self._from[-size], self._to[-1]
            children = _children(values[-size:], parts)
            del values[-size:], self._stack[-size:], self._from[-size:], self._to[-size:]
        if name is None:
            values.append(children)
        elif inline and len(children) == 1:
            values.append(children[0])
        else:
            values.append(Tree(name, children, start, end))
        self._stack.append(self._states[self._stack[-1]][left])
        self._from.append(start)
        self._to.append(end)

    def accepts(self, kind: str) -> bool:
        """Would the parser shift this terminal now, after what it must reduce first?

        A merged LALR state has actions for tokens that fail later, so the
        reductions are played through.
        """
        return self._accepts(self._stack, len(self._stack), kind)

    def _accepts(self, stack: list[int], height: int, kind: str) -> bool:
        states = self._states
        action = states[stack[height - 1]].get(kind)
        above: list[int] = []
        while action is not None and action < 0:
            size, left = self._rules[-1 - action][:2]
            if size > len(above):
                height -= size - len(above)
                above.clear()
            elif size:
                del above[-size:]
            state = states[above[-1] if above else stack[height - 1]][left]
            if kind == END and state == self._final:
                return True
            above.append(state)
            action = states[state].get(kind)
        return action is not None

    def expected(self) -> list[str]:
        """Every terminal that the parser would take now."""
        return [
            kind for kind in self._states[self._stack[-1]] if self._is_terminal(kind) and self.accepts(kind)
        ]

    @staticmethod
    def _is_terminal(kind: str) -> bool:
        return kind.strip("_")[:1].isupper() or kind == END

    def completions(self) -> tuple[str, ...]:
        """What may follow the whole text: keywords, and kinds of values as `<a name>`."""
        while True:
            token = self._lexer.next(self.accepts)
            if token.type == END:
                break
            if not self.accepts(token.type):
                return ()
            self._feed(token)
        expected = self.expected()
        words = sorted(self._words[kind] for kind in expected if kind in self._words)
        return (*words, *sorted({f"<{KINDS[kind]}>" for kind in expected if kind in KINDS and kind != END}))

    # -------------------------------------------------------------- recovery

    def _recover(self, token: Token) -> bool:
        """Report the token and find a place to go on; False at the end."""
        if token.type != BAD and len(self._lexer.errors) == self._told:
            self.errors.append(self._explain(token))
        self.broken.append(token.start)
        if self._last is not None:
            self.broken.append(self._last.start)
        if not self._recovers or len(self.errors) >= MAX_ERRORS:
            return False
        found = self._insert_semicolon(token) or self._skip(token)
        self._told = len(self._lexer.errors)
        return found

    def _misses_semicolon(self) -> bool:
        """A `;` could stand here, and would end something."""
        ended = self._last is None or self._last.type in ("SEMICOLON", "LBRACE")
        return not ended and self.accepts("SEMICOLON")

    def _insert_semicolon(self, token: Token) -> bool:
        if token.type in (BAD, END, "SEMICOLON") or not self._misses_semicolon():
            return False
        saved = (self._stack[:], self._values[:], self._from[:], self._to[:], self._blocks[:], self._last)
        at = self._last.end if self._last else token.start
        self._feed(Token.make("SEMICOLON", ";", at, at))
        self._lexer.unread(token)
        retried = self._lexer.raw()
        kind = (
            self._lexer.kind_of(retried, self.accepts) if retried.type in ("NAME", "QUOTED") else retried.type
        )
        self._lexer.unread(retried)
        if self.accepts(kind):
            return True
        self._stack[:], self._values[:], self._from[:], self._to[:], self._blocks[:], self._last = saved
        self._lexer.raw()
        return False

    def _feed(self, token: Token) -> None:
        while True:
            action = self._states[self._stack[-1]][token.type]
            if action >= 0:
                self._shift(token, action)
                return
            self._reduce(self._rules[-1 - action], token.start)

    def _skip(self, token: Token) -> bool:
        lexer, depth = self._lexer, 0
        while True:
            kind = token.type
            if kind == END:
                return False
            if kind == "LBRACE":
                depth += 1
            elif kind == "RBRACE" and depth:
                depth -= 1
                if not depth and not self._blocks and self._cut(None):
                    return True
            elif kind == "RBRACE" and self._blocks:
                if self._cut(self._blocks[-1][0]):
                    lexer.unread(token)
                    return True
                self._blocks.pop()  # its opening is dropped with it
            elif (
                kind in ("SEMICOLON", "RBRACE")
                and not depth
                and self._cut(self._blocks[-1][0] if self._blocks else None)
            ):
                return True
            token = lexer.raw()

    def _cut(self, block: int | None) -> bool:
        """Drop the unfinished item: back to between two items of the block, or two statements."""
        wanted = "RBRACE" if block is not None else self._statement_word()
        for height in range(len(self._stack), (block or 1) - 1, -1):
            if self._accepts(self._stack, height, wanted):
                size = height - 1
                del self._stack[height:], self._values[size:], self._from[size:], self._to[size:]
                return True
        return False

    def _statement_word(self) -> str:
        return next((name for name, text in self._words.items() if text == "protocol"), END)

    # ---------------------------------------------------------- explanations

    def _explain(self, token: Token) -> ConfigError:
        sources = self._lexer.sources
        expected = self.expected()
        words = self._in_words(expected)
        if token.type == END:
            return self._explain_end(token, words)
        span = sources.span(token.start, max(token.end, token.start + 1))
        if token == "include" and token.type == "NAME":
            return sources.error("`include` must be the first word on its line", span, expected=words)
        hidden = self._hidden(token, expected)
        if hidden is not None:
            text = f"`{token}` is your own name here, not the keyword"
            related = ("declared here", sources.span(hidden.start, hidden.end)) if hidden.end else None
            return sources.error(text, span, expected=words, related=related)
        if token.type == "RESERVED" or (
            token in self._keyword_texts() and set(expected) & {"NEW_NAME", "NEW_LOCAL", "PARAMETER"}
        ):
            return sources.error(f"`{token}` is a reserved word, not a name", span, expected=words)
        if self._misses_semicolon() and self._line_ended(token):
            return sources.error(f"`;` missing before {self._shown(token)}", span, expected=words)
        hint = self._meant_before(token)
        if token.type not in ("TEXT", "NUMBER") and token.isidentifier():
            choices = [self._words[kind] for kind in expected if kind in self._words]
            if "NAME" in expected:
                choices += self._lexer.declared
            hint = closest(token, choices)
        text = f"unexpected {self._shown(token)}{_wanted(words)}"
        if token.isidentifier() and {"SEMICOLON", "RBRACE"} <= set(expected) and "NAME" not in expected:
            text = f"`{token}` is not an option here"
        return sources.error(text, span, expected=words, hint=hint)

    def _meant_before(self, token: Token) -> str:
        """A misspelt keyword is read as a name; the error shows at the token after it."""
        last = self._last
        if last is None or last.type != "NAME" or last in self._lexer.declared or token.isidentifier():
            return ""
        return closest(last, NEVER_VALUES)

    def _explain_end(self, token: Token, words: tuple[str, ...]) -> ConfigError:
        sources = self._lexer.sources
        span = sources.span(token.start, token.start)
        if self._blocks:
            brace = self._blocks[-1][1]
            where = sources.span(brace.start, brace.end)
            return sources.error(
                "the file ends inside a block", span, expected=words, related=("opened here", where)
            )
        return sources.error(f"the text ends too early{_wanted(words)}", span, expected=words)

    def _hidden(self, token: Token, expected: list[str]) -> Token | None:
        keyword = self._lexer.keyword(token)
        if token.type != "NAME" or keyword is None or keyword not in expected or "NAME" in expected:
            return None
        return self._lexer.declared.get(token) or Token.make("NAME", token, 0, 0)

    def _line_ended(self, token: Token) -> bool:
        if self._last is None:
            return False
        source, at = self._lexer.sources.locate(token.start)
        before, last = self._lexer.sources.locate(max(self._last.end - 1, 0))
        return before is not source or "\n" in source.text[last:at]

    def _keyword_texts(self) -> set[str]:
        return {"in", "ng", "v2", "v3"}

    def _shown(self, token: Token) -> str:
        return f'"{token}"' if token.type == "TEXT" else f"`{token}`"

    def _in_words(self, kinds: list[str]) -> tuple[str, ...]:
        left = {self._words[kind] if kind in self._words and kind not in KINDS else kind for kind in kinds}
        out: list[str] = []
        if left >= VALUE:
            out.append("an expression" if "!" in left else "a value")
            left -= {*VALUE, *LITERALS, "!", "[", "[=", "+", "-"}
        if len(left & OPERATORS) >= MANY_OPERATORS:
            out.append("an operator")
            left -= {*OPERATORS, "("}
        named = sorted({KINDS[kind] for kind in left if kind in KINDS})
        texts = sorted(f"`{word}`" for word in left if word not in KINDS)
        return (*out, *named, *texts)


def _children(values: list[Item | list[Item]], parts: tuple[int, ...]) -> list[Item]:
    # A list that grows item by item (`x*`) is extended in place, or long lists cost their square.
    first = values[0]
    if parts[0] == SPLICE and isinstance(first, list):
        children, values, parts = first, values[1:], parts[1:]
    else:
        children = []
    for value, part in zip(values, parts, strict=True):
        if part == DROP:
            continue
        if part == KEEP:
            children.append(value)  # type: ignore[arg-type]
        else:
            children.extend(value)  # type: ignore[arg-type]
    return children


def _wanted(words: tuple[str, ...]) -> str:
    if not words:
        return ""
    if len(words) > MAX_SHOWN:
        return ""
    return f", expected {either(words)}"
