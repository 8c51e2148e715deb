"""What a hundred clients at once can write on the control socket, while a session lives."""

import random
import selectors

from pybird.cli.control import MOST_CLIENTS
from tests.io.isolation import isolated
from tests.io.live import Client, speakers, until

noise = random.Random(7).randbytes
KINDS = {
    "binary": noise(65536),
    "no newline for megabytes": b"x" * (2 << 20),
    "a line of 64 KiB": b"show route where " + b"y" * 65536 + b"\n",
    "a line of 15 KiB": b"show route where " + b"y" * 15000 + b"\n",
    "cut UTF-8": "show symbols h\u00e9".encode()[:-1] + b"\n",
    "octets that are no UTF-8": bytes(range(128, 256)) * 10 + b"\n",
    "NULs": bytes(5000) + b"\n" + b"show\0status\n",
    "thousands of commands, never read": b"show route all\n" * 5000,
    "thousands of empty lines": b"\n" * 60000,
    "an open quote": b'dump routes "/tmp/\n' + b'show protocols "x\n',
    "an open brace": b"show route filter { if net ~ [ 10.0.0.0/8\n",
    "an open comment": b"show /* status\n",
    "restricted, and then more": b"restrict\ndown\nconfigure\nrestart all\ndisable all\n",
    "deep parentheses": b"eval " + b"(" * 2500 + b"1" + b")" * 2500 + b"\n",
    "many operators": b"eval " + b"1+" * 2500 + b"1\n",
    "many stars": b'eval "' + b"a" * 200 + b'" ~ "' + b"*a" * 100 + b'b"\n',
    "a long path mask": b"show route where bgp_path ~ [= " + b"* " * 3000 + b"=]\n",
    "a huge number": b"eval " + b"9" * 15000 + b"\n",
    "a web browser": b"GET / HTTP/1.1\r\nHost: router\r\n\r\n",
    "terminal keys": b"\x1b[A\x1b[B\x03\x04\x1a\t\t?\r\n",
    "a format": b"timeformat route \"%s%n%n%x\" 1 \"%999999999d\"\nshow route\n",
    "replies": b"0001 BIRD 2.19.2 ready.\n0000 \n8001 \n",
    "goes in the middle": b"show route all\n" * 20,
}  # fmt: skip


class Crowd:
    """Clients that write as fast as the daemon takes it, and do not read, or go at once."""

    def __init__(self, path, count):
        self.selector = selectors.DefaultSelector()
        kinds = list(KINDS)
        self.said = set()
        for number in range(count):
            kind = kinds[number % len(kinds)]
            self.said.add(kind)
            sock = Client(path).sock
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_WRITE, [kind, memoryview(KINDS[kind])])

    def push(self):
        """Write what is taken; clients that have said all stay, unread, or go."""
        for key, _events in self.selector.select(0.01):
            kind, rest = key.data
            try:
                key.data[1] = rest[key.fileobj.send(rest[:65536]) :]
            except OSError:  # sent away
                key.data[1] = rest[:0]
            if not key.data[1]:
                self.selector.unregister(key.fileobj)
                if kind != "goes in the middle":
                    yield key.fileobj
                key.fileobj.close()

    def busy(self):
        return bool(self.selector.get_map())


HOLD = "hold time 9; keepalive time 3;"


@isolated
def test_a_hundred_clients_write_garbage_and_the_session_and_an_honest_client_do_not_notice(tmp_path):
    assert len(KINDS) >= 20
    first, second = speakers(tmp_path, f'log "{tmp_path}/a.log" all;', bgp=HOLD)
    before = first.session(), second.session()
    crowd = Crowd(first.socket, 100)
    assert crowd.said == set(KINDS)
    start = most = first.memory()
    honest = Client(first.socket)
    honest.reply()
    done = []
    while crowd.busy():
        done += [sock.dup() for sock in crowd.push()]
        honest.sock.sendall(b"show protocols twin\n")
        assert b"Established" in honest.reply()
        most = max(most, first.memory())
    for sock in done:
        sock.close()
    assert most - start < 64 << 20
    assert (first.session(), second.session()) == before
    log = (tmp_path / "a.log").read_text()
    assert "<BUG>" not in log
    assert "Shutting down" not in log
    assert "Reconfig" not in log


@isolated
def test_the_257th_client_is_sent_away_until_another_goes(tmp_path):
    first, _second = speakers(tmp_path, f'log "{tmp_path}/a.log" all;')
    before = first.session()
    clients = [Client(first.socket) for _ in range(MOST_CLIENTS)]
    assert all(client.reply().startswith(b"0001 ") for client in clients)
    late = Client(first.socket)
    assert late.reply() == b"", "sent away"
    clients.pop().close()
    until(first.answers)
    for client in clients:
        client.close()
    assert first.session() == before
    text = (tmp_path / "a.log").read_text()
    assert text.count(f"<WARN> {MOST_CLIENTS} control clients are connected, refusing more") == 1
