"""An application with one more site, `/demo` (demo.py), and stock views of every company's table at `/stock`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin, AdminIndexView
from flask_admin.contrib.sqla import ModelView
from flask_admin.tools import iterencode

from access import Actor
from admin_views.site import make_site
from models import (
    Base,
    Batch,
    BatchFile,
    BatchKind,
    CartItem,
    CartItemLicense,
    Dismissal,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    Language,
    License,
    LicenseRequest,
    Operation,
    OperationRow,
    Order,
    OrderIssue,
    OrderLine,
    OrderLineLicense,
    OutgoingMail,
    Payment,
    SubjectKind,
    Submission,
    Suspension,
    TenantRow,
    Term,
    TermTax,
    User,
    db,
    utcnow,
)
from services.batches import choosing
from tests import factories
from tests.admin_views import demo
from tests.client import Client, make_client
from tests.conftest import Cast


def tenant_tables() -> list[type]:
    """Every mapped class whose rows belong to a company."""
    mapped = [mapper.class_ for mapper in Base.registry.mappers]
    return sorted((kind for kind in mapped if issubclass(kind, TenantRow)), key=lambda kind: kind.__name__)


@pytest.fixture(scope="session")
def _desks() -> dict[str, Flask]:
    return {}


@pytest.fixture
def desk(app: Flask, make_app: Callable[..., Flask], _desks: dict[str, Flask]) -> Iterator[Flask]:
    """The real application on the test's database, with `/demo` and `/stock` beside the two sites."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    if url not in _desks:
        _desks[url] = make_app(url, PROPAGATE_EXCEPTIONS=False)
        make_site(_desks[url], prefix="demo", home=demo.HOME, views=demo.VIEWS)
        _add_stock_views(_desks[url])
    desk = _desks[url]
    yield desk
    # The database is emptied between tests: no connection may stay open.
    with contextlib.suppress(RuntimeError), desk.app_context():
        db.engine.dispose()


def _add_stock_views(app: Flask) -> None:
    """Plain Flask-Admin views, with everything allowed, over every table of a company's rows."""
    index = AdminIndexView(endpoint="stock", url="/stock")
    site = Admin(app, "Stock", url="/stock", endpoint="stock", index_view=index)
    for kind in tenant_tables():
        name = kind.__name__
        options: dict[str, Any] = {
            "can_view_details": True,
            "can_export": True,
            "column_display_pk": True,
            "column_list": [column.key for column in sa.inspect(kind).columns],
            "column_editable_list": ["company_id"],
            # It reads its rows when the session is over: what is loaded later is not there.
            "column_export_exclude_list": ["search_text"],
            "form_columns": ["company_id"],
        }
        view = type(f"Stock{name}", (ModelView,), options)
        site.add_view(view(kind, db, endpoint=f"stock_{name.lower()}", url=f"/stock/{name.lower()}"))


@pytest.fixture
def browser(desk: Flask) -> Client:
    return make_client(desk)


@pytest.fixture
def goods(cast: Cast) -> Cast:
    """Rows of both companies in every table that belongs to companies."""
    for buyer, holder in ((cast.alice, cast.bob), (cast.carol, cast.charlie)):
        seat, *_others = factories.make_licenses(3, buyer, cast.pro, holder=holder)
        company = buyer.company_id
        entry = JournalEntry(
            operation="1",
            verb="place_order",
            actor_id=buyer.id,
            company_id=company,
            subject_type="order",
            subject_id=1,
        )
        mail = OutgoingMail(
            company_id=company,
            user_id=holder.id,
            template="license_assigned",
            language=Language.FR,
            dedupe_key=f"{company}",
            message_id=f"<{company}@desk.example>",
        )
        factories.make_firm_link(buyer)
        item = CartItem(company_id=company, plan_id=cast.eco.id, quantity=2, added_by_id=buyer.id)
        db.session.add_all([entry, mail, item])
        db.session.flush()
        db.session.add(JournalPersonal(entry_id=entry.id, company_id=company, address="192.0.2.7"))
        subject = JournalSubject(
            entry_id=entry.id, kind=SubjectKind.USER, row_id=holder.id, company_id=company
        )
        db.session.add_all(
            [
                subject,
                Dismissal(user_id=buyer.id, company_id=company, task="expired", mark="1"),
                LicenseRequest(user_id=buyer.id, company_id=company, word=f"Asked of {company}"),
            ]
        )
        db.session.add_all(_papers_of(seat, item))
        db.session.commit()
        _chosen_by(buyer, holder)
    return cast


def _chosen_by(buyer: User, holder: User) -> None:
    """A batch of one row, and the file that it might have been read from."""
    together = choosing.of_people(BatchKind.ASSIGN, [holder.id], Actor.of(buyer))
    batch = db.session.scalars(sa.select(Batch).where(Batch.together == together)).one()
    db.session.add(BatchFile(batch_id=batch.id, company_id=buyer.company_id, content=b"1"))
    db.session.commit()


def _papers_of(seat: License, item: CartItem) -> list[Any]:
    """Which lines name the seat, what it bore of a tax, and how it was paid."""
    company, line = {"company_id": seat.company_id}, db.session.get_one(OrderLine, seat.order_line_id)
    term = db.session.scalars(sa.select(Term).where(Term.license_id == seat.id)).one()
    db.session.add(Operation(id=f"{seat.id:032x}", verb="license_assigned", **company))
    db.session.flush()
    return [
        CartItemLicense(cart_item_id=item.id, license_id=seat.id, **company),
        OrderLineLicense(order_line_id=line.id, license_id=seat.id, **company),
        TermTax(term_id=term.id, order_tax_id=line.order.taxes[0].id, amount=1, **company),
        Submission(token=f"form-{seat.id}", at=utcnow(), **company),
        Suspension(license_id=seat.id, reason="support", started_at=utcnow(), **company),
        OperationRow(operation_id=f"{seat.id:032x}", table_name="licenses", row_id=seat.id, **company),
        OrderIssue(order_id=line.order_id, kind="refunded", **company),
        Payment(
            order_id=line.order_id, stripe_session_id=f"cs_{seat.id}", amount=1, livemode=False, **company
        ),
    ]


def keys_of(kind: type, company_id: int) -> list[Any]:
    """The keys of a company's rows in a table, as the addresses of stock views hold them where a key is of several columns."""
    keys = sa.inspect(kind).primary_key
    company: Any = kind.company_id  # type: ignore[attr-defined]
    found = db.session.execute(sa.select(*keys).where(company == company_id).order_by(*keys)).all()
    return [key[0] if len(keys) == 1 else iterencode(key) for key in found]


def everything_of(company_id: int) -> dict[str, list[Any]]:
    """All that the database holds of a company, to compare before and after an attack."""
    held: dict[str, list[Any]] = {}
    for kind in tenant_tables():
        table: Any = kind.__table__  # type: ignore[attr-defined]
        found = db.session.execute(sa.select(table).where(table.c.company_id == company_id))
        held[kind.__name__] = sorted(map(str, found))
    db.session.rollback()
    return held


def secrets_of(company_id: int) -> list[str]:
    """Texts that nobody outside the company may read."""

    found = [
        db.session.scalars(sa.select(column).where(column.class_.company_id == company_id)).all()
        for column in (User.email, License.key, Order.reference)
    ]
    db.session.rollback()
    return [text for texts in found for text in texts] + [f"<{company_id}@desk.example>"]
