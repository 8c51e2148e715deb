import os
import re
import signal
import socket
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.conf.model import LogConfig, TimeFormat
from pybird.io.log import ALL_CLASSES, LogFiles, check_files, default_targets, format_time

WALL = 1763800000.123456
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} <[A-Z]+> .*")


def log_to(*configs):
    log = LogFiles(lambda: WALL)
    assert log.configure(configs) == []
    return log


def test_a_line_has_birds_form_and_only_wanted_classes_are_written(tmp_path):
    path = tmp_path / "log"
    log = log_to(LogConfig("file", frozenset({"info", "warning"}), str(path)))
    log.write("info", "Started")
    log.write("debug", "not this")
    log.write("warning", "two\nlines")
    lines = path.read_text().splitlines()
    assert [LINE.fullmatch(line) is not None for line in lines] == [True, True]
    assert [line[24:] for line in lines] == ["<INFO> Started", "<WARN> two lines"]


def test_a_file_with_a_limit_moves_to_its_backup(tmp_path):
    path, backup = tmp_path / "log", tmp_path / "old"
    log = log_to(LogConfig("file", ALL_CLASSES, str(path), 300, str(backup)))
    for n in range(8):
        log.write("info", f"line {n} " + "x" * 50)
    assert path.stat().st_size <= 300
    assert backup.stat().st_size <= 300
    assert "line 7" in path.read_text()
    assert "line 7" not in backup.read_text()


def test_a_backup_that_has_no_folder_loses_lines_and_keeps_the_limit(tmp_path):
    path, folder = tmp_path / "log", tmp_path / "old"
    log = log_to(LogConfig("file", ALL_CLASSES, str(path), 300, str(folder / "log")))
    for n in range(8):
        log.write("info", f"line {n} " + "x" * 50)
    assert path.stat().st_size <= 300
    folder.mkdir()
    log.write("info", "the last")
    assert re.search(r"<WARN> \d+ messages lost \(No such file or directory\)", path.read_text())
    assert "line 0" in (folder / "log").read_text()
    assert path.read_text().endswith("the last\n")


def test_a_log_that_was_moved_away_or_removed_is_begun_anew(tmp_path):
    path = tmp_path / "log"
    log = log_to(LogConfig("file", ALL_CLASSES, str(path), 300))
    log.write("info", "one " + "x" * 250)
    path.rename(tmp_path / "moved")
    log.write("info", "two")
    assert path.read_text().endswith("two\n")
    path.unlink()
    log.write("info", "three")
    assert path.read_text().endswith("three\n")
    assert path.read_text().count("\n") == 1


def test_configure_reopens_a_file_that_was_rotated_away(tmp_path):
    path = tmp_path / "log"
    config = LogConfig("file", ALL_CLASSES, str(path))
    log = log_to(config)
    log.write("info", "before")
    path.rename(tmp_path / "log.1")
    log.configure([config])
    log.write("info", "after")
    assert path.read_text().endswith("after\n")


def test_a_ring_file_keeps_its_size_and_continues_after_a_restart(tmp_path):
    path = tmp_path / "ring"
    config = LogConfig("fixed", ALL_CLASSES, str(path), 2048)
    for start in (0, 100):
        log = log_to(config)
        for n in range(start, start + 55):
            log.write("info", f"message {n} " + "y" * (n % 17))
        log.close()
    assert path.stat().st_size == 2048
    lines = [line for line in path.read_text().splitlines() if line]
    assert all(LINE.fullmatch(line) for line in lines)
    numbers = sorted(int(line.split("message ")[1].split()[0]) for line in lines)
    assert numbers == list(range(155 - len(numbers), 155))
    assert len(numbers) > 25


def test_a_full_disk_loses_lines_and_says_how_many():
    full = Path("/dev/full")
    if not full.exists():
        return
    log = log_to(LogConfig("file", ALL_CLASSES, str(full)))
    log.write("info", "one")
    log.write("info", "two")
    written = []

    class Works:
        def write(self, level, text, line):
            written.append(text)

    log._slots[0].target.close()
    log._slots[0].target = Works()
    log.write("info", "three")
    assert written == ["2 messages lost (No space left on device)", "three"]


def test_a_file_that_cannot_be_opened_is_reported_and_the_others_work(tmp_path):
    good = LogConfig("file", ALL_CLASSES, str(tmp_path / "good"))
    log = LogFiles(lambda: WALL)
    problems = log.configure([LogConfig("file", ALL_CLASSES, "/nowhere/log"), good])
    assert problems == ["Unable to open log /nowhere/log: No such file or directory"]
    assert "Unable to open log" in (tmp_path / "good").read_text()


def test_udp_follows_rfc_5424():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        log = log_to(LogConfig("udp", ALL_CLASSES, "127.0.0.1", port=server.getsockname()[1]))
        log.write("error", "edge1: hold timer expired")
        packet = server.recv(1000).decode()
        log.close()
    pattern = rf"<27>1 \S+ {re.escape(socket.gethostname())} bird {os.getpid()} - - edge1: hold timer expired"
    assert re.fullmatch(pattern, packet)


def test_syslog_reconnects_after_a_restart(tmp_path, monkeypatch):
    path = str(tmp_path / "log")
    monkeypatch.setattr("pybird.io.log._SYSLOG_SOCKETS", (path,))
    log = log_to(LogConfig("syslog", ALL_CLASSES, "edge"))
    log.write("info", "nobody listens")
    for round_ in range(2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(path)
            log.write("info", f"round {round_}")
            lost = server.recv(1000).decode()
            assert re.fullmatch(r"<28>edge\[\d+\]: 1 messages lost \(.*\)", lost) or round_
            text = server.recv(1000).decode() if not round_ else lost
            assert re.fullmatch(rf"<30>edge\[\d+\]: round {round_}", text)
        os.unlink(path)
    log.close()


def test_an_extra_target_survives_configure(tmp_path):
    debug = tmp_path / "debug"
    log = LogFiles(lambda: WALL)
    log.add_target(LogConfig("file", ALL_CLASSES, str(debug)))
    log.configure([])
    log.write("trace", "x")
    assert debug.read_text().endswith("<TRACE> x\n")
    assert {c.kind for c in default_targets(foreground=False)} == {"syslog"}


def test_a_listener_hears_every_class_whether_a_target_takes_it_or_not(tmp_path):
    heard = []
    log = log_to(LogConfig("file", frozenset({"info"}), str(tmp_path / "log")))
    log.listener = lambda *message: heard.append(message)
    log.write("info", "x")
    log.write("trace", "y")
    assert heard == [("info", "x"), ("trace", "y")]


def test_timeformat_with_fractions_and_with_an_old_form():
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.123", format_time(TimeFormat("%T.%3f"), WALL))
    assert format_time(TimeFormat("%6f %f"), WALL).split()[0][:5] == "12345"
    old = TimeFormat("%T", 3600, "%Y")
    assert format_time(old, WALL, WALL + 10).count(":") == 2
    assert format_time(old, WALL, WALL + 7200) == "2025"


def within(seconds):
    """The test ends with an error when a write waits."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("a write to the log waits"))
    signal.alarm(seconds)


@pytest.fixture(name="guarded")
def no_write_waits():
    within(20)
    yield
    signal.alarm(0)


def everything(descriptor):
    """What can be read now."""
    os.set_blocking(descriptor, False)
    data = b""
    while True:
        try:
            more = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return data.decode()
        if not more:
            return data.decode()
        data += more


def stalls_and_goes_on(log, reader):
    """Nobody reads for long; then somebody does."""
    for number in range(3000):
        log.write("info", f"line {number} {'x' * 90}")
    seen = everything(reader)
    log.write("info", "read again")
    while not seen.endswith("read again"):
        more = everything(reader).replace("\r", "").rstrip("\n")
        assert more
        seen += more
    return seen.replace("\r", "")


@pytest.mark.usefixtures("guarded")
def test_a_pipe_that_nobody_reads_loses_lines_and_says_how_many(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = log_to(LogConfig("file", ALL_CLASSES, str(path), 500))
    seen = stalls_and_goes_on(log, reader)
    lost = re.search(r"<WARN> (\d+) messages lost \(nobody reads it\)\n", seen)
    assert lost is not None
    assert seen.count("line ") + int(lost[1]) == 3000
    assert path.is_fifo()  # it has no size that could be too large
    os.close(reader)
    log.write("info", "nobody is there")  # the other end is closed: lost, too
    log.close()


@pytest.mark.usefixtures("guarded")
def test_a_terminal_that_stands_still_loses_lines_and_nothing_waits():
    screen, terminal = os.openpty()
    log = log_to(LogConfig("file", ALL_CLASSES, os.ttyname(terminal)))
    seen = stalls_and_goes_on(log, screen)
    assert re.search(r"<WARN> \d+ messages lost \(nobody reads it\)\n", seen)
    log.close()
    os.close(screen)
    os.close(terminal)


@pytest.mark.usefixtures("guarded")
def test_standard_error_on_a_terminal_that_stands_still(monkeypatch):
    screen, terminal = os.openpty()
    monkeypatch.setattr("pybird.io.log.STDERR", terminal)
    log = log_to(LogConfig("stderr", ALL_CLASSES))
    seen = stalls_and_goes_on(log, screen)
    assert re.search(r"<WARN> \d+ messages lost \(nobody reads it\)\n", seen)
    assert os.get_blocking(terminal)  # for the shell and all others
    log.close()
    os.close(screen)
    os.close(terminal)


@pytest.mark.usefixtures("guarded")
def test_a_pipe_without_a_reader_is_an_error_when_it_is_opened(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    config = LogConfig("file", ALL_CLASSES, str(path))
    with pytest.raises(ConfigErrors, match=r"Unable to open log file '.*pipe': nobody reads it"):
        check_files([config])
    assert LogFiles(lambda: WALL).configure([config]) == [f"Unable to open log {path}: nobody reads it"]
