"""What is paid: Stripe (`gateway`, the only importer of `stripe`) as small dataclasses (`sessions`), and each payment as a row (`records`).

Import its modules by name: `from services.payments import gateway, records`.
May import: `foundation`.
"""
