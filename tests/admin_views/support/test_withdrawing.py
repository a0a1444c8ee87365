"""A price or a tax rate is taken back before its first day, after asking; from that day on it is history."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, Price, Registration, TaxRate, db
from services.catalogue import plans, tax_rates
from services.foundation.errors import Refused
from tests import factories
from tests.admin_views.portal.pages import links
from tests.admin_views.support.forms import read_form, send
from tests.client import sign_in

NOW = {
    "price": "/support/plans/withdraw-price-now/",
    "rate": "/support/tax-rates/withdraw-now/",
}
ASK = {
    "price": "/support/plans/withdraw-price/?id={id}",
    "rate": "/support/tax-rates/withdraw/?id={id}",
}
LIST = {"price": "/support/plans/details/?id={plan}", "rate": "/support/tax-rates/"}
MODELS = {"price": Price, "rate": TaxRate}
VERBS = {"price": plans.withdraw_price, "rate": tax_rates.withdraw_rate}

KINDS = pytest.mark.parametrize("kind", ["price", "rate"])


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def make_row(kind: str, cast, days: int) -> int:
    """The id of a price of Éco, or of a rate of Ontario, that begins `days` from today."""
    day = cast.vendor.today + dt.timedelta(days=days)
    if kind == "price":
        return factories.make_price(cast.eco, 7_000, day).id
    values = {"place": "CA-ON", "name_fr": "TVH", "name_en": "HST", "registration": Registration.GST}
    rate = TaxRate(**values, rate=14_000, starts_on=day)
    db.session.add(rate)
    db.session.commit()
    return rate.id


def links_of(kind: str, staff, cast) -> str:
    page = staff.get(LIST[kind].format(plan=cast.eco.id))
    return page.text + " ".join(links(page))


def held(kind: str) -> list[int]:
    return list(db.session.scalars(sa.select(MODELS[kind].id).order_by(MODELS[kind].id)))


def entries() -> list[JournalEntry]:
    return list(db.session.scalars(sa.select(JournalEntry).where(JournalEntry.verb.like("%withdrawn"))))


@KINDS
def test_what_has_not_begun_is_withdrawn_after_asking(kind, staff, cast):
    before, row_id = held(kind), make_row(kind, cast, days=1)
    tomorrow = (cast.vendor.today + dt.timedelta(days=1)).isoformat()
    ask = ASK[kind].format(id=row_id)
    assert ask in links_of(kind, staff, cast)
    page = staff.get(ask).text
    assert tomorrow in page
    assert {"price": "70,00\u00a0$", "rate": "14\u00a0%"}[kind] in page
    assert held(kind) == [*before, row_id]
    assert f'action="{NOW[kind]}"' in page
    answer = staff.post(NOW[kind], data=read_form(page))
    assert answer.status_code == 302
    assert answer.location.endswith(LIST[kind].format(plan=cast.eco.id))
    assert held(kind) == before
    (entry,) = entries()
    assert (entry.actor_id, entry.after) == (cast.sam.id, {})
    assert entry.before["starts_on"] == tomorrow
    assert entry.before[{"price": "amount", "rate": "rate"}[kind]] == {"price": 7_000, "rate": 14_000}[kind]
    assert (entry.subject_type, entry.subject_id) == {
        "price": ("plan", cast.eco.id),
        "rate": ("tax_rate", row_id),
    }[kind]
    assert {"price": "Prix retiré", "rate": "Taux de taxe retiré"}[kind] in staff.get(
        "/support/journal/"
    ).text


@KINDS
def test_what_a_colleague_has_changed_meanwhile_is_not_withdrawn_unseen(kind, staff, cast):
    row_id = make_row(kind, cast, days=1)
    shown = read_form(staff.get(ASK[kind].format(id=row_id)).text)
    row = db.session.get(MODELS[kind], row_id)
    setattr(row, {"price": "amount", "rate": "rate"}[kind], 9_900)
    db.session.commit()
    answer = staff.post(NOW[kind], data=shown, follow_redirects=True)
    assert "depuis l’affichage de la page" in answer.text
    assert staff.post(NOW[kind], data={"rowid": row_id}).status_code == 302
    assert row_id in held(kind)
    assert entries() == []


@pytest.mark.parametrize("days", [0, -1])
@KINDS
def test_what_has_begun_is_refused_and_nothing_changes(kind, days, staff, cast):
    row_id = make_row(kind, cast, days)
    before = held(kind)
    assert ASK[kind].format(id=row_id) not in links_of(kind, staff, cast)
    answer = staff.post(NOW[kind], data={"rowid": row_id}, follow_redirects=True)
    assert "a déjà pris effet" in answer.text
    row = db.session.get(MODELS[kind], row_id)
    with pytest.raises(Refused, match="already_begun"):
        VERBS[kind](row, by=Actor.of(cast.sam))
    assert held(kind) == before
    assert entries() == []


@KINDS
def test_the_day_is_the_vendors_own(kind, staff, cast, time_machine):
    """It is tomorrow already in UTC, and still today where the vendor is."""
    row_id = make_row(kind, cast, days=1)
    time_machine.move_to(dt.datetime.combine(cast.vendor.today + dt.timedelta(days=1), dt.time(3), dt.UTC))
    VERBS[kind](db.session.get(MODELS[kind], row_id), by=Actor.of(cast.sam))
    assert row_id not in held(kind)


@KINDS
def test_withdrawing_at_once_is_done_once(kind, app, cast, together):
    row_id, by = make_row(kind, cast, days=1), Actor.of(cast.sam)

    row = db.session.get(MODELS[kind], row_id)
    db.session.expunge(row)

    def withdraw(_number: int) -> None:
        VERBS[kind](row, by=by)

    outcomes = together(5, withdraw)
    db.session.rollback()
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert row_id not in held(kind)
    assert len(entries()) == 1


@pytest.mark.parametrize("nonsense", ["", "abc", "999999", "-1", "9" * 30, "１"])
@KINDS
def test_what_is_not_there_is_not_found(kind, nonsense, staff, cast):
    before = held(kind)
    assert staff.get(ASK[kind].format(id=nonsense)).status_code == 404
    assert staff.post(NOW[kind], data={"rowid": nonsense}).status_code == 404
    assert staff.post(NOW[kind]).status_code == 404
    assert held(kind) == before


@KINDS
def test_nothing_is_withdrawn_by_a_link_or_without_our_own_page(kind, staff, cast):
    row_id = make_row(kind, cast, days=1)
    assert staff.get(f"{NOW[kind]}?rowid={row_id}").status_code == 405
    assert staff.post(NOW[kind], data={"rowid": row_id}, csrf=False).status_code == 400
    assert row_id in held(kind)


def test_a_rate_withdrawn_by_somebody_else_while_it_is_edited_is_not_found(staff, cast, monkeypatch):
    row_id, by = make_row("rate", cast, days=1), Actor.of(cast.sam)
    update_rate = tax_rates.update_rate

    def withdrawn_first(rate, *rest, **named):
        tax_rates.withdraw_rate(rate, by=by)
        return update_rate(rate, *rest, **named)

    monkeypatch.setattr(tax_rates, "update_rate", withdrawn_first)
    assert send(staff, f"/support/tax-rates/edit/?id={row_id}", rate="15").status_code == 404
    assert row_id not in held("rate")
