"""Errors of a configuration in pybirdc: the message first, its line below, each once."""

import pytest

from pybird.client.connection import ReplyLine
from pybird.client.problems import for_people
from tests.cli.lab import CONFIG, Lab

ONE = CONFIG + "protocol static x { ipv4; route 10.0.0.0/33 blackhole; }\n"
TWO = ONE + "protocol static y { ipv4; rout 10.0.0.0/8 blackhole; }\n"


def reply(text: str) -> list[ReplyLine]:
    """What `configure check` answers of a file, as a client reads it."""
    lab = Lab()
    lab.files["bird.conf"] = text
    code, lines = 0, []
    for raw in lab.ask("configure check").split("\n"):
        coded = raw[:4].isdigit()
        code = int(raw[:4]) if coded else code
        lines.append(ReplyLine(code, raw[5:] if coded else raw[1:], coded and raw[4] == " ", raw))
    return lines


def shown(text: str) -> list[str]:
    return [line.text for line in for_people(reply(text)) if line.text or not line.last]


def test_the_message_of_one_error_comes_before_its_line() -> None:
    found = shown(ONE)
    assert found[0] == "Reading configuration from bird.conf"
    assert found[1].startswith("bird.conf:26:")
    assert found[2].strip() == "protocol static x { ipv4; route 10.0.0.0/33 blackhole; }"
    assert found[3].strip().startswith("^")
    assert len([line for line in found if line.startswith("bird.conf:")]) == 1


def test_each_of_several_errors_is_told_once() -> None:
    found = shown(TWO)
    places = [line.split()[0] for line in found if line.startswith("bird.conf:")]
    assert [place.split(":")[1] for place in places] == ["26", "27"]
    assert not any("more)" in line for line in found)
    assert found.index("    protocol static y { ipv4; rout 10.0.0.0/8 blackhole; }") > 3


@pytest.mark.parametrize("text", [ONE, TWO])
def test_the_code_at_the_end_is_that_of_the_reply(text: str) -> None:
    assert [line.code for line in for_people(reply(text)) if line.last] == [8002]


def test_other_replies_stay_as_they_are() -> None:
    lines = [ReplyLine(1000, "BIRD 2.19.2", False, "1000-BIRD 2.19.2"), ReplyLine(13, "up", True, "0013 up")]
    assert list(for_people(lines)) == lines
    single = [ReplyLine(8002, "x.conf: No such file", True, "8002 x.conf: No such file")]
    assert list(for_people(single)) == single
