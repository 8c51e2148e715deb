"""Automatic peering: a protocol whose neighbors are the entries of a peer table, one child each."""
