"""What full disks, folders that go and pipes that nobody reads cost: log lines, and nothing else."""

import os
import re
import shutil
import signal
import subprocess
import sys

from tests.io.isolation import isolated
from tests.io.live import ROOT, fill, own_mounts, small_disk, speakers, until

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} <[A-Z]+> .*")
FULL = "No space left on device"


def chat(daemon, times=1):
    """Have it write lines to its log."""
    for _ in range(times):
        assert daemon.ask("dump tables").startswith("0000")


@isolated
def test_a_full_disk_costs_log_lines_and_nothing_else(tmp_path):
    own_mounts()
    small = tmp_path / "small"
    small_disk(small)
    log, other = small / "log", tmp_path / "other"
    first, _second = speakers(tmp_path, f'log "{log}" all; log "{other}" {{ error, bug }};')
    before = first.session()
    filler = fill(small)
    chat(first, 60)  # more than the rest of the log's last page
    assert other.read_text().count("\n") == 1
    assert f"<ERR> Cannot write to log {log}: {FULL}" in other.read_text()
    assert first.ask("configure").startswith("0002"), "which opens all logs anew"
    chat(first, 20)
    assert other.read_text().count("\n") == 1, "said once"
    filler.unlink()
    chat(first)
    text = log.read_text()
    assert re.search(rf"<WARN> \d+ messages lost \({FULL}\)\n", text)
    written = text.splitlines()
    torn = [line for line in written if not LINE.fullmatch(line)]
    assert len(torn) <= 1
    assert "<DBG>" in written[-1]
    assert first.session() == before


@isolated
def test_dumps_to_a_full_disk_are_refused_with_the_reason(tmp_path):
    own_mounts()
    small = tmp_path / "small"
    small_disk(small)
    log = tmp_path / "a.log"
    first, _second = speakers(tmp_path, f'log "{log}" all;', cwd=small)
    before = first.session()
    fill(small)
    reply = first.ask(f'dump protocols "{small}/x"')
    assert reply.splitlines()[-1] == f"8009 Failed to write file {small}/x: {FULL}"
    assert first.ask(f'dump protocols "{tmp_path}/none/x"') == (
        f"8009 Failed to open file {tmp_path}/none/x: No such file or directory\n"
    )
    fill(small)  # the name of the dump is left, without content
    os.kill(first.process.pid, signal.SIGUSR1)
    until(lambda: f"<ERR> Cannot write bird.dump: {FULL}" in log.read_text())
    assert log.read_text().count("bird.dump") == 1
    assert first.session() == before


@isolated
def test_a_log_whose_folder_goes_resumes_when_it_is_back(tmp_path):
    folder, other = tmp_path / "logs", tmp_path / "other"
    folder.mkdir()
    log = folder / "log"
    first, _second = speakers(tmp_path, f'log "{log}" all; log "{other}" {{ error, bug }};')
    before = first.session()
    shutil.rmtree(folder)
    chat(first, 3)
    assert other.read_text().count(f"<ERR> Cannot write to log {log}: No such file or directory") == 1
    reply = first.ask("configure").splitlines()[-1]
    assert re.fullmatch(rf"8002 .*Unable to open log file '{log}': No such file or directory", reply)
    folder.mkdir()
    chat(first)
    text = log.read_text()
    assert re.match(r".* <WARN> \d+ messages lost \(No such file or directory\)\n", text)
    assert "<DBG>" in text
    assert first.session() == before


@isolated
def test_a_log_that_cannot_be_rotated_leaves_the_sockets_alone(tmp_path):
    """Its descriptor must not be used once it is closed: the number may be a session's by then."""
    own_mounts()
    small = tmp_path / "small"
    small_disk(small)
    log = small / "log"
    first, _second = speakers(tmp_path, f'log "{log}" 16384 "{small}/old" all;')
    before = first.session()
    subprocess.run(["mount", "-o", "remount,nr_inodes=4", str(small)], check=True)
    (small / "one").touch()
    (small / "two").touch()
    chat(first, 120)
    assert (small / "old").stat().st_size > 12000
    assert not log.exists()
    assert first.session() == before
    (small / "one").unlink()
    (small / "two").unlink()
    chat(first, 2)
    assert "messages lost" in log.read_text()
    assert log.stat().st_size <= 16384
    assert first.session() == before


@isolated
def test_nobody_reads_what_goes_to_stderr(tmp_path):
    reader, writer = os.pipe()
    first, _second = speakers(tmp_path, f'log stderr all; log "{tmp_path}/other" {{ error }};', stderr=writer)
    os.close(writer)
    before = first.session()
    chat(first, 400)  # more than a pipe holds
    assert "Cannot write to log stderr" in (tmp_path / "other").read_text()
    assert b"<DBG>" in os.read(reader, 1 << 20)
    chat(first)
    assert b"messages lost" in os.read(reader, 1 << 20)
    os.close(reader)
    chat(first, 3)
    assert first.session() == before
    first.stop()
    assert first.process.returncode == 0


@isolated
def test_closed_standard_files_are_not_taken_for_sockets(tmp_path):
    first, _second = speakers(
        tmp_path, "log stderr all;", preexec_fn=lambda: [os.close(number) for number in (0, 1, 2)]
    )
    before = first.session()
    chat(first, 3)
    for number in (0, 1, 2):
        assert os.readlink(f"/proc/{first.process.pid}/fd/{number}") == "/dev/null"
    assert first.session() == before
    first.stop()
    assert first.process.returncode == 0


@isolated
def test_a_start_on_a_full_disk_says_what_it_cannot_write_and_leaves_nothing(tmp_path):
    own_mounts()
    small = tmp_path / "small"
    small_disk(small)
    (small / "pid").touch()
    fill(small)
    left = sorted(small.rglob("*"))
    config = tmp_path / "bird.conf"
    config.write_text("router id 10.0.0.1;\nprotocol device { }\n")
    command = [
        sys.executable,
        "-m",
        "pybird",
        "-f",
        "-c",
        config,
        "-s",
        tmp_path / "x.ctl",
        "-P",
        small / "pid",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(small)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (1, f"bird: Cannot write PID file {small}/pid: {FULL}\n")
    assert not [path for path in small.rglob("*") if path.is_file() and path not in left]
