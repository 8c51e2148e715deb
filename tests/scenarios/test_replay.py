"""One seed is one history."""

import os
import subprocess
import sys
from functools import partial

import pytest

from tests.scenarios.lab import lan, unnumbered


def history(seed=7, routers=4):
    """A lossy switch, a flap, a crash and a restart."""
    few = routers < 10  # of many each would tell all others what it heard from all others
    text = unnumbered if few else partial(unnumbered, export="where source = RTS_STATIC")
    lab = lan(routers, text, seed=seed)
    lab.segments["lan"].loss = 0.05
    lab.run(10)
    lab.link_down("r1", "eth0")
    lab.run(3)
    lab.link_up("r1", "eth0")
    lab.nodes["r2"].kill()
    lab.run(5)
    lab.nodes["r2"].start()
    lab.nodes["r3"].stop()
    lab.run(60)
    return f"{lab.trace.count} {lab.digest()}"


@pytest.mark.parametrize("routers", [4, pytest.param(50, marks=pytest.mark.long)])
def test_two_runs_with_one_seed_are_equal_under_two_hash_seeds(routers):
    code = f"from tests.scenarios.test_replay import history; print(history(7, {routers}))"
    path = os.pathsep.join([os.getcwd(), *filter(None, sys.path)])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    outputs = [process.communicate()[0].strip() for process in running]
    assert outputs[0]
    assert outputs[0] == outputs[1]


def test_another_seed_is_another_history():
    assert history(1) != history(2)
