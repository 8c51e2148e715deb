"""From text to tokens.

One regular expression, made of the patterns in `grammar/lexical.lark`, finds
the next piece of text. What a word is depends on its place: it is one of the
user's symbols if one of that name is in scope, else a keyword if the parser
accepts that keyword here, else a new name. Symbols are recorded when
the token that declares them is read (an LALR parser reduces one token late).

`include` is not grammar: it is recognised as the first word of a line, at any
place, and the text of the file takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping

from pybird.conf.errors import ConfigError, bare
from pybird.conf.foreign_syntax import Slip, character_slip, operator_slip
from pybird.conf.include import MAX_DEPTH, Sources, SourceText
from pybird.conf.literal_sets import LEAST_NUMBERS, NUMBER_SET, PREFIX_SET
from pybird.conf.literals import literal
from pybird.conf.tables import ParserTables
from pybird.conf.tree import Token
from pybird.filter.nodes import NO_SPAN, Span
from pybird.values.attributes import UNKNOWN_PREFIX
from pybird.values.enums import CONSTANTS

MAX_SYMBOL = 64
END = "$END"
BAD = "$BAD"  # what the lexer could not read; an error was recorded

# Tried in this order; `WORD` stands for the four kinds of names.
LITERALS = ("TEXT", "MAC", "BYTES", "PREFIX", "ADDRESS", "RD", "NUMBER")
DECLARING = ("NEW_NAME", "NEW_LOCAL", "PARAMETER")
# Never names of the user's anywhere; neither are the constants of enumerations.
RESERVED = frozenset(("in", "ng", "v2", "v3"))
# Words that, at the left edge of the text, begin a statement of the file.
STATEMENTS = frozenset(("define", "protocol", "template", "function", "filter"))
# Those, and more that begin one; they matter only after an error.
EDGES = STATEMENTS | {"log", "router", "timeformat", "attribute", "cli"}
INCLUDE = re.compile(r'[ \t]*(?:"([^"\n]*)"[ \t]*(;)?)?')

# Terminal, its pattern, how many characters make it worth while.
BULK = (("PREFIX_SET", PREFIX_SET, 0), ("NUMBER_SET", NUMBER_SET, LEAST_NUMBERS))

WITH_NUL = re.compile(r'"([^"\n]*)"')  # a string that is no TEXT, because of a NUL character

# After these any word is a name: methods, interfaces, enumerations.
FREE_NAMES = frozenset(("DOT", "PERCENT", "ENUM"))
LONG_LINE = 500  # characters; nobody indents so far
SLIPPERY = frozenset("=/<>")  # first characters of operators of other languages
# Read in place of a literal that is out of range.
INSTEAD = {"ADDRESS": "0.0.0.0", "NUMBER": "0", "PREFIX": "0.0.0.0/0"}

Accepts = Callable[[str], bool]


class Lexer:
    """The tokens of one configuration, command or expression."""

    def __init__(
        self,
        tables: ParserTables,
        sources: Sources,
        predefined: Container[str] = (),
        *,
        includes: bool = True,
    ) -> None:
        self.sources = sources
        self.errors: list[ConfigError] = []
        self.overrides: list[Token] = []  # names that hide a keyword
        self.declared: dict[str, Token] = {}
        self.names: list[Token] = []  # every declaration of a name of the file
        self._keywords = tables.keywords
        self._words = {*tables.keywords.values(), *DECLARING, "RESERVED"}
        self._operators = tables.operators
        self._match = master(tables).match
        self._includes = includes
        self._predefined = predefined  # names that need no declaration
        self._known: dict[str, int] = {}
        self._previous = ""  # the type of the token before
        self._free: set[int] = set()  # offsets of names that need no declaration
        self.wrong: list[int] = []  # offsets of literals out of range
        self._scopes: list[tuple[int, list[str]]] = []  # (depth of braces, names)
        self._ended_names: set[str] = set()  # names of the block that ended last
        self._depth = 0
        self._source: SourceText | None = None
        self._waiting: list[tuple[str, SourceText, Span]] = []  # files to include next: path, by whom, where
        self._unread: list[Token] = []
        self._reported: set[str] = set()
        self._end = 0

    def open(self, source: SourceText) -> None:
        """Begin with this text."""
        self._source = source

    # ------------------------------------------------------------ raw tokens

    def raw(self) -> Token:
        """The next token, whatever the parser expects; words are `NAME`, at the end `$END`."""
        token = self._unread.pop() if self._unread else None
        if token is not None:
            return token
        while True:
            source = self._source
            if source is None:
                return Token.make(END, "", self._end, self._end)
            found = self._match(source.text, source.position)
            assert found is not None
            kind = found.lastgroup
            start, end = found.span(kind or 0)
            source.position = end
            if kind == "WORD":
                token = self._word(source, found[kind], start, end)
                if token is not None:
                    return token
            elif kind == "OPERATOR":
                text = found[kind]
                if text in SLIPPERY and (slip := operator_slip(source.text, start)) is not None:
                    token = self._slip(source, start, slip)
                    if token is not None:
                        return token
                    continue
                return Token.make(self._operators[text], text, source.base + start, source.base + end)
            elif kind == "TEXT":
                return Token.make(kind, found[kind][1:-1], source.base + start, source.base + end)
            elif kind is not None:
                return self._literal(source, kind, found[kind], start, end)
            elif source.position >= len(source.text):
                self._leave(source)
            else:
                token = self._problem(source)
                if token is not None:
                    return token

    def next_statement(self) -> tuple[SourceText, int] | None:
        """(text, position) of the next statement of the file, None at the end; called between statements."""
        token = self.raw()
        if token.type == END:
            return None
        self.unread(token)
        return self.sources.locate(token.start)

    def skip_to(self, source: SourceText, end: int, declared: Iterable[str]) -> None:
        """Go on at `end` of this text, between two statements, as if these names had been declared."""
        self._unread.clear()
        source.position = end
        self._previous = ""
        for name in declared:
            self._known[name] = self._known.get(name, 0) + 1

    @property
    def known(self) -> Mapping[str, int]:
        """The user's names in scope."""
        return self._known

    def unread(self, token: Token) -> None:
        """Give a token back: the next `raw` returns it, with the type that it had before `read_as`."""
        if token.type in self._words:
            token.type = "NAME"
        self._unread.append(token)

    def _literal(self, source: SourceText, kind: str, text: str, start: int, end: int) -> Token:
        if kind == "PREFIX":
            follow = source.text[end : end + 3].lstrip(" \t")[:2]
            if follow[:1] in ("+", "-") and follow not in ("++", "->"):
                end = source.text.index(follow[0], end) + 1
                source.position = end
                kind = "PREFIX_LONGER" if follow[0] == "+" else "PREFIX_SHORTER"
        return Token.make(kind, text, source.base + start, source.base + end)

    def _word(self, source: SourceText, text: str, start: int, end: int) -> Token | None:
        if text[0] == "'":
            text = text[1:-1]
            return self._sized(Token.make("QUOTED", text, source.base + start, source.base + end))
        if text == "include" and self._includes and self._first_on_line(source, start):
            if self._include(source, start, end):
                return None
            return Token.make(BAD, text, source.base + start, source.base + end)
        if text == "else" and source.text[end : end + 1] == ":":
            source.position = end + 1
            return Token.make("ELSE_COLON", text, source.base + start, source.base + end + 1)
        return self._sized(Token.make("NAME", text, source.base + start, source.base + end))

    def _sized(self, token: Token) -> Token:
        if len(token) > MAX_SYMBOL:
            self._error("Symbol too long", token.start, token.end)
        return token

    # --------------------------------------------------------------- include

    @staticmethod
    def _first_on_line(source: SourceText, start: int) -> bool:
        line = source.text.rfind("\n", 0, start) + 1
        return not source.text[line:start].strip(" \t")

    def _include(self, source: SourceText, start: int, end: int) -> bool:
        found = INCLUDE.match(source.text, end)
        assert found is not None
        if found[1] is None or found[2] is None:
            at = found.start(1) - 1 if found[1] is not None else start
            what = "a file's name in quotes" if found[1] is None else "`;`"
            text = f"Unterminated include: {what} is missing"
            self._error(text, source.base + at, source.base + max(found.end(1) + 1, end))
            return False
        source.position = found.end()
        try:
            files = self.sources.included(found[1], source, found.start(1) - 1, found.end(1) + 1)
        except ConfigError as error:
            self.errors.append(bare(error))
            if source.depth >= MAX_DEPTH - 1:
                self._stop(source.base + found.end())
            return True
        self._waiting.extend(
            (
                path,
                source,
                self.sources.span(source.base + found.start(1) - 1, source.base + found.end(1) + 1),
            )
            for path in reversed(files)
        )
        self._open_next(source)
        return True

    def _stop(self, end: int) -> None:
        """The text ends here: a file that includes itself twice would be read 2 ^ 8 times."""
        self._waiting.clear()
        self._source = None
        self._end = end

    def _open_next(self, parent: SourceText) -> bool:
        """Open the next file that an `include` of this text brought, if there is one."""
        while self._waiting and self._waiting[-1][1] is parent:
            path, _, span = self._waiting.pop()
            try:
                self._source = self.sources.open(path, parent)
            except OSError as problem:
                text = f"Unable to open included file {path}: {problem.strerror}"
                self.errors.append(self.sources.error(text, span))
            else:
                return True
        return False

    def _leave(self, source: SourceText) -> None:
        self._end = source.base + len(source.text)
        parent = source.parent
        if parent is None or not self._open_next(parent):
            self._source = parent
            if parent is not None:
                self.sources.resume(parent)

    # -------------------------------------------------------------- problems

    def _problem(self, source: SourceText) -> Token | None:
        """Report text that starts no token; return a token for it, or None to treat it as a blank."""
        text, at = source.text, source.position
        start = source.base + at
        if text.startswith("/*", at):
            self._comment(source, at)
            return None
        char = text[at]
        if char == '"':
            whole = WITH_NUL.match(text, at)
            return self._open_string(source, at) if whole is None else self._nul_in_text(source, whole)
        slip = character_slip(text, at)
        if slip is not None:
            return self._slip(source, at, slip)
        end = at + 1
        while text[end : end + 1] == char:
            end += 1
        source.position = end
        if char == "\r":
            self._error_once(
                "Unknown character: a carriage return; the file has DOS line ends (dos2unix takes them out)",
                start,
            )
            return None
        if char == "\ufeff":
            self._error_once("Unknown character: a byte order mark; save the file without BOM", start)
            return None
        if "\udc80" <= char <= "\udcff":  # how octets that are no UTF-8 are read
            self._error(
                f"Unknown octet 0x{ord(char) - 0xDC00:02x}, which is not UTF-8", start, source.base + end
            )
            return Token.make(BAD, char, start, source.base + end)
        shown = char if char.isprintable() else f"U+{ord(char):04X}"
        self._error(f"Unknown character `{shown}`", start, source.base + end)
        return Token.make(BAD, char, start, source.base + end)

    def _slip(self, source: SourceText, at: int, slip: Slip) -> Token | None:
        """Report what was written out of habit, and read on as if the right thing stood there."""
        start, end = source.base + at, source.base + slip.end
        source.position = slip.resume
        if not slip.once or slip.message not in self._reported:
            self._reported.add(slip.message)
            self._error(slip.message, start, end, slip.hint)
        if slip.blank:
            return None
        if slip.operator:
            return Token.make(self._operators[slip.operator], slip.operator, start, end)
        if slip.text is not None:
            return Token.make("TEXT", slip.text, start, source.base + slip.resume)
        return Token.make(BAD, source.text[at : slip.end], start, end)

    def _nul_in_text(self, source: SourceText, whole: re.Match[str]) -> Token:
        """A text that holds NUL characters: file names and time formats cannot."""
        nul = source.base + whole[0].index("\0") + whole.start()
        self._error("a text holds no NUL characters", nul, nul + 1)
        source.position = whole.end()
        return Token.make("TEXT", whole[1], source.base + whole.start(), source.base + whole.end())

    def _open_string(self, source: SourceText, at: int) -> Token:
        """Report a text that does not end on its line; if it ends on the next line, skip to there."""
        text, start = source.text, source.base + at
        line = text.find("\n", at)
        end = line if line >= 0 else len(text)
        self._error("Unterminated string", start, source.base + end)
        following = text.find("\n", end + 1)
        rest = text[end : following if following >= 0 else len(text)]
        source.position = end + rest.rindex('"') + 1 if rest.count('"') % 2 else end
        return Token.make("TEXT", text[at + 1 : end], start, source.base + end)

    def _comment(self, source: SourceText, at: int) -> None:
        text = source.text
        end = text.find("*/", at + 2)
        if end < 0:
            self._unterminated(source, at)
            source.position = len(text)
            return
        nested = text.find("/*", at + 2, end + 1)  # of `/*/` too
        if nested >= 0:
            self._error("Comment nesting not supported", source.base + nested, source.base + nested + 2)
        source.position = end + 2

    def _unterminated(self, source: SourceText, at: int) -> None:
        """Report a comment without end where the file ends, as BIRD does."""
        end = source.base + len(source.text)
        error = self.sources.error("Unterminated comment", self.sources.span(end, end))
        error.related = ("it begins here", self.sources.span(source.base + at, source.base + at + 2))
        self.errors.append(error)

    def _error_once(self, message: str, start: int) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self._error(message, start, start + 1)

    def _error(self, message: str, start: int, end: int, hint: str = "") -> None:
        self.errors.append(self.sources.error(message, self.sources.span(start, end), hint=hint))

    # --------------------------------------------------- tokens for a parser

    def next(self, accepts: Accepts) -> Token:
        """The next token, read as what the parser accepts."""
        return self.read_as(self.raw(), accepts)

    def read_as(self, token: Token, accepts: Accepts) -> Token:
        """Decide what a raw token is by what the parser accepts, and keep track of scopes."""
        kind = token.type
        if kind in ("NAME", "QUOTED"):
            token.type = self.kind_of(token, accepts)
            if self._previous in FREE_NAMES:
                self._free.add(token.start)
            if token.type in DECLARING:
                self._declare(token)
            self._previous = token.type
            return token
        self._previous = kind
        if kind in ("ADDRESS", "NUMBER", "PREFIX"):
            return self._valid(token)
        return self._bracket(token, accepts)

    def _valid(self, token: Token) -> Token:
        """The token; a literal out of range is reported and replaced by a valid one."""
        try:
            literal(token.type, token, NO_SPAN)
        except ValueError as problem:
            self._error(str(problem), token.start, token.end)
            self.wrong.append(token.start)
            return Token.make(token.type, INSTEAD[token.type], token.start, token.end)
        return token

    def _bracket(self, token: Token, accepts: Accepts) -> Token:
        kind = token.type
        if kind == "LSQB" and accepts("PREFIX_SET"):
            return self._bulk(token)
        if kind == "LBRACE":
            self._depth += 1
            self._scopes.append((self._depth, []))
        elif kind == "RBRACE":
            self._close_brace()
        return token

    def _bulk(self, opening: Token) -> Token:
        """A whole set as one token, if it holds nothing but prefixes or many numbers."""
        source, at = self.sources.locate(opening.start)
        if source.position != at + 1:
            return opening  # it was unread
        for kind, pattern, least in BULK:
            found = pattern.match(source.text, at)
            if found is not None and found.end() - at >= least:
                source.position = found.end()
                return Token.make(kind, found[0], opening.start, opening.start + found.end() - at)
        return opening

    def kind_of(self, word: Token, accepts: Accepts) -> str:
        """What a word is here: a keyword's terminal, `NAME`, or a declaring terminal."""
        known = word in self._known or word.type == "QUOTED"
        keyword = None if known else self._keywords.get(word)
        if keyword is not None and accepts(keyword):
            return keyword
        for kind in DECLARING:
            if accepts(kind):
                return keyword or "RESERVED" if self._reserved(word) else kind
        if keyword is not None and self._means_nothing(word):
            return keyword
        return "NAME"

    def _means_nothing(self, word: Token) -> bool:
        """True if a keyword that does not fit is not a declared name either: refused here, not later."""
        if not self._includes or self._previous in FREE_NAMES:
            return False
        if word == "filter":  # the old spelling of a function, too
            source, at = self.sources.locate(word.end - 1)
            return source.text[at + 1 : at + 2] != "("
        return word not in self._predefined

    @property
    def of_command(self) -> bool:
        """True for a line of the control socket: its names are not declared in the text."""
        return not self._includes

    def unknown(self, word: Token) -> bool:
        """True if this is a name that is not declared."""
        if word.type != "NAME" or word.start in self._free or word.startswith(UNKNOWN_PREFIX):
            return False
        return all(word not in names for names in (self._known, self._ended_names, self._predefined))

    @staticmethod
    def _reserved(word: Token) -> bool:
        return word.type == "NAME" and (word in RESERVED or word in CONSTANTS)

    def keyword(self, word: str) -> str | None:
        """The terminal of a keyword."""
        return self._keywords.get(word)

    def begins_statement(self, token: Token) -> bool:
        """True if the word is at the left edge and begins a statement of the file."""
        if not self._includes or token not in EDGES or token in self._known:
            return False
        source, at = self.sources.locate(token.start)
        return at == 0 or source.text[at - 1] == "\n"

    def line_ended(self, last: Token, token: Token) -> bool:
        """True if a line or a file ends between the two tokens."""
        source, at = self.sources.locate(token.start)
        before, end = self.sources.locate(max(last.end - 1, 0))
        return before is not source or "\n" in source.text[end:at]

    def declare_broken(self, token: Token) -> None:
        """Declare the name of a statement that begins wrongly, so that its uses are not errors as well."""
        following = self.raw()
        self.unread(following)
        for word in (token, following):
            if word.type in ("NAME", "QUOTED"):
                self.declared.setdefault(word, word)

    def indentation(self, token: Token, *, of_line: bool = False) -> int | None:
        """How many blanks precede the token on its line; None if anything else does.

        With `of_line`, how many blanks its line begins with.
        """
        source, at = self.sources.locate(token.start)
        least = max(at - LONG_LINE, 0)
        begin = source.text.rfind("\n", least, at) + 1
        if not begin and least:
            return None
        before = source.text[begin:at]
        blanks = len(before) - len(before.lstrip(" \t"))
        return blanks if of_line or begin + blanks == at else None

    def _declare(self, token: Token) -> None:
        if token in self._keywords and token not in self._known:
            self.overrides.append(token)
        if token.type == "PARAMETER":
            self._open_header()
        self._known[token] = self._known.get(token, 0) + 1
        if self._scopes and token.type != "NEW_NAME":  # a label range in its domain's braces is known outside
            self._scopes[-1][1].append(token)
        if token.type == "NEW_NAME":
            self.names.append(token)
            self.declared.setdefault(token, token)

    def _open_header(self) -> None:
        """Parameters live from their declaration to the end of the body that follows."""
        if not self._scopes or self._scopes[-1][0] != -1 - self._depth:
            self._scopes.append((-1 - self._depth, []))

    def _close_brace(self) -> None:
        self._ended_names.clear()
        if self._scopes and self._scopes[-1][0] == self._depth:
            self._end_scope()
        if self._depth:
            self._depth -= 1
        if self._scopes and self._scopes[-1][0] == -1 - self._depth:
            self._end_scope()

    def unwind(self, depth: int) -> None:
        """After an error, leave scopes until this many braces are open."""
        while self._scopes and (self._scopes[-1][0] > depth or self._scopes[-1][0] < -1 - depth):
            self._end_scope()
        self._depth = depth

    def _end_scope(self) -> None:
        for name in self._scopes.pop()[1]:
            self._ended_names.add(name)
            self._known[name] -= 1
            if not self._known[name]:
                del self._known[name]


def master(tables: ParserTables) -> re.Pattern[str]:
    """The regular expression that finds the next token after blanks; its groups are named by kind."""
    patterns = tables.patterns
    hexadecimal = "|".join(
        f"(?P<{name}>{patterns[name]})" for name in ("MAC", "BYTES", "PREFIX", "ADDRESS", "RD")
    )
    operators = "|".join(
        re.escape(text) for text in sorted(tables.operators, key=len, reverse=True) if text != "else:"
    )
    return re.compile(
        r"(?:[ \t\n]+|\#[^\n]*)*"
        rf"(?:(?=[0-9a-fA-F:h])(?:{hexadecimal})|(?P<WORD>{patterns['NAME']})|(?P<NUMBER>{patterns['NUMBER']})"
        rf"|(?P<TEXT>{patterns['TEXT']})|(?!/\*)(?P<OPERATOR>{operators}))?"
    )
