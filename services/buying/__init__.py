"""From the cart to delivered licences: the price, the order, what staff must look at of it, its delivery.

Import its modules by name: `from services.buying import cart, orders`.
May import: `mail`, `catalogue`, `foundation`.
"""
