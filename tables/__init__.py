"""The data: every table with its constraints, and what a row answers about itself, in Python and as SQL.

Everybody else imports from `models`, which re-exports all of it.
May import: nothing of ours.
"""
