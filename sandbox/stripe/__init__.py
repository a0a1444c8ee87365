"""Stripe without its pages: the API under `/v1`, its objects, payments and timers, and signed webhooks.

Public: everything; pages use `cards`, `clock`, `payments`, `sessions`, `webhooks`, the server `api` and `errors`.
Imports `base` only. The library `stripe` is another package: only tests import it.
"""
