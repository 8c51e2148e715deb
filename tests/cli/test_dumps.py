import pytest

from pybird.cli.dumps import KINDS
from pybird.sim.clock import SimClock
from pybird.sim.disk import Disk, SimFiles
from pybird.sim.process import Process
from pybird.sim.trace import EventHash
from tests.cli.lab import CONFIG, Lab


class Recording(SimFiles):
    """Files that remember what was opened."""

    def create(self, path: str, mode: int):
        self.made = super().create(path, mode)
        return self.made


@pytest.fixture
def lab():
    made = Lab(CONFIG)
    clock = SimClock()
    made.disk = Disk("alpha", clock, EventHash())
    made.console.files = Recording(made.disk, Process("alpha", clock, EventHash()))
    return made


def is_closed(lab):
    return lab.console.files.made.closed


@pytest.mark.parametrize("kind", KINDS)
def test_everything_can_be_dumped_to_a_file_and_to_the_log(lab, kind):
    reply = lab.ask(f'dump {kind} "/tmp/x"').splitlines()
    written = lab.disk.get("/tmp/x")
    assert is_closed(lab)
    assert lab.disk.files["/tmp/x"].mode == 0o600
    size = len(written)
    assert reply == [
        f"0013-Dumping {kind} to /tmp/x",
        f" ... dumped {size} bytes in 0.000 s",
        f"0013 Dumped {size} bytes in 0.000 s",
    ]
    assert lab.ask(f"dump {kind}") == "0000 "
    logged = [line.removeprefix("<debug> ") for line in lab.world.log.lines if line.startswith("<debug> ")]
    assert logged == written.decode().splitlines()


def test_an_older_file_is_left_alone(lab):
    lab.ask('dump tables "/tmp/x"')
    assert lab.ask('dump tables "/tmp/x"') == "8009 Failed to open file /tmp/x: File exists"


def test_a_restricted_session_dumps_nothing(lab):
    lab.ask("restrict")
    assert lab.ask('dump tables "/tmp/x"') == "8007 Access denied"
    assert lab.disk.files == {}


def test_a_dump_of_routes_names_each(lab):
    lab.ask('dump routes "/tmp/x"')
    assert b"  198.51.100.0/24\n" in lab.disk.get("/tmp/x")


def test_a_full_disk_is_told(lab):
    lab.disk.room = 10
    said = "8009 Failed to write file /tmp/x: No space left on device"
    assert lab.ask('dump tables "/tmp/x"').splitlines()[-1] == said
    assert is_closed(lab)
    assert len(lab.disk.get("/tmp/x")) == 10


def test_a_client_that_goes_during_a_dump_closes_the_file(lab, monkeypatch):
    def endless(router):
        while True:
            yield "x"

    monkeypatch.setitem(KINDS, "tables", endless)
    lab.session.received(b'dump tables "/tmp/x"\n')
    assert not is_closed(lab)
    lab.session.closed(None)
    assert is_closed(lab)
