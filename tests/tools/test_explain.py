"""`pybird explain --compiled`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pybird.tools.explain import main

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
    assert lines[at + 1] == "s.changes['bgp_local_pref'] = 200"
    at = lines.index("# bird.conf:3: return bgp_path.len > most;")
    assert lines[at + 1].startswith("return ")
    assert lines.index("# bird.conf:6: if net !~ NETS then") < lines.index("# bird.conf:7: reject;")
    compile(out, "listing", "exec")


def test_no_such_filter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--compiled", "filter", "in_b") == 1
    assert "no filter in_b in" in capsys.readouterr().err


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--compiled", "filter", "f", str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err
