"""Filters that ask a ROA or ASPA table which a protocol would fill that is not run are refused."""

from __future__ import annotations

import pytest

from pybird.conf.rereading import ReadUnits
from tests.conf.loading import language, load

TABLES = "roa4 table r4; roa4 table copy; aspa table pa;\n"
RPKI = "protocol rpki k { roa4 { table r4; }; aspa { table pa; }; remote 10.0.0.9; }\n"
STATIC = "protocol static { roa4 { table r4; }; route 10.0.0.0/8 max 24 as 5; }\n"
BGP = "protocol bgp { local as 1; neighbor 10.0.0.2 as 2; ipv4 { import %s; export %s; }; }\n"
CHECK = "where roa_check(r4) != ROA_INVALID"


@pytest.mark.parametrize(
    "text",
    [
        RPKI + BGP % (CHECK, "all"),
        RPKI + BGP % ("all", CHECK),
        RPKI + STATIC + BGP % (CHECK, "all"),
        RPKI + BGP % ("where roa_check(r4, net, 5) != ROA_INVALID", "all"),
        RPKI + "filter f { if true then { if false then print roa_check(r4); } accept; }\n"
        + BGP % ("filter f", "all"),
        RPKI + "function a() { return roa_check(r4); }\nfunction b() { return a(); }\n"
        + BGP % ("where b() = ROA_VALID", "all"),
        RPKI + BGP % ("where aspa_check_upstream(pa) != ASPA_INVALID", "all"),
        RPKI + BGP % ("where aspa_check(pa, bgp_path, true) != ASPA_INVALID", "all"),
        RPKI + "protocol pipe { table copy; peer table r4; }\n" + BGP % (CHECK.replace("r4", "copy"), "all"),
        RPKI + "protocol pipe { table r4; peer table copy; import none; export all; }\n"
        + BGP % (CHECK.replace("r4", "copy"), "all"),
        RPKI + f"template bgp t {{ ipv4 {{ import {CHECK}; export all; }}; }}\n"
        + "protocol bgp from t { local as 1; neighbor 10.0.0.2 as 2; }\n",
        RPKI + f"protocol kernel {{ ipv4 {{ export {CHECK}; }}; }}\n",
        BGP % (CHECK, "all") + RPKI,
        "roa4 table far; protocol pipe { table far; peer table copy; }\n" + RPKI
        + "protocol pipe { table copy; peer table r4; }\n" + BGP % (CHECK.replace("r4", "far"), "all"),
    ],
)  # fmt: skip
def test_who_asks_a_table_that_nobody_fills_is_refused(text: str) -> None:
    config = load(TABLES + text)
    assert len(config.refusals) == 1
    found = config.refusals[0]
    assert "BIRD has the protocol rpki that fills" in found.message
    assert "_check" in found.source_line[found.column - 1 :]
    assert found.related is not None
    assert [each.code for each in config.warnings].count("refused") == 1


@pytest.mark.parametrize(
    "text",
    [
        STATIC + BGP % (CHECK, "all"),  # nothing is missing
        RPKI.replace("protocol rpki k {", "protocol rpki k { disabled;") + BGP % (CHECK, "all"),
        RPKI.replace("table r4", "table r4; import none") + BGP % (CHECK, "all"),
        RPKI + BGP % (CHECK.replace("r4", "copy"), "all"),
        RPKI + "protocol pipe { table copy; peer table r4; import none; export all; }\n"
        + BGP % (CHECK.replace("r4", "copy"), "all"),
        RPKI + BGP % ("all", "all"),
    ],
)  # fmt: skip
def test_who_asks_no_such_table_is_not_refused(text: str) -> None:
    config = load(TABLES + text)
    assert not config.refusals
    assert "refused" not in [each.code for each in config.warnings]


def test_what_no_protocol_uses_is_a_warning_only() -> None:
    text = (
        TABLES
        + RPKI
        + "filter f { if roa_check(r4) = ROA_INVALID then reject; accept; }\n"
        + BGP % ("all", "all")
    )
    config = load(text)
    assert not config.refusals
    assert [each.text for each in config.warnings if each.code == "refused"] == [
        "the protocol rpki that fills r4 is not run by this version (no route would be invalid):"
        " PyBIRD refuses to start with a protocol that uses it"
    ]


def test_it_is_refused_again_when_nothing_has_changed(tmp_path) -> None:
    path, memory = tmp_path / "bird.conf", ReadUnits()
    path.write_text(TABLES + RPKI + BGP % (CHECK, "all"))
    for _ in range(2):
        assert len(language().load(str(path), memory=memory).refusals) == 1
