"""The same configuration and the same neighbors before PyBIRD and before every BIRD that is found.

Debian's BIRD 2.0.12 always, 2.19 and 3 where `BIRD219_DIR` and `BIRD3_DIR` name
the folders of their programs. All daemons of a case run at the same time, each
in two network namespaces of its own (`world.py` tells the addresses).

A case is a function in a file of `cases/` (a file for each subject; a new file
is found by itself):

    from tests.side_by_side.case import Side, bgp, case

    @case()
    def med_of_another_as(side: Side):
        side.start(bgp(2) + bgp(3) + bgp(4, 65001, "rr client;"))  # p2, p3: eBGP; p4: iBGP
        a, b, c = side.connect(2, 3, 4)  # sessions that are Established
        a.announce("10.1.0.0/16", med=20)
        b.announce("10.1.0.0/16", med=10, communities=[(1, 2)])
        side.settle()  # until nothing changes any more
        return {"best": side.best(), "to c": c.table("as_path", "communities")}

What it returns is compared key by key: PyBIRD must show what BIRD does
(`compare.py` says which of them). One look at a matter, one key: what is
pending, or different on purpose, is listed by key. `side.ask(command)` has the
codes of a reply, `side.lines` not; `routes`, `best`, `info`, `details`,
`kernel`, `log` and, of a session, `table`, `notifications`, `opening`, `kinds`
are further looks. `wire.py` makes messages that no sane neighbor sends:
`a.send(wire.update(...))`. `@case(dialect3=True)` compares ours in dialect 3
with BIRD 3 too; `@case(long=True)` is for those above some seconds; `@case(frr=True)`
has a column of FRR, too (cases/with_frr.py).

    python -m tests.side_by_side NAME...     # show the columns of these cases, nothing else
    pytest tests/side_by_side -k NAME        # judge them

- A case that fails, because a point of an issue is open, stands in `pending.py`.
- What is different on purpose stands in `differences.py`, with the row of
  docs/differences.md that says so; what only 2.0.12 does in `OLDER` there.
"""
