"""Cases that fail still, each with the point of the issue that mends it.

`"case"` or `"case: key"` for one key of its answers, in which `*` stands for any
text. An entry is strict: when the case, or the key, becomes equal (or as
`DIFFERENCES` has it), its test fails until the entry is removed. Whoever mends a
point removes what it covers. At the end the table is empty.
"""

PENDING: dict[str, str] = {
    # 1.2, 1.3, 1.4, 1.11 and 1.14 together
    "next_hops_from_ebgp": "points 1.2, 1.3 and 1.4",
    "next_hops_from_ebgp_recursive": "points 1.2 and 1.4",
    "next_hops_from_ebgp_gateway_set": "points 1.2, 1.3 and 1.4",
    "next_hops_from_ibgp": "points 1.2, 1.4 and 1.11",
    "next_hops_from_ibgp_direct": "points 1.2, 1.3 and 1.4",
    "next_hops_from_rr_client": "points 1.2, 1.4 and 1.11",
    "next_hops_from_rs_client": "points 1.2, 1.3 and 1.4",
    "next_hops_from_multihop": "points 1.2, 1.4 and 1.11",
    "next_hops_v6_from_ebgp": "points 1.2, 1.3 and 1.4",
    "next_hops_v6_from_ibgp": "points 1.2, 1.4 and 1.11",
    "next_hops_v6_from_rs_client": "points 1.2, 1.3 and 1.4",
    "next_hops_v6_from_fe80_ebgp": "points 1.2, 1.3, 1.4 and 1.14",
    "next_hops_v6_from_fe80_ibgp": "points 1.2, 1.3, 1.4 and 1.14",
    # 1.3
    "rs_blackhole": "point 1.3",
    "next_hops_kept": "point 1.3",
    "off_link_next_hop": "point 1.3",
    "off_link_next_hop_in_kernel": "point 1.3",
    "strange_next_hops: ebgp 10.0.0.0": "point 1.3",
    "strange_next_hops: ebgp 10.0.0.255": "point 1.3",
    "strange_next_hops: ebgp 10.99.0.1": "point 1.3",
    # 1.11
    "strange_next_hops: ibgp 10.0.0.1": "point 1.11",
    "strange_next_hops: ibgp 10.0.0.101": "point 1.11",
    "strange_next_hops: ibgp 127.0.0.1": "point 1.11",
    "strange_next_hops: ibgp 192.168.7.1": "point 1.11",
    "strange_next_hops: ibgp 224.0.0.1": "point 1.11",
    "strange_next_hops: ibgp 255.255.255.255": "point 1.11",
    # 1.14
    "next_hops_v6: fe80: (global, ll)": "point 1.14",
    "next_hop_prefer_v6: fe80 global: (global, ll)": "point 1.14",
    "link_local_next_hop_format: native: (global, ll)": "point 1.14",
    "link_local_next_hop_format: single: (global, ll)": "point 1.14",
    "link_local_next_hop_format: double: (global, ll)": "point 1.14",
}
