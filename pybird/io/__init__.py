"""The real world: asyncio, sockets, netlink, files."""
