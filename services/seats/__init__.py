"""Questions about seats: how many there are of each kind (`seat_counts`), what each was at any second (`history`), what a key is worth (`validation`).

Import its modules by name: `from services.seats import seat_counts`. It changes nothing; `licenses` does.
May import: `text`, `foundation`.
"""
