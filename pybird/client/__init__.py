"""The client side: `pybirdc`, and a library for other programs."""
