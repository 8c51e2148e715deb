"""Replies as JSON: one object per reply, with the same values that the text shows.

Keys are the field names of `core/replies.py`; `reply` is the kind of the reply and
`code` BIRD's reply code. Times are ISO 8601 with offset. Headings are left out.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from pybird.core.replies import HEADINGS, Done, Moment, Reply
from pybird.values.text import printable


def text(reply: Reply) -> str | None:
    """One line of JSON; None for replies that JSON leaves out (headings, `Done`)."""
    found = value(reply)
    return None if found is None else printable(json.dumps(found, ensure_ascii=False))


def value(reply: Reply) -> dict[str, Any] | None:
    """The JSON object of a reply as a dictionary; None as `text`."""
    if isinstance(reply, (*HEADINGS, Done)):
        return None
    return {"reply": _kind(type(reply).__name__), "code": reply.code, **_fields(reply)}


def _kind(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)[1:]


def _fields(item: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(item, field.name)) for field in fields(item)}


def _plain(item: Any) -> Any:
    match item:
        case None | bool() | int() | float():
            return item
        case str():
            return item.rstrip()  # the Info column is padded
        case Moment(wall):
            return datetime.fromtimestamp(wall).astimezone().isoformat(timespec="milliseconds")
        case Enum():
            return item.value
        case frozenset() | set():
            return sorted(map(_plain, item))
        case list() | tuple():
            return [_plain(part) for part in item]
        case dict():
            return {str(name): _plain(part) for name, part in item.items()}
        case _ if is_dataclass(item):
            return _fields(item)
        case _:
            return str(item)
