"""`pybird fmt`."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.conf.errors import ConfigErrors
from pybird.conf.include import DiskFiles
from pybird.conf.tables import load as load_tables
from pybird.tools.fmt import Formatter, main
from pybird.tools.layout.pieces import LayoutError
from tests.conf.loading import CACHE, TextFiles, language

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PYBIRD_CORPUS") or ROOT.parent / "shared" / "corpus")
SNIPPETS = json.loads((ROOT / "tests" / "conf" / "snippets.json").read_text())["snippets"]


@cache
def formatter() -> Formatter:
    return Formatter(load_tables(CACHE))


def laid_out(text: str) -> str:
    made = formatter().format(text)
    assert formatter().format(made) == made
    return made


class LaidOut(DiskFiles):
    """Files as they are after `pybird fmt`."""

    def read(self, path: str) -> str:
        return laid_out(super().read(path))


UGLY = """\
# the router
router   id 192.0.2.1 ;
define A=1; define NETS=[10.0.0.0/8{ 16 , 24 },
 192.0.2.0 / 24 +  ]; # ours


filter in_a
{
if (net~NETS)then{ bgp_local_pref=A*100; /* why */ accept; }
else reject "no: ",net;
}
function f(int a)->bool{return a>1&&!defined(bgp_med);}
protocol bgp b {  local as 65000;   # us
\tneighbor fe80::1 % 'eth0' as 65001; # them

\tipv4 { import filter in_a; export where f( 3 ); }; }
"""
NICE = """\
# the router
router id 192.0.2.1;
define A = 1;
define NETS = [ 10.0.0.0/8{16,24},
  192.0.2.0/24+ ];  # ours

filter in_a {
  if (net ~ NETS) then { bgp_local_pref = A * 100; /* why */ accept; } else reject "no: ", net;
}
function f(int a) -> bool { return a > 1 && !defined(bgp_med); }
protocol bgp b {
  local as 65000;                    # us
  neighbor fe80::1%'eth0' as 65001;  # them

  ipv4 { import filter in_a; export where f(3); };
}
"""


def test_the_canonical_layout() -> None:
    assert laid_out(UGLY).split("\n") == NICE.split("\n")


def test_else_stands_under_its_if() -> None:
    text = "filter f { if a then\nif b then\naccept;\nelse\nreject;\nelse accept;\n}"
    assert laid_out(text) == (
        "filter f {\n  if a then\n    if b then\n      accept;\n    else\n      reject;\n  else accept;\n}\n"
    )


def test_the_arms_of_case() -> None:
    text = "filter f { case x { 1 : accept; 2, 3:\nfoo();\nreject; # no\nelse: accept; } }"
    assert laid_out(text).split("\n") == [
        "filter f {",
        "  case x {",
        "    1: accept;",
        "    2, 3:",
        "      foo();",
        "      reject;  # no",
        "    else: accept;",
        "  }",
        "}",
        "",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x {\n} ;", "x {};\n"),
        ("}\n;\ndefine A=-1;", "};\ndefine A = -1;\n"),
        ("protocol bgp {\n local as 1 ;", "protocol bgp {\n  local as 1;\n"),
        (
            "define S = [ 1,\n  include \"x\" ;\n3];",
            'define S = [ 1,\n  include "x";\n  3 ];\n',
        ),
        ('interface  -"eth*" , "lo" ;', 'interface -"eth*", "lo";\n'),
        ("debug {states,routes};", "debug { states, routes };\n"),
        ("peers<table t;persist yes;>;", "peers < table t; persist yes; >;\n"),
        ("a=[= * 1..2 ? =];b=(rt,1,*);", "a = [= * 1..2 ? =];\nb = (rt, 1, *);\n"),
        ("if a then { b; } # c\nelse { d; }", "if a then { b; }  # c\nelse { d; }\n"),
        ("if a then {\nb; }\n\nelse { d; }", "if a then {\n  b;\n} else { d; }\n"),
        ("filter f { case gw { ::1 :\naccept; 1.2.3.4 : accept; } }",
         "filter f {\n  case gw {\n    ::1 :\n      accept;\n    1.2.3.4: accept;\n  }\n}\n"),
        ("", ""),
        ("# only\n\n\n\n# this", "# only\n\n# this\n"),
    ],
)  # fmt: skip
def test_small_texts(before: str, after: str) -> None:
    assert laid_out(before) == after


@pytest.mark.parametrize("text", ["define A = $;", 'include "a"\n', "define A = /* x", 'define A = "x\n";'])
def test_what_cannot_be_read_is_left_alone(text: str) -> None:
    with pytest.raises(LayoutError):
        formatter().format(text)


def outcome(text: str, files: dict[str, str]) -> Any:
    try:
        return language().read(text, "bird.conf", TextFiles(files))
    except ConfigErrors as found:
        return sorted(error.message for error in found.errors)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet["name"])
def test_snippets_mean_the_same_afterwards(snippet: dict[str, Any]) -> None:
    files = snippet.get("files", {})
    try:
        made = laid_out(snippet["text"])
        after = {name: laid_out(text) for name, text in files.items()}
    except LayoutError:
        return  # it is wrong and stays as it is
    before = outcome(snippet["text"], files)
    if not isinstance(before, list):
        assert outcome(made, after) == before


@pytest.mark.parametrize("path", sorted((ROOT / "samples").glob("*.conf")), ids=lambda path: path.name)
def test_samples_are_laid_out(path: Path) -> None:
    assert path.read_text() == laid_out(path.read_text())


def mains() -> list[Path]:
    path = CORPUS / "manifest.json"
    found = json.loads(path.read_text())["positive"] if path.is_file() else []
    return [CORPUS / entry["id"] / entry["main"] for entry in found]


@pytest.mark.skipif(not mains(), reason=f"no corpus of real configurations in {CORPUS}")
@pytest.mark.parametrize("path", mains(), ids=lambda path: path.parent.name)
def test_real_configurations_mean_the_same_afterwards(path: Path) -> None:
    def read(files: DiskFiles) -> Any:
        try:
            return language().load(str(path), files)
        except ConfigErrors as found:
            return [(error.file, error.message) for error in found.errors]

    assert read(LaidOut()) == read(DiskFiles())


BRACES = ["{", "}", ";", "(", ")", "[", "]", "<", ">", ",", ":", "=", ".", "!", "+", "-", "->", "..", "%"]
WORDS = st.sampled_from(
    [
        *BRACES,
        *[
            "if",
            "then",
            "else",
            "else:",
            "case",
            "do",
            "filter",
            "interface",
            "peers",
            "name",
            "'q'",
            '"text"',
            "1",
            "fe80::1",
            "10.0.0.0/8",
            "{1,2}",
        ],
        *("\n", "\n\n", "# c\n", "/* r */", '\ninclude "a";'),
    ]
)


@given(st.lists(st.tuples(WORDS, st.sampled_from([" ", "", "\n", "  "])), max_size=40))
def test_any_pieces_stay_and_the_layout_is_final(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in parts)
    try:
        made = formatter().format(text)
    except LayoutError:
        return
    assert formatter().format(made) == made


def test_check_diff_and_writing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bird.conf"
    path.write_text("define  A=1;")
    path.chmod(0o640)
    assert main(["--check", str(path)]) == 1
    assert capsys.readouterr().out == f"{path}: would be laid out\n"
    assert main(["--diff", str(path)]) == 1
    assert "+define A = 1;\n" in capsys.readouterr().out
    assert main([str(path)]) == 0
    assert path.read_text() == "define A = 1;\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert main(["--check", "--diff", str(path)]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bird.conf"
    path.write_text("define A = 1;\n  $\n")
    assert main([str(path), str(tmp_path / "none")]) == 1
    found = capsys.readouterr().err
    assert f"{path}:2:3 this cannot be read; left as it is\n" in found
    assert "none: No such file" in found
    assert path.read_text() == "define A = 1;\n  $\n"


def test_a_file_that_cannot_be_replaced_is_said_and_the_others_are_laid_out(tmp_path, capsys, monkeypatch):
    first, second = tmp_path / "a.conf", tmp_path / "b.conf"
    for path in (first, second):
        path.write_text("define  A=1;\n")
    replace = os.replace

    def refuses(source, target):
        if target == str(first):
            raise PermissionError(13, "Permission denied", source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuses)
    assert main([str(first), str(second)]) == 1
    assert capsys.readouterr().err == f"pybird fmt: {first}: Permission denied\n"
    assert [path.read_text() for path in (first, second)] == ["define  A=1;\n", "define A = 1;\n"]
    assert sorted(os.listdir(tmp_path)) == ["a.conf", "b.conf"]


def test_a_diff_has_lines_as_files_have_them(tmp_path, capsys):
    path = tmp_path / "a.conf"
    path.write_text("define  A=1; # a\x0cb\u2028c\n")
    assert main(["--diff", str(path)]) == 1
    assert capsys.readouterr().out.split("\n")[3:] == [
        "-define  A=1; # a\x0cb\u2028c",
        "+define A = 1;  # a\x0cb\u2028c",
        "",
    ]


MOVED = [
    ("filter f int x; { accept; }", "filter f { int x; accept; }"),
    ("filter f int set x; enum rts y; { accept; }", "filter f { int set x; enum rts y; accept; }"),
    ("function f(int a) bool b; { }", "function f(int a) { bool b; }"),
    ("function f(int a) -> int set clist c; { }", "function f(int a) -> int set { clist c; }"),
    ("function f() -> enum rts set int c; { }", "function f() -> enum rts set { int c; }"),
    ("x { import filter f; export filter int x; { accept; }; }",
     "x { import filter f; export filter { int x; accept; }; }"),
    ("filter f { int x; accept; }", "filter f { int x; accept; }"),
    ("x { import filter f; }", "x { import filter f; }"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), MOVED)
def test_variables_are_moved_into_the_block_on_request(before: str, after: str) -> None:
    moved = formatter().move_variables(before)
    assert moved.split() == after.split()
    assert formatter().move_variables(moved) == moved


def test_moved_variables_keep_their_comments_and_the_file_its_meaning(tmp_path, capsys) -> None:
    path = tmp_path / "a.conf"
    path.write_text("filter f\nint x; # one\n# two\nint y;\n{ x = 1; y = x; accept; }\nprotocol device {}\n")
    before = language().load(str(path))
    assert main([str(path)]) == 0
    assert "filter f\n" in path.read_text() or "filter f int" in path.read_text()
    assert main(["--move-variables", str(path)]) == 0
    text = path.read_text()
    assert text.startswith("filter f {\n  int x;  # one\n  # two\n  int y;\n")
    after = language().load(str(path))
    assert [each.body.statements[2:] for each in after.filters.values()] == [
        each.body.statements[2:] for each in before.filters.values()
    ]
