"""Work that waits in a table until a worker does it (`queue`): mail, what is done again every so often, many at once.

May import: `foundation`.
"""
