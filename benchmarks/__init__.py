"""Measurements, most of them in comparison with BIRD; each file is a program of its own."""
