"""Values: addresses, networks, attribute sets, routes. Frozen, no I/O, no time."""
