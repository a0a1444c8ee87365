"""What every room of the sandbox uses: settings and switches, the SQLite file, and the two within a request.

Public: `settings`, `store`, `shared`. Imports no other room.
"""
