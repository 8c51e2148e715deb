"""Where a neighbor is, and which of our addresses we talk to it from."""

import pytest

from pybird.core.ports import Link, LinkAddress
from pybird.proto.bgp.session.reach import Reach
from pybird.values.address import Address
from tests.core.world import World

from .world import bgp_to


def reach(neighbor: str, own_id: int = 1, **options) -> Reach:
    """The reach of a neighbor at eth0, which has 10.0.0.1/24 and two link-local addresses."""
    services = World().router.services
    services.interfaces.link_changed(Link(2, "eth0", True))
    for text, length in (("10.0.0.1", 24), ("fe80::a", 64), ("fe80::aa", 64)):
        services.interfaces.address_changed(LinkAddress(2, Address.parse(text), length))
    services.router_id = own_id
    found = Reach(bgp_to(neighbor, 65001, 65002, **options), services, lambda *_: None, lambda _: None)
    found.watch()
    return found


@pytest.mark.parametrize(("written", "used"), [("fe80::aa", "fe80::aa"), (None, "fe80::a")])
def test_a_written_link_local_address_is_ours_towards_a_link_local_neighbor(written, used):
    local = Address.parse(written) if written is not None else None
    found = reach("fe80::b", interface="eth0", local_address=local)
    assert (found.usable, str(found.local_address)) == (True, used)


@pytest.mark.parametrize("onlink", [False, True])
def test_a_neighbor_off_the_networks_of_its_interface_is_there_only_with_onlink(onlink):
    found = reach("192.0.2.9", interface="eth0", onlink=onlink)
    assert found.usable is onlink
    assert found.obstacle == ("" if onlink else "192.0.2.9 is not in the networks of eth0")


def test_a_router_without_an_id_talks_to_nobody_unless_the_protocol_has_one():
    """RFC 6286, 2.2: an OPEN without an identifier is an error."""
    assert not reach("10.0.0.2", own_id=0).usable
    assert reach("10.0.0.2", own_id=0, router_id=7).usable
