"""What is sold, by whom and with which taxes: plans and prices, the vendor and its conditions, tax rates.

Import its modules by name: `from services.catalogue import plans, vendor`.
May import: `foundation`.
"""
