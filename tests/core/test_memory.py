"""Without a garbage collector a dropped configuration goes by reference counts."""

import gc

from pybird.proto import PROTOCOLS
from tests.conf.loading import load
from tests.core.world import World


def text(number: int) -> str:
    extra = "protocol static u { ipv4; route 10.9.0.0/16 blackhole; }" if number % 2 else ""
    return f"""
    {extra}
    router id 1.1.1.1;
    protocol device {{ scan time 0; }}
    function level(int x) {{ if x > {number} then return 1; return 2; }}
    filter f {{ if net ~ [10.0.0.0/8+] then preference = level({number}); accept; }}
    ipv4 table other;
    protocol static s {{ ipv4 {{ import filter f; }}; route 10.{number}.0.0/16 blackhole; }}
    protocol static t {{ ipv4 {{ table other; import where net.len > {number % 3}; }};
      route 10.0.0.0/16 blackhole {{ preference = {number}; }}; }}
    """


def garbage_of(act):
    """(number, kinds) of the objects that calls of `act` leave to a collector."""
    gc.collect()
    gc.disable()
    try:
        for number in range(1, 13):
            act(number)
            if number == 6:
                gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        found = gc.collect()
        kinds = {type(item).__name__ for item in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    return found, kinds


def running(config):
    world = World(*PROTOCOLS)
    world.router.configure(load(config))
    world.clock.run()
    return world


def test_reloads_leave_no_garbage():
    world = running(text(0))

    def reload(number):
        world.router.reconfigure(load(text(number)))
        world.clock.run()

    assert garbage_of(reload) == (0, set())


def test_a_traced_table_that_a_reload_removes_leaves_no_garbage():
    tables = ("ipv4 table gone { debug { routes }; };", "")
    world = running("protocol device { scan time 0; }" + tables[0])
    assert world.router.tables["gone"].trace is not None

    def reload(number):
        world.router.reconfigure(load("protocol device { scan time 0; }" + tables[number % 2]))
        world.clock.run()

    assert garbage_of(reload) == (0, set())
