"""`make audit`: every page of portal, support, sign-in and sandbox, held to what no single test can promise.

A *part* looks for one kind of fault (`PARTS` of `audit/__main__.py`). Parts that need a browser share one visit of
each page (`audit/visit.py`); what they say is a list of `Finding`s. What they measure in the page is in the `.js` files beside
them, which a test tries on pages with planted faults (`tests/audit/test_planted_faults.py`); and each audit begins with one such page
(`audit/planted.py`), so that none is believed that would see nothing.
"""
