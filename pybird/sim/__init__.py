"""A simulated world: virtual time, links, routers, faults, all from one seed."""
