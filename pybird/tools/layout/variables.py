"""`pybird fmt --move-variables`: moves variables declared before the block of a filter or function into it.

BIRD 2.21 and 3.5 refuse variables before the block. A list that is declared
before the block has no value at first, in the block it is empty at first: a
filter that reads a list before it sets it may behave differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pybird.filter.types import TYPES
from pybird.tools.layout.pieces import Piece

REMARKS: Final = frozenset(("comment", "remark"))
TYPE_WORDS: Final = frozenset((*(word for name in TYPES for word in name.split()), "enum"))


def move_variables(text: str, pieces: Sequence[Piece]) -> str:
    """The text with every variable inside of its block, not yet laid out."""
    tokens = [piece for piece in pieces if piece.kind not in REMARKS]
    made, done = [], 0
    for at, token in enumerate(tokens):
        if token.kind not in ("keyword", "word") or token.text not in ("filter", "function"):
            continue
        first = _function_head(tokens, at) if token.text == "function" else _filter_head(tokens, at)
        brace = _declarations(tokens, first)
        if brace is None or brace == first:
            continue
        begin, end = tokens[first].position, tokens[brace].position
        made += [text[done:begin], "{ ", text[begin:end]]
        done = end + 1
    return "".join([*made, text[done:]])


def _function_head(tokens: Sequence[Piece], at: int) -> int:
    """The index of the token after the parameters and the type of a function."""
    texts = [token.text for token in tokens]
    try:
        at = texts.index(")", at) + 1
    except ValueError:
        return len(tokens)
    if texts[at : at + 1] == ["->"]:
        at += 3 if texts[at + 1 : at + 2] == ["enum"] else 2
        at += texts[at : at + 1] == ["set"]
    return at


def _filter_head(tokens: Sequence[Piece], at: int) -> int:
    """The index of the token after the name of a filter, if it has one."""
    named = at + 1 < len(tokens) and tokens[at + 1].text not in (*TYPE_WORDS, "{")
    return at + 2 if named else at + 1


def _declarations(tokens: Sequence[Piece], at: int) -> int | None:
    """The index of the `{` after any number of `TYPE NAME;`; None if something else follows."""
    words = 0
    for place in range(at, len(tokens)):
        token = tokens[place]
        if token.text == "{" and not words:
            return place
        if token.text == ";" and words > 1:
            words = 0
        elif token.kind in ("word", "keyword") and (words or token.text in TYPE_WORDS):
            words += 1
        else:
            return None
    return None
