"""The sandbox: it stands in for Stripe and for a mail server in development.

`python -m sandbox` is one process with one SQLite file. It never imports the application, and the application never
imports it: they meet over HTTP and SMTP only, as with Stripe itself.

| address        | what it is                                                               | files                              |
|----------------|--------------------------------------------------------------------------|------------------------------------|
| `/v1/…`        | Stripe's API for one-time Checkout payments, called by the real `stripe` | `stripe/api.py`                    |
| `/pay/<id>`    | the hosted payment page, with Stripe's documented test cards             | `pages/pay.py`, `stripe/cards.py`  |
| `/events`      | webhooks, signed, retried, in any order: every event with its attempts   | `stripe/webhooks.py`               |
| SMTP, `/inbox` | a mail server that delivers nowhere, and the mail it received            | `mail/mailbox.py`, `mail/inbox.py` |
| `/sandbox/…`   | controls for tests: faults, settling bank debits, delivering events      | `pages/control.py`                 |

Imports run one way: `__main__` → `server` → `pages` → `stripe`, `mail` → `base`. Each room's `ruff.toml` enforces it.

The way of one payment: `stripe.api.create_session` → `stripe.sessions.create` → the person on `pages.pay` →
`stripe.payments.pay_by_card` changes the objects and stores events in one transaction → `stripe.webhooks.Courier`
posts them.

Not offered: refunds and disputes. Their objects would go into `stripe/objects.py`, their functions into
`stripe/payments.py`, their routes into `stripe/api.py`, their events into `stripe/events.py`. Subscriptions, saved
cards, coupons and Stripe Tax are refused with a sentence that says so.

Every setting is in `base/settings.py`.
"""
