"""Router Advertisements: sending and discovery (RFC 4861)."""
