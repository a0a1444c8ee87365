"""What a worker does besides sending mail: work that comes round again.

Import its modules by name: `from services.worker import periodic`.
May import: every other room of `services` but `reports`. Nothing of `services` imports it.
"""
