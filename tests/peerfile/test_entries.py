"""The text of a peer file: what it names, and errors with their place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.conf.errors import ConfigError
from pybird.proto.peerfile.entries import FileEntry, parse
from pybird.values.address import Address


def read(text):
    return parse("peers", text if isinstance(text, bytes) else text.encode())


def entry(address, *rest):
    return FileEntry(Address.parse(address), *rest)


def test_what_a_file_names():
    assert read(
        """# the spines
fe80::1%swp49   spine1 swp7   # of rack 4

\tfe80::2%swp50 spine2
192.0.2.9%eth0.10\r
2001:db8::9%eth0 größe
"""
    ) == (
        entry("fe80::1", "swp49", "spine1", "swp7"),
        entry("fe80::2", "swp50", "spine2"),
        entry("192.0.2.9", "eth0.10"),
        entry("2001:db8::9", "eth0", "größe"),
    )


@pytest.mark.parametrize("text", ["", "\n", "# nobody\n", "  \n\t\n"])
def test_a_file_may_name_nobody(text):
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fe80::zz%eth0", ["peers:1:1 an IP address is expected here", "    fe80::zz%eth0", "    ^~~~~~~~"]),
        ("\n  fe80::1 spine1", ["peers:2:10 `%` and the name of an interface are expected after it",
                                "    fe80::1 spine1", "           ^"]),
        ("fe80::1%", ["peers:1:9 this is no name of an interface", "    fe80::1%", "            ^"]),
        ("fe80::1%a-long-interface", ["peers:1:9 this is no name of an interface",
                                      "    fe80::1%a-long-interface", "            ^~~~~~~~~~~~~~~~"]),
        ("ff02::1%eth0", ["peers:1:1 no neighbor has this address", "    ff02::1%eth0", "    ^~~~~~~"]),
        ("::%eth0", ["peers:1:1 no neighbor has this address", "    ::%eth0", "    ^~"]),
        ("fe80::1%eth0 a b c d", ["peers:1:18 a line ends with the names of system and port",
                                  "    fe80::1%eth0 a b c d", "                     ^"]),
        ("fe80::1%eth0 a\x07b", ["peers:1:14 a name has printable characters only"]),
        (f"fe80::1%eth0 {'x' * 256}", ["peers:1:14 a name has at most 255 characters"]),
        ("fe80::1%eth0\n\nfe80:0::1%eth0", ["peers:3:1 this neighbor is also in line 1",
                                            "    fe80:0::1%eth0", "    ^~~~~~~~~~~~~~"]),
        (b"fe80::1%eth0 \xff", ["peers:1:14 this is not UTF-8"]),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_with_its_place(text, shown):
    with pytest.raises(ConfigError) as caught:
        read((text if isinstance(text, bytes) else text.encode()) + b"\n")
    lines = caught.value.show().splitlines()
    assert [line.replace("    ", "", 1).strip() for line in lines[: len(shown)]] == [
        line.replace("    ", "", 1).strip() for line in shown
    ]
    if len(shown) == 3:
        assert lines[2].index("^") - lines[1].index(lines[1].strip()[0]) == shown[2].index("^") - 4


@pytest.mark.parametrize("last", ["fe80::2%eth", "fe80::2%", "fe80::2%eth0 spine", "# half a com", "  "])
def test_a_last_line_without_newline_is_cut_off(last):
    good = "fe80::1%eth0\n"
    with pytest.raises(ConfigError, match="cut off") as caught:
        read(good + last)
    assert caught.value.show().startswith(f"peers:2:{len(last) + 1} ")


def test_one_neighbor_too_many():
    text = "\n".join(f"fe80::{number:x}%eth0" for number in range(1, 4098)) + "\n"
    with pytest.raises(ConfigError, match="more than 4096 neighbors") as caught:
        read(text)
    assert caught.value.line == 4097


def test_of_a_long_line_the_part_around_the_mistake_is_shown():
    with pytest.raises(ConfigError) as caught:
        read(" " * 5000 + "fe80::zz%eth0" + " x" * 5000 + "\n")
    assert all(len(line) < 300 for line in caught.value.show().splitlines())
    assert "fe80::zz%eth0" in caught.value.show()


@given(st.one_of(st.binary(max_size=80), st.text("fe80:%eth. #\n\t", max_size=60).map(str.encode)))
def test_octets_name_neighbors_or_are_an_error(data):
    with suppress(ConfigError):
        assert len(read(data)) <= data.count(b"\n") + 1
