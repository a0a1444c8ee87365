"""Paying an order at Stripe: the page, the session, what it does to its order, what goes back, each payment as a row.

`gateway` is the only importer of `stripe`; the others see the small dataclasses of `sessions`.
Import its modules by name: `from services.payments import checkout, settlement`.
May import: `buying`, `mail`, `catalogue`, `foundation`.
"""
