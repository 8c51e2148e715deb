"""Route reflection (RFC 4456)."""

from tests.side_by_side.case import Side, bgp, case

ID = "rr cluster id 1.2.3.4;"


@case()
def rr(side: Side):
    """What a reflector adds, and what it withholds, with clients, a non-client and an eBGP neighbor."""
    side.start(bgp(2, 65001, f"rr client; {ID}") + bgp(3, 65001) + bgp(4, 65001, "rr client;") + bgp(5))
    a, b, e, x = side.connect(2, 3, 4, 5)
    a.announce("10.1.0.0/16")
    b.announce("10.2.0.0/16")
    e.announce("10.3.0.0/16", originator="7.7.7.7", clusters=["8.8.8.8"])
    e.announce("10.4.0.0/16", originator="10.0.0.1")
    e.announce("10.5.0.0/16", clusters=["10.0.0.1"])
    a.announce("10.6.0.0/16", clusters=["1.2.3.4"])
    x.announce("10.7.0.0/16", originator="6.6.6.6")
    side.settle()
    return {
        "client with id": a.table(),
        "non-client": b.table(),
        "client": e.table(),
        "ebgp": x.table(),
        "best": side.best(),
        "shown": side.routes("10.3.0.0/16"),
    }


@case()
def rr_cluster(side: Side):
    """The cluster id of a session that is no client."""
    side.start(bgp(2, 65001, f"rr client; {ID}") + bgp(3, 65001) + bgp(4, 65001, ID))
    a, b, c = side.connect(2, 3, 4)
    a.announce("10.1.0.0/16")
    for number, one in enumerate((b, c), 2):
        one.announce(f"10.{number}.0.0/16", originator="9.9.9.9", clusters=["1.2.3.4"])
    side.settle()
    return {
        "to client": a.table("cluster_list"),
        "to non-client": b.table("cluster_list"),
        "to non-client with id": c.table("cluster_list"),
        "best": side.best(),
    }


@case()
def rr_two_clusters(side: Side):
    """Two clients with clusters of their own, one with ours, and one that is no client."""
    text = bgp(2, 65001, "rr client; rr cluster id 1.1.1.1;")
    text += bgp(3, 65001, "rr client; rr cluster id 2.2.2.2;")
    text += bgp(4, 65001) + bgp(5, 65001, "rr client;") + bgp(6)
    side.start(text)
    sessions = side.connect(2, 3, 4, 5, 6)
    clusters = ("1.1.1.1", "2.2.2.2", "3.3.3.3", "10.0.0.1")
    for one in sessions[:4]:
        one.announce(f"10.{one.number}.0.0/16")
        for number, cluster in enumerate(clusters[: 3 if one.number == 4 else 4], 1):
            one.announce(f"10.{one.number}.{number}.0/24", originator="9.9.9.9", clusters=[cluster])
    side.settle()
    return {f"to p{one.number}": one.table("cluster_list") for one in sessions}


@case()
def rr_two(side: Side):
    """A client's route that comes back from another reflector on a session without options."""
    side.start(bgp(2, 65001, f"rr client; {ID}") + bgp(3, 65001))
    a, b = side.connect(2, 3)
    a.announce("10.1.0.0/16")
    side.settle()
    b.announce("10.1.0.0/16", originator="10.0.0.2", clusters=["1.2.3.4"], next_hop="10.0.0.2")
    side.settle()
    return {"routes": side.routes(), "to b": b.table("cluster_list"), "to a": a.table()}


@case()
def rr_own_next_hop(side: Side):
    """A client's own address as next hop of another client's route, and of a static one."""
    clients = bgp(2, 65001, "rr client;") + bgp(3, 65001, "rr client;")
    static = "protocol static sx { ipv4; route 10.8.0.0/16 via 10.0.0.3; }\n"
    side.start("protocol direct { ipv4; }\n" + clients + static)
    a, b = side.connect(2, 3)
    a.announce("10.1.0.0/16", next_hop="10.0.0.3")
    side.settle()
    return {"to b": b.table("next_hop"), "to a": a.table("next_hop")}
