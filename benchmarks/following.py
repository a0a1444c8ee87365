"""What follows from the rows that were loaded, and what triggers and verbs keep otherwise: one statement for each.

A table or column that this checkout does not have is left out, and one that the filler has forgotten makes
`tests/scripts/test_benchmarks.py` fail.
"""

from __future__ import annotations

from models import Base, db

_LIVE = "status IN ('active', 'suspended')"

# What a company owns, by what the stored columns say of each seat.
_SEAT_COUNTS = f"""
    INSERT INTO seat_counts
        (company_id, plan_id, first_day, last_day, valid_until, usable_until, state, held, seats)
    SELECT company_id, plan_id, first_day, last_day, valid_until, usable_until,
        CASE WHEN status = 'suspended' THEN 'suspended' WHEN user_id IS NULL THEN 'available'
        WHEN activated_at IS NULL THEN 'assigned' ELSE 'activated' END, user_id IS NOT NULL, count(*)
    FROM licenses WHERE {_LIVE} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608 - words of ours

# Until when somebody holds a licence.
_COVERED = f"""
    UPDATE users SET covered_until = held.until
    FROM (SELECT user_id, max(usable_until) AS until FROM licenses
        WHERE {_LIVE} AND user_id IS NOT NULL GROUP BY user_id) AS held
    WHERE held.user_id = users.id
"""  # noqa: S608

# The rows that an entry of the journal concerns: what it is about, what else it names, and who did it.
_SUBJECTS = """
    INSERT INTO journal_subjects (entry_id, kind, row_id, company_id)
    SELECT id, subject_type, subject_id, company_id FROM journal_entries
    UNION SELECT e.id, pair.key, CAST(pair.value AS BIGINT), e.company_id FROM journal_entries e, {pairs}(e.related) AS pair
    UNION SELECT id, 'user', actor_id, company_id FROM journal_entries WHERE actor_id IS NOT NULL
"""
_PAIRS = {"sqlite": "json_each", "postgresql": "json_each_text"}

# (table, a column that these fill) → the statement. The order is the one in which they are run.
FOLLOWING = {
    ("seat_counts", "seats"): _SEAT_COUNTS,
    ("users", "covered_until"): _COVERED,
    ("journal_subjects", "row_id"): _SUBJECTS,
}


def known() -> list[tuple[str, str]]:
    """Those of `FOLLOWING` that this checkout has."""
    tables = Base.metadata.tables
    return [
        (table, column) for table, column in FOLLOWING if table in tables and column in tables[table].columns
    ]


def statements() -> list[str]:
    """What fills them, for the database in use."""
    pairs = _PAIRS[db.engine.dialect.name]
    return [FOLLOWING[place].replace("{pairs}", pairs) for place in known()]
