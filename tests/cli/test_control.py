"""The control session: reply coding, order, backpressure, garbage."""

from __future__ import annotations

import json

import pytest

from pybird.cli import control
from pybird.cli.control import SocketOptions
from pybird.cli.session_commands import output, restrict
from pybird.conf.model import Config
from pybird.core.commands import Command
from pybird.core.replies import PAUSE, CommandError, Done, Note, Wait
from tests.cli.fakes import connected


def three(router, arguments, session):
    """Three lines."""
    yield Note(1007, "one")
    yield Note(1007, "two")
    yield Note(1008, "three")
    yield Done()


def last_word(router, arguments, session):
    yield Note(2, "Reading")
    yield Note(3, "Reconfigured")


def broken(router, arguments, session):
    yield Note(1007, "one")
    raise ZeroDivisionError


def refusing(router, arguments, session):
    yield Note(2, "Reading")
    raise CommandError(8002, "bad")


def endless(router, arguments, session):
    while True:
        yield Note(1007, "x" * 1000)


def say(router, arguments, session):
    yield Note(23, " ".join(arguments.children))


COMMANDS = [
    Command("three", three, "three"),
    Command("last", last_word, "last"),
    Command("broken", broken, "broken"),
    Command("refusing", refusing, "refusing"),
    Command("endless", endless, "endless"),
    Command("say", say, "say"),
    Command("write", say, "write", restricted=True),
    Command("restrict", restrict, "restrict"),
    Command("output", output, "output", lambda tree, session: tree.children == ["json"]),
]


def asked(text: bytes, options: SocketOptions | None = None) -> str:
    session, stream, clock = connected(*COMMANDS, options=options)
    stream.taken()
    session.received(text)
    clock.run(1.0)
    return stream.taken()


def test_the_banner_is_that_of_the_dialect() -> None:
    assert connected()[1].taken() == "0001 BIRD 2.19.2 ready.\n"
    assert connected(options=SocketOptions(dialect=3))[1].taken() == "0001 BIRD 3.3.2 ready.\n"


def test_same_codes_are_one_blank_and_the_last_line_has_a_blank() -> None:
    assert asked(b"three\n") == "1007-one\n two\n1008-three\n0000 \n"


def test_the_last_reply_ends_the_answer() -> None:
    assert asked(b"last\n") == "0002-Reading\n0003 Reconfigured\n"


def test_pipelined_commands_are_answered_in_order() -> None:
    assert asked(b"say a\nthree\nsay b\n") == "0023 a\n1007-one\n two\n1008-three\n0000 \n0023 b\n"


def test_a_line_may_come_in_pieces() -> None:
    session, stream, _ = connected(*COMMANDS)
    stream.taken()
    for octet in b"say hello\r\n":
        session.received(bytes((octet,)))
    assert stream.taken() == "0023 hello\n"


def test_an_error_ends_the_reply_with_its_code() -> None:
    assert asked(b"refusing\nsay on\n") == "0002-Reading\n8002 bad\n0023 on\n"


def test_a_crash_is_an_error_and_the_session_lives() -> None:
    assert asked(b"broken\nsay on\n") == (
        "1007-one\n8008 internal error: ZeroDivisionError, see the log\n0023 on\n"
    )


def test_a_reply_that_cannot_be_shown_is_an_error_and_the_session_lives() -> None:
    command = Command("odd", lambda router, arguments, session: iter((Note(1007, "one"), object())), "odd")
    session, stream, _ = connected(command, Command("three", three, "three"))
    stream.taken()
    session.received(b"odd\nthree\n")
    assert stream.taken() == (
        "1007-one\n8008 internal error: AssertionError, see the log\n1007-one\n two\n1008-three\n0000 \n"
    )
    ((level, text),) = session.router.ports.log.lines
    assert level == "bug"
    assert text.startswith("Showing object failed:\nTraceback")


def test_a_restricted_session_refuses_what_changes_something() -> None:
    assert asked(b"restrict\nwrite\nsay x\n") == "0016 Access restricted\n8007 Access denied\n0023 x\n"
    assert asked(b"write\n", SocketOptions(restricted=True)) == "8007 Access denied\n"


def test_a_client_that_does_not_read_stops_the_generator() -> None:
    session, stream, clock = connected(*COMMANDS)
    stream.slow = True
    session.received(b"endless\n")
    clock.run(1.0)
    first = len(stream.out)
    assert control.MOST_BUFFERED <= first < 2 * control.MOST_BUFFERED
    stream.read()
    clock.run(1.0)
    assert len(stream.out) > first


def test_long_replies_let_others_run() -> None:
    session, stream, clock = connected(*COMMANDS)
    session.received(b"endless\n")
    assert len(stream.out) < 200_000
    assert clock.calls
    session.closed(None)
    clock.run(1.0)
    assert not clock.calls


def test_a_pause_is_not_shown() -> None:
    def slow(router, arguments, session):
        yield PAUSE
        yield Note(23, "now")

    session, stream, clock = connected(Command("slow", slow, "slow"))
    stream.taken()
    session.received(b"slow\n")
    assert stream.taken() == ""
    clock.run()
    assert stream.taken() == "0023 now\n"


@pytest.mark.parametrize(("ready_at", "answer"), [(0.3, "0003 yes\n"), (5.0, "0004 no\n")])
def test_a_command_may_wait(ready_at: float, answer: str) -> None:
    def waiting(router, arguments, session):
        yield Wait(lambda: router.clock.now() >= ready_at, 1.0)
        yield Note(3, "yes") if router.clock.now() >= ready_at else Note(4, "no")

    session, stream, clock = connected(Command("waiting", waiting, "waiting"), Command("say", say, "say"))
    stream.taken()
    session.received(b"waiting\nsay after\n")
    clock.run(0.2)
    assert stream.taken() == ""
    clock.run(1.0)
    assert stream.taken() == answer + "0023 after\n"


def test_unasked_lines_start_with_a_plus() -> None:
    session, stream, _ = connected(*COMMANDS)
    stream.taken()
    session.console.notice("Config timeout expired, starting undo")
    assert stream.taken() == "+Config timeout expired, starting undo\n"
    session.console.log("info", "not echoed")
    session.echo = frozenset(("info",))
    session.console.log("info", "echoed")
    session.console.log("debug", "not echoed")
    assert stream.taken() == "+echoed\n"


def test_json_output_has_one_object_per_line() -> None:
    text = asked(b"output json\nthree\noutput text\nthree\n").split("\n")
    assert text[0] == "0000 "
    assert json.loads(text[1].removeprefix("1007-")) == {
        "reply": "note",
        "code": 1007,
        "text": "one",
        "name": None,
    }
    assert text[-5:] == ["1007-one", " two", "1008-three", "0000 ", ""]


def test_a_line_of_more_than_16_kib_is_refused_and_the_session_lives() -> None:
    session, stream, clock = connected(*COMMANDS)
    stream.taken()
    for _ in range(40):
        session.received(b"x" * 65536)
    session.received(b"\nsay on\n\0\n")
    session.received(b"y" * 16380)
    session.received(b"y" * 100 + b"\nsay more\n")
    clock.run(1.0)
    assert stream.taken() == (
        "9000 Command too long\n0023 on\n9001 command \0 is not there\n9000 Command too long\n0023 more\n"
    )


def test_long_lines_are_allowed() -> None:
    assert asked(b"say " + b"y" * 16_000 + b"\n") == "0023 " + "y" * 16_000 + "\n"


GARBAGE = [
    b"\n",
    b"\r\n",
    b" \t \n",
    b"# only a comment\n",
    b"nonsense\n",
    b"\x00\x01\x02\xff\xfe\n",
    b"SAY x\n",
    b"\x1b[A\n",
    "s\u00e4y x\n".encode(),
    b"\xc3\n",
    b"0001 BIRD ready.\n",
    b"GET / HTTP/1.1\r\n",
    b";;;;\n",
    b"(((((((((\n",
    b"'\n",
    b'"\n',
    b"/* \n",
    b"%s%s%n\n",
    b"\x7fELF\x02\x01\n",
    b"-\n",
]


@pytest.mark.parametrize("octets", GARBAGE, ids=repr)
def test_garbage_is_a_parse_error_and_the_session_goes_on(octets: bytes) -> None:
    answer = asked(octets + b"say on\n")
    first, rest = answer.split("\n", 1)
    assert first.startswith("9001 ")
    assert rest == "0023 on\n"


def test_a_flood_of_commands_that_nobody_reads_ends_the_connection() -> None:
    session, stream, _ = connected(*COMMANDS)
    stream.slow = True
    session.received(b"endless\n")
    for _ in range(90):
        session.received(b"say " + b"y" * 15_000 + b"\n")
    assert stream.closed == "abort"


def test_debug_commands_logs_what_clients_do():
    session, _, _ = connected(*COMMANDS)
    log = session.router.ports.log.lines
    session.received(b"three\n")
    assert log == []
    session.router.config = Config(debug_commands=2)
    session.received(b"three\n")
    session.closed(None)
    assert log == [("info", "CLI: three"), ("info", "CLI disconnect")]
