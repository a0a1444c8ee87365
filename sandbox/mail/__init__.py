"""The mail server that delivers nowhere, and the pages that show what it received.

Public: `mailbox.MailServer` and the blueprint of `inbox`. Imports `base` only.
"""
