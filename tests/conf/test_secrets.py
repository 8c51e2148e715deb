"""What stands behind `password`, `key` and `secret` is shown to nobody."""

from __future__ import annotations

import json

import pytest

from pybird.conf.secrets import PART, Secrets, redacted
from pybird.tools.check import main as check
from tests.conf.loading import DEVICE, TextFiles, error, errors, language, load
from tests.conf.test_errors import marked

SECRET = "tops3cret"
BGP = DEVICE + "protocol bgp a { local as 1; neighbor 10.0.0.1 as 2; ipv4 { import all; export all; };%s }\n"
OSPF = DEVICE + 'protocol ospf v2 o { area 0 { interface "x" { authentication cryptographic; %s }; }; }\n'
RPKI = DEVICE + "roa4 table r; protocol rpki k { roa4 { table r; }; remote 10.0.0.1; transport %s; }\n"

BROKEN = [  # `«»` mark the place; the secret is somewhere in each
    BGP % ' password "tops3cret" «foo»;',
    BGP % ' password "tops3cret"; «foo»;',
    BGP % ' «foo» x; password "tops3cret";',
    BGP % " password «tops3cret»;",
    BGP % " password 'tops3cret';".replace("'tops3cret'", "«'tops3cret'»"),
    BGP % ' password «=» "tops3cret";',
    BGP % '\tpassword "tops3cret"; hold time «1»;',
    BGP % ' password "abc"; hold time «1»; # was tops3cret\n',
    BGP % ' hold time «1»; # password "tops3cret"\n',
    BGP % ' hold time «1»; /* password "tops3cret" */',
    BGP % '\n password # later: tops3cret\n "x" «y»;',
    BGP % '\n password\n "tops3cret" «y»;',
    BGP % ' authentication ao; keys { key { id 1; secret "tops3cret"; «foo»; }; };',
    BGP % ' authentication ao; keys { key { «foo»; secret "tops3cret"; }; };',
    BGP % ' password "x" «+» "tops3cret";',
    OSPF % 'password "tops3cret" { id «300»; };',
    OSPF % 'passwords { password "tops3cret" { id «300»; }; };',
    OSPF % 'passwords { «"tops3cret"»; };',
    OSPF % "passwords { «tops3cret»; };",
    RPKI % 'tcp { authentication md5; password "tops3cret"; «foo»; }',
    'define pw = "tops3cret"; «foo»;\n' + BGP % " password pw;",
    'define deep = "tops3cret"; «foo»;\ndefine pw = deep;\n' + BGP % " password pw;",
    'define PEER_PASSWORD = "tops3cret" «foo»;\n' + DEVICE,
    'define my_key = "tops3cret" «foo»;\n' + DEVICE,
    DEVICE + 'template bgp t { password "tops3cret"; «foo»; }\n',
    BGP % ' password "tops3cret";' + "function «tops3cret»() { retur; }\n",
]


@pytest.mark.parametrize("text", BROKEN)
def test_an_error_shows_no_secret_and_keeps_its_column(text: str) -> None:
    plain, line, column, end = marked(text)
    found = errors(plain)
    for each in found:
        assert SECRET not in each.show() + each.message + each.source_line + each.hint
        assert len(each.source_line) == len(plain.split("\n")[each.line - 1])
    places = [(each.line, each.column, each.span.end_column) for each in found]
    if "tops3cret()" not in plain and "«'" not in text:
        assert (line, column, end) in places


def test_a_secret_in_an_included_file_is_hidden() -> None:
    found = error(
        'include "b.conf";\n' + DEVICE, b_conf='define k = 1; protocol bgp { password "tops3cret" x; }\n'
    )
    assert found.file == "b.conf"
    assert SECRET not in found.show()


def test_a_definition_in_another_file_is_hidden() -> None:
    found = error('include "b.conf";\n' + BGP % " password pw;", b_conf='define pw = "tops3cret"; foo;\n')
    assert found.source_line == 'define pw = "*********"; foo;'


@pytest.mark.usefixtures("refused")
def test_the_reason_of_a_refusal_shows_no_secret() -> None:
    refusal = load(BGP % ' password "tops3cret"; confederation 5;').refusals[0]
    assert 'password "*********"; confederation 5;' in refusal.source_line


def test_a_text_that_comes_again_is_hidden() -> None:
    found = error(BGP % ' password "tops3cret";' + "# tops3cret\nfoo tops3cret;\n")
    assert found.source_line == "foo *********;"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('password "a;b{c" ;', 'password "*****" ;'),
        ('password "a', 'password "*'),
        ("password a b;c", "password * *;c"),
        ('key "a" { id 1; };', 'key "*" { id 1; };'),
        ('bird private key "/p";', 'bird private key "**";'),
        ("keyed md5; keepalive time 5;", "keyed md5; keepalive time 5;"),
        ('description "monkey";', 'description "monkey";'),
        ('description "key user"; interface "e";', 'description "key ****"; interface "e";'),
        ('x "y; password "abc"; z;', 'x "y; password ****** **'),
        ('# the key is abc\ninterface "eth0"; x "eth0";', '* *** *** ** ***\ninterface "eth0"; x "eth0";'),
        ('# password "abc"\n"abc"', '* ******** *****\n"abc"'),
    ],
)
def test_what_is_hidden_of_a_line(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_check_shows_no_secret_in_remarks_nor_as_json(tmp_path, capsys) -> None:
    path = tmp_path / "a.conf"
    path.write_text(BGP % ' password "tops3cret"; bfd graceful;')
    assert check([str(path)]) == 0
    out = capsys.readouterr().out
    assert 'password "*********"; bfd graceful;' in out
    assert SECRET not in out
    path.write_text(BGP % " password tops3cret;")
    assert check(["--json", str(path)]) == 1
    out = capsys.readouterr().out
    assert json.loads(out)["errors"]
    assert SECRET not in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("root:$6$abc:19000:0:99999:7:::\n", "..."),
        ("protocol device { scn time 5; }\n", "... is not an option here"),
        ("protocol device { scan time; }\n", "unexpected ..., expected a value"),
        (DEVICE + 'log "/etc/x" al;\n', "... is not defined"),
        (DEVICE + "define a = 1; define a = 2;\n", "Symbol ... already defined"),
    ],
)
def test_an_error_without_quotes_quotes_nothing(text: str, said: str) -> None:
    found = errors(text)[0].without_quotes()
    assert said in found.message
    assert not found.source_line
    assert not found.hint
    for word in ("root", "abc", "scn", "al ", "'a'"):
        assert word not in found.show()


def test_a_word_of_any_length_makes_a_short_error() -> None:
    found = error(DEVICE + "protocol device { " + "a" * 1_000_000 + " 5; }\n")
    assert len(found.show()) < 1200
    assert found.message.endswith("is not an option here")
    shown, marks = found.show().split("\n")[1:3]
    assert shown[marks.index("^")] == "a"


def test_a_long_line_is_shown_around_its_place() -> None:
    found = error(DEVICE + "protocol static { ipv4; " + "route 10.0.0.0/8 blackhole; " * 5000 + "foo; }\n")
    shown, marks = found.show().split("\n")[1:3]
    assert shown[marks.index("^") :].startswith("foo")
    assert len(shown) < 250


def test_a_text_is_read_with_its_files_once_each() -> None:
    files = TextFiles({"a.conf": 'define pw = "tops3cret";\n'})
    config = language().read('include "a.conf";\n' + BGP % " password pw;", "bird.conf", files)
    assert config.protocols[1].password == SECRET  # hidden is what is shown, not what is done
    assert SECRET not in repr(config.protocols)


def test_a_secret_is_found_wherever_the_parts_of_a_large_text_meet() -> None:
    for shift in range(-12, 3):
        filler = "#" + "y" * (PART + shift - 2) + "\n"
        for text in ('password "hunter2";', 'define my_password = "hunter2";'):
            shown = Secrets({"f": filler + text}).line("f", len(filler), len(filler + text))
            assert "hunter2" not in shown, (shift, text)
