"""Mail: one function for each kind of letter, the queue they wait in, their rendering, the mail server.

Verbs call `letters` inside their turn; `flask worker` runs `outbox`.
May import: `catalogue`, `foundation`.
"""
