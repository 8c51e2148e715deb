"""Syntax of other languages that people write out of habit.

It is no token here but has an obvious meaning: the lexer reports it and reads
on as if the right token stood there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

QUOTED = re.compile(r"'[^'\n]*'")
TYPOGRAPHIC = re.compile("[\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
                         "\N{DOUBLE LOW-9 QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
                         "\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}"
                         "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}]")  # fmt: skip
DASHES = "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
OURS, MIDDLE, THEIRS = "<" * 7, "=" * 7, ">" * 7  # conflict markers of a merge, at the left edge


@dataclass(frozen=True, slots=True)
class Slip:
    """A piece of text that is not of this language.

    `end` is where the error message lets it end. The lexer goes on at `resume`,
    with the token `operator` or `text`, without any (`blank`), or as after an error.
    """

    message: str
    end: int
    resume: int
    hint: str = ""
    operator: str = ""
    text: str | None = None
    blank: bool = False
    once: bool = False  # reported only once


def operator_slip(text: str, at: int) -> Slip | None:
    """`==`, `//` or a conflict marker, where an operator begins; None if it is none of them."""
    if text.startswith((OURS, MIDDLE, THEIRS), at) and (not at or text[at - 1] == "\n"):
        return _merge(text, at)
    if text.startswith("//", at):
        return Slip("unexpected `//`: comments begin with `#`", at + 2, _line_end(text, at), blank=True)
    if text.startswith("==", at) and text[at + 2 : at + 3] != "]":
        return Slip("unexpected `==`: values are compared with `=`", at + 2, at + 2, "=", operator="=")
    return None


def _merge(text: str, at: int) -> Slip:
    """Our side of a conflict is read, theirs is not."""
    resume = _line_end(text, at)
    if text.startswith(MIDDLE, at):
        theirs = text.find("\n" + THEIRS, at)
        resume = _line_end(text, theirs + 1) if theirs >= 0 else resume
    message = "the file has marks of a merge that was not finished"
    return Slip(message, at + 7, resume, blank=True, once=True)


def character_slip(text: str, at: int) -> Slip | None:
    """A typographic sign, an odd blank or a text in single quotes; None if it is none of them."""
    char = text[at]
    if char == "'" and (quoted := QUOTED.match(text, at)):
        inside, end = quoted[0][1:-1], quoted.end()
        message = "a text must be in double quotes; names in single quotes have letters, digits and `_-.:`"
        return Slip(message, end, end, f'"{inside}"', text=inside)
    if TYPOGRAPHIC.match(char):
        closing = TYPOGRAPHIC.search(text, at + 1, _line_end(text, at))
        message = f"unexpected `{char}`, a typographic quote; texts are in plain ones"
        resume = closing.end() if closing else at + 1
        return Slip(message, at + 1, resume, '"', text=text[at + 1 : resume - 1] if closing else None)
    if unicodedata.category(char) in ("Zs", "Cf") and char != "\ufeff":
        name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
        return Slip(
            f"unexpected U+{ord(char):04X}, a {name}: it looks like a blank", at + 1, at + 1, blank=True
        )
    if char in DASHES:
        return Slip(f"unexpected `{char}`, a typographic dash", at + 1, at + 1, "-")
    return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)
