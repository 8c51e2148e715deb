"""Whole routers whose neighbors stand in a file, on the simulated network."""

from pathlib import Path

import pytest

from pybird.cli import peers
from tests.lldp.test_lldp import ask
from tests.scenarios.lab import Lab, language, unnumbered

SAMPLES = Path(__file__).parents[2] / "samples"
PATH = "/etc/peers"
RADV = "protocol radv {"
GOOD = b"fe80::2:2%eth0 b eth7\n"


def router(number, source=f'protocol peerfile fabric {{ file "{PATH}"; }}', peers="peers { };"):
    """A router that hears nobody: its neighbors are those of its source."""
    return source + "\n" + unnumbered(number, peers).replace(RADV, "protocol radv { disabled;")


def both(data=GOOD, **options):
    """a has a file, b takes who connects."""
    lab = Lab(dad=None)
    lab.add("a", router(1, **options))
    lab.add("b", router(2, ""))
    lab.link("a", "eth0", "b", "eth7")
    disk = lab.nodes["a"].host.disk
    disk.folder("/etc")
    if data is not None:
        disk.put(PATH, data)
    return lab


def put(lab, data):
    """The file has another content; it is read once it has not changed for a second."""
    lab.nodes["a"].host.disk.put(PATH, data)
    lab.run(4)


def errors(lab):
    return lab.nodes["a"].messages("error")


def since(lab):
    return {child.name: child.since for child in lab.children("a")}


def test_the_neighbors_of_the_file_have_sessions():
    lab = both()
    lab.expect(lab.meshed, 3, "they peer")
    row = ask(lab, "a", "show peers").splitlines()[1]
    assert "never" in row
    assert row.endswith("auto01       up Established [b eth7]")
    shown = ask(lab, "a", "show protocols all fabric")
    assert "/etc/peers: 1 neighbor" in shown


def test_entries_come_and_go_while_it_runs_and_others_stay():
    lab = both()
    lab.add("c", router(3, ""))
    lab.link("a", "eth1", "c", "eth7")
    lab.expect(lambda: lab.up("a") == ["auto01"], 3, "b")
    before = since(lab)
    put(lab, GOOD + b"fe80::3:2%eth1 c\n")
    lab.expect(lambda: len(lab.up("a")) == 2, 3, "b and c")
    assert before.items() <= since(lab).items()
    put(lab, b"# nobody but c\nfe80::3:2%eth1 c\n")
    assert lab.entries("a") == ["fe80::3:2%3"]
    assert lab.up("a") == ["auto02"]
    assert any("withdrawn (not in the file)" in text for text in lab.nodes["a"].messages("info"))


def test_another_name_is_shown_and_resets_nothing():
    lab = both()
    lab.expect(lab.meshed, 3, "they peer")
    before = since(lab)
    put(lab, b"fe80::2:2%eth0 other swp1\n")
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("up Established [other swp1]")
    put(lab, b"fe80::2:2%eth0 other\n")
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("up Established [other]")
    assert since(lab) == before


@pytest.mark.parametrize(
    "broken",
    [b"fe80::zz%eth0\n", b"", b"\0" * 3000, GOOD + GOOD, GOOD[:14], b"\xff\n", b"x" * (1 << 20) + b"y"],
    ids=["no address", "empty", "zeros", "twice", "cut off", "not UTF-8", "too large"],
)  # fmt: skip
def test_a_broken_file_never_replaces_a_good_one(broken):
    lab = both()
    lab.expect(lab.meshed, 3, "they peer")
    before = since(lab)
    put(lab, broken)
    if not broken:
        assert lab.entries("a") == []  # a file that names nobody is right
        return
    assert since(lab) == before
    assert lab.entries("a") == ["fe80::2:2%2"]
    assert errors(lab)[-1] == "fabric: the file is not in force, 1 neighbor of an earlier one stays"
    put(lab, GOOD)
    assert since(lab) == before
    assert "Not in force" not in ask(lab, "a", "show protocols all fabric")


def test_a_mistake_is_logged_with_line_and_caret_and_shown():
    lab = both()
    lab.run(3)
    put(lab, b"fe80::2:2%eth0 b\nfe80::zz%eth0 c\n")
    assert errors(lab) == [
        "fabric: /etc/peers:2:1 an IP address is expected here",
        "fabric:     fe80::zz%eth0 c",
        "fabric:     ^~~~~~~~",
        "fabric: the file is not in force, 1 neighbor of an earlier one stays",
    ]
    assert "/etc/peers:2:1 an IP address is expected here" in ask(lab, "a", "show protocols fabric")
    put(lab, b"fe80::2:2%eth0 b\nfe80::zz%eth0 c # the same mistake\n")
    assert len(errors(lab)) == 4


def test_a_file_that_comes_later_is_read_and_one_that_vanishes_changes_nothing():
    lab = both(None)
    lab.run(3)
    assert lab.entries("a") == []
    assert errors(lab) == [
        "fabric: /etc/peers: No such file or directory",
        "fabric: the file is not in force, nothing of an earlier one stays",
    ]
    put(lab, GOOD)
    lab.expect(lab.meshed, 3, "they peer")
    before = since(lab)
    lab.nodes["a"].host.disk.remove(PATH)
    lab.run(5)
    assert since(lab) == before
    assert "No such file or directory" in ask(lab, "a", "show protocols fabric")


def test_an_entry_waits_for_its_interface():
    lab = both(GOOD + b"fe80::3:2%eth1 c\n")
    lab.expect(lambda: lab.up("a") == ["auto01"], 3, "b")
    assert "Waits for" in ask(lab, "a", "show protocols all fabric")
    lab.add("c", router(3, ""))
    lab.link("a", "eth1", "c", "eth7")
    lab.expect(lambda: len(lab.up("a")) == 2, 5, "c")
    lab.nodes["a"].host.rename("eth1", "wan1")
    lab.run(1)
    assert lab.entries("a") == ["fe80::2:2%2"]
    lab.nodes["a"].host.rename("wan1", "eth1")
    lab.expect(lambda: len(lab.up("a")) == 2, 5, "c")


def test_a_reload_with_another_file_keeps_who_is_in_both():
    lab = both()
    lab.expect(lab.meshed, 3, "they peer")
    before = since(lab)
    lab.nodes["a"].host.disk.put("/etc/others", GOOD + b"fe80::9%eth0\n")
    lab.nodes["a"].router.reconfigure(language().read(router(1).replace(PATH, "/etc/others")))
    lab.run(1)
    assert lab.entries("a") == ["fe80::2:2%2", "fe80::9%2"]
    assert before.items() <= since(lab).items()
    put(lab, b"")  # the file of before is not followed any more
    assert len(lab.entries("a")) == 2


def test_disabled_and_enabled_it_reads_the_file_again():
    lab = both()
    lab.expect(lab.meshed, 3, "they peer")
    instance = lab.nodes["a"].router.protocols["fabric"]
    lab.nodes["a"].router.disable(instance)
    lab.run(1)
    assert lab.entries("a") == []
    lab.nodes["a"].router.enable(instance)
    lab.expect(lab.meshed, 3, "they peer")


def test_reload_in_announces_the_entries_again():
    lab = both()
    lab.expect(lab.meshed, 3, "they peer")
    before = since(lab)
    ask(lab, "a", "reload in fabric")
    lab.run(1)
    assert since(lab) == before
    assert lab.entries("a") == ["fe80::2:2%2"]


def test_the_name_is_an_attribute_for_filters():
    lab = both(GOOD + b"fe80::9%eth0 leaf1\n", peers='peers { export where peerfile_system ~ "leaf*"; };')
    lab.run(3)
    assert [str(child.config.remote_address) for child in lab.children("a")] == ["fe80::9"]


@pytest.mark.checkout
def test_the_sample_and_its_file():
    lab = Lab(dad=None)
    lab.add("a", (SAMPLES / "autopeer-file.conf").read_text())
    disk = lab.nodes["a"].host.disk
    disk.folder("samples")
    disk.put("samples/autopeer-file.peers", (SAMPLES / "autopeer-file.peers").read_bytes())
    lab.add("b", router(2, ""))
    lab.link("a", "eth0", "b", "eth7", (None, "fe80::51"))
    lab.expect(lambda: lab.up("a") == ["auto01"], 5, "spine1")
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("[spine1 swp1]")


def test_show_peers_looks_for_parents_once_however_many_entries_there_are(monkeypatch):
    """Each entry has a child, which is a protocol, too: 4096 entries took seconds."""
    lab = both(b"".join(b"fe80::9:%x%%eth0 b eth7\n" % number for number in range(1, 33)))
    lab.run(3)
    calls = 0
    looked = peers._spawners

    def count(*arguments):
        nonlocal calls
        calls += 1
        return looked(*arguments)

    monkeypatch.setattr(peers, "_spawners", count)
    assert len(ask(lab, "a", "show peers").splitlines()) > 32
    assert calls == 1
