"""Methods of values: their argument types, their result types and their code.

One row per type and name. `code` is the Python expression that the compiler
writes: `{0}` is the object, `{1}` the argument. It may call what
`runtime.py` exports. If the code depends on the type of the argument, the row
has one entry per type.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class MethodCode(NamedTuple):
    """One method. `arguments`: the code by type of the only argument; "" means no argument."""

    result: str
    arguments: dict[str, str]


def _get(result: str, code: str) -> MethodCode:
    return MethodCode(result, {"": code})


def _community_methods(
    kind: str, element: str, adds: dict[str, str], empty: str
) -> dict[tuple[str, str], MethodCode]:
    """The methods that clist, eclist and lclist have in common."""
    members = {**adds, kind: "{1}"}
    zero = "(0, 0, 0)" if element == "lc" else "0"
    return {
        (kind, "len"): _get("int", "len({0}.items)"),
        (kind, "empty"): _get(kind, empty),
        (kind, "min"): _get(element, f"least({{0}}, {zero})"),
        (kind, "max"): _get(element, f"greatest({{0}}, {zero})"),
        (kind, "add"): MethodCode(
            kind, {**{t: f"{{0}}.add({code})" for t, code in adds.items()}, kind: "{0}.union({1})"}
        ),
        (kind, "delete"): MethodCode(
            kind,
            {
                **{t: f"without({{0}}, {code})" for t, code in adds.items()},
                kind: "without_any({0}, {1})",
                f"{element} set": "without_any({0}, {1})",
            },
        ),
        (kind, "filter"): MethodCode(
            kind, {t: "only({0}, {1})" for t in (kind, f"{element} set") if t in members or " " in t}
        ),
    }


METHODS: Final[dict[tuple[str, str], MethodCode]] = {
    ("prefix", "type"): _get("enum net_type", "{0}.type"),
    ("prefix", "len"): _get("int", "net_length({0})"),
    ("prefix", "ip"): _get("ip", "net_address({0})"),
    ("prefix", "src"): _get("prefix", "net_part({0}, 'src')"),
    ("prefix", "dst"): _get("prefix", "net_part({0}, 'dst')"),
    ("prefix", "maxlen"): _get("int", "net_part({0}, 'maxlen')"),
    ("prefix", "asn"): _get("int", "net_part({0}, 'asn')"),
    ("prefix", "rd"): _get("rd", "net_part({0}, 'rd')"),
    ("prefix", "mac"): _get("mac", "net_part({0}, 'mac')"),
    ("prefix", "vlan_id"): _get("int", "net_part({0}, 'vlan_id')"),
    ("prefix", "evpn_type"): _get("enum net_evpn_type", "net_part({0}, 'kind')"),
    ("prefix", "evpn_tag"): _get("int", "net_part({0}, 'tag')"),
    ("prefix", "evpn_esi"): _get("bytestring", "net_part({0}, 'esi')"),
    ("prefix", "router_ip"): _get("ip", "net_part({0}, 'ip')"),
    ("ip", "is_v4"): _get("bool", "{0}.is_v4"),
    ("ip", "mask"): MethodCode("ip", {"int": "{0}.masked({1})"}),
    ("pair", "asn"): _get("int", "({0} >> 16)"),
    ("pair", "data"): _get("int", "({0} & 65535)"),
    ("lc", "asn"): _get("int", "{0}[0]"),
    ("lc", "data1"): _get("int", "{0}[1]"),
    ("lc", "data2"): _get("int", "{0}[2]"),
    ("string", "append"): MethodCode("string", {"string": "({0} + {1})"}),
    ("bytestring", "append"): MethodCode("bytestring", {"bytestring": "({0} + {1})"}),
    ("bgppath", "first"): _get("int", "{0}.first"),
    ("bgppath", "last"): _get("int", "{0}.last"),
    ("bgppath", "last_nonaggregated"): _get("int", "{0}.last_nonaggregated"),
    ("bgppath", "len"): _get("int", "{0}.length"),
    ("bgppath", "empty"): _get("bgppath", "EMPTY_PATH"),
    ("bgppath", "prepend"): MethodCode("bgppath", {"int": "{0}.prepend({1})"}),
    ("bgppath", "delete"): MethodCode(
        "bgppath", {"int": "without({0}, {1})", "int set": "without_any({0}, {1})"}
    ),
    ("bgppath", "filter"): MethodCode("bgppath", {"int set": "only({0}, {1})"}),
    **_community_methods(
        "clist", "pair", {"pair": "{1}", "int": "{1}", "quad": "{1}", "ip": "{1}.value"}, "EMPTY_COMMUNITIES"
    ),
    **_community_methods("eclist", "ec", {"ec": "{1}"}, "EMPTY_EXTENDED"),
    **_community_methods("lclist", "lc", {"lc": "{1}"}, "EMPTY_LARGE"),
}
for _name in ("delete", "filter"):
    _row = METHODS["clist", _name]
    _row.arguments["quad set"] = _row.arguments["int set"] = _row.arguments["pair set"]
METHODS["clist", "delete"].arguments["ip set"] = "without_addresses({0}, {1})"
METHODS["clist", "filter"].arguments["ip set"] = "only_addresses({0}, {1})"

# Old call style: `add(list, x)` is `list.add(x)`.
CALL_STYLE: Final = ("prepend", "append", "add", "delete", "filter")

# Types that `for` iterates over, with the type of its variable.
ELEMENTS: Final = {
    "bgppath": "int", "clist": "pair", "eclist": "ec", "lclist": "lc", "block of routes": "route",
}  # fmt: skip
