"""The programs around BIRD read a real daemon's answers: ours, and Debian's bird2 in the same place.

That bird2 passes shows that these programs are imitated rightly.
"""

import pytest

from tests.cli import clients
from tests.interop.lab import ask, until
from tests.interop.test_md5 import numbered


@pytest.mark.peer("bird")
@pytest.mark.parametrize("kind", ["pybird", "bird"])
def test_programs_read_the_answers(lab, kind):
    a, b = numbered(lab)
    daemon = getattr(a, kind)(clients.ROUTER)
    b.bird(clients.NEIGHBOR)
    until(lambda: "2 of 4 routes" in daemon.routes("protocol peer_1 count"), 20)
    until(lambda: " 2 exported" in daemon.cli("show protocols all peer_1"), 10)

    def asked(command):
        head, _, answer = ask(daemon.socket, command).partition("\n")
        clients.banner(head)
        return answer.removesuffix("\n")

    for program in clients.PROGRAMS:
        program(asked)
