"""`pybird check`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest

from pybird.tools.check import main


def write(folder: Path, text: str) -> str:
    path = folder / "bird.conf"
    path.write_text(text)
    return str(path)


def test_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "protocol device {}\nprotocol ospf o { area 0 {}; }\n")
    assert main([path]) == 0
    out = capsys.readouterr().out
    assert "warning: protocol ospf is understood but not run" in out
    assert "[not-run]\n" in out
    assert out.endswith("can be run, 1 protocol, 1 warning; not run: o\n")


def test_a_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "protocol device { scn time 5; }\n")
    assert main([path]) == 1
    assert capsys.readouterr().out.split("\n") == [
        f"{path}:1:19 `scn` is not an option here",
        "    protocol device { scn time 5; }",
        "                      ^~~",
        "  did you mean `scan`?",
        f"{path}: 1 error",
        "",
    ]


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "define A = 1;\ndefine A = 2;\n")
    assert main([path, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["ok"]
    (error,) = found["errors"]
    assert (error["line"], error["column"], error["end_column"]) == (2, 8, 9)
    assert error["related"]["line"] == 1


def test_strict_counts_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "define A = 1;\nprotocol device {}\n")
    assert main([path]) == 0
    assert main([path, "--strict"]) == 1
    capsys.readouterr()
    assert main([path, "--strict", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    (warning,) = found["warnings"]
    assert not found["ok"]
    assert (warning["code"], warning["line"], warning["column"]) == ("unused-constant", 1, 8)


def test_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.conf", tmp_path / "bad.conf"
    good.write_text("protocol device {}\n")
    bad.write_text("protocol device {}\nprotocol bgp { local as 1; neighbor 10.0.0.1 as 2; ipv4; }\n")
    assert main([str(good)]) == 0
    assert main([str(good), str(bad), str(tmp_path / "none")]) == 1
    out = capsys.readouterr().out
    assert f"{good}: can be run" in out
    assert f"{bad}: 1 error" in out
    assert main([str(good), str(bad), "--json"]) == 1
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert (error["file"], error["code"]) == (str(bad), "missing-policy")


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_standard_input(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", StringIO("define A = 1;\nprotocol device {}\n"))
    assert main(["-"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("-:1:8 warning: constant `A` is not used [unused-constant]\n    define A = 1;\n")
    assert out.endswith("-: can be run, 1 protocol, 1 warning\n")
