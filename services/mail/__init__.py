"""Mail: one function for each kind of letter, the queue they wait in, their rendering, and whether each is still true.

Verbs call `letters` inside their turn; `flask worker` runs `outbox`.
May import: `smtp`, `catalogue`, `foundation`.
"""
