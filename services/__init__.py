"""The verbs: every change of state, and nothing that knows about HTTP.

One transaction, one clock reading, one public function: guard, change, record in the journal, queue mail, commit.
A verb that may not act raises `Refused`; helpers that start with an underscore never commit.
"""
