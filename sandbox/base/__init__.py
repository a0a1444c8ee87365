"""What the other rooms use: settings and switches, the SQLite file, and access to them from a request.

Public: `settings`, `store`, `shared`. Imports no other room.
"""
