"""What people write, character by character: what is dropped, refused or kept apart, and how a sentence takes it up.

Import its modules by name: `from services.text import characters`.
May import: `models`, `access`. Nothing of `services`: `foundation/checks` and `foundation/formats` are what others use.
"""
