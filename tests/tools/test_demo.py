"""The demo on the simulated network: what `make run` does where namespaces are not to be had."""

import subprocess
import sys
from pathlib import Path

from tests.interop.lab import ENVIRONMENT

SAMPLES = Path(__file__).parents[2] / "samples"
CONFIGS = [str(SAMPLES / "autopeer-a.conf"), str(SAMPLES / "autopeer-b.conf")]


def demo(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "pybird", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=ENVIRONMENT,
    )


def test_the_samples_find_each_other_on_the_simulated_network():
    done = demo("--simulated", *CONFIGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "simulated network" in done.stdout
    assert "BGP is up after" in done.stdout
    assert "10.2.0.1/32          unicast [auto01" in done.stdout
    assert "2001:db8:2::1/128    unicast [auto01" in done.stdout


def test_a_missing_config_is_one_line():
    done = demo("nosuch.conf", CONFIGS[1])
    assert done.returncode == 1
    assert done.stderr == "nosuch.conf: no such file\n"


def test_a_wrong_config_is_told_at_once(tmp_path):
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("foo;\n")
    done = demo("--simulated", CONFIGS[0], str(wrong))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"{wrong}:1:1 `foo` is not a statement\n    foo;\n    ^~~\n"
