"""MPLS labels of our own: the spaces that they come from, and who has which (RFC 3031)."""
