"""The protocols. Each is one folder; `PROTOCOLS` is the registry."""
