"""The programs around BIRD read our answers: two simulated routers with a configured session."""

from __future__ import annotations

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.proto import PROTOCOLS
from tests.cli import clients
from tests.cli.fakes import FakeStream
from tests.cli.lab import Lab
from tests.scenarios.lab import language, pair


@pytest.fixture(scope="module")
def ask() -> clients.Ask:
    """A new session for each command, as programs do it."""
    lab = pair(clients.ROUTER, clients.NEIGHBOR)
    for name, address in (("a", "10.0.0.1/24"), ("b", "10.0.0.2/24")):
        lab.nodes[name].host.add_address("eth0", address)
    lab.run(10)
    router = lab.nodes["a"].router
    read = lambda path: language().read(clients.ROUTER, path)  # noqa: E731
    console = Console(router, commands(PROTOCOLS), language(), read, lambda graceful: None)

    def asked(command: str) -> str:
        stream = FakeStream()
        session = console.open(stream)  # type: ignore[arg-type]
        clients.banner(stream.taken().strip())
        session.received(f"{command}\n".encode())
        lab.run(2)
        session.received(b"")
        return stream.taken().removesuffix("\n")

    return asked


@pytest.mark.parametrize("program", clients.PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_reads_our_answers(ask: clients.Ask, program: clients.Ask) -> None:
    program(ask)


def test_a_program_that_splits_at_blanks_finds_its_columns() -> None:
    """sileht's bird-lg: with the default time format there is no blank in a time."""
    for row in clients.plain(Lab().ask("show protocols"))[1:-1]:
        assert len(row.split()) >= 5, row
        assert row.split()[4].count(":") == 2, row
