"""What no migration may change: who bought what for how much, who held it, from which day to which, who did what.

python -m scripts.ledger save before.json       # before `flask db upgrade`
python -m scripts.ledger compare before.json    # after it: prints every row that reads otherwise, ends with status 1

Reads the database of the settings by plain SQL, so that it understands every version of the tables. An account of a row
is a hash: the file holds no names.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import json
import sys
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

Ledger = dict[str, dict[str, str]]

# What is compared of each table, by columns that every version has; rows are told apart by the first of them.
KEPT = {
    "orders": """
        SELECT id, reference, company_id, placed_by_id, state, language, currency, net, tax, total, refunded,
               customer_name, customer_address, vendor_name, vendor_address, conditions_id, placed_at, paid_at,
               attempt, stripe_session_id, fingerprint FROM orders""",
    "lines": """
        SELECT id, company_id, order_id, position, plan_id, plan_name_fr, plan_name_en, term_months, quantity,
               unit_amount, net FROM order_lines""",
    "taxes": """
        SELECT id, company_id, order_id, position, name_fr, name_en, rate, registration_number, amount
        FROM order_taxes""",
    "licenses": """
        SELECT id, company_id, key, order_line_id, seat_no, plan_id, product, user_id, status, assigned_at,
               activated_at, valid_from FROM licenses""",
    "terms": "SELECT id, company_id, license_id, order_line_id, starts_at, net, refunded FROM terms",
    "holders": """
        SELECT id, company_id, license_id, user_id, started_at, ended_at, given_by_id, taken_by_id FROM assignments""",
    "journal": """
        SELECT id, operation, at, verb, actor_id, company_id, on_behalf_of_id, subject_type, subject_id, related,
               before, after FROM journal_entries""",
    "events": "SELECT id, type, object_id, livemode, created_at, handled_at, outcome FROM stripe_events",
    "mail": """
        SELECT id, company_id, user_id, address, template, language, context, dedupe_key, state, attempts, message_id,
               created_at, sent_at, last_error FROM outgoing_mail""",
}
# The days that people read: columns of their own since migration 0002, the customer's calendar before.
DAYS = """
    SELECT terms.id, terms.starts_at, terms.ends_at, companies.time_zone AS zone, NULL AS first_day, NULL AS last_day
    FROM terms JOIN companies ON companies.id = terms.company_id"""
DAYS_OF_COLUMNS = "SELECT id, starts_at, ends_at, zone, first_day, last_day FROM terms"
CENTS_OF_TERMS = "SELECT order_line_id, SUM(net), SUM(tax), COUNT(*) FROM terms GROUP BY order_line_id"


def read(connection: sa.Connection) -> Ledger:
    """{table: {key of a row: account of it}}."""
    ledger = {table: dict(_rows(connection, query)) for table, query in KEPT.items()}
    ledger["cents of the terms of a line"] = dict(_rows(connection, CENTS_OF_TERMS))
    ledger["days"] = dict(_days(connection))
    return ledger


def _rows(connection: sa.Connection, query: str) -> Iterator[tuple[str, str]]:
    for row in connection.exec_driver_sql(query):
        yield str(row[0]), _account(row)


def _account(values: Sequence[Any]) -> str:
    text = json.dumps([_plain(value) for value in values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """One spelling on both databases and in every version: JSON is parsed, instants are UTC, numbers are numbers."""
    if isinstance(value, dt.datetime):
        return (value.astimezone(dt.UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat()
    if isinstance(value, str) and value[:1] in {"{", "["}:
        with contextlib.suppress(ValueError):  # a name may begin like that too
            return json.loads(value)
    return value if value is None or isinstance(value, (str, bool, int, dict, list)) else int(value)


def _days(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """{id of a term: `2026-11-24 to 2027-11-23`}, readable: days are what this is most often asked about."""
    has_columns = any(column["name"] == "zone" for column in sa.inspect(connection).get_columns("terms"))
    for row in connection.exec_driver_sql(DAYS_OF_COLUMNS if has_columns else DAYS):
        zone = zoneinfo.ZoneInfo(row.zone)
        first = row.first_day or _instant(row.starts_at).astimezone(zone).date()
        last = row.last_day or _instant(row.ends_at).astimezone(zone).date()
        yield str(row.id), f"{first} to {last}"


def _instant(value: dt.datetime | str) -> dt.datetime:
    """SQLite gives instants as text, in UTC."""
    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def differences(before: Ledger, after: Ledger) -> Iterator[str]:
    """One sentence for each row that is gone, new, or reads otherwise."""
    for table in sorted(before.keys() | after.keys()):
        old, new = before.get(table, {}), after.get(table, {})
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                yield f"{table} {key}: {old.get(key, 'nothing')} before, {new.get(key, 'nothing')} now"


def main(arguments: Sequence[str] | None = None) -> int:
    """Save or compare; status 1 when something differs."""
    parser = argparse.ArgumentParser(
        "ledger", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("save", "compare"))
    parser.add_argument("file", type=Path)
    asked = parser.parse_args(arguments)
    ledger = _of_the_settings(read)
    if asked.verb == "save":
        asked.file.write_text(json.dumps(ledger))
        print(f"{sum(map(len, ledger.values()))} rows saved in {asked.file}.")
        return 0
    found = list(differences(json.loads(asked.file.read_text()), ledger))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} of {sum(map(len, ledger.values()))} rows read otherwise.")
    return 1 if found else 0


def _of_the_settings(question: Callable[[sa.Connection], Ledger]) -> Ledger:
    from app import create_app  # noqa: PLC0415 - reading what the database says needs none of it
    from models import db  # noqa: PLC0415

    with create_app().app_context(), db.engine.connect() as connection:
        return question(connection)


if __name__ == "__main__":
    sys.exit(main())
