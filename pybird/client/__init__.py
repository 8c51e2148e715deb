"""Talking to a running daemon: the pybirdc program and a library for other programs."""
