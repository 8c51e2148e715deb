"""Next hop entries go when no route uses them."""

from pybird.values.address import Address
from tests.core.world import World


def test_entries_that_nobody_uses_are_forgotten():
    hops = World().load().router.hops
    used = [hops.gateway(Address.parse(f"10.0.0.{last}")) for last in range(1, 100)]
    used += [hops.recursive(Address.parse(f"10.1.0.{last}"), "master4") for last in range(1, 100)]
    for number in range(5000):
        hops.gateway(Address((0x0B000000 + number).to_bytes(4, "big")))
        hops.recursive(Address((0x0C000000 + number).to_bytes(4, "big")), "master4")
    assert len(hops) < 3 * len(used)
    assert all(hops.gateway(Address.parse(f"10.0.0.{last}")) is used[last - 1] for last in range(1, 100))
