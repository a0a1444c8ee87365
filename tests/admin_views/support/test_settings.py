"""Staff keep plans, prices, taxes, conditions and the vendor's identity; nonsense is refused and changes nothing."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import sqlalchemy as sa

from models import Company, Conditions, JournalEntry, OrderLine, Plan, Price, TaxRate, Vendor, db
from services.catalogue import plans, tax_rates
from services.catalogue import vendor as catalogue_vendor
from services.forms.words import FIELDS
from services.people import accounts, companies
from tests import factories
from tests.admin_views.portal.pages import words
from tests.admin_views.support.forms import confirm, opened, read_form, send
from tests.asked import entries
from tests.client import sign_in
from tests.pictures import PNG

NEW_PLAN = "/support/plans/new/"
RIGHT_PLAN = {
    "code": "max",
    "product": "secure-mail",
    "name_fr": "Max",
    "name_en": "Max",
    "term_months": "12",
    "devices_per_license": "3",
    "limits": "size | Taille | Size | 2,5 Go | 2.5 GB\n\nsign | Signataires | Signatories | Plusieurs | Several",
    "position": "4",
}


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


# --- Plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_is_added_with_its_limits_line_by_line(staff, cast):
    assert send(staff, NEW_PLAN, **RIGHT_PLAN).status_code == 302
    plan = db.session.scalar(sa.select(Plan).where(Plan.code == "max"))
    assert plan.limit_rows("fr") == [("Taille", "2,5 Go"), ("Signataires", "Plusieurs")]
    assert plan.limits[0]["code"] == "size"
    assert plan.on_sale
    assert len(entries("plan_added")) == 1
    page = staff.get(f"/support/plans/details/?id={plan.id}").text
    assert "n’a pas de prix aujourd’hui" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": "pro"},
        {"code": "x" * 51},
        {"name_fr": ""},
        {"term_months": "0"},
        {"term_months": "121"},
        {"term_months": "-1"},
        {"term_months": "3.5"},
        {"term_months": "1000000000"},
        {"term_months": "１０"},
        {"term_months": ""},
        {"devices_per_license": "0"},
        {"position": "-1"},
        {"limits": "size | Taille | Size | 2,5 Go"},
        {"limits": "size | Taille | Size | | 2.5 GB"},
        {"limits": "a|b|c|d|e\na|b|c|d|e"},
        {"description_fr": "x" * 2_001},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(staff, cast, wrong):
    before = count(Plan), count(JournalEntry)
    answer = send(staff, NEW_PLAN, **(RIGHT_PLAN | {"name_en": "Kept"} | wrong))
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text
    assert (count(Plan), count(JournalEntry)) == before


def test_a_wrong_line_of_the_limits_is_named_and_kept(staff, cast):
    typed = "a | b | c | d | e\nsize | Taille"
    answer = send(staff, NEW_PLAN, **(RIGHT_PLAN | {"limits": typed}))
    assert "La ligne 2 " in answer.text
    assert read_form(answer.text)["limits"].replace("\r", "") == typed


def test_unreadable_or_huge_posts_are_refused(staff, cast):
    fields = opened(staff, NEW_PLAN) | RIGHT_PLAN
    assert staff.post(NEW_PLAN, data=fields | {"name_fr": "a\0b"}).status_code == 400
    assert staff.post(NEW_PLAN, data=fields | {"name_fr": "x" * 10_000_000}).status_code == 413
    assert staff.post(NEW_PLAN, data=fields, csrf=False).status_code in {302, 400}
    assert staff.post("/support/plans/price/?id=1", data={"amount": "1"}, csrf=False).status_code == 400


def test_a_plan_that_was_sold_keeps_its_product(staff, cast):
    factories.make_order(cast.alice, cast.pro)
    url = f"/support/plans/edit/?id={cast.pro.id}"
    answer = send(staff, url, product="other")
    assert answer.status_code == 422
    assert "a été vendu" in answer.text
    assert send(staff, url, name_fr="Pro 2", on_sale=None).status_code == 302
    plan = db.session.get(Plan, cast.pro.id)
    assert (plan.product, plan.name_fr, plan.on_sale) == ("secure-mail", "Pro 2", False)
    assert db.session.scalar(sa.select(OrderLine.plan_name_fr)) == "Pro"
    (entry,) = entries("plan_changed")
    assert entry.after == {"name_fr": "Pro 2", "on_sale": False}


def test_two_staff_who_edit_one_plan_lose_nothing(staff, cast):
    url = f"/support/plans/edit/?id={cast.pro.id}"
    mine, hers = opened(staff, url), opened(staff, url)
    assert send(staff, url, hers, term_months="24").status_code == 302
    assert send(staff, url, mine, name_fr="Perdu").status_code == 422
    plan = db.session.get(Plan, cast.pro.id)
    assert (plan.term_months, plan.name_fr) == (24, "Pro")
    # A form that does not say what it had seen is not believed either.
    assert send(staff, url, hers | {"seen": ""}, name_fr="Perdu").status_code == 422


# --- Prices ---------------------------------------------------------------------------------------------------------


def prices(plan_id: int) -> list[tuple[int, dt.date]]:
    rows = db.session.execute(
        sa.select(Price.amount, Price.starts_on).where(Price.plan_id == plan_id).order_by(Price.starts_on)
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("typed", "cents"), [("100,00", 10_000), ("100.5", 10_050), ("1 234,50 $", 123_450), ("0", 0)]
)
def test_a_price_is_typed_as_people_write_it(staff, cast, typed, cents):
    today, plan_id = cast.vendor.today, cast.eco.id
    tomorrow = today + dt.timedelta(days=1)
    url = f"/support/plans/price/?id={plan_id}"
    for day in (today, tomorrow):
        seen = read_form(staff.get(f"/support/plans/details/?id={plan_id}").text)["seen"]
        form = {"amount": typed, "starts_on": day.isoformat(), "seen": seen}
        answer = staff.post(url, data=form)
        if not cents and day == today:
            # Free of charge from now on: asked about.
            answer = staff.post(url, data=form | {"confirmed": read_form(answer.text)["confirmed"]})
        assert answer.status_code == 302
    assert prices(plan_id) == [(5_000, factories.LONG_AGO), (cents, today), (cents, tomorrow)]
    assert len(entries("price_set")) == 2


def test_a_price_of_the_same_day_is_replaced(staff, cast):
    today, plan_id = cast.vendor.today.isoformat(), cast.eco.id
    url = f"/support/plans/price/?id={plan_id}"
    for amount in ("60", "70"):
        seen = read_form(staff.get(f"/support/plans/details/?id={cast.eco.id}").text)["seen"]
        staff.post(url, data={"amount": amount, "starts_on": today, "seen": seen})
    # A page of before: a colleague's price is not replaced unseen.
    stale = staff.post(url, data={"amount": "80", "starts_on": today, "seen": seen})
    assert stale.status_code == 422
    assert "depuis l’affichage de la page" in stale.text
    assert [amount for amount, _day in prices(plan_id)] == [5_000, 7_000]
    assert entries("price_set")[-1].before == {"amount": 6_000, "starts_on": today}


@pytest.mark.parametrize("amount", ["-1", "", "abc", "1e3", "1.234", "１０", "99999999", "1,2,3", "\u0663"])
def test_a_price_that_is_none_is_refused(staff, cast, amount):
    url = f"/support/plans/price/?id={cast.eco.id}"
    answer = staff.post(url, data={"amount": amount, "starts_on": cast.vendor.today.isoformat()})
    assert answer.status_code == 422
    assert prices(cast.eco.id) == [(5_000, factories.LONG_AGO)]


@pytest.mark.parametrize("day", ["2020-01-02", "", "2026-02-30", "tomorrow", "9999-01-01"])
def test_a_price_begins_today_or_later(staff, cast, day):
    answer = staff.post(f"/support/plans/price/?id={cast.eco.id}", data={"amount": "61,25", "starts_on": day})
    assert answer.status_code == 422
    assert 'value="61,25"' in answer.text
    assert len(prices(cast.eco.id)) == 1


# --- Taxes ----------------------------------------------------------------------------------------------------------

NEW_RATE = "/support/tax-rates/new/"
RIGHT_RATE = {
    "place": "ca-ns",
    "name_fr": "TVH",
    "name_en": "HST",
    "rate": "14 %",
    "registration": "gst",
    "starts_on": "2027-01-01",
}


def test_a_rate_is_typed_in_percent(staff, cast):
    assert confirm(staff, NEW_RATE, **(RIGHT_RATE | {"rate": "9,975"})).status_code == 302
    rate = db.session.scalar(sa.select(TaxRate).where(TaxRate.place == "CA-NS"))
    assert (rate.rate, rate.starts_on) == (9_975, dt.date(2027, 1, 1))
    assert opened(staff, f"/support/tax-rates/edit/?id={rate.id}")["rate"] == "9.975"


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "Québec"},
        {"place": ""},
        {"rate": "-1"},
        {"rate": "101"},
        {"rate": "9.9755"},
        {"rate": ""},
        {"rate": "5 percent"},
        {"registration": "vat"},
        {"starts_on": "hier"},
        {"name_en": ""},
        {"name_fr": "x" * 21},
        {"place": "CA-ON", "starts_on": "2020-01-01"},
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(staff, cast, wrong):
    before = count(TaxRate), count(JournalEntry)
    assert send(staff, NEW_RATE, **(RIGHT_RATE | wrong)).status_code == 422
    assert (count(TaxRate), count(JournalEntry)) == before


def test_a_rate_that_orders_were_charged_at_is_followed_never_rewritten(staff, cast):
    factories.make_order(cast.alice, cast.pro)
    rate_id = db.session.scalar(sa.select(TaxRate.id).where(TaxRate.name_en == "QST"))
    answer = send(staff, f"/support/tax-rates/edit/?id={rate_id}", rate="10")
    assert answer.status_code == 422
    assert "facturées à ce taux" in answer.text
    assert db.session.get(TaxRate, rate_id).rate == 9_975
    next_rate = {"place": "CA-QC", "name_fr": "TVQ", "name_en": "QST", "rate": "10", "registration": "qst"}
    assert confirm(staff, NEW_RATE, **(RIGHT_RATE | next_rate)).status_code == 302
    # Nobody has been charged Ontario's: it may be mended.
    unused = db.session.scalar(sa.select(TaxRate.id).where(TaxRate.name_en == "HST"))
    assert confirm(staff, f"/support/tax-rates/edit/?id={unused}", rate="13,5").status_code == 302
    assert db.session.get(TaxRate, unused).rate == 13_500


# --- The vendor -----------------------------------------------------------------------------------------------------

VENDOR = "/support/vendor/"


def vendor() -> Vendor:
    return db.session.get(Vendor, 1, populate_existing=True)


def test_the_vendors_identity_is_what_customers_see(staff, cast):
    revision = vendor().revision
    answer = confirm(
        staff,
        VENDOR,
        name="Zénith",
        gst_number="987654321rt0002",
        qst_number="",
        color="#AA3300",
        new_logo=lambda: (io.BytesIO(PNG), "whatever.exe"),
    )
    assert answer.status_code == 302
    row = vendor()
    assert (row.name, row.gst_number, row.qst_number, row.color) == (
        "Zénith",
        "987654321 RT0002",
        "",
        "#aa3300",
    )
    assert (row.logo, row.logo_type) == (PNG, "image/png")
    assert row.revision == revision + 1
    assert "Zénith" in staff.get("/sign-in").text or "Zénith" in staff.get("/support/").text
    (entry,) = entries("vendor_changed")
    assert entry.after["logo"] == "image/png"
    assert send(staff, VENDOR, remove_logo="y").status_code == 302
    assert vendor().logo is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"legal_name": ""},
        {"support_email": "nobody"},
        {"gst_number": "12345 RT0001"},
        {"gst_number": "１２３４５６７８９ RT0001"},
        {"qst_number": "123456789 TQ0001"},
        {"install_url_fr": "javascript:alert(1)"},
        {"install_url_en": "ftp://example.org/"},
        {"install_url_en": "https://"},
        {"color": "red"},
        {"color": "#12345g"},
        {"color": "#fff;x:"},
        {"time_zone": "Nowhere"},
        {"address": "x" * 501},
    ],
)
def test_an_identity_that_makes_no_sense_is_refused(staff, cast, wrong):
    answer = send(staff, VENDOR, **({"name": "Pas gardé"} | wrong))
    assert answer.status_code == 422
    assert vendor().name == "Boréal"
    assert entries("vendor_changed") == []


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"GIF89a" + b"\0" * 20,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html></html>",
        PNG + b"\0" * 200_000,
    ],
    ids=["empty", "gif", "svg", "html", "too large"],
)
def test_a_logo_is_believed_by_its_content_alone(staff, cast, logo):
    answer = send(staff, VENDOR, new_logo=(io.BytesIO(logo), "logo.png"))
    assert answer.status_code == 422
    assert vendor().logo is None


def test_two_staff_who_edit_the_vendor_lose_nothing(staff, cast):
    mine, hers = opened(staff, VENDOR), opened(staff, VENDOR)
    assert send(staff, VENDOR, hers, address="2, rue Neuve").status_code == 302
    assert send(staff, VENDOR, mine, name="Perdu").status_code == 422
    assert (vendor().name, vendor().address) == ("Boréal", "2, rue Neuve")
    # A form that is refused for another reason still knows what it showed: it does not take a rival's edit over.
    stale = opened(staff, VENDOR)
    assert send(staff, VENDOR, opened(staff, VENDOR), address="3, rue Neuve").status_code == 302
    refused = read_form(send(staff, VENDOR, stale, color="bleu").text)
    assert send(staff, VENDOR, refused, name="Perdu", color="#112233").status_code == 422
    assert vendor().address == "3, rue Neuve"


def test_a_form_that_does_not_say_what_it_showed_changes_nothing(staff, cast):
    customer = f"/support/customers/edit/?id={cast.acme.id}"
    for url in (VENDOR, customer):
        assert send(staff, url, name="Perdu", seen=None).status_code == 422
    assert (vendor().name, db.session.get(Company, cast.acme.id).name) == ("Boréal", "Acme")


# --- Conditions -----------------------------------------------------------------------------------------------------


def test_conditions_are_published_and_never_edited(staff, cast):
    url = "/support/conditions/new/"
    assert opened(staff, url)["text_fr"] == "Conditions de vente."
    # The same text is the same version.
    assert send(staff, url).status_code == 302
    assert count(Conditions) == 1
    assert send(staff, url, text_fr="Nouvelles conditions.").status_code == 302
    texts = db.session.scalars(sa.select(Conditions.text_fr).order_by(Conditions.id)).all()
    assert texts == ["Conditions de vente.", "Nouvelles conditions."]
    assert len(entries("conditions_published")) == 1
    assert send(staff, url, text_en="").status_code == 422
    assert send(staff, url, text_en="x" * 50_001).status_code in {413, 422}
    assert count(Conditions) == 2
    assert staff.get("/support/conditions/edit/?id=1").status_code == 404


def test_who_edits_the_vendor_second_reads_what_the_other_one_changed(staff, cast):
    mine = opened(staff, VENDOR)
    assert (
        send(staff, VENDOR, opened(staff, VENDOR), address="2, rue Neuve", color="#112233").status_code == 302
    )
    page = words(send(staff, VENDOR, mine, name="Autre"))
    assert "Changé par quelqu’un d’autre : Adresse, Couleur." in page


@pytest.mark.parametrize(
    "sheet",
    [catalogue_vendor.EDITABLE, plans.EDITABLE, tax_rates.EDITABLE, accounts.EDITABLE, companies.EDITABLE],
)
def test_every_field_that_people_edit_together_has_its_words(sheet):
    assert set(sheet) <= set(FIELDS)
