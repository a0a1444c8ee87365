"""Mail: one function for each letter, the queue that they wait in, how they are written, the mail server.

Verbs call `letters` inside their turn; `flask worker` runs `outbox`.
May import: `catalogue`, `foundation`.
"""
