"""The journal in sentences with names: who did what to what, for pages of both sites.

`sentences.py` says entries, `words.py` has the words of each verb, `names.py` fetches the names, `timeline.py` is what pages show. Stands above
`admin_views/` (its labels) and below the two sites.
"""
