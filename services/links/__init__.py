"""One-time links: made when a mail is sent, found by their token, used once (`tokens`).

May import: `foundation`.
"""
