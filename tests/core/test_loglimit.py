"""How many lines of one kind are logged."""

from pybird.core.loglimit import LogLimit


def test_five_lines_at_once_then_one_mark_then_one_a_second():
    limit = LogLimit()
    assert [limit.allowed(f"{at}", 100.0) for at in range(8)] == ["0", "1", "2", "3", "4", "...", None, None]
    assert [limit.allowed(f"{at}", 101.0) for at in range(3)] == ["0", "...", None]
    assert [limit.allowed(f"{at}", 103.0) for at in range(4)] == ["0", "1", "...", None]


def test_after_a_quiet_while_five_again():
    limit = LogLimit()
    for _ in range(9):
        limit.allowed("x", 0.0)
    assert [limit.allowed("y", 60.0) for _ in range(6)] == ["y"] * 5 + ["..."]
