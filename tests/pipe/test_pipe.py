import random

from pybird.core.life import ProtocolState
from pybird.proto import PROTOCOLS
from pybird.values.net import net_of
from pybird.values.route import Rte
from tests.conf.loading import error, load
from tests.core.world import World

HEAD = """
router id 1.1.1.1;
attribute int tag;
ipv4 table a; ipv4 table b; ipv4 table c;
protocol device { scan time 0; }
"""


def start(text: str) -> World:
    world = World(*PROTOCOLS)
    world.router.configure(load(HEAD + text))
    world.clock.run()
    return world


def reload(world: World, text: str) -> None:
    world.router.reconfigure(load(HEAD + text))
    world.clock.run()


def static(name: str, table: str, *nets: str) -> str:
    routes = " ".join([f"route {net};" for net in nets])
    return f"protocol static {name} {{ ipv4 {{ table {table}; }}; {routes} }}\n"


def pipe(options: str = "", name: str = "p", tables: tuple[str, str] = ("a", "b")) -> str:
    return f"protocol pipe {name} {{ table {tables[0]}; peer table {tables[1]}; {options} }}\n"


def keys(world: World, table: str) -> list[bytes]:
    return sorted(world.router.tables[table].keys())


def routes(world: World, table: str) -> list[Rte]:
    return [rte for key in keys(world, table) for rte in world.router.tables[table].get(key)]


def shown(world: World, table: str) -> dict[str, list[str]]:
    """The protocols of each network's routes, the best first."""
    found = world.router.tables[table]
    return {
        str(net_of(found.net_type, key)): [rte.source.name for rte in found.get(key)]
        for key in keys(world, table)
    }


BOTH = static("s", "a", "10.1.0.0/16 blackhole", "10.2.0.0/16 blackhole") + static(
    "t", "b", "10.3.0.0/16 unreachable", "10.2.0.0/16 prohibit"
)


def test_all_routes_go_both_ways_and_none_comes_back():
    world = start(BOTH + pipe())
    assert shown(world, "a") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s", "t"], "10.3.0.0/16": ["t"]}
    assert shown(world, "b") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s", "t"], "10.3.0.0/16": ["t"]}
    assert routes(world, "b")[0].preference == 200
    assert world["p"].info() == "a <=> b"


def test_filters_limits_and_attributes_of_each_direction():
    world = start(
        BOTH
        + pipe(
            "import filter { tag = 5; preference = 7; accept; };"
            "export where net = 10.1.0.0/16; import limit 1 action block;"
        )
    )
    assert shown(world, "a") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s", "t"]}
    assert shown(world, "b") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["t"], "10.3.0.0/16": ["t"]}
    (copy,) = [rte for rte in routes(world, "a") if rte.source.name == "t"]
    assert (copy.preference, dict(copy.attrs.other)) == (7, {"tag": 5})
    pri, sec = world["p"].pair()
    assert (pri.imported, sec.imported, pri.import_limit.hit) == (1, 1, True)


def test_an_export_limit_disables_the_pipe():
    world = start(BOTH + pipe("export limit 1;"))
    assert (world["p"].state, world["p"].enabled) == (ProtocolState.DOWN, False)
    assert shown(world, "b") == {"10.2.0.0/16": ["t"], "10.3.0.0/16": ["t"]}
    assert "<warning> Protocol p hits route import limit (1), action: disable" in world.log.lines


def test_changes_and_withdrawals_follow():
    world = start(BOTH + pipe())
    reload(world, static("s", "a", "10.1.0.0/16 prohibit") + static("t", "b") + pipe())
    assert shown(world, "b") == {"10.1.0.0/16": ["s"]}
    assert routes(world, "b")[0].hop.dest.name == "PROHIBIT"
    world.router.disable(world["s"])
    world.clock.run()
    assert shown(world, "b") == {}


def test_filters_change_live():
    world = start(BOTH + pipe())
    instance = world["p"]
    reload(world, BOTH + pipe("import none; export where net = 10.1.0.0/16;"))
    assert world["p"] is instance
    assert shown(world, "a") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s"]}
    assert shown(world, "b") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["t"], "10.3.0.0/16": ["t"]}
    reload(world, BOTH + pipe("import in 10.3.0.0/16 all;"))
    assert world["p"] is instance
    assert shown(world, "a") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s"], "10.3.0.0/16": ["t"]}
    reload(world, BOTH + pipe("max generation 3;"))
    assert world["p"] is not instance


def test_a_pipe_that_stops_takes_its_routes():
    world = start(BOTH + pipe())
    world.router.disable(world["p"])
    world.clock.run()
    assert shown(world, "a") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s"]}
    assert shown(world, "b") == {"10.2.0.0/16": ["t"], "10.3.0.0/16": ["t"]}
    assert not world.router.tables["a"].readers
    world.router.enable(world["p"])
    world.clock.run()
    assert len(shown(world, "b")) == 3


RING = (
    pipe(name="p", tables=("a", "b")) + pipe(name="q", tables=("b", "c")) + pipe(name="r", tables=("c", "a"))
)


def test_a_ring_of_pipes_ends():
    world = start(static("s", "a", "10.1.0.0/16 blackhole") + RING)
    expected = {"10.1.0.0/16": ["s"]}
    assert [shown(world, table) for table in "abc"] == [expected, expected, expected]
    quiet = world["q"].pair()[0].statistics.import_updates.received
    world.clock.run(60)
    assert world["q"].pair()[0].statistics.import_updates.received == quiet


def test_when_one_way_breaks_the_other_takes_over():
    world = start(static("s", "a", "10.1.0.0/16 blackhole") + RING)
    for broken in ("p", "q", "r"):
        world.router.disable(world[broken])
        world.clock.run()
        assert [shown(world, table) for table in "abc"] == [{"10.1.0.0/16": ["s"]}] * 3, broken
        world.router.enable(world[broken])
        world.clock.run()
    world.router.disable(world["s"])
    world.clock.run()
    assert [shown(world, table) for table in "abc"] == [{}] * 3


def test_a_route_passes_at_most_so_many_pipes():
    chain = pipe("max generation 1;", "p", ("a", "b")) + pipe("max generation 1;", "q", ("b", "c"))
    world = start(static("s", "a", "10.1.0.0/16 blackhole") + chain)
    assert (shown(world, "b"), shown(world, "c")) == ({"10.1.0.0/16": ["s"]}, {})
    assert "<error> q: routes of s passed 1 pipes, max generation is 1" in world.log.lines
    world = start(
        static("s", "a", "10.1.0.0/16 blackhole") + chain.replace("max generation 1", "max generation 2")
    )
    assert shown(world, "c") == {"10.1.0.0/16": ["s"]}


def test_recursive_routes_keep_following_in_the_other_table():
    text = static("s", "a", "10.1.0.0/16 recursive 10.9.9.9")
    world = start(text + static("u", "a", "10.9.0.0/16 blackhole") + pipe())
    assert [rte.hop.dest.name for rte in routes(world, "b")] == ["BLACKHOLE", "BLACKHOLE"]
    reload(world, text + static("u", "a", "10.9.0.0/16 prohibit") + pipe())
    assert [rte.hop.dest.name for rte in routes(world, "b")] == ["PROHIBIT", "PROHIBIT"]


def test_what_cannot_be_configured():
    assert "does not support receive limits" in str(error(HEAD + pipe("receive limit 5;")))
    assert "prohibits keeping filtered routes" in str(error(HEAD + pipe("import keep filtered;")))
    assert "must be different" in str(error(HEAD + pipe(tables=("a", "a"))))
    assert "Peer routing table not specified" in str(error(HEAD + "protocol pipe { table a; }"))
    assert "must have the same type" in str(error(HEAD + "ipv6 table six;" + pipe(tables=("a", "six"))))


def test_templates():
    world = start(
        BOTH + "template pipe tp { table a; import none; }\nprotocol pipe p from tp { peer table b; }"
    )
    assert shown(world, "a") == {"10.1.0.0/16": ["s"], "10.2.0.0/16": ["s"]}
    assert list(shown(world, "b")) == ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]


def test_the_tables_agree_after_any_changes():
    for seed in range(12):
        rng = random.Random(seed)
        world = start(changed(rng)[0])
        for _ in range(8):
            text, option = changed(rng)
            world.router.reconfigure(load(HEAD + text))
            for _ in range(rng.randrange(4)):
                world.clock.step()
            if rng.random() < 0.3:
                world.router.restart(world["p"])
            world.clock.run()
            check(world, option, seed)


def changed(rng: random.Random) -> tuple[str, str]:
    """Some routes on both sides, and a filter."""
    option = rng.choice(("", "export where net != 10.1.0.0/16;", "import none;", "import where net.len > 8;"))
    kinds = ("blackhole", "unreachable", "prohibit")
    ours, theirs = (
        [f"10.{number}.0.0/16 {rng.choice(kinds)}" for number in range(6) if rng.random() < 0.6]
        for _ in range(2)
    )
    return static("s", "a", *ours) + static("t", "b", *theirs) + pipe(option), option


def check(world: World, option: str, seed: int) -> None:
    def nets(name: str, table: str) -> set[str]:
        return {net for net, names in shown(world, table).items() if name in names}

    refused = {"10.1.0.0/16"} if "export" in option else set()
    assert nets("s", "b") == nets("s", "a") - refused, seed
    assert nets("t", "a") == (set() if option == "import none;" else nets("t", "b")), seed
