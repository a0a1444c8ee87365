"""Measure how fast the lists are: `python -m benchmarks.lists`."""
