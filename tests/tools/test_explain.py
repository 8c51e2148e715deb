"""`pybird explain`: `--compiled` and `--route`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pybird.tools.explain import main
from tests.tools.test_test import MANY

TEXT = """\
define NETS = [ 10.0.0.0/8+, 192.0.2.0/24 ];
function too_long(int most) -> bool {
  return bgp_path.len > most;
}
filter in_a {
  if net !~ NETS then
    reject;
  if too_long(32) then reject;
  bgp_local_pref = 200;
  accept;
}
protocol static { ipv4 { import filter in_a; }; }
"""


def explain(folder: Path, *words: str) -> int:
    path = folder / "bird.conf"
    path.write_text(TEXT)
    return main([*words, str(path)])


def test_the_generated_python_stands_below_the_lines_it_was_made_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(tmp_path, "--compiled", "filter", "in_a") == 0
    out = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0].startswith("# ")
    assert any(line.startswith("# k") and "10.0.0.0/8" in line for line in lines)
    at = lines.index("# bird.conf:9: bgp_local_pref = 200;")
    assert lines[at + 1] == "view['bgp_local_pref'] = s.changes['bgp_local_pref'] = 200"
    at = lines.index("# bird.conf:3: return bgp_path.len > most;")
    assert lines[at + 1].startswith("return ")
    assert lines.index("# bird.conf:6: if net !~ NETS then") < lines.index("# bird.conf:7: reject;")
    compile(out, "listing", "exec")


def test_no_such_filter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--compiled", "filter", "in_b") == 1
    assert "bird.conf: no filter in_b\n" in capsys.readouterr().err


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--compiled", "filter", "f", str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_a_route_is_followed_step_by_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--route", "198.51.100.0/24 bgp_path = 65001 65002", "filter", "in_a") == 0
    assert (
        capsys.readouterr().out.replace(f"{tmp_path}/", "")
        == """\
bird.conf:6: if net !~ NETS then
    net !~ NETS is TRUE
bird.conf:7: reject;
rejected
"""
    )
    assert explain(tmp_path, "--route", "10.0.0.0/8 bgp_path = 65001 65002", "filter", "in_a") == 0
    assert (
        capsys.readouterr().out.replace(f"{tmp_path}/", "")
        == """\
bird.conf:6: if net !~ NETS then
    net !~ NETS is FALSE
bird.conf:8: if too_long(32) then reject;
bird.conf:3: return bgp_path.len > most;
    bgp_path.len is 2
    most is 32
    bgp_path.len > most is FALSE
    too_long(32) is FALSE
bird.conf:9: bgp_local_pref = 200;
bird.conf:10: accept;
accepted
    bgp_local_pref: (void) became 200
"""
    )


def test_the_steps_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--json", "--route", "11.0.0.0/8", "filter", "in_a") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"] is False
    assert [step["line"] for step in told["steps"]] == [6, 7]
    assert told["steps"][0]["values"] == [{"text": "net !~ NETS", "value": "TRUE"}]


def test_a_route_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--route", "10.0.0.0/8 nothing = 1", "filter", "in_a") == 1
    assert "there is no attribute nothing" in capsys.readouterr().err


def test_an_error_while_it_runs_is_the_last_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bird.conf"
    path.write_text("protocol device {}\nfilter f {\n bgp_med = 10 / (bgp_path.len - 1);\n accept;\n}\n")
    assert main(["--route", "10.0.0.0/8 bgp_path = 65001", "filter", "f", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "logged: filters, line 3: Mother told me not to divide by 0",
        "rejected",
    ]


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        ("flow4 { dst 10.0.0.0/8; proto = 6; } bgp_med = 5", "net is flow4 { dst 10.0.0.0/8; proto 6; }"),
        ("10.0.0.0/8 max 24 as 5; bgp_med = 5", "net is 10.0.0.0/8-24 AS5"),
        ("2001:db8::/32 from 2001:db8::/48 bgp_med = 5;", "net is 2001:db8::/32 from 2001:db8::/48"),
        ('10.0.0.0/8 proto = "a;b"; bgp_med = 5', "proto is a;b"),
    ],
)
def test_any_network_can_be_a_route(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], route: str, shown: str
) -> None:
    path = tmp_path / "bird.conf"
    path.write_text("filter f { print net, proto, bgp_med; accept; }\nprotocol device {}\n")
    assert main(["--route", route, "filter", "f", str(path)]) == 0
    out = capsys.readouterr().out
    assert shown in out
    assert "bgp_med is 5" in out


@pytest.mark.long
def test_a_value_that_no_message_carries_is_a_rejection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bird.conf"
    path.write_text(MANY + "protocol device {}\n")
    assert main(["--route", "10.0.0.0/8", "filter", "long", str(path)]) == 0
    *_, logged, verdict = capsys.readouterr().out.splitlines()
    assert logged.startswith("logged: bgp_large_community has ")
    assert verdict == "rejected"


def test_what_is_wrong_in_a_route_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--route", "10.0.0.0/8 bgp_med = 5; bogus = 7", "filter", "in_a") == 1
    assert capsys.readouterr().err == (
        "pybird explain: there is no attribute bogus\n        bogus = 7\n        ^~~~~~~~~\n"
    )


README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def first_config(tmp_path: Path) -> Path:
    """The first configuration of README."""
    text = README.read_text()
    begin = text.index("```\n", text.index("## First config")) + 4
    path = tmp_path / "bird.conf"
    path.write_text(text[begin : text.index("```", begin)])
    return path


@pytest.mark.parametrize(
    ("words", "route", "verdict"),
    [
        (("import", "upstream"), "10.5.0.0/16 bgp_path = 65002 5", "accepted"),
        (("import", "upstream"), "11.0.0.0/8", "rejected"),
        (("import", "upstream.ipv4"), "10.5.0.0/16 bgp_path = 65002", "accepted"),
        (("export", "upstream"), '10.1.0.0/24 proto = "own"', "accepted"),
        (("export", "upstream"), '10.1.0.0/24 proto = "other"', "rejected"),
        (("import", "own"), "10.1.0.0/24", "accepted"),
        (("export", "own"), "10.1.0.0/24", "rejected"),
    ],
)
def test_the_filter_of_a_channel_is_explained(
    first_config: Path, words: tuple[str, str], route: str, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, str(first_config), "--route", route]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == verdict
    assert all(line.startswith((str(first_config), "    ")) for line in lines[:-1])
    assert (len(lines) > 1) == (words[1] != "own")  # `all` and `none` have no statements


def test_a_channels_filter_as_python(first_config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--compiled", "export", "upstream", str(first_config)]) == 0
    assert "bird.conf:10: export where proto" in capsys.readouterr().out


TWO = """\
protocol static a { ipv4 { import none; }; }
protocol bgp b { local as 1; neighbor 10.0.0.2 as 2;
  ipv4 { import none; export all; };
  ipv6 { import all; export none; }; }
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("import", "c"), "no protocol c"),
        (("import", "a.ipv6"), "a has no channel ipv6"),
        (("export", "b"), "b has several channels: say one of b.ipv4, b.ipv6"),
    ],
)
def test_what_is_not_there_is_said(
    tmp_path: Path, words: tuple[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bird.conf"
    path.write_text(TWO)
    assert main(["--compiled", *words, str(path)]) == 1
    assert capsys.readouterr().err == f"pybird explain: {path}: {told}\n"


def test_of_several_channels_the_one_that_fits_the_route_is_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bird.conf"
    path.write_text(TWO)
    for route, verdict in (("10.0.0.0/8", "rejected"), ("2001:db8::/32", "accepted")):
        assert main(["import", "b", str(path), "--route", route]) == 0
        assert capsys.readouterr().out == f"{verdict}\n"
