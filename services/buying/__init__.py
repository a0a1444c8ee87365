"""From the cart to delivered licences: what it costs, the order, its payment at Stripe, its delivery.

Import its modules by name: `from services.buying import cart, orders`.
May import: `mail`, `catalogue`, `foundation`.
"""
