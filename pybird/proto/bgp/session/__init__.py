"""From a neighbor's address to an Established session: listen, connect, collide, keep alive, give up."""
