"""What the two home pages show: numbers over many rows, and what somebody has put away from theirs.

Import its modules by name: `from services.reports import company, desk, dismissals`.
May import: every other room of `services` but `worker`. Nothing of `services` imports it.
"""
