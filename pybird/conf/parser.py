"""The LALR(1) parser: tokens in, tree out; after an error it goes on with the rest of the file.

After an unexpected token the parser first tries the most common repair, a
forgotten `;`. Otherwise it skips to the next `;` of the same block or to the
brace that closes it, and goes on there, so that all independent errors of a
file are reported. What was skipped is missing from the tree; `broken` holds
the places, and the builder leaves out the statements around them.
"""

from __future__ import annotations

from pybird.conf.errors import ConfigError
from pybird.conf.explain import Situation, explain
from pybird.conf.lexer import BAD, DECLARING, END, Lexer
from pybird.conf.tables import DROP, KEEP, SPLICE, ParserTables
from pybird.conf.tree import Item, Token, Tree

MAX_ERRORS = 50
STATEMENT = "DEFINE"  # a keyword that occurs only at the beginning of a statement


class Parser:
    """One parse of one text."""

    def __init__(self, tables: ParserTables, lexer: Lexer, start: str, *, recover: bool = True) -> None:
        self.errors: list[ConfigError] = lexer.errors
        self.broken = lexer.wrong  # offsets of errors
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
        self._errors_before = 0  # how many, before the present statement
        self._early: Token | None = None  # an inner brace that is closed where an outer one should be

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
                    return self._whole()

    def unit(self) -> Tree | None:
        """The next statements, up to a place where the file could end; None if there is an error.

        No token beyond that place is read, so that the caller may go on anywhere.
        """
        del self._stack[1:], self._values[:], self._from[:], self._to[:]
        while True:
            token = self._lexer.next(self.accepts)
            while (action := self._states[self._stack[-1]].get(token.type, 0)) < 0:
                self._reduce(self._rules[-1 - action], token.start)
                if token.type == END and self._stack[-1] == self._final:
                    return self._whole()
            if token.type not in self._states[self._stack[-1]]:
                return None
            self._shift(token, action)
            if token.type in ("SEMICOLON", "RBRACE") and not self._blocks and self.accepts(END):
                while self._stack[-1] != self._final:
                    self._reduce(self._rules[-1 - self._states[self._stack[-1]][END]], token.end)
                return self._whole()

    def _whole(self) -> Tree:
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
            self._check_indentation(self._blocks.pop()[1], token)
        elif token.type != "SEMICOLON":
            return
        self._errors_before = len(self.errors)

    def _check_indentation(self, opening: Token, closing: Token) -> None:
        """Remember a brace that, by its indentation, closes more than the innermost block."""
        if not self._blocks:
            self._early = None
        elif self._early is None and (indent := self._lexer.indentation(closing)) is not None:
            outer = self._lexer.indentation(opening, of_line=True)
            if outer is not None and indent < outer:
                self._early = opening

    def _reduce(self, rule: tuple[int, str, str | None, bool, tuple[int, ...]], here: int) -> None:
        size, left, name, inline, parts = rule
        if size == 1 and parts[0] == (SPLICE if name is None else KEEP) and (inline or name is None):
            self._stack[-1] = self._states[self._stack[-2]][left]  # the value stays what it is
            return
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
        """True if the parser would shift this terminal now, after the reductions that come first.

        A merged LALR state has actions for tokens that fail later, so the
        reductions are simulated.
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
        """Every terminal that the parser accepts now."""
        return [
            kind for kind in self._states[self._stack[-1]] if self._is_terminal(kind) and self.accepts(kind)
        ]

    @staticmethod
    def _is_terminal(kind: str) -> bool:
        return kind.strip("_")[:1].isupper() or kind == END

    # -------------------------------------------------------------- recovery

    def _recover(self, token: Token) -> bool:
        """Report the token and find a place to go on; False at the end."""
        if token.type != BAD and (
            len(self._lexer.errors) == self._errors_before or self._is_between_statements()
        ):
            self.errors.append(explain(self._lexer, self._situation(token), token))
        self.broken.append(token.start)
        if self._last is not None:
            self.broken.append(self._last.start)
        if not self._recovers or len(self.errors) >= MAX_ERRORS:
            return False
        found = (
            self._restart_statement(token)
            or self._skip_joined_name(token)
            or self._skip_rest_of_block(token)
            or self._insert(token, "LBRACE", "{", self._misses_brace(token))
            or self._insert(token, "SEMICOLON", ";", self._misses_semicolon())
            or self._insert(token, "COMMA", ",", self.accepts("COMMA") and self.accepts("RSQB"))
            or self._skip(token)
        )
        self._errors_before = len(self._lexer.errors)
        self._lexer.unwind(len(self._blocks))
        return found

    def _situation(self, token: Token) -> Situation:
        expected = self.expected()
        block = self._blocks[-1][1] if self._blocks else None
        return Situation(
            expected=expected,
            fitting=[kind for kind in expected if kind != END and self._fits_after(kind, token)],
            texts=self._words,
            last=self._last,
            open_block=self._early or block,
            open_set=self._open_set() if "RSQB" in expected else None,
            semicolon_missing=self._misses_semicolon(),
            brace_missing=self._misses_brace(token) and self._fits_after("LBRACE", token),
            between=self._is_between_statements(),
            outside=self._is_between_statements() and self._is_outside(token),
        )

    def _open_set(self) -> Token | None:
        """The innermost `[` that nothing has closed."""
        for value in reversed(self._values):
            if isinstance(value, Token) and value.type == "LSQB":
                return value
        return None

    def _is_between_statements(self) -> bool:
        """True between two statements of the file."""
        return not self._blocks and self.accepts(STATEMENT)

    def _fits_after(self, kind: str, token: Token) -> bool:
        """True if the token would be accepted after this terminal."""
        stack = self._stack[:]
        while (action := self._states[stack[-1]][kind]) < 0:
            size, left = self._rules[-1 - action][:2]
            del stack[len(stack) - size :]
            stack.append(self._states[stack[-1]][left])
        stack.append(action)
        return self._accepts(stack, len(stack), token.type)

    def _skip_joined_name(self, token: Token) -> bool:
        """Go on after all pieces of a name with a hyphen, which the lexer split; False if this is none."""
        last = self._last
        if token != "-" or last is None or last.type not in DECLARING or last.end != token.start:
            return False
        end = token.end
        while (token := self._lexer.raw()).start == end and token.type in ("NAME", "NUMBER", "MINUS"):
            end = token.end
        self._lexer.unread(token)
        return True

    def _skip_rest_of_block(self, token: Token) -> bool:
        """A block was closed too early: pass over the rest of it, to the brace that should have closed it."""
        if (
            not self._is_between_statements()
            or not self._is_outside(token)
            or not self._last
            or self._last.type != "RBRACE"
        ):
            return False
        depth = 0
        while token.type != END and not self._lexer.begins_statement(token):
            depth += (token.type == "LBRACE") - (token.type == "RBRACE")
            if depth < 0:
                return True
            token = self._lexer.raw()
        self._lexer.unread(token)
        return True

    def _is_outside(self, token: Token) -> bool:
        """True if it is a keyword that neither begins a statement of the file nor is a type of protocol."""
        keyword = self._lexer.keyword(token)
        return keyword is not None and not self.accepts(keyword) and not self._fits_after("PROTOCOL", token)

    def _restart_statement(self, token: Token) -> bool:
        """Go on with a word at the left edge that begins a statement: what is open was not closed."""
        if not self._lexer.begins_statement(token) or not self._cut(None):
            return False
        self._blocks.clear()
        self._lexer.unread(token)
        return True

    def _misses_semicolon(self) -> bool:
        """True if a `;` is accepted here and would end something."""
        ended = self._last is None or self._last.type in ("SEMICOLON", "LBRACE")
        return not ended and self.accepts("SEMICOLON") and not self._is_between_statements()

    def _misses_brace(self, token: Token) -> bool:
        """True if a `{` is accepted here and the token probably belongs in its block."""
        if token.type == "SEMICOLON" or self._last is None or not self.accepts("LBRACE"):
            return False
        if not self.accepts("SEMICOLON"):
            return True
        likely = token.type != "NAME" or self._lexer.line_ended(self._last, token)
        return likely and not self._fits_after("SEMICOLON", token)

    def _insert(self, token: Token, kind: str, text: str, fits: bool) -> bool:
        """Go on as if this token had preceded the unexpected one; False if that does not help."""
        if token.type in (BAD, END, "SEMICOLON") or not fits:
            return False
        saved = (self._stack[:], self._values[:], self._from[:], self._to[:], self._blocks[:], self._last)
        at = self._last.end if self._last else token.start
        self._feed(Token.make(kind, text, at, at))
        self._lexer.unread(token)
        retried = self._lexer.raw()
        read = (
            self._lexer.kind_of(retried, self.accepts) if retried.type in ("NAME", "QUOTED") else retried.type
        )
        self._lexer.unread(retried)
        if self.accepts(read):
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
        lexer, depth, before = self._lexer, 0, ""
        if self._is_between_statements():
            lexer.declare_broken(token)
        while True:
            kind = token.type
            # Between statements only a brace after `;` ends a block, not that of `10.0.0.0/8{8,24}`.
            ends = bool(self._blocks) or before in ("SEMICOLON", "LBRACE", "RBRACE")
            before = kind
            if kind == END:
                return False
            if self._restart_statement(token):
                return True
            if kind == "LBRACE":
                depth += 1
            elif kind == "RBRACE" and depth:
                depth -= 1
                if not depth and not self._blocks and ends and self._cut(None):
                    return True
            elif kind == "RBRACE" and self._blocks:
                if self._cut(self._blocks[-1][0]):
                    lexer.unread(token)
                    return True
                self._blocks.pop()  # its opening is dropped with it
            elif (
                (kind == "SEMICOLON" or (kind == "RBRACE" and ends))
                and not depth
                and self._cut(self._blocks[-1][0] if self._blocks else None)
            ):
                self._last = token
                return True
            token = lexer.raw()

    def _cut(self, block: int | None) -> bool:
        """Drop the unfinished item of the block, or statement; False if there is no place to go on."""
        wanted = "RBRACE" if block is not None else STATEMENT
        for height in range(len(self._stack), (block or 1) - 1, -1):
            if self._accepts(self._stack, height, wanted):
                size = height - 1
                del self._stack[height:], self._values[size:], self._from[size:], self._to[size:]
                return True
        return False


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
