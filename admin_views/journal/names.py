"""The names of the rows that a batch of entries concerns, in one statement, however many and of whatever kinds."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from admin_views.lists.rows import narrow
from models import (
    Company,
    FirmLink,
    JournalEntry,
    License,
    Order,
    OutgoingMail,
    Plan,
    SubjectKind,
    TaxRate,
    User,
    db,
    name_of,
    readable_address,
)
from services.reports import kept
from services.text.formats import NBSP, current_language


class Entry(Protocol):
    """What is read of an entry: a `JournalEntry`, or a light row with the same columns."""

    id: Any
    at: Any
    operation: Any
    verb: Any
    actor_id: Any
    company_id: Any
    on_behalf_of_id: Any
    subject_type: Any
    subject_id: Any
    related: Any
    before: Any
    after: Any


# Of a `JournalEntry`, what a sentence needs: pages read light rows of these.
COLUMNS = tuple(getattr(JournalEntry, name) for name in Entry.__annotations__)


@dataclasses.dataclass(frozen=True)
class Name:
    """What a row is called, and what else a page may need of it: an order's reference, a licence's key."""

    text: str
    code: str = ""


Key = tuple[str, int]
Names = Mapping[Key, Name]


def names_of(entries: Iterable[Entry]) -> Names:
    """The names of all rows that the entries concern and the reader may see. One statement; none where nothing is named."""
    return named(key for entry in entries for key in concerned(entry))


def named(keys: Iterable[Key]) -> Names:
    """The names of these rows, of those that the reader may see. One statement; none where nothing has a name."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for kind, row_id in keys:
        wanted[kind].add(row_id)
    kinds = tuple(kind for kind in _KINDS if wanted.get(kind))
    if not kinds:
        return {}
    statement = kept.made(("names", kinds, current_language()), lambda: _together(kinds))
    found = db.session.execute(statement, {kind: list(wanted[kind]) for kind in kinds})
    return {(kind, row_id): _KINDS[kind][1](*words) for kind, row_id, *words in found}


def _together(kinds: Sequence[str]) -> Any:
    """What finds the names of rows of these kinds, by their ids."""
    selects = [_KINDS[kind][0]() for kind in kinds]
    return sa.union_all(*selects) if len(selects) > 1 else selects[0]


def concerned(entry: Entry) -> Iterable[Key]:
    """(kind, id) of each row that a sentence of the entry may name."""
    yield entry.subject_type, entry.subject_id
    for kind, row_id in entry.related.items():
        if isinstance(row_id, int):
            yield kind, row_id
    if entry.actor_id is not None:
        yield SubjectKind.USER, entry.actor_id
    if entry.on_behalf_of_id is not None:
        yield SubjectKind.COMPANY, entry.on_behalf_of_id
    for values in (entry.before, entry.after):
        if isinstance(values.get("user"), int):
            yield SubjectKind.USER, values["user"]


# --- The kinds that have a name -----------------------------------------------------------------------------------------


def _rows(kind: SubjectKind, model: Any, *words: Any) -> sa.Select[Any]:
    """(kind, id, three texts) of the rows of `model`, among the ids that are called as the kind, that the reader may see."""
    texts = [sa.type_coerce(word, sa.String) for word in words] + [sa.literal("")] * (3 - len(words))
    ids = sa.bindparam(kind.value, expanding=True)
    return narrow(sa.select(sa.literal(kind.value), model.id, *texts), model).where(model.id.in_(ids))


def _people() -> sa.Select[Any]:
    return _rows(SubjectKind.USER, User, User.first_name, User.last_name, User.email)


def _licenses() -> sa.Select[Any]:
    found = _rows(SubjectKind.LICENSE, License, License.key, Plan.name(current_language()))
    return found.join(Plan, Plan.id == License.plan_id)


def _orders() -> sa.Select[Any]:
    return _rows(SubjectKind.ORDER, Order, Order.reference)


def _companies() -> sa.Select[Any]:
    return _rows(SubjectKind.COMPANY, Company, Company.name)


def _firm_links() -> sa.Select[Any]:
    return _rows(SubjectKind.FIRM_LINK, FirmLink, FirmLink.domain)


def _plans() -> sa.Select[Any]:
    return _rows(SubjectKind.PLAN, Plan, Plan.name(current_language()))


def _tax_rates() -> sa.Select[Any]:
    return _rows(SubjectKind.TAX_RATE, TaxRate, TaxRate.name(current_language()))


def _mails() -> sa.Select[Any]:
    return _rows(SubjectKind.OUTGOING_MAIL, OutgoingMail, OutgoingMail.template)


def _person(first_name: str, last_name: str, email: str) -> Name:
    """As `User.name`."""
    return Name(name_of(first_name, last_name, readable_address(email)))


def _license(key: str, plan: str, _nothing: str) -> Name:
    """« Avancé …VNZ2Y »: the plan, and the last group of the key."""
    return Name(f"{plan}{NBSP}…{key.rpartition('-')[2]}", key)


def _firm_link(domain: str, *_nothing: str) -> Name:
    return Name(readable_address(domain))


def _as_written(text: str, *_nothing: str) -> Name:
    return Name(text, text)


_KINDS: dict[str, tuple[Callable[[], sa.Select[Any]], Callable[..., Name]]] = {
    SubjectKind.USER: (_people, _person),
    SubjectKind.LICENSE: (_licenses, _license),
    SubjectKind.ORDER: (_orders, _as_written),
    SubjectKind.COMPANY: (_companies, _as_written),
    SubjectKind.FIRM_LINK: (_firm_links, _firm_link),
    SubjectKind.PLAN: (_plans, _as_written),
    SubjectKind.TAX_RATE: (_tax_rates, _as_written),
    SubjectKind.OUTGOING_MAIL: (_mails, _as_written),
}
