"""What Stripe tells: events that are believed, kept and handled once; what it is asked so that none is missed.

Import its modules by name: `from services.events import reconciliation, webhooks`.
May import: `payments` and what it may import.
"""
