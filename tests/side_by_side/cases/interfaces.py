"""What is said of interfaces and their addresses."""

from tests.side_by_side.case import Side, case

ADDRESSES = (
    *("10.31.0.0/31", "10.31.0.3/31", "10.31.1.1/30", "10.31.2.2/30", "10.31.3.0/30", "10.31.4.3/30"),
    *("10.31.5.2/29", "10.31.6.1/32", "169.254.1.0/31", "240.1.0.1/24", "255.1.1.1/31", "100.64.0.1/24"),
    *("2001:db8:31::/127", "2001:db8:31::3/127", "2001:db8:32::1/126", "2001:db8:33::1/128"),
    *("fec0::1/64", "feff::1/64", "fc00:1::1/64", "::10.0.0.1/96", "::1.2.3.4/127", "fe80::77/127"),
)
PEERS = (
    *(("10.31.7.1", "10.31.8.1/32"), ("10.31.7.2", "10.31.9.1/31"), ("10.31.7.4", "10.31.10.1/24")),
    ("2001:db8:34::1", "2001:db8:35::1/128"),
)


@case()
def addresses_of_interfaces(side: Side):
    """The other end of a link of two, and how far an address reaches."""
    run = side.place.subject.run
    for address in ADDRESSES:
        run("ip", "address", "add", address, "dev", "eth0", *(("nodad",) if ":" in address else ()))
    for own, other in PEERS:
        nodad = ("nodad",) if ":" in own else ()
        run("ip", "address", "add", own, "peer", other, "dev", "eth0", *nodad)
    side.start("")
    side.settle()
    return {"addresses": [line for line in side.lines("show interfaces") if "/" in line]}


@case()
def no_static_protocol(side: Side):
    found = {}
    for name, text in (("none", ""), ("down", "protocol static own { disabled; ipv4; }\n")):
        side.start(text)
        found[name] = [side.ask("show static"), side.ask("show static device1")]
    return found
