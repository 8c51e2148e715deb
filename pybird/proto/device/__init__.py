"""Interfaces and addresses."""
