"""Numbers over many rows, which the two home pages show.

Import its modules by name: `from services.reports import company, desk`.
May import: every other room of `services` but `worker`. Nothing of `services` imports it.
"""
