"""Hides secrets in texts of configurations: what follows `password`, `key` or `secret`.

The raw text is searched, because errors also quote texts that cannot be parsed.
Everything from the keyword to the end of the statement is a secret, quoted or
not. So is the value of a `define` whose name is used there or whose own name
says so (`bgp_password`), and so are comments on such lines, where people keep
old secrets. Each character becomes a star, so that columns stay. Too much may be
hidden, never too little.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

STAR: Final = "*"
LEAST: Final = 4  # characters of a secret that is hidden in all other places, too
PART: Final = 64 * 1024  # characters that are searched in one call
OVER: Final = 1024  # characters beyond them that a match may take
LONG_LINE: Final = 1000  # characters; beyond them on its line a keyword counts even in a comment or text
MANY: Final = 1000  # secrets that are hidden in other places: a text with more has them in a list

KEYWORD = re.compile(r"\b(?:passwords?|keys?|secret)\b", re.IGNORECASE)
BLOCK = re.compile(r"(?:\s|#[^\n]*)*\{")
BLANKS = re.compile(r"(?:\s|#[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
# A statement's value, piece by piece: texts, comments, what is neither; `end` ends it.
PIECE = re.compile(
    r'(?P<text>"[^"\n]*(?:"|(?=\n)|\Z))|(?P<comment>#[^\n]*|/\*.*?(?:\*/|\Z))|(?P<end>[;{}])'
    r'|(?P<line>\n)|(?P<blank>[^\S\n]+)|(?P<other>[^\s;{}"#/]+|/)',
    re.DOTALL,
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|'[A-Za-z0-9_.:-]+'")
DEFINE = re.compile(r"\bdefine\s+(?P<name>[A-Za-z_][A-Za-z0-9_]*|'[A-Za-z0-9_.:-]+')\s*=?")
SECRET_NAME = re.compile(r"passw|secret|md5|psk|(?:^|[_.-])(?:key|pass|pw|pwd)(?:$|[_.-])", re.IGNORECASE)
COMMENT = re.compile(r'"[^"\n]*"?|(?P<comment>#.*|/\*.*?(?:\*/|$))')

Stretch = tuple[int, int]


class Secrets:
    """The secrets of these texts, by file."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._hidden = {file: _merged(_by_keyword(text)) for file, text in texts.items()}
        self._texts = texts
        self._follow_names()
        self._words = _words(texts, self._hidden)

    def _follow_names(self) -> None:
        """Hide the values of names that are used in secrets, and of names used in those values."""
        known: set[str] = set()
        defines = [
            (file, found["name"].strip("'"), found.end())
            for file, text in self._texts.items()
            for found in _matches(DEFINE, ("define",), text)
        ]
        while True:
            before = len(known)
            for file, stretches in self._hidden.items():
                text = self._texts[file]
                for start, end in stretches:
                    known.update(name.strip("'") for name in NAME.findall(text, start, end))
            if len(known) == before:
                return
            for file, name, at in defines:
                if name in known:
                    self._hidden[file] = _merged([*self._hidden[file], *_value(self._texts[file], at)])

    def line(self, file: str, start: int, end: int) -> str:
        """The text of a file from `start` to `end`, a part of a line, with its secrets hidden."""
        text = self._texts[file]
        begin, over = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        over = over if over >= 0 else len(text)
        stretches = list(self._within(file, begin, over))
        shown = list(text[start:end])
        if stretches:
            stretches += [found.span("comment") for found in COMMENT.finditer(text, begin, over)]
        for first, last in stretches:
            for at in range(max(first, start), min(last, end)):
                if not shown[at - start].isspace():
                    shown[at - start] = STAR
        return self._elsewhere("".join(shown))

    def touches(self, file: str, start: int, end: int) -> bool:
        """True if this place overlaps a secret."""
        return any(self._within(file, start, max(end, start + 1)))

    def message(self, text: str, file: str = "", start: int = 0, end: int = 0) -> str:
        """The text of a message about this place, with secrets hidden."""
        for first, last in self._within(file, start, max(end, start + 1)) if file else ():
            for secret in _split(self._texts[file][max(first, start) : min(last, end)]):
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", STAR * 3, text)
            text = re.sub(r"\b(?:0x|U\+)[0-9A-Fa-f]+", STAR * 3, text)
        return self._elsewhere(text)

    def _elsewhere(self, text: str) -> str:
        """Hide the secrets of the files wherever else they occur."""
        for secret in self._words:
            if secret in text:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", STAR * len(secret), text)
        return text

    def _within(self, file: str, start: int, end: int) -> Iterator[Stretch]:
        """The stretches of secrets that overlap this one."""
        stretches = self._hidden.get(file, [])
        for first, last in stretches[max(bisect_right(stretches, (start, start)) - 1, 0) :]:
            if first >= end:
                return
            if last > start:
                yield first, last


def redacted(text: str) -> str:
    """A piece of text with those secrets hidden that it shows to be secrets by itself."""
    return Secrets({"": text}).line("", 0, len(text))


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The stretches in order, with overlapping ones joined."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _matches(pattern: re.Pattern[str], words: tuple[str, ...], text: str) -> Iterator[re.Match[str]]:
    """All matches of a pattern that has one of these words.

    A part of the text at a time: one call over all of a large one keeps every
    other thread waiting for seconds.
    """
    for start in range(0, len(text), PART):
        end = start + PART
        part = text[start : end + OVER].lower()
        if any(word in part for word in words):
            for found in pattern.finditer(text, start, end + OVER):
                if found.start() < end:
                    yield found


def _by_keyword(text: str) -> Iterator[Stretch]:
    """Secrets that are recognized by their keyword, or by the name of their `define`."""
    for keyword in _matches(KEYWORD, ("password", "key", "secret"), text):
        end = _end_of_text(text, keyword.start(), keyword.end())
        if end is not None:
            yield keyword.end(), end
            continue
        block = BLOCK.match(text, keyword.end())
        if block is None:
            yield from _value(text, keyword.end())
        elif keyword[0].lower().endswith("s"):
            yield from _listed(text, block.end())
    for define in _matches(DEFINE, ("define",), text):
        if SECRET_NAME.search(define["name"]):
            yield from _value(text, define.end())


def _end_of_text(text: str, at: int, after: int) -> int | None:
    """Where the comment or text that contains the keyword ends; None if it is really a keyword."""
    begin, over = text.rfind("\n", 0, at) + 1, text.find("\n", after)
    over = over if over >= 0 else len(text)
    if at - begin > LONG_LINE:
        return None
    before = [found for found in COMMENT.finditer(text, begin, at) if found.end() == at]
    piece = before[0][0] if before else ""
    if piece.startswith("#"):
        return over
    if piece.startswith('"') and (len(piece) == 1 or not piece.endswith('"')):
        closing = text.find('"', after, over)
        return closing if closing >= 0 and text.count('"', begin, over) % 2 == 0 else over
    return None


def _value(text: str, start: int) -> Iterator[Stretch]:
    """The secrets in a statement's value: all of its first line, and what is quoted on further lines."""
    blanks = BLANKS.match(text, start)
    first = True
    for piece in PIECE.finditer(text, blanks.end() if blanks is not None else start):
        match piece.lastgroup:
            case "end":
                return
            case "line":
                first = False
            case "text":
                closed = len(piece[0]) > 1 and piece[0].endswith('"')
                yield piece.start() + 1, piece.end() - closed
            case "other" if first:
                yield piece.span()


def _listed(text: str, start: int) -> Iterator[Stretch]:
    """The items of `passwords { ... }`."""
    depth = 1
    for piece in PIECE.finditer(text, start):
        match piece.lastgroup:
            case "end":
                depth += (piece[0] == "{") - (piece[0] == "}")
                if not depth:
                    return
            case "text":
                closed = len(piece[0]) > 1 and piece[0].endswith('"')
                yield piece.start() + 1, piece.end() - closed
            case "other" if depth == 1 and not KEYWORD.fullmatch(piece[0]):
                yield piece.span()


def _words(texts: Mapping[str, str], hidden: Mapping[str, Iterable[Stretch]]) -> list[str]:
    """Quoted secrets that are long enough to be recognized in other places, the longest first."""
    found = {
        texts[file][start:end]
        for file, stretches in hidden.items()
        for start, end in stretches
        if texts[file].startswith('"', start - 1)
    }
    return sorted((each for each in found if len(each) >= LEAST), key=len, reverse=True)[:MANY]


def _split(secret: str) -> list[str]:
    """A secret and its parts, as messages may quote them, the longest first."""
    parts = {secret.strip(), *secret.split(), *re.findall(r"\w+", secret), *re.findall(r"[^\w\s\"]", secret)}
    return sorted((part for part in parts if part and part != '"'), key=len, reverse=True)
