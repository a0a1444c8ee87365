"""How fast the desk is read, over HTTP and a million licences, beside the least that a page of the same could cost.

`command` runs it: `databases` fills and keeps the data, `servers` starts gunicorn with ours, with the floor and with stock
Flask-Admin, `screens` finds every list, filter, sort and page in what the views declare, `statements` says what the floor asks
the database for each, `measures` takes the times, `table` prints them.

The floor is a bare Flask view: one statement for the same columns, a small template of the same fields, no sign-in.
"""
