"""No option is silently without effect.

Every field of every configuration dataclass is read by the running router, or
stands in `EXCEPTIONS` with the text whose loading says so. What is refused,
what is ignored with a warning, and what is understood but not run are the
tables of docs/status.md, compared here with the tables of the code.
"""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from pybird.conf import channels, protocols, toplevel
from pybird.conf.options import Ignored, Refused, Taken
from pybird.proto import PROTOCOLS
from pybird.proto.bgp import build_channel
from pybird.proto.lldp.build import INTERFACE as LLDP_INTERFACE
from pybird.proto.lldp.build import OPTIONS as LLDP
from pybird.proto.radv.build import INTERFACE, PREFIX
from pybird.proto.radv.build import OPTIONS as RADV
from pybird.proto.static.build import BFD
from pybird.proto.static.config import StaticVia
from tests.conf.loading import DEVICE, load

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pybird"
pytestmark = pytest.mark.checkout  # it reads sources and documents

STATUS = ROOT / "docs" / "status.md"

BGP = DEVICE + "protocol bgp { local as 1; neighbor 10.0.0.1 as 1; %s }"
IPV4 = BGP % "ipv4 { %s };"
EBGP = DEVICE + "protocol bgp { local as 1; neighbor 10.0.0.1 as 2; %s }"
STATIC = DEVICE + "protocol static { ipv4; route 10.0.0.0/8 via 10.1.1.1 bfd; }"

# Fields that nothing outside of the loading reads: the text that warns or is an
# error, or why none is needed.
EXCEPTIONS = {
    "TableConfig.trie": "nothing to do: every table has an index of its prefixes",
    "TableConfig.implicit": "no option: what the builder needs to know",
    "Config.filters": "no option: what filters are there",
    "Config.functions": "no option: what functions are there",
    "StaticVia.bfd": STATIC,
    "BgpChannelConfig.import_set": "checked when the file is loaded (RFC 8212)",
    "BgpChannelConfig.export_set": "checked when the file is loaded (RFC 8212)",
}  # fmt: skip


def modules() -> list[ModuleType]:
    """Where configurations are declared."""
    run = {each.name for each in PROTOCOLS if each.instance is not None}
    folders = sorted(
        path.parent.name for path in PACKAGE.glob("proto/*/config.py") if path.parent.name in run
    )
    names = ["pybird.conf.model", *[f"pybird.proto.{folder}.config" for folder in folders]]
    return [importlib.import_module(name) for name in names]


def declared() -> list[str]:
    """`Class.field` of everything that a configuration can say."""
    found = []
    for module in modules():
        for name, kind in vars(module).items():
            if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.__name__:
                found += [
                    f"{name}.{field.name}" for field in fields(kind) if field.name in kind.__annotations__
                ]
    return found


@cache
def read() -> frozenset[str]:
    """Every attribute that the running router looks at."""
    loading = {"config.py", "build.py", "build_channel.py"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name in loading or path.is_relative_to(PACKAGE / "conf"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.attr)
    return frozenset(found)


@pytest.mark.parametrize("field", declared())
def test_every_option_is_read_or_an_exception(field: str) -> None:
    assert field in EXCEPTIONS or field.partition(".")[2] in read()


def test_there_are_no_exceptions_for_what_is_not_there() -> None:
    assert EXCEPTIONS.keys() <= set(declared())


@pytest.mark.parametrize("field", [name for name, text in EXCEPTIONS.items() if "{" in text or ";" in text])
def test_an_exception_is_refused_or_warned_about(field: str) -> None:
    config = load(EXCEPTIONS[field])
    if config.refusals:
        assert "PyBIRD does not yet" in config.refusals[0].message
        return
    (warning,) = config.warnings
    assert "is not acted on yet" in warning.text


# --------------------------------------------------------------- the tables

Row = tuple[str, str, str]  # where, option, why

PHRASES = {
    "channel_long_lived": "long lived graceful restart",
    "channel_stale_time": "long lived stale time",
    "bfd_options": "bfd { }",
    "keys": "keys { }",
    "thread_group_statement": "thread group",
    "mrtdump_file": "mrtdump",
    "table_cork": "cork threshold",
    "table_max_settle": "max settle time",
    "table_min_settle": "min settle time",
    "table_settle": "export settle time",
    "table_refresh_settle": "route refresh export settle time",
    "table_digest_settle": "digest settle time",
}

TABLES = {
    "global": toplevel.GLOBAL_OPTIONS,
    "table": toplevel.TABLE_OPTIONS,
    "protocol": protocols.COMMON,
    "channel": channels.CHANNEL,
    **{
        each.name: importlib.import_module(f"pybird.proto.{each.name}.build").OPTIONS
        for each in PROTOCOLS
        if each.instance is not None
    },
    "radv": {**RADV, **INTERFACE, **PREFIX},
    "lldp": {**LLDP, **LLDP_INTERFACE},
    "bgp channel": {
        name: handler
        for name, handler in build_channel.OPTIONS.items()
        if channels.CHANNEL.get(name) is not handler
    },
}


# Options whose handlers do more than to refuse or to warn.
OTHERS: dict[type, list[Row]] = {
    Refused: [],
    Ignored: [
        ("static", "route ... bfd", BFD.reason),
    ],
    Taken: [
        ("table", "trie", "every table has an index of its prefixes"),
    ],
}


def phrase(where: str, rule: str) -> str:
    """The option as users write it."""
    plain = PHRASES.get(rule, rule.replace("_", " "))
    return plain.removeprefix("table ") if where == "table" else plain


def rows(kind: type[Refused | Ignored | Taken]) -> list[Row]:
    """What the code's tables say about one kind of option."""
    found = list(OTHERS[kind])
    for where, table in TABLES.items():
        for rule, handler in table.items():
            if isinstance(handler, kind):
                found.append((where, phrase(where, rule), handler.reason))
    return sorted(found)


def documented(title: str) -> list[Row]:
    """The table under a title of docs/status.md."""
    section = STATUS.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| ([^|]+) \| `([^|]+)` \| ([^|]+) \|$", section, re.MULTILINE)
    return sorted((where, option, why) for where, option, why in found)


@pytest.mark.parametrize(
    ("title", "kind"), [("Refused", Refused), ("Ignored with a warning", Ignored), ("Nothing to do", Taken)]
)
def test_the_documentation_lists_what_the_code_says(title: str, kind: type) -> None:
    assert documented(title) == rows(kind)


def test_the_documentation_lists_the_protocols_that_are_not_run() -> None:
    section = STATUS.read_text().partition("\n## Understood, not run\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^- `protocol (\w+)`", section, re.MULTILINE)
    assert listed == [each.name for each in PROTOCOLS if each.instance is None]


def test_a_warning_of_a_template_is_given_once() -> None:
    text = "template bgp t { local as 1; bfd; } protocol bgp from t { neighbor 10.0.0.1 as 1; }"
    text += " protocol bgp from t { neighbor 10.0.0.2 as 1; }"
    (warning,) = load(DEVICE + text).warnings
    assert warning.text.startswith("`bfd` is not acted on yet")


def test_only_what_is_on_is_warned_about() -> None:
    assert not load(BGP % "bfd off; long lived graceful restart no;").warnings
    assert StaticVia(bfd=False) == StaticVia()
