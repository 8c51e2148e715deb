"""`pybird check`."""

from __future__ import annotations

import json
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
    assert out.endswith("can be run, 1 protocol; not run: o\n")


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


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err
