"""Roles on sessions with neighbors that were found: who may peer, and what is marked (RFC 9234)."""

import pytest

from tests.scenarios.lab import own4, pair, read, unnumbered

WAITS = "error wait time 2, 4;"


def with_role(number: int, more: str) -> str:
    return unnumbered(number, more=WAITS + more)


def otc(lab, name: str, of: int) -> int | None:
    """The OTC of a router's route to another's loopback."""
    router = lab.nodes[name].router
    best = router.tables["master4"].best(own4(of))
    return router.pool.view(best.attrs).get("bgp_otc")


@pytest.mark.parametrize(
    ("one", "other", "marked_at_a", "marked_at_b"),
    [
        ("provider", "customer", None, 65001),
        ("rs_server", "rs_client", None, 65001),
        ("peer", "peer", 65002, 65001),
    ],
)
def test_discovered_neighbors_with_fitting_roles(one, other, marked_at_a, marked_at_b):
    """Section 5: children mark what their parent's role asks for."""
    required = " require roles;"
    lab = pair(with_role(1, f"local role {one};{required}"), with_role(2, f"local role {other};{required}"))
    lab.expect(lambda: lab.meshed(), 30, "both have all routes")
    assert (otc(lab, "a", 2), otc(lab, "b", 1)) == (marked_at_a, marked_at_b)
    (child,) = lab.children("a")
    assert child.config.local_role == one


def trouble(lab, name: str) -> str:
    """Why its only session is not up."""
    (child,) = lab.children(name)
    return f"{child.info()} {child.trouble()}"


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("local role provider;", "local role peer;", "we are provider, the neighbor is peer"),
        ("local role customer; require roles;", "", "the neighbor announces none"),
    ],
)
def test_discovered_neighbors_whose_roles_do_not_fit(one, other, why):
    """Section 4.2: no session, the reason is told, and a reload mends it."""
    lab = pair(with_role(1, one), with_role(2, other))
    lab.run(30)
    assert lab.up("a") == lab.up("b") == []
    assert "Role mismatch" in trouble(lab, "a")
    assert why in trouble(lab, "a")
    fits = "customer" if "provider" in one else "provider"
    lab.nodes["b"].router.reconfigure(read(with_role(2, f"local role {fits};")))
    lab.expect(lambda: lab.meshed(), 30, "both have all routes")


def test_a_changed_role_restarts_the_children():
    lab = pair(with_role(1, "local role peer;"), with_role(2, ""))
    lab.expect(lambda: lab.meshed(), 30, "both have all routes")
    assert otc(lab, "a", 2) == 65002
    lab.nodes["a"].router.reconfigure(read(with_role(1, "local role provider;")))
    changed = lab.clock.now()
    lab.run(1)
    lab.expect(lambda: lab.meshed(), 30, "both have all routes")
    (child,) = lab.children("a")
    assert child.since > changed
    assert (otc(lab, "a", 2), otc(lab, "b", 1)) == (None, 65001)
