"""Reloads: what a changed configuration does to what was there, at once and later."""

from typing import Any

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
