"""Warnings about configurations that can be run: one function per kind of warning."""
