"""How fast the lists are, and how to get the figures again: `python -m benchmarks.lists`."""
