"""Joining a company by its invitation link (`firm_links`): the one way into the list without having been typed in.

Import its modules by name: `from services.joining import firm_links`.
May import: `people` and what it may import.
"""
