"""Measurements beside other daemons; each file runs by itself."""
