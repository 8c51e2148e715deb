"""Origin validation (RFC 6811) and its sources."""

from tests.side_by_side.case import Side, bgp, case


@case()
def rpki_without_answers(side: Side):
    """A filter that asks a table which only `protocol rpki` fills."""
    asked = "filter { if roa_check(r4) = ROA_INVALID then reject; accept; }"
    source = "roa4 table r4; protocol rpki rp { roa4 { table r4; }; remote 10.0.0.9 port 3323; }\n"
    return {"starts": side.starts(source + bgp(2, imports=asked))}
