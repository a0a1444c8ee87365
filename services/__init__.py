"""The verbs: every change of state, and nothing that knows about HTTP.

A verb opens a turn, which is one transaction with one reading of the clock: it checks, changes, records in the journal and
queues mail, and the turn commits. A verb that may not act raises `Refused`. A step takes a verb's turn and never commits.
"""
