"""People and customers: their accounts, their own settings, one-time links, what they typed as a session ended, the desk's first account.

Import its modules by name: `from services.people import accounts, oneself`.
May import: `licenses`, `mail`, `catalogue`, `foundation`.
"""
