"""The sandbox: what Trousseau talks to in development instead of Stripe and of a mail server.

`python -m sandbox` is one process with one SQLite file. It never imports the application, and the
application never imports it: they meet over HTTP and SMTP only, as with the real thing.

What it holds:

* `/v1/…`        Stripe's API for one-time Checkout payments (`api.py`), asked by the real `stripe` client.
* `/pay/<id>`    the hosted payment page (`pay.py`), with Stripe's documented test cards (`cards.py`).
* webhooks       signed, retried, in any order (`webhooks.py`); `/events` shows them with every attempt.
* SMTP, `/inbox` a mail server that delivers nowhere, and the mail it received (`mailbox.py`, `inbox.py`).
* `/sandbox/…`   controls for tests: faults, settling bank debits, delivering events (`control.py`).

The way of one payment: `api.create_session` → `sessions.create` → the person on `pay.py` →
`payments.pay_by_card` changes the objects and queues events in one transaction → `webhooks.Courier` posts them.

Not here yet, with their place: refunds and disputes. Their objects belong in `objects.py`, their verbs in
`payments.py`, their routes in `api.py` beside the charges, their events in `events.py`.
Subscriptions, saved cards, coupons and Stripe Tax are refused with a sentence that says so.

Every setting is in `settings.py`.
"""
