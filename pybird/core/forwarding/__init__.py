"""Where packets go: interfaces, directly reachable neighbors, and next hops."""
