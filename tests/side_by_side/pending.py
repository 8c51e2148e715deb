"""Cases that fail still, each with the point of the issue that mends it.

`"case"` or `"case: key"` for one key of its answers, in which `*` stands for any
text. An entry is strict: when the case, or the key, becomes equal (or as
`DIFFERENCES` has it), its test fails until the entry is removed. Whoever mends a
point removes what it covers. At the end the table is empty.
"""

PENDING: dict[str, str] = {}
