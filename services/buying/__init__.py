"""From the cart to delivered licences: the price, the order, its payment at Stripe, its delivery.

Import its modules by name: `from services.buying import cart, orders`.
May import: `payments`, `mail`, `catalogue`, `foundation`.
"""
