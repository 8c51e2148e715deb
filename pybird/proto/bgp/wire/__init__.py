"""BGP's octets: messages, capabilities, path attributes and networks, read and written without I/O."""
