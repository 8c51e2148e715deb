"""A simulated network at the pace of a real clock, as `make run` shows it without namespaces."""

import asyncio

from pybird.io.clock import AsyncioClock
from tests.scenarios.lab import pair


def test_a_world_runs_on_the_daemons_loop():
    lab = pair()
    lab.run(0)  # both boot
    loop = asyncio.new_event_loop()
    pacer = lab.pace(AsyncioClock(loop), speed=100)

    def look():
        pacer.catch_up()
        if lab.meshed() or lab.clock.now() > 100:
            loop.stop()
        else:
            loop.call_later(0.005, look)

    look()
    loop.run_forever()
    pacer.stop()
    assert lab.meshed()
    assert lab.clock.now() < 100
    loop.close()
