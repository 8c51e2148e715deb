import pytest

from pybird.cli.dumps import KINDS
from tests.cli.lab import CONFIG, Lab


class Sheet:
    def __init__(self) -> None:
        self.text = ""
        self.open = True

    def write(self, text: str) -> None:
        assert self.open
        self.text += text

    def close(self) -> None:
        self.open = False


@pytest.fixture
def lab():
    made = Lab(CONFIG)
    made.sheets = {}

    def create(path: str) -> Sheet:
        if path in made.sheets:
            raise FileExistsError(17, "File exists")
        sheet = made.sheets[path] = Sheet()
        return sheet

    made.console.create = create
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_everything_can_be_dumped_to_a_file_and_to_the_log(lab, kind):
    reply = lab.ask(f'dump {kind} "/tmp/x"').splitlines()
    sheet = lab.sheets["/tmp/x"]
    assert not sheet.open
    size = len(sheet.text.encode())
    assert reply == [
        f"0013-Dumping {kind} to /tmp/x",
        f" ... dumped {size} bytes in 0.000 s",
        f"0013 Dumped {size} bytes in 0.000 s",
    ]
    assert lab.ask(f"dump {kind}") == "0000 "
    logged = [line.removeprefix("<debug> ") for line in lab.world.log.lines if line.startswith("<debug> ")]
    assert logged == sheet.text.splitlines()


def test_an_older_file_is_left_alone(lab):
    lab.ask('dump tables "/tmp/x"')
    assert lab.ask('dump tables "/tmp/x"') == "8009 Failed to open file /tmp/x: File exists"


def test_a_restricted_session_dumps_nothing(lab):
    lab.ask("restrict")
    assert lab.ask('dump tables "/tmp/x"') == "8007 Access denied"
    assert lab.sheets == {}


def test_a_dump_of_routes_names_each(lab):
    lab.ask('dump routes "/tmp/x"')
    assert "  198.51.100.0/24\n" in lab.sheets["/tmp/x"].text


class Full(Sheet):
    def write(self, text: str) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        if self.open:
            self.open = False
            raise OSError(28, "No space left on device")


def test_a_full_disk_is_told(lab):
    full = Full()
    lab.console.create = lambda path: full
    said = "8009 Failed to write file /tmp/x: No space left on device"
    assert lab.ask('dump tables "/tmp/x"').splitlines()[-1] == said
    assert not full.open


def test_a_client_that_goes_during_a_dump_closes_the_file(lab, monkeypatch):
    def endless(router):
        while True:
            yield "x"

    monkeypatch.setitem(KINDS, "tables", endless)
    full = Full()
    full.write = lambda text: None
    lab.console.create = lambda path: full
    lab.session.received(b'dump tables "/tmp/x"\n')
    assert full.open
    lab.session.closed(None)
    assert not full.open
