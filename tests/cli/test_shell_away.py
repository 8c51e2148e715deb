"""What the shell does when the daemon goes away and comes back."""

import os
import socket
import threading

from pybird.client.connection import RouterConnection
from pybird.client.shell import Shell
from tests.cli.test_shell import Terminal


def daemon(path, answers, heard=None):
    """Answers one client, a line for each that it sends, and goes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve():
        client, _ = listener.accept()
        client.sendall(b"0001 BIRD 2.19.2 ready.\n")
        for answer in answers:
            line = client.recv(1000)
            if heard is not None:
                heard.append(line)
            client.sendall(answer)
        client.close()
        listener.close()
        os.unlink(path)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_daemon_that_went_away_and_came_back_gets_the_next_command(tmp_path, capsys):
    path = str(tmp_path / "ctl")
    first = daemon(path, [])
    shell = Shell(RouterConnection(path))
    first.join()
    assert shell._run_line("eval 1")
    assert capsys.readouterr().out == "The daemon is away: No such file or directory\n"
    second = daemon(path, [b"0023 2\n"])
    assert shell._run_line("eval 1")
    assert "The connection was lost and is back" in capsys.readouterr().out
    assert shell._run_line("eval 2")
    second.join()
    assert capsys.readouterr().out == "2\n"
    shell._connection.close()


def test_the_prompt_comes_again_while_the_daemon_is_away(tmp_path):
    path = str(tmp_path / "ctl")
    there = daemon(path, [b"0023 1\n"])
    shell = Terminal(path, tmp_path)
    shell.expect("Ctrl-D leaves.")
    shell.expect("bird>")
    shell.type("eval 1\r")
    there.join(60)
    for _ in range(2):
        shell.expect("bird>")
        shell.type("eval 2\r")
        shell.expect("The daemon is away: ")
    assert shell.leave() == 0


def test_a_new_connection_begins_with_what_was_set_on_the_old_one(tmp_path, capsys):
    path = str(tmp_path / "ctl")
    first = daemon(path, [b"0016 Access restricted\n", b"0000 \n", b"0000 \n", b"0016 Access restricted\n"])
    shell = Shell(RouterConnection(path), ["restrict"])
    for command in ("dialect 3", "echo all", "restrict"):
        assert shell._run_line(command)
    first.join()
    heard = []
    second = daemon(path, [b"0000 \n"] * 3, heard)
    assert shell._run_line("eval 1")
    second.join()
    assert heard == [b"dialect 3\n", b"echo all\n", b"restrict\n"]
    assert "The connection was lost and is back" in capsys.readouterr().out
    shell._connection.close()


def test_codes_are_shown_when_they_were_asked_for(tmp_path, capsys):
    path = str(tmp_path / "ctl")
    there = daemon(path, [b"1002-a\n b\n0000 \n"])
    shell = Shell(RouterConnection(path), verbose=True)
    assert shell._run_line("show protocols")
    there.join()
    assert capsys.readouterr().out == "1002-a\n     b\n"
    shell._connection.close()
