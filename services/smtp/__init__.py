"""The mail server: one message handed over to it (`courier`), written as the standards want it (`headers`), and whether all of that works (`check`).

Import its modules by name. `mail` says what is in a message, and when it leaves.
May import: `catalogue`, `text`, `foundation`.
"""
