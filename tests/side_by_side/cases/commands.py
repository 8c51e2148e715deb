"""Commands that act, and what they leave."""

from tests.interop.lab import until
from tests.side_by_side.case import Side, bgp, case


@case()
def graceful_restart_command(side: Side):
    """`graceful restart` ends the daemon with a Cease to who cannot wait; the kernel keeps its routes."""
    side.start("protocol kernel k { ipv4 { export all; }; kernel table 99; }\n" + bgp(2))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16")
    side.settle()
    reply = side.ask("graceful restart")
    until(lambda: side.daemon.process.poll() is not None, 10, "the daemon ends")
    until(lambda: a.closed, 5, "the session is closed")
    return {
        "reply": reply,
        "notifications": a.notifications(),
        "exit status": side.daemon.process.poll(),
        "kernel": side.kernel(),
    }


@case()
def down_command(side: Side):
    side.start("protocol kernel k { ipv4 { export all; }; kernel table 99; }\n" + bgp(2))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16")
    side.settle()
    reply = side.ask("down")
    until(lambda: side.daemon.process.poll() is not None, 10, "the daemon ends")
    return {"reply": reply, "notifications": a.notifications(), "kernel": side.kernel()}
