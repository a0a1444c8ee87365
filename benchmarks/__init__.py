"""What the desk costs in time and memory: `python -m benchmarks read`, `python -m benchmarks beside`."""
