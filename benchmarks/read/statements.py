"""What the floor asks the database: for each page one statement, in literal SQL, as somebody would write it by hand.

A list's or detail page's columns are found by their names in the view's declaration: a column or a relation of the model, or what
`BEHIND` says stands behind a name. Filters and orders are the view's own. So what is declared tomorrow has a floor by itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from admin_views.lists import keyset
from admin_views.lists.rows import primary_key
from models import (
    Assignment,
    Company,
    Conditions,
    FirmLink,
    JournalEntry,
    License,
    LicenseState,
    Order,
    OrderIssue,
    OrderLine,
    OutgoingMail,
    Plan,
    Price,
    TaxRate,
    Term,
    User,
    db,
    utcnow,
)

PAGE = 50
# What names a row of another table, by the name of its columns.
NAMING = (("first_name", "last_name"), ("name",), ("name_fr",), ("reference",), ("key",), ("email",))


def _held() -> Any:
    """The plans and statuses of the licences of a person, in one cell."""
    words = Plan.name_fr + sa.literal(" ") + sa.cast(License.status, sa.String)
    held = sa.select(sa.func.aggregate_strings(words, ", ")).select_from(License)
    held = held.join(Plan, Plan.id == License.plan_id)
    return held.where(License.user_id == User.id).scalar_subquery()


def _held_until() -> Any:
    return sa.select(sa.func.max(License.last_day)).where(License.user_id == User.id).scalar_subquery()


def _issues() -> Any:
    found = sa.select(sa.func.aggregate_strings(sa.cast(OrderIssue.kind, sa.String), ", "))
    return found.where(OrderIssue.order_id == Order.id, OrderIssue.closed_at.is_(None)).scalar_subquery()


def _quantity() -> Any:
    return sa.select(sa.func.sum(OrderLine.quantity)).where(OrderLine.order_id == Order.id).scalar_subquery()


def _price() -> Any:
    newest = sa.select(Price.amount).where(Price.plan_id == Plan.id).order_by(Price.starts_on.desc())
    return newest.limit(1).scalar_subquery()


def _namesakes() -> Any:
    other = aliased(User)
    same = sa.func.lower(other.email) == sa.func.lower(User.email)
    return sa.select(sa.func.count(other.id)).where(same, other.id != User.id).scalar_subquery()


# The columns behind a name that is neither a column nor a relation to one row.
BEHIND: dict[tuple[str, str], Any] = {
    ("Company", "place"): lambda: (Company.city, Company.province),
    ("Company", "address"): lambda: (Company.street, Company.city, Company.province, Company.postal_code),
    ("Company", "since"): lambda: (Company.created_at,),
    ("Plan", "name"): lambda: (Plan.name_fr,),
    ("Plan", "price"): lambda: (_price(),),
    ("TaxRate", "name"): lambda: (TaxRate.name_fr,),
    ("Conditions", "start"): lambda: (Conditions.text_fr,),
    ("License", "state"): lambda: (License.status, License.usable_until, License.activated_at),
    ("FirmLink", "state"): lambda: (FirmLink.withdrawn_at, FirmLink.expires_at, FirmLink.places),
    ("License", "days"): lambda: (License.valid_until,),
    ("License", "holder"): lambda: (User.first_name, User.last_name, User.email),
    ("User", "name"): lambda: (User.first_name, User.last_name),
    ("User", "license"): lambda: (_held(),),
    ("User", "licenses"): lambda: (_held(),),
    ("User", "plan"): lambda: (_held(),),
    ("User", "state"): lambda: (),
    ("User", "last_day"): lambda: (_held_until(),),
    ("User", "namesakes"): lambda: (_namesakes(),),
    ("JournalEntry", "told"): lambda: (
        *(JournalEntry.verb, JournalEntry.subject_type, JournalEntry.subject_id),
        *(JournalEntry.actor_id, JournalEntry.related),
    ),
    ("JournalEntry", "changes"): lambda: (JournalEntry.before, JournalEntry.after),
    ("JournalEntry", "on_behalf_of"): lambda: (JournalEntry.on_behalf_of_id,),
    ("OutgoingMail", "recipient"): lambda: (
        User.first_name,
        User.last_name,
        User.email,
        OutgoingMail.address,
    ),
    ("Order", "open_issues"): lambda: (_issues(),),
    ("Order", "quantity"): lambda: (_quantity(),),
    ("Order", "placed_on"): lambda: (Order.placed_at,),
    ("Order", "paid_on"): lambda: (Order.paid_at,),
}


@dataclasses.dataclass(frozen=True)
class Shown:
    """A select of the columns behind some names, and the names behind which nothing was found."""

    statement: sa.Select[Any]
    unknown: list[str]


def shown(model: Any, names: Sequence[str]) -> Shown:
    """The key and the columns that a page with these `names` shows, with the tables that they stand in."""
    mapper = sa.inspect(model)
    cells: list[Any] = [primary_key(model)]
    joins: list[tuple[Any, Any]] = []
    unknown = []
    for name in names:
        if (behind := BEHIND.get((model.__name__, name))) is not None:
            cells += behind()
        elif name in mapper.column_attrs:
            cells.append(getattr(model, name))
        elif name in mapper.relationships and not mapper.relationships[name].uselist:
            other = aliased(mapper.relationships[name].entity.class_)
            joins.append((other, getattr(model, name).of_type(other)))
            cells += _naming(other)
        else:
            unknown.append(name)
    statement = sa.select(*cells).select_from(model)
    for _other, relation in joins:
        statement = statement.outerjoin(relation)
    if any(cell is User.email for cell in cells) and model is not User:
        statement = statement.outerjoin(User, User.id == model.user_id)
    return Shown(statement, unknown)


def _naming(other: Any) -> list[Any]:
    columns = sa.inspect(other).mapper.column_attrs
    found = next((group for group in NAMING if group[0] in columns), ())
    return [getattr(other, name) for name in found]


def page(statement: sa.Select[Any], order: keyset.Order, edge: list[Any] | None = None) -> str:
    """One page of a list, and the row that says whether there is another, after the row that `edge` names."""
    if edge:
        statement = statement.where(keyset.beyond(order, edge, backwards=False))
    return literal(keyset.ordered(statement, order).limit(PAGE + 1))


def literal(statement: Any) -> str:
    """`statement` as text with its values in it, for the database in use."""
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    return str(compiled)


# --- One row ----------------------------------------------------------------------------------------------------------


def details(model: Any, names: Sequence[str], key: Any) -> str:
    """One row with what stands below it: a licence's periods and holders, an order's lines."""
    statement = shown(model, names).statement.where(primary_key(model) == key)
    if model is License:
        holder = aliased(User)
        statement = (
            statement.outerjoin(Term, Term.license_id == License.id)
            .outerjoin(Assignment, Assignment.license_id == License.id)
            .outerjoin(holder, holder.id == Assignment.user_id)
            .add_columns(Term.first_day, Term.last_day, Term.net, holder.first_name, holder.last_name)
            .add_columns(Assignment.started_at, Assignment.ended_at)
        )
    if model is Order:
        statement = statement.outerjoin(OrderLine, OrderLine.order_id == Order.id).add_columns(
            OrderLine.plan_name_fr, OrderLine.quantity, OrderLine.unit_amount, OrderLine.net
        )
    return literal(statement)


def fields(model: Any, names: Sequence[str], key: Any) -> str:
    """The columns of one row that a form has fields for."""
    columns = sa.inspect(model).column_attrs
    cells = [getattr(model, name) for name in names if name in columns]
    return literal(sa.select(primary_key(model), *cells).where(primary_key(model) == key))


def export() -> str:
    """Every licence with the columns of the export of the back office; the state as a code, instants to the second."""
    now = utcnow()
    state = sa.case(*((License.where_state(state, now), state.value) for state in LicenseState))
    cells = (License.key, Company.name, Plan.code, state, User.first_name, User.last_name, User.email)
    moments = (_to_the_second(License.assigned_at), _to_the_second(License.activated_at))
    statement = sa.select(*cells, License.first_day, License.last_day, *moments)
    for relation in (License.company, License.plan, License.user):
        statement = statement.outerjoin(relation)
    return literal(statement.order_by(License.id.desc()))


def _to_the_second(column: Any) -> Any:
    if db.engine.dialect.name == "postgresql":
        return sa.func.to_char(column, 'YYYY-MM-DD"T"HH24:MI:SS')
    text = sa.cast(column, sa.String)
    return sa.func.substr(text, 1, 10) + "T" + sa.func.substr(text, 12, 8)


# --- Pages of the portal ----------------------------------------------------------------------------------------------

_LIVE = "l.status IN ('active', 'suspended') AND l.usable_until > CURRENT_TIMESTAMP"

# What a customer owns of each plan; then what waits; then what happened last.
HOME = f"""
SELECT p.name_fr, count(*), count(l.user_id), CAST(min(l.last_day) AS TEXT), sum(CASE WHEN l.user_id IS NULL AND
    l.status = 'active' THEN 1 ELSE 0 END), '' FROM licenses l JOIN plans p ON p.id = l.plan_id
    WHERE l.company_id = {{company}} AND {_LIVE} GROUP BY p.id, p.name_fr
UNION ALL SELECT 'without', count(*), 0, '', 0, '' FROM users u WHERE u.company_id = {{company}} AND u.active
    AND NOT EXISTS (SELECT 1 FROM licenses l WHERE l.user_id = u.id AND {_LIVE})
UNION ALL SELECT 'cart', coalesce(sum(quantity), 0), 0, '', 0, '' FROM cart_items WHERE company_id = {{company}}
UNION ALL SELECT * FROM (SELECT j.verb, j.subject_id, 0, CAST(j.at AS TEXT), 0, a.last_name FROM journal_entries j
    LEFT JOIN users a ON a.id = j.actor_id WHERE j.company_id = {{company}} ORDER BY j.id DESC LIMIT 8) AS events
"""  # noqa: S608 - numbers of ours

PLANS = f"""
SELECT p.name_fr, p.description_fr, p.term_months,
    (SELECT r.amount FROM prices r WHERE r.plan_id = p.id ORDER BY r.starts_on DESC LIMIT 1),
    count(l.id), count(l.user_id), min(l.last_day), (SELECT sum(c.quantity) FROM cart_items c
    WHERE c.company_id = {{company}} AND c.plan_id = p.id)
FROM plans p LEFT JOIN licenses l ON l.plan_id = p.id AND l.company_id = {{company}} AND {_LIVE}
WHERE p.on_sale GROUP BY p.id, p.name_fr, p.description_fr, p.term_months, p.position ORDER BY p.position
"""  # noqa: S608

# A person, what they hold, and how many licences of each plan could be given to them.
PERSON = f"""
SELECT u.first_name, u.last_name, u.email, p.name_fr, h.status, h.last_day,
    (SELECT count(*) FROM licenses l WHERE l.company_id = u.company_id AND l.plan_id = p.id AND l.user_id IS NULL
     AND {_LIVE}) FROM users u CROSS JOIN plans p LEFT JOIN licenses h ON h.user_id = u.id AND h.plan_id = p.id
WHERE u.id = {{person}} AND u.company_id = {{company}} ORDER BY p.position
"""  # noqa: S608

# A licence by its key, with its plan.
KEY = """
SELECT l.id, l.status, l.gone_why, l.user_id, l.last_day, l.valid_until, l.usable_until, p.code, p.limits, p.devices_per_license
FROM licenses l JOIN plans p ON p.id = l.plan_id WHERE l.key = '{key}'
"""
