"""Code that comes with a command cannot keep the router from its work."""

import pytest

from pybird.core.policies import MOST_LINE, MOST_PRINTED
from pybird.filter.budget import MOST_STEPS
from tests.cli.lab import CONFIG, Lab

PATH = " ".join([f"p.prepend({number});" for number in range(1, 31)])
LOOPS = f"bgppath p = +empty+; {PATH} for int a in p do for int b in p do for int c in p do n = n + 1;"
CODE = (
    f"function slow() {{ int n = 0; {LOOPS} return n > 0; }}\n"
    f"function quick() {{ int n = 0; {LOOPS.replace('for int c in p do ', '')} return n = 900; }}\n"
    "function twice(int x) -> int { if x = 0 then return 1; return twice(x - 1) + twice(x - 1); }\n"
)
TOO_MANY = f"8008 This takes more than {MOST_STEPS} loop iterations and function calls for one route"


@pytest.fixture(scope="module")
def lab():
    return Lab(CONFIG + CODE + "protocol static more { ipv4; route 10.77.0.0/16 blackhole; }")


@pytest.mark.parametrize(
    "command",
    [
        "eval slow()",
        "eval twice(40)",
        "show route where slow()",
        f"show route filter {{ int n = 0; {LOOPS} accept; }}",
        "show route where twice(40) > 1 count",
        "show route where net = 10.9.0.0/16 && slow()",
        "eval 5 ~ [1, (twice(40))]",  # members of sets are computed while they are read
        "show route where 5 ~ [1, (twice(40))]",
        "show route where 5 ~ [" + ", ".join(["(twice(10))"] * 20) + "]",
    ],
)
def test_a_command_that_takes_too_many_steps_ends(lab, command):
    assert lab.ask(command).splitlines()[-1] == TOO_MANY


def test_the_steps_are_those_of_one_route(lab):
    """Those of all routes together are more than the budget."""
    shown = lab.ask("show route where quick() count")
    assert "routes" in shown
    assert "8008" not in shown
    assert lab.ask("eval quick()") == "0023 TRUE"


def test_what_the_configuration_says_has_no_such_end():
    lab = Lab(
        f"router id 1.1.1.1; {CODE} protocol static {{"
        " ipv4 { import where slow(); }; route 10.0.0.0/8 blackhole; }"
    )
    assert "10.0.0.0/8" in lab.ask("show route")


def test_a_command_prints_a_bounded_number_of_lines():
    many = " ".join([f"route 10.{n >> 8}.{n & 255}.0/24 blackhole;" for n in range(1500)])
    lab = Lab(f"router id 1.1.1.1; protocol static {{ ipv4; {many} }}")
    assert "1500" in lab.ask("show route filter { print net; accept; } count", 5)
    assert len([line for line in lab.world.log.lines if line.startswith("<info> 10.")]) == MOST_PRINTED
    assert lab.world.log.lines.count("<info> ... this command prints more") == 1
    before = len(lab.world.log.lines)
    words = ", ".join(["net"] * 600)
    lab.ask(f"show route filter {{ print {words}; accept; }} for 10.0.0.1")
    [line] = lab.world.log.lines[before:]
    assert len(line) <= MOST_LINE + len("<info> ")
