"""PyBIRD: a BIRD-compatible Internet routing daemon in Python."""

__version__ = "0.1.0"
