"""BGP's encoding: messages, capabilities, path attributes and networks, read and written without I/O."""
