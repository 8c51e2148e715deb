"""What an instance asks for comes back as its own code."""

import pytest

from pybird.core.guard import GuardedClock, GuardedFiles
from pybird.sim.clock import SimClock
from pybird.sim.disk import Disk, SimFiles
from pybird.sim.process import Process
from pybird.sim.trace import EventHash


class Owner:
    def __init__(self):
        self.heard = []

    def guarded(self, call, *arguments):
        self.heard.append(arguments)
        return call(*arguments)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda files, done: files.read("/tmp/x", 10, done), (b"old",)),
        (lambda files, done: files.write("/tmp/y", b"new", 0o600, done), (None,)),
        (lambda files, done: files.watch("/tmp/x", done), ()),
    ],
)
def test_what_an_instance_asks_of_files_comes_back_as_its_code(ask, told):
    clock = SimClock()
    disk, process = Disk("a", clock, EventHash()), Process("a", clock, EventHash())
    disk.put("/tmp/x", b"old")
    guarded = GuardedClock(process)
    files = GuardedFiles(SimFiles(disk, process), guarded)
    owner, heard = Owner(), []
    guarded.current = owner
    ask(files, lambda *found: heard.append(found))
    guarded.current = None
    ask(files, lambda *found: heard.append(found))
    if told == ():
        disk.put("/tmp/x", b"more")
    clock.run_for(5)
    assert owner.heard == [told]
    assert heard == [told, told], "and the router's own without"
