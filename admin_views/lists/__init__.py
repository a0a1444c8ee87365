"""What a list is: columns and filters that a view declares, one page of rows by position, counts, CSV exports.

`base.py` above it makes views of these; pickers and home pages use `rows` and `listing` too.
May import: `services`, `access`, `models`. Nothing else of `admin_views`.
"""
