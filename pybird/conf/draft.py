"""A frozen configuration value while it is being made."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Draft(Generic[T]):
    """The fields of one dataclass, some of them set: by a template, by options, by checks."""

    def __init__(self, kind: type[T], base: object | None = None, **values: Any) -> None:
        self.kind = kind
        self.fields = {field.name for field in fields(kind)}  # type: ignore[arg-type]
        self._values: dict[str, Any] = {}
        self.base = base
        self.written: set[str] = set()  # set here, not by a template
        self._lists: dict[str, list[Any]] = {}  # what `append` collects
        self.seen: dict[str, Any] = {}  # channels of a protocol: name to the tree that opened it
        if base is not None:
            self._values = {name: getattr(base, name) for name in self.fields if hasattr(base, name)}
        self._values.update(values)

    def __setitem__(self, name: str, value: Any) -> None:
        assert name in self.fields, f"{self.kind.__name__} has no {name}"
        self._lists.pop(name, None)
        self._values[name] = value
        self.written.add(name)

    def append(self, name: str, value: Any) -> None:
        """Add to a field that is a tuple in the frozen value.

        Items are collected in a list before they become a tuple: a new tuple for each
        of a hundred thousand static routes would take quadratic time.
        """
        found = self._lists.get(name)
        if found is None:
            found = list(self[name] or ())
            self._lists[name] = found
            self.written.add(name)
        found.append(value)

    def __getitem__(self, name: str) -> Any:
        if name in self._lists:
            return tuple(self._lists[name])
        if name in self._values:
            return self._values[name]
        for field in fields(self.kind):  # type: ignore[arg-type]
            if field.name == name:
                return None if field.default is MISSING else field.default
        raise KeyError(name)

    def preset(self, name: str, value: Any) -> None:
        """Set a field that no template has set; it does not count as written."""
        if name not in self._lists:
            self._values.setdefault(name, value)

    def freeze(self, **more: Any) -> T:
        """The finished value; `more` are fields set last."""
        collected = {name: tuple(items) for name, items in self._lists.items()}
        return self.kind(**{**self._values, **collected, **more})
