"""The `Files` port: what both its implementations promise, on the machine's files and on a simulated disk."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pybird.core.ports import FileError
from pybird.io.disk import ThreadFiles
from pybird.io.loop import new_loop
from pybird.sim.clock import SimClock
from pybird.sim.disk import Disk, SimFiles
from pybird.sim.process import Process
from pybird.sim.trace import EventHash
from tests.io.isolation import isolated, needs_other_users
from tests.io.live import ROOT, own_mounts, small_disk

NOBODY = 65534


class Silent:
    def write(self, level, text):
        raise AssertionError(text)


class OnMachine:
    """The port on the files of a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.loop = new_loop(Silent())
        self.files = ThreadFiles(self.loop, every=0.02)

    def path(self, name):
        return str(self.folder / name)

    def put(self, name, data):
        """In one step: a file that is seen while it is empty has changed twice."""
        (self.folder / ".put").write_bytes(data)
        (self.folder / ".put").rename(self.folder / name)

    def get(self, name):
        return (self.folder / name).read_bytes()

    def mode(self, name):
        return (self.folder / name).stat().st_mode & 0o777

    def make_folder(self, name):
        (self.folder / name).mkdir()

    def remove(self, name):
        (self.folder / name).unlink()

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def wait(self, condition):
        """Run the loop until this holds, at most ten seconds."""
        end = self.loop.time() + 10

        def look():
            if condition() or self.loop.time() > end:
                self.loop.stop()
            else:
                self.loop.call_later(0.002, look)

        look()
        self.loop.run_forever()
        assert condition()


class Simulated:
    """The port on a simulated disk."""

    def __init__(self):
        self.clock = SimClock()
        self.disk = Disk("a", self.clock, EventHash())
        self.disk.folder("/d")
        self.files = SimFiles(self.disk, Process("a", self.clock, EventHash()))

    def path(self, name):
        return f"/d/{name}"

    def put(self, name, data):
        self.disk.put(f"/d/{name}", data)

    def get(self, name):
        return self.disk.get(f"/d/{name}")

    def mode(self, name):
        return self.disk.files[f"/d/{name}"].mode

    def make_folder(self, name):
        self.disk.folder(f"/d/{name}")

    def remove(self, name):
        self.disk.remove(f"/d/{name}")

    def names(self):
        return sorted(path.removeprefix("/d/") for path in self.disk.files)

    def wait(self, condition):
        assert self.clock.run_until_true(condition, 10)


@pytest.fixture(params=["machine", "simulated"])
def on(request, tmp_path):
    if request.param == "simulated":
        yield Simulated()
        return
    made = OnMachine(tmp_path)
    yield made
    made.loop.close()


def told(on, ask):
    """What a reading or writing comes to."""
    heard = []
    ask(heard.append)
    assert heard == [], "not from within the call"
    on.wait(lambda: heard)
    assert len(heard) == 1
    return heard[0]


def read(on, name, limit=1000):
    return told(on, lambda done: on.files.read(on.path(name), limit, done))


def write(on, name, data, mode=0o600):
    return told(on, lambda done: on.files.write(on.path(name), data, mode, done))


def reason(call):
    """Why a file cannot be opened or written."""
    with pytest.raises(FileError) as found:
        call()
    return found.value.reason


# -------------------------------------------------------------- reading


def test_a_file_is_read_as_a_whole(on):
    on.put("x", b"abc")
    assert read(on, "x") == b"abc"
    on.put("empty", b"")
    assert read(on, "empty") == b""
    for path in (f"/{on.path('x')}", on.path("./x"), on.path(".//x")):
        assert told(on, lambda done, path=path: on.files.read(path, 10, done)) == b"abc"


def test_a_file_that_is_too_large_is_not_read(on):
    on.put("x", b"abc")
    assert read(on, "x", limit=3) == b"abc"
    assert read(on, "x", limit=2).reason == "File too large"


def test_what_cannot_be_read_is_told_in_the_systems_words(on):
    on.make_folder("folder")
    on.put("file", b"")
    missing = read(on, "x")
    assert (missing.path, str(missing)) == (on.path("x"), f"{on.path('x')}: No such file or directory")
    assert read(on, "none/x").reason == "No such file or directory"
    assert read(on, "folder").reason == "Is a directory"
    assert read(on, "file/x").reason == "Not a directory"
    assert read(on, "none/../file").reason == "No such file or directory"
    assert read(on, "file/../file").reason == "Not a directory"
    assert read(on, "folder/../file") == b""
    assert read(on, "x\0y").reason == "Invalid argument"
    assert read(on, "x" * 256).reason == "File name too long"
    assert told(on, lambda done: on.files.read("", 10, done)).reason == "No such file or directory"


def test_a_file_that_vanishes_is_missing(on):
    on.put("x", b"abc")
    assert read(on, "x") == b"abc"
    on.remove("x")
    assert read(on, "x").reason == "No such file or directory"


# ------------------------------------------------------ replacing a file


def test_a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it(on):
    assert write(on, "x", b"one", 0o600) is None
    assert (on.get("x"), on.mode("x")) == (b"one", 0o600)
    assert write(on, "x", b"two", 0o644) is None
    assert (on.get("x"), on.mode("x")) == (b"two", 0o644)
    assert on.names() == ["x"]


def test_a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it(on):
    on.make_folder("folder")
    on.put("file", b"")
    before = on.names()
    assert write(on, "none/x", b"").reason == "No such file or directory"
    assert write(on, "folder", b"").reason == "Is a directory"
    assert write(on, "file/x", b"").reason == "Not a directory"
    assert write(on, "x\0y", b"").reason == "Invalid argument"
    assert write(on, "x" * 256, b"").reason == "File name too long"
    assert on.names() == before


def test_files_are_read_and_written_in_the_order_asked_for(on):
    heard = []
    on.files.write(on.path("x"), b"one", 0o600, heard.append)
    on.files.read(on.path("x"), 10, heard.append)
    on.files.write(on.path("x"), b"two", 0o600, heard.append)
    on.files.read(on.path("x"), 10, heard.append)
    on.wait(lambda: len(heard) == 4)
    assert heard == [None, b"one", None, b"two"]


def test_a_large_file_is_written_and_read(on):
    data = bytes(range(256)) * 20_000
    assert write(on, "x", data) is None
    assert read(on, "x", limit=len(data)) == data


def test_what_is_cancelled_is_never_told_and_leaves_a_whole_file(on):
    on.put("x", b"old")
    heard = []
    on.files.write(on.path("x"), b"new", 0o600, heard.append).cancel()
    on.files.read(on.path("x"), 10, heard.append).cancel()
    assert read(on, "x") in (b"old", b"new")
    assert heard == []
    assert on.names() == ["x"]


# ------------------------------------------------- writing piece by piece


def test_a_file_is_created_and_written_piece_by_piece(on):
    file = on.files.create(on.path("x"), 0o640)
    file.write(b"one ")
    file.write(b"")
    file.write(b"two")
    file.close()
    file.close()
    assert (on.get("x"), on.mode("x")) == (b"one two", 0o640)


def test_what_is_there_is_not_created(on):
    on.put("x", b"abc")
    on.make_folder("folder")
    assert reason(lambda: on.files.create(on.path("x"), 0o600)) == "File exists"
    assert reason(lambda: on.files.create(on.path("folder"), 0o600)) == "File exists"
    assert reason(lambda: on.files.create(on.path("none/x"), 0o600)) == "No such file or directory"
    assert reason(lambda: on.files.create(on.path("x\0"), 0o600)) == "Invalid argument"
    assert on.get("x") == b"abc"


def test_a_file_is_continued_behind_its_end(on):
    first = on.files.append(on.path("x"), 0o600)
    first.write(b"one")
    first.close()
    second = on.files.append(on.path("x"), 0o644)
    second.write(b" two")
    second.close()
    assert (on.get("x"), on.mode("x")) == (b"one two", 0o600), "the mode is that of the first"


def test_only_a_regular_file_is_continued(on):
    on.make_folder("folder")
    assert reason(lambda: on.files.append(on.path("folder"), 0o600)) == "Is a directory"
    assert reason(lambda: on.files.append(on.path("none/x"), 0o600)) == "No such file or directory"


def test_who_has_a_file_open_goes_on_when_its_name_is_gone(on):
    file = on.files.append(on.path("x"), 0o600)
    on.remove("x")
    file.write(b"one")
    file.close()
    assert on.names() == []


def test_a_closed_file_takes_nothing(on):
    file = on.files.create(on.path("x"), 0o600)
    file.close()
    assert reason(lambda: file.write(b"x")) == "Bad file descriptor"


# ------------------------------------------------------------- watching


def test_a_watched_file_is_told_when_it_changes_appears_and_vanishes(on):
    on.put("x", b"one")
    on.put("other", b"one")
    heard = []
    watches = [
        on.files.watch(on.path(name), lambda n=name: heard.append(n)) for name in ("x", "new", "other")
    ]
    assert read(on, "x") == b"one"

    def next_is(name):
        on.wait(lambda: name in heard)
        assert set(heard) == {name}
        heard.clear()

    on.put("x", b"longer")
    next_is("x")
    assert write(on, "x", b"shorte") is None
    next_is("x")
    on.put("new", b"")
    next_is("new")
    on.remove("new")
    next_is("new")
    on.files.append(on.path("x"), 0o600).write(b"more")
    next_is("x")
    for watch in watches:
        watch.close()


def test_a_watch_that_is_closed_tells_nothing(on):
    heard = []
    on.put("x", b"one")
    closed = on.files.watch(on.path("x"), lambda: heard.append("closed"))
    other = on.files.watch(on.path("x"), lambda: heard.append("other"))
    assert read(on, "x") == b"one"
    on.put("x", b"two and more")
    closed.close()
    on.wait(lambda: heard)
    assert heard == ["other"]
    other.close()
    closed.close()


def test_a_watch_may_be_closed_by_what_it_tells(on):
    heard = []
    on.put("x", b"one")
    watches = {}
    for name in ("a", "b"):
        watches[name] = on.files.watch(on.path("x"), lambda n=name: (heard.append(n), watches[n].close()))
    assert read(on, "x") == b"one"
    on.put("x", b"longer")
    on.wait(lambda: len(heard) >= 2)
    assert heard == ["a", "b"]


# ------------------------------------------------- rights and full disks


def refused_by_rights(on):
    assert read(on, "x").reason == "Permission denied"
    assert read(on, "closed/x").reason == "Permission denied"
    assert write(on, "closed/x", b"new").reason == "Permission denied"
    assert reason(lambda: on.files.create(on.path("closed/y"), 0o600)) == "Permission denied"
    assert reason(lambda: on.files.append(on.path("x"), 0o600)) == "Permission denied"


def test_a_simulated_disk_forbids_what_it_is_told_to():
    on = Simulated()
    on.put("x", b"old")
    on.make_folder("closed")
    on.put("closed/x", b"old")
    on.disk.forbidden = {"/d/x", "/d/closed"}
    refused_by_rights(on)
    assert (on.get("x"), on.get("closed/x")) == (b"old", b"old")


@isolated
@needs_other_users
def test_what_rights_forbid_on_a_machine_is_told(tmp_path):
    own_mounts()
    small_disk(tmp_path / "small")
    folder = tmp_path / "small"
    on = OnMachine(folder)
    on.put("x", b"old")
    on.make_folder("closed")
    on.put("closed/x", b"old")
    for name in ("x", "closed"):
        (folder / name).chmod(0)
    os.chdir(folder)
    on.path = lambda name: name  # the folders above are root's
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    refused_by_rights(on)


def goes_on_a_full_disk(on, make_room):
    file = on.files.append(on.path("log"), 0o600)
    assert write(on, "x", bytes(200_000)).reason == "No space left on device"
    assert on.get("x") == b"old"
    assert on.names() == ["log", "x"]
    assert reason(lambda: file.write(bytes(200_000))) == "No space left on device"
    assert 0 < len(on.get("log")) < 200_000
    make_room()
    file.write(b"more")
    file.close()
    assert on.get("log").endswith(b"more")


def test_a_full_simulated_disk_costs_what_is_new():
    on = Simulated()
    on.put("x", b"old")
    on.disk.room = 100_000

    def make_room():
        on.disk.room = 10

    goes_on_a_full_disk(on, make_room)


@isolated
def test_a_full_disk_costs_what_is_new(tmp_path):
    own_mounts()
    small_disk(tmp_path / "small", "256k")
    (tmp_path / "small" / "d").mkdir()
    on = OnMachine(tmp_path / "small" / "d")
    on.put("x", b"old")
    spare = tmp_path / "small" / "spare"
    spare.write_bytes(bytes(100_000))
    goes_on_a_full_disk(on, spare.unlink)


# ----------------------------------------------- what only a machine has


@pytest.fixture
def machine(tmp_path):
    made = OnMachine(tmp_path)
    yield made
    made.loop.close()


def test_a_fifo_or_device_is_neither_read_nor_replaced_nor_continued(machine):
    os.mkfifo(machine.path("fifo"))
    said = "Is a FIFO, not a regular file"
    assert read(machine, "fifo").reason == said
    assert write(machine, "fifo", b"x").reason == said
    assert reason(lambda: machine.files.append(machine.path("fifo"), 0o600)) == said
    device = told(machine, lambda done: machine.files.read("/dev/zero", 10, done))
    assert device.reason == "Is a device, not a regular file"
    assert machine.names() == ["fifo"]


def test_a_fifo_or_device_is_refused_without_opening_it(machine, monkeypatch):
    os.mkfifo(machine.path("fifo"))
    opened = []
    really_open = os.open

    def record(path, flags, *more, **others):
        if not flags & os.O_EXCL:  # a new name: opens nothing that is there
            opened.append(path)
        return really_open(path, flags, *more, **others)

    monkeypatch.setattr(os, "open", record)
    for path in (machine.path("fifo"), "/dev/null"):
        assert isinstance(
            told(machine, lambda done, path=path: machine.files.read(path, 10, done)), FileError
        )
        assert reason(lambda path=path: machine.files.append(path, 0o600)).endswith("not a regular file")
    assert opened == []
    machine.put("x", b"one")
    assert read(machine, "x") == b"one"
    assert opened == [machine.path("x")]


def test_a_link_is_replaced_itself(machine):
    machine.put("target", b"old")
    (machine.folder / "link").symlink_to("target")
    assert read(machine, "link") == b"old"
    assert write(machine, "link", b"new") is None
    assert (machine.get("target"), machine.get("link")) == (b"old", b"new")
    assert not (machine.folder / "link").is_symlink()


def test_a_name_that_is_no_text_is_a_name(machine):
    name = os.fsdecode(b"\xff\xfe")
    assert write(machine, name, b"x") is None
    assert read(machine, name) == b"x"


def test_modes_are_as_asked_for_whatever_the_umask_is(machine):
    old = os.umask(0o077)
    try:
        machine.files.create(machine.path("x"), 0o644).close()
        machine.files.append(machine.path("y"), 0o644).close()
        assert write(machine, "z", b"", 0o644) is None
    finally:
        os.umask(old)
    assert {machine.mode(name) for name in "xyz"} == {0o644}


def test_a_slow_disk_does_not_hold_up_the_loop(machine, monkeypatch):
    went_on = threading.Event()
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(went_on.wait(10)))
    machine.loop.call_later(0.01, went_on.set)
    assert write(machine, "x", b"new") is None
    assert synced == [True, True], "the file, then its folder"


def test_a_file_that_is_replaced_is_synced_before_it_has_its_name(machine, monkeypatch):
    there = []
    monkeypatch.setattr(os, "fsync", lambda fd: there.append(machine.names()))
    assert write(machine, "x", b"new") is None
    assert [("x" in names) for names in there] == [False, True]


WRITER = """
import sys
from pybird.io.disk import ThreadFiles
from pybird.io.loop import new_loop
loop = new_loop(None)
files = ThreadFiles(loop)
def again(number):
    files.write(sys.argv[1], bytes([number]) * 1_500_000, 0o600, lambda problem: again((number + 1) % 256))
again(1)
loop.run_forever()
"""


def test_a_process_that_is_killed_leaves_a_whole_file(machine):
    path = Path(machine.path("x"))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=ROOT)
    seen = set()
    while len(seen) < 3:
        assert writer.poll() is None
        if path.exists():
            octets = path.read_bytes()
            assert octets == octets[:1] * 1_500_000
            seen.add(octets[0])
    writer.kill()
    writer.wait()
    octets = path.read_bytes()
    assert octets == octets[:1] * 1_500_000
    assert all(name == "x" or name.startswith(".pybird-") for name in machine.names())


def test_a_change_is_told_when_the_file_rests(machine):
    watch = machine.files.watch(machine.path("x"), lambda: None)
    watch.begin("one", None)
    assert [watch.check(seen) for seen in ("one", "two", "three", "three", "three")] == [
        *(False, False, False, True, False)
    ]
    assert [watch.check(seen) for seen in ("four", "three", "three")] == [False, False, False], "as before"


def test_a_change_is_told_after_five_checks_when_the_file_never_rests(machine):
    watch = machine.files.watch(machine.path("x"), lambda: None)
    watch.begin("0", None)
    told = [number for number in range(1, 14) if watch.check(str(number))]
    assert told == [6, 12], "5 s after the first change that was not told"
    assert [watch.check(seen) for seen in ("13", "13")] == [True, False], "it rests"


@pytest.fixture
def refusals(monkeypatch):
    """As many threads as there are elements cannot start."""
    left = []
    start = threading.Thread.start

    def start_or_refuse(thread):
        if left:
            raise left.pop()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_refuse)
    return left


def test_a_thread_that_cannot_start_costs_one_reading_or_writing(machine, refusals):
    machine.put("x", b"one")
    refusals.append(RuntimeError("can't start new thread"))
    assert read(machine, "x").reason == "No thread can be started"
    assert read(machine, "x") == b"one"
    refusals.append(MemoryError())
    assert write(machine, "x", b"two").reason == "No thread can be started"
    assert machine.get("x") == b"one"
    assert write(machine, "x", b"two") is None


def test_a_check_that_fails_is_repeated(machine, refusals):
    machine.put("x", b"one")
    heard = []
    watch = machine.files.watch(machine.path("x"), lambda: heard.append(1))
    assert read(machine, "x") == b"one"
    refusals.append(RuntimeError("can't start new thread"))
    machine.wait(lambda: not refusals)
    machine.put("x", b"longer")
    machine.wait(lambda: heard)
    assert heard == [1]
    watch.close()


def test_a_watch_that_begins_with_an_error_reports_no_false_change(machine, refusals):
    machine.put("x", b"one")
    heard = []
    checks = []
    refusals.append(RuntimeError("can't start new thread"))
    watch = machine.files.watch(machine.path("x"), lambda: heard.append(1))
    assert refusals == []
    checked = machine.files._checked
    machine.files._checked = lambda stamps, error: (checks.append(stamps), checked(stamps, error))
    machine.wait(lambda: len(checks) >= 4)
    assert heard == []
    machine.put("x", b"longer")
    machine.wait(lambda: heard)
    assert heard == [1]
    watch.close()


def test_nothing_is_looked_at_when_nothing_is_watched(machine):
    machine.put("x", b"one")
    heard = []
    watch = machine.files.watch(machine.path("x"), lambda: heard.append(1))
    machine.put("x", b"longer")
    assert read(machine, "x") == b"longer"
    watch.close()
    machine.wait(lambda: machine.files._timer is None and not machine.files._checking)
    assert machine.files._watches == {}
