"""The two Flask-Admin sites: `/portal` for customers, `/support` for the vendor's staff; what both share is here.

`app.py` makes the sites of `portal.VIEWS` and `support.VIEWS`; `base.py` is under every view, `lists/` under that.
May import: `services`, `access`, `models`.
"""
