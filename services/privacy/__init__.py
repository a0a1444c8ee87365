"""What is personal in the desk: the rule of every column, putting together what is known of somebody, erasing it, and how long it is kept.

Import its modules by name: `from services.privacy import erasure, known`.
May import: `people` and what it may import.
"""
