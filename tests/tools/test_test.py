"""`pybird test`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pybird.main import main

CONFIG = """
protocol device {}
define LOCAL = 65000;
roa4 table r4;
protocol static { roa4 { table r4; }; route 10.0.0.0/8 max 16 as 5; }
filter customer_in {
    if net ~ [10.0.0.0/8+] then reject;
    if bgp_path.last = 65001 then {
        bgp_local_pref = 200;
        bgp_community.add((LOCAL, 1));
    }
    accept;
}
protocol static s4 { ipv4 { import filter customer_in; }; }
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Write `t.conf` (CONFIG and this text) and perhaps a file beside it; run `pybird test`."""

    def test(text: str, *flags: str, beside: str = "") -> tuple[int, str]:
        (tmp_path / "t.conf").write_text(CONFIG + text)
        (tmp_path / "t.birdtest").write_text(beside)
        tested = tmp_path / ("t.birdtest" if beside else "t.conf")
        status = main(["test", str(tested), *flags])
        return status, capsys.readouterr().out.replace(f"{tmp_path}/", "")

    return test


def test_a_suite_that_holds(run):
    text = """function f() { int a = 3; bt_assert(a + 1 = 4); bt_check_assign(preference, 5);
    bt_check_assign(a, 7); bt_check_assign(bgp_path, +empty+); }
    bt_test_suite(f, "sums")"""
    assert run(text) == (0, "ok    sums (4 assertions)\nt.conf: 1 suite, 4 assertions: all good\n")


def test_a_failed_assertion_shows_place_and_values_and_the_function_goes_on(run):
    text = """function f() { int a = 3;
    bt_assert(a * 2 = 7 && ! (a = 3));
    bt_assert(1 / (a - a) = 1);
    bt_assert(true); }
bt_test_suite(f, "sums")"""
    status, out = run(text)
    assert status == 1
    assert out.split("\n") == [
        "FAIL  sums (2 failures)",
        "      t.conf:16: a * 2 = 7 && ! (a = 3)",
        "          a * 2 is 6",
        "          a is 3",
        "      t.conf:17: 1 / (a - a) = 1: Mother told me not to divide by 0",
        "t.conf: 1 suite, 3 assertions: 1 failed",
        "",
    ]


def test_a_suite_fails_when_it_rejects_or_has_an_error(run):
    text = """function f() { reject; } function g(int a) { return 1 / a; } function h() { g(0); }
function k() { accept; }
bt_test_suite(f, "f") bt_test_suite(h, "h") bt_test_suite(k, "k")"""
    status, out = run(text)
    assert status == 1
    assert "f: it ended with reject" in out
    assert "Mother told me not to divide by 0" in out
    assert "ok    k (0 assertions)" in out


def test_tables_have_settled_and_import_filters_are_heard(run):
    text = """function f() {
    bt_assert(roa_check(r4, 10.1.0.0/16, 5) = ROA_VALID);
    bt_assert(roa_check(r4, 10.1.0.0/16, 6) = ROA_INVALID);
    bt_assert(roa_check(r4, 11.1.0.0/16, 6) = ROA_UNKNOWN);
}
bt_test_suite(f, "origins")
filter seen { bt_assert(net.len = 8); accept; }
protocol static two { ipv4 { import filter seen; }; route 10.0.0.0/8 blackhole; route 11.0.0.0/9 blackhole; }
"""
    status, out = run(text)
    assert status == 1
    assert "ok    origins (3 assertions)" in out
    assert "FAIL  while the tables settled (1 failure)" in out
    assert "net.len is 9" in out


def test_the_same_meaning(run):
    text = """define A = 2;
function f(int x) { return x + 2; } function g(int y) { return y + A; } function h(int x) { return x - 2; }
bt_test_same(f, g, 1) bt_test_same(f, h, 0) bt_test_same(f, h, 1)"""
    status, out = run(text)
    assert status == 1
    assert out.split("\n")[:3] == [
        "ok    f and g are the same (1 assertion)",
        "ok    f and h are different (1 assertion)",
        "FAIL  f and h are the same (1 failure)",
    ]


def test_coverage(run):
    text = """function f(int a) {
    if a > 1 then
        return 2;
    return 3;
}
function g() { bt_assert(f(1) = 3); }
bt_test_suite(g, "g")"""
    assert run(text, "--coverage")[1].endswith("t.conf: 3 of 9 filter lines ran; not line 7-10, 12, 17\n")


def test_json(run):
    status, out = run('function f() { int a = 1; bt_assert(a = 2); } bt_test_suite(f, "f")', "--json")
    found = json.loads(out)
    assert status == 1
    assert not found["ok"]
    ((suite,),) = (file["suites"] for file in found["files"])
    assert (suite["name"], suite["ok"], suite["assertions"]) == ("f", False, 1)
    (failure,) = suite["failures"]
    assert (failure["line"], failure["text"]) == (15, "a = 2")
    assert failure["values"] == [{"text": "a", "value": "1"}]


def test_errors_of_the_configuration(run):
    status, out = run("function f() { bt_assert(1 + 1); }")
    assert status == 1
    assert "bt_assert takes bool, not int" in out


BESIDE = """
# a comment
test "a customer's prefix"
filter customer_in
route 203.0.113.0/24
    bgp_path = 65001 65001
    bgp_community = (1,2) (3,4)
    gw = 192.0.2.1
    proto = "upstream"
accept
    bgp_local_pref = 200
    (LOCAL, 1) ~ bgp_community && bgp_community.len = 3
    bgp_path.len = 2 && gw = 192.0.2.1
    proto = "upstream" && source = RTS_BGP

test "bogons"
import s4
route 10.1.0.0/16
route 10.0.0.0/8
reject
"""


def test_a_file_beside_the_configuration(run):
    assert run("", beside=BESIDE) == (
        0,
        "ok    a customer's prefix (5 assertions)\nok    bogons (2 assertions)\n"
        "t.birdtest: 2 suites, 7 assertions: all good\n",
    )


def test_long_lists_as_their_members_and_words_behind_tabs(run):
    path = " ".join(["65001"] * 2000)
    beside = f'test\t"x"\nfilter\tcustomer_in\nroute\t203.0.113.0/24\n\tbgp_path = {path}\naccept\n'
    assert run("", beside=beside + "\tbgp_path.len = 2000\n")[0] == 0
    _, out = run("", beside=beside.replace("65001\naccept", "5000000000\naccept"))
    assert "Number out of range" in out
    long = "1" * 100 + "x"  # nothing that takes ever longer with each digit
    assert run("", beside=beside.replace(path, long))[0] == 1


def test_a_member_that_is_written_twice_is_one_of_the_list(run):
    beside = 'test "x"\nfilter customer_in\nroute 203.0.113.0/24\n'
    beside += "  bgp_large_community = (1,2,3) (4,5,6) (1,2,3)\n"
    beside += 'accept\n  format(bgp_large_community) = "(lclist (1, 2, 3) (4, 5, 6))"\n'
    assert run("", beside=beside)[0] == 0


def test_a_wrong_verdict_or_attribute(run):
    wrong = BESIDE.replace("= 200", "= 300").replace("route 10.1.", "route 11.1.")
    status, out = run("", beside=wrong)
    assert status == 1
    assert "      t.birdtest:11: bgp_local_pref = 300\n          bgp_local_pref is 200\n" in out
    assert "      t.birdtest:18: 11.1.0.0/16: was accepted\n" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frob x", "t.birdtest:1:1 `frob` is not possible here"),
        ("    x = 1", "t.birdtest:1:5 no line above that this indented line could belong to"),
        ('test "x"\nfilter customer_in\nroute 1.0.0.0/8', "t.birdtest:1:1 `accept` or `reject` is missing"),
        ('test "x"\nroute 1.0.0.0/8\naccept', "t.birdtest:1:1 `filter` is missing"),
        ('test "x"\nfilter nosuch\nroute 1.0.0.0/8\naccept', "t.birdtest:2:8 there is no filter nosuch"),
        ('test "x"\nimport nosuch\nroute 1.0.0.0/8\naccept', "t.birdtest:2:8 there is no protocol nosuch"),
        ('test "x"\nimport s4\nroute ::/0\naccept', "t.birdtest:2:1 s4 has no channel for ::/0"),
        ('test "x"\nfilter customer_in\nroute 7\naccept', "t.birdtest:3:7 7 is not a network"),
        (
            'test "x"\nfilter customer_in\nroute 1.0.0.0/8\n  net = 1\naccept',
            "t.birdtest:4:3 net is read-only",
        ),
        ('test "x"\nfilter customer_in\nroute 1.0.0.0/8\n  nosuch = 1\naccept', "t.birdtest:4:3 there is no"),
        (
            'test "x"\nfilter customer_in\nroute 1.0.0.0/8\n  gw\naccept',
            "t.birdtest:4:3 an attribute is written",
        ),
        (
            'test "x"\nfilter customer_in\nroute 1.0.0.0/8\n  source = "bgp"\naccept',
            "t.birdtest:4:12 a source is written RTS_BGP",
        ),
        ('test "x"\nfilter customer_in\nroute 1.0.0.0/8\naccept\n  1 +', "t.birdtest:5:6 "),
        ('test "x"\nfilter customer_in\nroute 1.0.0.0/8\nreject\n  true', "t.birdtest:5:3 a rejected route"),
        (
            'test "x"\nfilter customer_in\nroute 1.0.0.0/8\naccept maybe',
            "t.birdtest:4:8 nothing can stand behind",
        ),
        ('test "x"\n  gw = 1.2.3.4', "t.birdtest:2:3 nothing can stand below `test`"),
        (
            'filter customer_in\ntest "x"\nroute 1.0.0.0/8\nimport s4\naccept',
            "t.birdtest:4:1 `import` is not",
        ),
        ('config "none.conf"', "none.conf: No such file or directory"),
    ],
)
def test_errors_of_a_file_beside(run, text, message):
    status, out = run("", beside=text)
    assert status == 1
    assert message in out


MANY = """
function some(int n; int m) {
    if m > 0 then { bgp_large_community.add((n, m, 1)); some(n, m - 1); }
}
function many(int n) {
    if n > 0 then { some(n, 70); many(n - 1); }
}
filter long { many(80); accept; }
"""


def test_a_value_that_no_message_carries_is_a_rejection(run):
    case = 'test "x"\nfilter long\nroute 10.0.0.0/8\n'
    assert run(MANY, beside=case + "reject")[0] == 0
    status, out = run(MANY, beside=case + "accept")
    assert status == 1
    assert "was rejected" in out


def test_an_attribute_with_a_bgp_code_is_read_as_it_came(run):
    text = "attribute bgp 200 bytestring mine; filter named { mine = hex:01:02; accept; }\n"
    beside = """test "x"
filter named
route 10.0.0.0/8
accept
    mine = hex:01:02
    bgp_unknown_0xc8 = mine
"""
    assert run(text, beside=beside)[0] == 0
