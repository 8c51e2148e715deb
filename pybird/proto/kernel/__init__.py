"""The kernel's forwarding table."""
