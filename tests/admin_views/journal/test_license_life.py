"""The life of a licence on its page, of both sites: periods, holders, what happened, with the order and the mail of each."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    GoneWhy,
    License,
    LicenseStatus,
    MailState,
    Operation,
    OutgoingMail,
    SuspensionReason,
    Term,
    TermKind,
    db,
    utcnow,
)
from services import licenses
from services.foundation import operations
from services.foundation.transaction import company_lock
from services.licenses import suspensions
from services.mail import letters
from tests.admin_views.portal.pages import NBSP, words
from tests.client import make_client, sign_in
from tests.factories import hold, make_licenses, make_order, make_user

DAY = dt.timedelta(days=1)


def pages(app, cast, license):
    """The page of a licence for the administrator, and for support."""
    license_id = license.id
    clients = {"portal": cast.alice, "support": cast.sam}
    return {
        site: sign_in(make_client(app), who).get(f"/{site}/licenses/details/?id={license_id}")
        for site, who in clients.items()
    }


def bars(page, kind):
    return page.text.count(f'<rect class="{kind}"')


def history(page):
    return words(page.text.partition('<ol class="life">')[2].partition("</ol>")[0])


def test_who_bought_gave_and_took_back_with_the_order_and_the_mail_of_each(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    order = license.order_line.order
    reference = order.reference
    with company_lock(cast.acme.id) as turn:
        letters.receipt(turn, order)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    licenses.transfer(license, cast.dave, Actor.of(cast.sam), held_by=cast.bob.id)
    db.session.execute(sa.update(OutgoingMail).values(state=MailState.SENT, sent_at=utcnow()))
    db.session.commit()
    mail = db.session.scalars(sa.select(OutgoingMail).filter_by(template="license_released")).one()
    address = f"/support/mail/details/?id={mail.id}"
    found = pages(app, cast, license)
    told = history(found["portal"])
    assert "Vous avez acheté la licence, valide jusqu’au" in told
    assert f"Commande {reference}" in told
    assert f"Courriel envoyé à {cast.acme.billing_email}" in told
    assert told.count("Courriel envoyé à Bob Tremblay") == 2
    assert told.count("Courriel envoyé à Dave Tremblay") == 1
    assert f'href="/portal/orders/{reference}"' in found["portal"].text
    # Customers are led to no mail, and read no name of the vendor's staff.
    assert "/support/" not in found["portal"].text
    assert cast.sam.name not in found["portal"].text
    assert f'href="{address}"' in found["support"].text
    assert cast.sam.name in history(found["support"])
    for page in found.values():
        assert (bars(page, "g0"), bars(page, "g1"), bars(page, "g2")) == (1, 1, 1)
        assert 'class="now"' in page.text


def test_what_was_taken_back_says_so(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    operation = db.session.scalars(sa.select(Operation).order_by(Operation.at.desc()).limit(1)).one()
    operations.undo(operation, Actor.of(cast.alice))
    for page in pages(app, cast, license).values():
        assert "En revenant à l’état précédent" in history(page)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MailState.QUEUED, "Courriel en route vers Bob Tremblay"),
        (MailState.FAILED, "Le courriel à Bob Tremblay n’a pas pu être remis"),
        (MailState.DROPPED, "Aucun courriel à Bob Tremblay"),
    ],
)
@pytest.mark.one_database
def test_a_mail_is_never_said_to_be_sent_that_was_not(app, cast, state, said):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    db.session.execute(sa.update(OutgoingMail).values(state=state))
    db.session.commit()
    told = history(pages(app, cast, license)["portal"])
    assert said in told
    assert "envoyé à" not in told


def test_renewals_a_lapse_and_a_change_of_plan_are_periods(app, cast):
    start = utcnow() - 900 * DAY
    (license,) = make_licenses(1, cast.alice, cast.eco, starts=start, ends=start + 365 * DAY)
    base = db.session.scalars(sa.select(Term).filter_by(license_id=license.id)).one()
    for first, last in ((365, 730), (800, 1165)):
        line = make_order(cast.alice, cast.eco, paid=True).lines[0]
        again(base, line, start + first * DAY, start + last * DAY, TermKind.RENEW)
    line = make_order(cast.alice, cast.pro, paid=True).lines[0]
    again(base, line, start + 850 * DAY, start + 1165 * DAY, TermKind.CHANGE)
    for page in pages(app, cast, license).values():
        assert (bars(page, "g0"), bars(page, "g3")) == (3, 1)
        told = history(page)
        assert told.count("a renouvelé la licence") + told.count("avez renouvelé la licence") == 2
        assert told.count("la période payée avait pris fin") == 1
        assert f"3{NBSP}périodes, 0{NBSP}titulaire" in page.text


def again(base, line, starts, ends, kind):
    values = {
        column.key: getattr(base, column.key) for column in Term.__table__.columns if column.key != "id"
    }
    values |= {"order_line_id": line.id, "starts_at": starts, "ends_at": ends, "kind": kind}
    values |= {"first_day": starts.date(), "last_day": (ends - DAY).date()}
    db.session.add(Term(**values))
    db.session.commit()


def test_a_suspension_and_the_end_of_it_are_told(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    for step in (suspensions.suspend, suspensions.lift):
        with company_lock(cast.acme.id) as turn:
            step(turn, db.session.get_one(License, license.id), SuspensionReason.SUPPORT)
    for page in pages(app, cast, license).values():
        assert bars(page, "wait") == 1
        told = history(page)
        assert "La licence a été suspendue" in told
        assert "Une suspension a été levée" in told


def test_what_is_gone_ends_there(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.REMOVED)
    license.gone_at, license.gone_why = utcnow() - DAY / 2, GoneWhy.REMOVED
    db.session.commit()
    for page in pages(app, cast, license).values():
        assert "La licence a quitté le compte" in history(page)
        assert "n’était plus valide" not in history(page)


def test_thirty_holders_cost_no_more_statements_than_one(app, cast, count_queries):
    start = utcnow() - 300 * DAY
    (license,) = make_licenses(1, cast.alice, cast.avance, starts=start, ends=start + 365 * DAY)
    address = f"/portal/licenses/details/?id={license.id}"
    client = sign_in(make_client(app), cast.alice)
    client.get(address)

    def statements():
        with count_queries() as sent:
            assert client.get(address).status_code == 200
        return len(sent)

    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    one = statements()
    assert one <= 12
    holder = cast.bob
    for _ in range(29):
        licenses.release_all(cast.acme.id, {license.id: holder.id}, Actor.of(cast.alice))
        holder = make_user(cast.acme)
        licenses.assign_license(db.session.get_one(License, license.id), holder, Actor.of(cast.alice))
    assert statements() == one
    page = client.get(address)
    assert bars(page, "g1") + bars(page, "g2") == words(page).count("Assignée par") == 30


def test_a_licence_that_nobody_held_says_so(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    for page in pages(app, cast, license).values():
        assert f"0{NBSP}titulaire" in page.text
        assert bars(page, "g1") == bars(page, "g2") == 0


def test_a_name_of_a_holder_cannot_become_markup(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    cast.bob.first_name = "<b>Bob</b>"
    hold(license, cast.bob, by=cast.alice)
    for page in pages(app, cast, license).values():
        assert "<b>Bob</b>" not in page.text
