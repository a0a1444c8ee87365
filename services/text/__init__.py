"""What people write, character by character: what is dropped, refused or kept apart, and how a sentence takes it up; and how money,
days and instants are written (`formats`), and what places are called (`places`).

Import its modules by name: `from services.text import characters`.
May import: `models`, `access`. Nothing of `services`: `foundation/checks` is what others use of its rules.
"""
