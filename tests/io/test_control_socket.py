import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from pybird.io import files
from pybird.io.control_socket import AnotherDaemonError, Bound, ControlSocket, check_free
from pybird.io.loop import new_loop
from tests.io.isolation import needs_other_users


class Silent:
    def write(self, level, text):
        raise AssertionError(text)


class Echo:
    def __init__(self, stream):
        self.stream = stream
        self.end = "open"

    def received(self, data):
        self.stream.write(data.upper())

    def closed(self, error):
        self.end = error

    def writable(self):
        pass


@pytest.fixture
def loop():
    made = new_loop(Silent())
    yield made
    made.close()


def turn(loop):
    loop.call_later(0.02, loop.stop)
    loop.run_forever()


def test_a_client_talks_to_its_handler_and_the_socket_is_for_the_group(loop, tmp_path):
    path = str(tmp_path / "bird.ctl")
    handlers = []

    def accepted(stream):
        handlers.append(Echo(stream))
        stream.set_handler(handlers[-1])

    server = ControlSocket(loop, Silent(), Bound(path, group=os.getgid()), accepted)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.send(b"show status\n")
    turn(loop)
    assert client.recv(100) == b"SHOW STATUS\n"
    client.close()
    turn(loop)
    assert handlers[0].end is None
    server.close()
    assert not os.path.exists(path)


def test_a_second_daemon_is_refused_and_a_stale_socket_replaced(loop, tmp_path):
    path = str(tmp_path / "bird.ctl")
    first = ControlSocket(loop, Silent(), Bound(path), lambda s: s.abort())
    with pytest.raises(AnotherDaemonError, match=r"I found another BIRD running\."):
        Bound(path)
    assert os.path.exists(path)
    first.close()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    check_free(path)
    ControlSocket(loop, Silent(), Bound(path), lambda s: s.abort()).close()


def test_an_ordinary_file_is_not_removed(loop, tmp_path):
    path = tmp_path / "bird.ctl"
    path.write_text("mine")
    with pytest.raises(OSError, match="Address already in use"):
        Bound(str(path))
    assert path.read_text() == "mine"


def test_a_socket_that_somebody_else_made_meanwhile_stays(loop, tmp_path):
    path = str(tmp_path / "bird.ctl")
    server = ControlSocket(loop, Silent(), Bound(path), lambda s: s.abort())
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        server.close()
        assert os.path.exists(path)


def test_pid_file(tmp_path):
    path = tmp_path / "pid"
    path.write_text("123456789012345\n")
    pid = files.PidFile(str(path))
    pid.write()
    assert path.read_text() == f"{os.getpid()}\n"
    pid.remove()
    assert not path.exists()


@needs_other_users
@pytest.mark.parametrize("owner", [0, 65534])
def test_the_pid_file_belongs_to_who_the_daemon_becomes(tmp_path, monkeypatch, owner):
    """In a folder of that user, and in one of root's."""
    monkeypatch.chdir(tmp_path)  # that user may not pass the folders above
    os.chown(tmp_path, owner, owner)
    for _ in range(2):  # also when there is one already
        made = files.PidFile("pid", 65534, 65534)
        made.write()
        status = Path("pid").stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (65534, 65534, 0o644)


@needs_other_users
def test_a_link_in_the_place_of_the_pid_file_gives_that_user_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.chown(tmp_path, 65534, 65534)
    Path("secret").write_text("root's")
    Path("secret").chmod(0o600)
    Path("pid").symlink_to("secret")
    with pytest.raises(OSError, match="Cannot create PID file pid: Too many levels"):
        files.PidFile("pid", 65534, 65534)
    Path("pid").unlink()
    os.link("secret", "pid")
    files.PidFile("pid", 65534, 65534)
    assert Path("secret").stat().st_uid == 0


def test_the_cache_folder_is_private(tmp_path, monkeypatch):
    monkeypatch.delenv("CACHE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = files.cache_folder()
    assert folder == tmp_path / "pybird"
    folder.chmod(0o777)
    assert files.cache_folder() is None
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "")
    assert files.cache_folder() is None


def test_a_config_in_latin_1_is_read(tmp_path):
    path = tmp_path / "bird.conf"
    path.write_bytes(b"# caf\xe9\n")
    assert files.read_text(str(path)) == "# caf\xe9\n"


def test_a_daemon_whose_queue_is_full_is_found(tmp_path):
    """It lives, however busy it is: its socket must not be taken from it."""
    path = str(tmp_path / "bird.ctl")
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(path)
        busy.listen(0)
        waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) for _ in range(4)]
        assert errno.EAGAIN in [client.connect_ex(path) for client in waiting]
        with pytest.raises(AnotherDaemonError):
            check_free(path)
        for client in waiting:
            client.close()


def test_the_socket_is_open_to_nobody_else_before_its_mode_is_set(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "chmod", lambda *_: None)
    bound = Bound(str(tmp_path / "bird.ctl"))
    assert stat.S_IMODE(os.stat(bound.path).st_mode) & 0o007 == 0
    bound.close()
