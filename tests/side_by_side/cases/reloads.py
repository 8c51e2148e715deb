"""Reloads: what a changed configuration does to what was there, at once and later."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case


def _text(number: int, *routes: str, refused: str = "", channel: str = "") -> str:
    """p2 and p3, whose filters leave their number in MED and in the path."""
    reject = f"if net = {refused} then reject; " if refused else ""
    exports = f"filter {{ {reject}bgp_med = {number}; accept; }}"
    imports = f"filter {{ {reject}bgp_path.prepend({number}); accept; }}"
    own = "".join(f"route {net} blackhole; " for net in routes)
    return (
        f"protocol static own {{ ipv4; {own} }}\n"
        + bgp(2, imports=imports, exports=exports, channel=channel)
        + bgp(3, imports=imports, exports=exports)
    )


OLD, NEW, MORE = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"


@case()
def configure_soft(side: Side):
    """Changes go by the new filters at once, what was there with `reload`; then a filter that refuses."""
    side.start(_text(1, OLD, MORE))
    a, b = side.connect(2, 3)
    a.announce("10.11.0.0/16")
    a.announce("10.12.0.0/16")
    side.settle()
    found: dict[str, Any] = {}

    def look(when: str) -> None:
        side.settle()
        found[f"{when}: sent"] = [a.table("med"), b.table("med", "as_path")]
        found[f"{when}: have"] = side.routes("protocol p2")
        found[f"{when}: counted"] = side.details("p3", "^ *Routes:")

    reload = "reload filters" if side.kind.name == "bird 3" else "reload"
    found["soft"] = side.configure(_text(2, OLD, MORE), "configure soft")[-1][:4]
    look("soft")
    side.configure(_text(2, OLD, MORE, NEW))
    a.announce("10.13.0.0/16")
    a.announce("10.11.0.0/16", med=5)
    look("changes")
    side.ask(f"{reload} out p3")
    look("reload out p3")
    side.ask(f"{reload} in p2")
    side.settle()
    a.announce("10.12.0.0/16")  # it has no refresh to answer: what it says again
    look("reload in p2")
    side.configure(_text(3, OLD, MORE, NEW, refused=MORE), "configure soft")
    look("refuses")
    side.configure(_text(3, OLD, NEW, refused=MORE))
    look("what is refused goes")
    side.configure(_text(3, OLD, NEW, MORE, refused=MORE))
    look("and comes again")
    side.ask("configure undo")
    look("undo")
    side.ask(f"{reload} all")
    look("reload all")
    return found


@case()
def keep_filtered_changes(side: Side):
    """`import keep filtered` and `mandatory` change while the session is up."""
    if side.kind.name == "bird 3":
        return {}  # it restarts the session
    refusing = _text(1, OLD, refused="10.11.0.0/16")
    side.start(refusing)
    (a,) = side.connect(2)
    a.announce("10.11.0.0/16")
    side.settle()
    found: dict[str, Any] = {}
    changes = {"keep": "import keep filtered;", "mandatory": "import keep filtered; mandatory;", "off": ""}
    for name, channel in changes.items():
        found[f"{name}: reply"] = side.configure(_text(1, OLD, refused="10.11.0.0/16", channel=channel))[-1]
        side.settle()
        a.announce("10.11.0.0/16", med=7)
        side.settle()
        found[f"{name}: later"] = side.routes("filtered protocol p2")
        found[f"{name}: session"] = [side.info("p2"), a.notifications()]
    return found


# A change of a protocol: its options before and after, and those of its channel before and after.
Change = tuple[str, str, str, str]
_TABLES = """flow4 table f4;
ipv4 table trie4 { trie on; };
ipv4 table trie5 { trie on; };
"""
_FLOWS = "flow4 { table f4; import all; export all; base table OF };"
_MULTICAST = "ipv4 multicast { table master4; import all; export all; OPTIONS };"
_MC = _MULTICAST.replace("OPTIONS", "")


def _of_protocol(option: str) -> Change:
    return "", option, "", ""


def _of_channel(option: str) -> Change:
    return "", "", "", option


def _required(option: str, needed: str) -> Change:
    return "", "", needed, f"{needed} {option}"


_REQUIREMENTS: dict[str, Change] = {
    "hostname": _of_protocol("require hostname;"),
    "as4": _of_protocol("require as4;"),
    "route refresh": _of_protocol("require route refresh;"),
    "enhanced route refresh": _of_protocol("require enhanced route refresh;"),
    "graceful restart": _of_protocol("require graceful restart;"),
    "long lived graceful restart": _of_protocol("require long lived graceful restart;"),
    "roles": ("local role peer;", "local role peer; require roles;", "", ""),
    "add paths": _required("require add paths;", "add paths;"),
    "add paths rx": _required("require add paths;", "add paths rx;"),
    "extended next hop": _required("require extended next hop;", "extended next hop;"),
    "a channel": (_MC, _MULTICAST.replace("OPTIONS", "mandatory;"), "", ""),
}
_AS_BEFORE: dict[str, Change] = {
    "enhanced route refresh": _of_protocol("enable enhanced route refresh on;"),
    "graceful restart aware": _of_protocol("graceful restart aware;"),
    "long lived aware": _of_protocol("long lived graceful restart aware;"),
    "graceful restart off in a channel": _of_channel("graceful restart off;"),
    "mandatory": _of_channel("mandatory;"),
    "add paths off": _of_channel("add paths off;"),
    "add paths are not required": ("", "", "add paths; require add paths;", "add paths;"),
    "a channel without session goes": (_MC, "", "", ""),
    "a channel comes": ("", _MC, "", ""),
    "long lived off": _of_protocol("long lived graceful restart off;"),
    "enhanced off": _of_protocol("enable enhanced route refresh off;"),
    "flows are validated": (_FLOWS.replace("OF", "trie4;"), _FLOWS.replace("OF", "trie4; validate;"), "", ""),
    "another base table": (
        _FLOWS.replace("OF", "trie4; validate;"),
        _FLOWS.replace("OF", "trie5; validate;"),
        "",
        "",
    ),
}
_NOTHING = wire.multiprotocol(wire.IPV4)
_ALL = (
    wire.multiprotocol(wire.IPV4)
    + wire.capability(2)
    + wire.add_path(3)
    + wire.extended_next_hop()
    + wire.capability(9, b"\4")
    + wire.capability(64, bytes.fromhex("0078 000101 80"))
    + wire.capability(70)
    + wire.capability(71, bytes.fromhex("000101 80 000e10"))
    + wire.capability(73, b"\4peer\0")
)


def _who_stays(side: Side, changes: dict[str, Change], able: dict[int, bytes]) -> dict[str, Any]:
    """Each change is made to a session of its own, all by one `configure`: who is told what, and the log."""
    each = list(enumerate(changes.values(), 2))
    texts = [bgp(n, options=before, channel=channel) for n, (before, _, channel, _) in each]
    side.start(_TABLES + "".join(texts))
    sessions = [side.connect(n, capabilities=able[n])[0] for n, _ in each]
    side.settle()
    texts = [bgp(n, options=after, channel=channel) for n, (_, after, _, channel) in each]
    side.configure(_TABLES + "".join(texts))
    side.settle(1)
    found = {name: a.notifications() for name, a in zip(changes, sessions, strict=True)}
    return found | {"log": side.log("Cannot|Restarting")}


@case(
    since="2.19",
    options=(
        "bgp: require",
        "bgp channel: require add paths",
        "bgp channel: mandatory",
    ),
)
def new_requirements(side: Side):
    """A requirement ends the sessions whose neighbors do not meet it, and no others."""
    more = {12: wire.multiprotocol(wire.IPV4, 2)}
    able = {n: _ALL + wire.four_octets(65000 + n) + more.get(n, b"") for n in range(2, 13)}
    return {
        "met": _who_stays(side, _REQUIREMENTS, able),
        "not met": _who_stays(side, _REQUIREMENTS, dict.fromkeys(able, _NOTHING)),
    }


@case(since="2.19", options=("bgp channel: validate", "bgp channel: base table"))
def options_with_their_defaults(side: Side):
    """An option that says what holds anyway changes nothing; others restart."""
    able = {n: _ALL + wire.four_octets(65000 + n) for n in range(2, 15)}
    able |= {n: able[n] + wire.multiprotocol(wire.IPV4, 133) for n in (13, 14)}
    return _who_stays(side, _AS_BEFORE, able)
