"""`pybird explain`: what a filter becomes (`--compiled`), or what it does with a route (`--route`).

The filter is named (`filter NAME FILE`), or is that of a channel: `import
PROTOCOL FILE`, `export PROTOCOL FILE`, with PROTOCOL.CHANNEL where there are several.

Compiled: the Python that runs for each route, and above its lines, as comments, the
lines of the configuration that they were made from; first the constants that
it refers to (k0, k1, ...) and what its verdict depends on.
"""

from __future__ import annotations

import argparse
import json
import sys

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import Config
from pybird.filter.compile import CompiledFilter, Inputs, compile_filter
from pybird.filter.format import show_value
from pybird.filter.nodes import Filter
from pybird.tools.declared import declared
from pybird.tools.language import make_language
from pybird.tools.steps import RouteError, story
from pybird.tools.text import Texts
from pybird.values.prefixset import PrefixSet

LONG = 70  # characters of a constant that are shown
MANY = 100  # prefixes; of a larger set only their number is shown


def main(argv: list[str]) -> int:
    """Explain the filter named in the arguments; 0 if that was possible."""
    parser = argparse.ArgumentParser(
        prog="pybird explain", description="Show what a filter becomes, or what it does with a route."
    )
    shown = parser.add_mutually_exclusive_group(required=True)
    shown.add_argument("--compiled", action="store_true", help="show the generated Python")
    example = '"192.0.2.0/24 bgp_path = 65001 65002; source = RTS_BGP"'
    shown.add_argument("--route", metavar="ROUTE", help=f"follow a route, as in {example}")
    parser.add_argument("--json", action="store_true", help="with --route: one JSON object instead of text")
    parser.add_argument(
        "kind", choices=("filter", "import", "export"), help="a filter by its name, or one of a channel"
    )
    parser.add_argument("name", help="of the filter; or PROTOCOL or PROTOCOL.CHANNEL")
    parser.add_argument("file", help="the configuration")
    options = parser.parse_args(argv)
    if options.json and options.route is None:
        parser.error("--json goes with --route")
    language = make_language()
    try:
        config = language.load(options.file)
    except ConfigErrors as found:
        for error in found.errors:
            print(error.show(), file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"pybird explain: {options.file}: {problem.strerror or problem}", file=sys.stderr)
        return 1
    texts = Texts()
    try:
        made = chosen(config, options.kind, options.name, options.route is not None)
        if options.route is None:
            assert made is not None
            print(listing(compile_filter(made, declared(config)), texts), end="")
            return 0
        result = story(language, config, f"{options.kind} {options.name}", made, options.route, texts)
    except LookupError as problem:
        print(f"pybird explain: {options.file}: {problem.args[0]}", file=sys.stderr)
        return 1
    except RouteError as problem:
        print(f"pybird explain: {problem}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        print("\n".join(result.lines()))
    return 0


def chosen(config: Config, kind: str, name: str, routed: bool) -> Filter | None:
    """The filter to explain; None if the route decides which channel's it is (only with `routed`).

    Raises:
        LookupError: there is none, or it is not clear which.
    """
    if kind == "filter":
        if name not in config.filters:
            raise LookupError(f"no filter {name}")
        return config.filters[name]
    protocol_name, _, channel_name = name.partition(".")
    protocol = config.protocol(protocol_name)
    if protocol is None:
        raise LookupError(f"no protocol {protocol_name}")
    found = [channel for channel in protocol.channels if channel_name in ("", channel.name)]
    if not found:
        raise LookupError(f"{protocol_name} has no channel {channel_name}".rstrip())
    if len(found) > 1 and routed:
        return None
    if len(found) > 1:
        several = ", ".join([f"{protocol_name}.{channel.name}" for channel in found])
        raise LookupError(f"{protocol_name} has several channels: say one of {several}")
    return found[0].import_filter if kind == "import" else found[0].export_filter


def listing(compiled: CompiledFilter, texts: Texts) -> str:
    """The generated Python with the user's lines above its own."""
    found = [f"# {line}" for line in depends(compiled.inputs)]
    found += [f"# {name} = {brief(value)}" for name, value in compiled.constants.items()]
    shown: tuple[str, int] | None = None
    for text, span in compiled.lines():
        here = (span.file, span.line)
        line = texts.line(span).strip()
        if line and here != shown:
            indent = text[: len(text) - len(text.lstrip())]
            found.append(f"{indent}# {span.file}:{span.line}: {line}")
            shown = here
        found.append(text)
    return "\n".join(found) + "\n"


def depends(inputs: Inputs) -> list[str]:
    """What the verdict depends on, in words."""
    if inputs.attributes_only:
        return ["run once for each set of attributes"]
    said = []
    if inputs.per_net:
        said.append("reads the network: run for each route")
    if inputs.net_sets:
        said.append(f"tests of the network, done before it runs: {len(inputs.net_sets)}")
    if inputs.by_length:
        said.append("reads the network's length: run for each")
    if inputs.roas:
        names = ", ".join(dict.fromkeys([roa.table for roa in inputs.roas]))
        said.append(f"asks {names} about the network, before it runs")
    if inputs.reads:
        said.append(f"reads {', '.join(sorted(inputs.reads))}")
    if inputs.asked:
        said.append(f"asks {', '.join(inputs.asked)}: run again when it changes")
    if inputs.volatile:
        said.append("prints: run for each route")
    return said


def brief(value: object) -> str:
    """A constant on one line."""
    owner = getattr(value, "__self__", None)
    if isinstance(owner, PrefixSet):
        return f"the test of {brief(owner)}"
    if isinstance(value, PrefixSet) and len(value.patterns) > MANY:
        return f"a set of {len(value.patterns)} prefixes"
    if isinstance(value, frozenset):
        value = sorted(value)
    text = repr(value) if isinstance(value, list) or callable(value) else show_value(value)
    return text if len(text) <= LONG else text[: LONG - 3] + "..."
