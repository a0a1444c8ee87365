"""The data: every table with its constraints, its states as predicates, and what a row answers about itself.

Everybody else imports from `models`, which hands all of it out.
May import: nothing of ours.
"""
