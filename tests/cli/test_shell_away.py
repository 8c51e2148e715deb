"""What the shell does when the daemon goes away and comes back."""

import os
import socket
import threading

from pybird.client.connection import Connection
from pybird.client.shell import Shell


def test_a_daemon_that_went_away_and_came_back_gets_the_next_command(tmp_path, capsys):
    path = str(tmp_path / "ctl")

    def daemon(answers):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()

        def serve():
            client, _ = listener.accept()
            client.sendall(b"0001 BIRD 2.19.2 ready.\n")
            for answer in answers:
                client.recv(1000)
                client.sendall(answer)
            client.close()
            listener.close()
            os.unlink(path)

        thread = threading.Thread(target=serve)
        thread.start()
        return thread

    first = daemon([])
    shell = Shell(Connection(path))
    first.join()
    assert shell._do("eval 1")
    assert capsys.readouterr().out == "The daemon is away: No such file or directory\n"
    second = daemon([b"0023 2\n"])
    assert shell._do("eval 1")
    assert "there is a new one" in capsys.readouterr().out
    assert shell._do("eval 2")
    second.join()
    assert capsys.readouterr().out == "2\n"
    shell._connection.close()
