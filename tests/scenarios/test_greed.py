"""What a BGP neighbor can make us keep or do is bounded: huge and many attributes, absurd OPENs, noise.

The healthy session beside never notices.
"""

import gc
import tracemalloc
from random import Random

import pytest

from pybird.proto.bgp.session.countdown import WaitKind
from pybird.proto.bgp.wire.messages import RouteRefresh, frame
from tests.scenarios import line as lines
from tests.scenarios.line import KEEPALIVE, UP, Line, capabilities, hello, update

ORIGIN = bytes.fromhex("40010100")
PATH = bytes.fromhex("40020602010000fdea")
HOP = bytes.fromhex("4003040a000002")
USUAL = ORIGIN + PATH + HOP
LONG = "passive; enable extended messages yes;"
NETS = [b"\x18\x14" + bytes((n >> 8, n & 255)) for n in range(3000)]
MEGABYTE = 1 << 20


def attribute(flags, code, value):
    return bytes((flags | 0x10, code)) + len(value).to_bytes(2, "big") + value


def communities(count, first=0):
    return attribute(0xC0, 8, b"".join((0xFDEA0000 + first + n).to_bytes(4, "big") for n in range(count)))


def segments(count, width=4):
    """An AS_PATH of so many AS numbers."""
    full, rest = divmod(count, 255)
    sizes = [255] * full + [rest] * (rest > 0)
    numbers = (65002).to_bytes(width, "big")
    return attribute(0x40, 2, b"".join(bytes((2, size)) + numbers * size for size in sizes))


def long_line(imports="all", exports="all", as4=True):
    """A line whose messages may have 65535 octets, with these filters towards the two neighbors."""
    text = lines.TEXT.replace("ipv4 { import all;", f"ipv4 {{ import {imports};", 1)
    head, good = text.split("protocol bgp good")
    text = head + "protocol bgp good" + good.replace("export all", f"export {exports}")
    line = Line(LONG, text=text)
    line.say(hello(hold=0, offers=capabilities(as4=as4, extended_messages=True)) + KEEPALIVE)
    assert line.state() == "Established"
    return line


def of_x(line, name):
    """Networks of the talkative neighbor that a router has."""
    return [net for net in line.lab.nets(name, "master4") if net.startswith("20.")]


def told(line, level):
    return line.lab.nodes["a"].messages(level)


# --------------------------------------------------------------- huge values


@pytest.mark.parametrize("grown", [communities(3000), segments(4000), attribute(0xC0, 99, bytes(60000))])
def test_a_route_that_does_not_fit_into_a_message_counts_as_withdrawn(grown):
    """RFC 8654, 4: it is not sent to who has no long messages, and that is logged once."""
    line = long_line()
    path = b"" if grown[1] == 2 else PATH
    for _ in range(2):
        line.say(update(USUAL))
        assert of_x(line, "c") == ["20.0.1.0/24"]
        line.say(update(ORIGIN + path + HOP + grown))
        assert of_x(line, "a") == ["20.0.1.0/24"]
        assert of_x(line, "c") == []
    (text,) = told(line, "warning")
    assert text.startswith(
        "BGP: routes of x are not sent where messages have at most 4096 octets: attributes of "
    )
    line.check_others()


ADD = "filter { " + "".join(f"bgp_community.add((7,{n})); " for n in range(300)) + "accept; }"


@pytest.mark.parametrize("where", ["imports", "exports"])
def test_a_filter_that_makes_a_value_too_long_for_any_message_refuses_the_route(where):
    line = long_line(**{where: ADD})
    line.say(update(USUAL + communities(16300)) + update(USUAL, NETS[2]))
    assert of_x(line, "a") == (["20.0.2.0/24"] if where == "imports" else ["20.0.1.0/24", "20.0.2.0/24"])
    assert of_x(line, "c") == ["20.0.2.0/24"]
    assert told(line, "error")[-1] == (
        "filter (unnamed): bgp_community has 66400 octets, no message could carry it"
    )
    line.check_others()


def test_the_path_of_a_2_octet_neighbor_may_be_too_long_with_4_octets():
    line = long_line(as4=False)
    line.say(update(ORIGIN + segments(20000, 2) + HOP) + update(ORIGIN + segments(100, 2) + HOP, NETS[2]))
    assert of_x(line, "a") == ["20.0.2.0/24"]
    assert told(line, "remote") == ["x: Malformed UPDATE, 20.0.1.0/24 withdrawn: bgp_path of 80158 octets"]
    line.check_others()


def test_the_longest_path_is_kept_compared_and_shown():
    line = long_line()
    line.say(update(ORIGIN + segments(16000) + HOP))
    (rte,) = line.router.tables["master4"].get(NETS[1])
    assert len(line.router.pool.view(rte.attrs)["bgp_path"]) == 16000
    line.check_others()


# --------------------------------------------------------------- many values


JUDGED = "filter { if (1,1) ~ bgp_community then reject; accept; }"  # looks into every set


def traced(line, octets):
    """Octets of memory in use after this input."""
    for message in octets:
        line.say(message, 0.01)
    line.lab.run(10)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture
def memory():
    tracemalloc.start()
    yield
    tracemalloc.stop()


MANY = communities(15000)[8:]


def distinct(count, nets, first=0):
    """UPDATEs with different attribute sets of 60 000 octets."""
    for n in range(count):
        value = (first + n).to_bytes(4, "big") + MANY
        yield update(USUAL + attribute(0xC0, 8, value), nets[n % len(nets)])


CACHES = 56 * MEGABYTE  # what memos and parsed views may weigh when every set is of 60 000 octets


def test_the_attributes_of_a_session_go_with_it():
    """Even if a round that looks for unused ones was under way."""
    line = long_line()
    for message in distinct(200, NETS):
        line.say(message, 0.001)
    pool = line.router.pool
    assert len(pool) > 200
    assert pool.sweep(1), "a round is under way"
    line.talker.stream.close()
    line.lab.run(3)
    assert len(pool) < 10, "what memos had of them, too"
    line.check_others()


@pytest.mark.long
def test_ever_new_attributes_of_one_network_take_no_more_memory(memory):
    line = long_line(imports=JUDGED, exports=JUDGED)
    before = traced(line, [])
    for part in range(6):
        after = traced(line, distinct(120, NETS[:1], 1000 * part))
        assert after - before < CACHES, f"{7 * part + 7} MB came"
    assert of_x(line, "a") == ["20.0.0.0/24"]
    line.check_others()


@pytest.mark.long
def test_memory_is_in_proportion_to_the_attributes_of_the_routes(memory):
    line = long_line(imports=JUDGED, exports=JUDGED)
    before = traced(line, [])
    after = traced(line, distinct(500, NETS))
    assert len(of_x(line, "a")) == 500
    assert after - before < 1.2 * 500 * 60000 + CACHES
    line.talker.stream.close()
    left = traced(line, [])
    assert of_x(line, "a") == []
    assert left - before < CACHES / 2
    line.check_others()


# ------------------------------------------------------------- absurd OPENs


ALL_FAMILIES = b"".join(bytes((1, 4, 0, afi, 0, safi)) for afi in range(25) for safi in range(25))
NEEDED = bytes.fromhex("0104 00010001 4104 0000fdea")
OPENS = {
    "1800 unknown capabilities": NEEDED + bytes((200, 0)) * 1800,
    "625 families": NEEDED + ALL_FAMILIES,
    "the same capabilities 300 times": NEEDED * 300,
    "a name of control characters": NEEDED + b"\x49\x11\x10\n0000 \x1b[2J\r\nx  y",
    "graceful restart of 800 families": NEEDED + (b"\x40\xfe\x00\x78" + bytes(4) * 63) * 13,
    "next hops of 600 families": NEEDED + (b"\x05\xfc" + bytes(252)) * 14,
}


def absurd_open(items):
    """An OPEN with these capabilities, in the extended form (RFC 9072)."""
    parameters = b"\x02" + len(items).to_bytes(2, "big") + items
    head = b"\x04\xfd\xea\x00\x06\x00\x00\x00\x02"
    return frame(1, head + b"\xff\xff" + len(parameters).to_bytes(2, "big") + parameters)


@pytest.mark.parametrize("items", OPENS.values(), ids=list(OPENS))
def test_an_absurd_open_is_read_and_shown(items):
    line = Line()
    octets = absurd_open(items)
    assert len(octets) <= 4096
    line.say(octets + KEEPALIVE + update(USUAL))
    assert line.state() == "Established"
    assert of_x(line, "a") == ["20.0.1.0/24"]
    shown = flat(line.peer.details())
    assert all(text.isprintable() for text in shown), shown
    line.check_others()


def flat(details):
    for detail in details:
        yield detail.label
        yield detail.text
        yield from flat(detail.below)


# ---------------------------------------------------------------------- noise


def valid_stream(random):
    """What a neighbor may say in a session: an OPEN of any kind, routes, refreshes."""
    offers = capabilities(
        as4=random.random() < 0.8,
        extended_messages=random.random() < 0.5,
        route_refresh=True,
        enhanced_refresh=random.random() < 0.5,
    )
    said = [hello(offers=offers), KEEPALIVE]
    width = 4 if offers.as4 else 2
    for _ in range(random.randint(1, 8)):
        nets = b"".join(random.sample(NETS, random.randint(1, 5)))
        extra = random.choice(
            [
                b"",
                communities(random.randint(1, 80)),
                attribute(0xC0, 32, bytes(12 * random.randint(1, 20))),
                attribute(0xC0, 16, bytes(8 * random.randint(1, 20))),
                attribute(0xC0, random.randint(40, 255), random.randbytes(random.randint(0, 300))),
                bytes.fromhex("800404000000 32"),
            ]
        )
        reach = bytes.fromhex("800e1e00020110") + b"\x20\x01\x0d\xb8" + bytes(11) + b"\x02\x00\x40" + bytes(8)
        said.append(
            random.choice(
                [
                    update(ORIGIN + segments(random.randint(1, 300), width) + HOP + extra, nets),
                    update(reach + ORIGIN + segments(3, width) + extra, b""),
                    update(b"", b"", nets),
                    RouteRefresh(1, 1, random.choice([0, 0, 1, 2])).encode(),
                    KEEPALIVE,
                ]
            )
        )
    return b"".join(said)


def spoiled(random, octets):
    """With some octets or bits changed, left out, doubled or put elsewhere."""
    data = bytearray(octets)
    for _ in range(random.choice([1, 1, 2, 5])):
        at = random.randrange(len(data))
        match random.randrange(5):
            case 0:
                data[at] ^= 1 << random.randrange(8)
            case 1:
                data[at] = random.randrange(256)
            case 2:
                del data[at : at + random.randint(1, 20)]
            case 3:
                data[at:at] = data[at : at + random.randint(1, 40)]
            case 4:
                data[at : at + 2] = random.randbytes(2)
    return bytes(data)


def forgive(line):
    """What an operator does with `restart`: no error wait."""
    line.peer.error_wait.clear()
    if line.peer.countdown.wait is WaitKind.ERROR:
        line.peer.wait()


def make_noise(options, seeds):
    line = Line(options, listens="passive" not in options)
    for seed in seeds:
        random = Random(f"noise {seed}")
        line.dial()
        if line.program.accepted and random.random() < 0.7:
            line.talker = line.program.accepted[-1]  # the router's own connection
        octets = spoiled(random, valid_stream(random))
        while octets:
            size = random.choice([1, 20, 200, 5000])
            line.say(octets[:size], 0.002)
            octets = octets[size:]
        line.lab.run(random.choice([0.1, 0.5]))
        assert not [item for item in line.lab.log if item.level == "bug"], f"seed {seed}"
        if random.random() < 0.7:
            line.talker.stream.close()
        line.lab.run(0.1)
        forgive(line)
    line.lab.run(20)
    line.check_others()
    forgive(line)
    line.dial()
    path = segments(1, 2 if "as4 no" in options else 4)
    line.say(UP + update(ORIGIN + path + HOP))
    assert line.state() == "Established"
    assert of_x(line, "c") == ["20.0.1.0/24"]


NOISY = {
    "external": "passive; enable extended messages;",
    "strict": "passive; enforce first as; allow bgp_local_pref yes;",
    "small": "passive; enable as4 no; enable route refresh no;",
    "both connect": "connect delay time 0; connect retry time 1;",
}


@pytest.mark.parametrize("options", NOISY.values(), ids=list(NOISY))
def test_noise_costs_nobody_else_anything(options):
    make_noise(options, range(40))


@pytest.mark.long
@pytest.mark.parametrize("options", NOISY.values(), ids=list(NOISY))
@pytest.mark.parametrize("first", range(1000, 5000, 1000))
def test_much_noise_costs_nobody_else_anything(options, first):
    make_noise(options, range(first, first + 1000))
