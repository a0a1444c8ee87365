"""Paying an order at Stripe, and what Stripe tells: the page, the session, what it does to its order, each payment as a row.

`gateway` is the only importer of `stripe`; the others see the small dataclasses of `sessions`.
Import its modules by name: `from services.payments import checkout, settlement`.
May import: `buying`, `mail`, `catalogue`, `foundation`.
"""
