"""A vendor's own files become a desk: customers, people and licences, once, without money and without mail."""

from __future__ import annotations

import datetime as dt
import io
import zoneinfo

import pytest
import sqlalchemy as sa
from xlsxwriter import Workbook

from models import (
    Assignment,
    Company,
    JournalEntry,
    JournalVerb,
    Language,
    License,
    LicenseState,
    MailKind,
    Operation,
    Order,
    OutgoingMail,
    Post,
    Role,
    Term,
    TermKind,
    User,
    day_in,
    db,
    utcnow,
)
from services.foundation import operations
from services.foundation.days import end_of, start_of
from services.foundation.errors import Code
from services.seats import history, seat_counts, validation
from tests.asked import refused
from tests.services.bases.conftest import customer, outcomes, problem

TODAY = day_in(zoneinfo.ZoneInfo("America/Vancouver"), utcnow())
NEXT = TODAY.replace(year=TODAY.year + 1, day=min(TODAY.day, 28))
LAST_YEAR = TODAY.replace(year=TODAY.year - 1, day=min(TODAY.day, 28))

HEAD = "Client;Courriel de facturation;Province;Titulaire;Courriel;Forfait;Clé;Début;Date de fin;Activée le\n"
ONE = HEAD + (
    f"Lévis Transport inc.;comptes@levis.example;QC;Marie Tremblay;marie@levis.example;Pro;AB12-CD34;{LAST_YEAR};{NEXT};{LAST_YEAR}\n"
    f"Lévis Transport inc.;;;;;Pro;AB12-CD35;{LAST_YEAR};{NEXT};\n"
    f"Lévis Transport inc.;;;Jean Roy;jean@levis.example;avance;;{LAST_YEAR};{NEXT};\n"
    f"Vancouver Books;pay@books.example;BC;Ann Lee;ann@books.example;Pro;B-0001;{LAST_YEAR};{NEXT};\n"
    f"Toronto Maps;pay@maps.example;Ontario;Bo Chan;bo@maps.example;Pro;M-0001;2019-01-01;2020-01-31;2019-02-01\n"
)


def keys(company):
    read = sa.select(License).where(License.company_id == company.id).order_by(License.id)
    return {one.key: one for one in db.session.scalars(read)}


def counted(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_a_base_of_three_customers_comes_in_and_adds_up(cast, brought):
    batch = brought(ONE)
    assert set(outcomes(batch).values()) == {"ready"}
    levis, books, maps = (
        customer("Lévis Transport inc."),
        customer("Vancouver Books"),
        customer("Toronto Maps"),
    )
    assert (levis.province, levis.language, levis.time_zone) == ("QC", Language.FR, "America/Toronto")
    assert (books.province, books.language, books.time_zone) == ("BC", Language.EN, "America/Vancouver")
    now = utcnow()
    for company, available, assigned, activated in ((levis, 1, 1, 1), (books, 0, 1, 0), (maps, 0, 0, 0)):
        states = [one.state(now) for one in keys(company).values()]
        assert states.count(LicenseState.AVAILABLE) == available
        assert states.count(LicenseState.ASSIGNED) == assigned
        assert states.count(LicenseState.ACTIVATED) == activated
        assert sum(seat.available for seat in seat_counts.free_seats(company.id, now)) == available
    assert [one.state(now) for one in keys(maps).values()] == [LicenseState.EXPIRED]
    terms = db.session.scalars(sa.select(Term)).all()
    assert {(term.kind, term.net, term.tax, term.order_line_id) for term in terms} == {
        (TermKind.OPENING, 0, 0, None)
    }
    assert not counted(Order)
    assert not counted(OutgoingMail)


def test_days_are_those_of_the_customer_and_the_one_who_holds_it_has_used_it_since_then(cast, brought):
    brought(ONE)
    books, levis = customer("Vancouver Books"), customer("Lévis Transport inc.")
    seat, term = (
        keys(books)["B-0001"],
        db.session.scalars(
            sa.select(Term).join(License, License.id == Term.license_id).where(License.key == "B-0001")
        ).one(),
    )
    assert (seat.first_day, seat.last_day) == (LAST_YEAR, NEXT) == (term.first_day, term.last_day)
    assert seat.valid_until == end_of(NEXT, books.zone) == term.ends_at
    assert term.zone == "America/Vancouver"
    held = keys(levis)["AB12-CD34"]
    assert held.user.name == "Marie Tremblay"
    assert held.activated_at == start_of(LAST_YEAR, levis.zone) == held.assigned_at
    assignment = db.session.scalars(sa.select(Assignment).where(Assignment.license_id == held.id)).one()
    assert (assignment.activated_at, assignment.ended_at) == (held.activated_at, None)


def test_what_is_over_is_history_and_nobody_holds_it(cast, brought):
    brought(ONE)
    maps = customer("Toronto Maps")
    seat = keys(maps)["M-0001"]
    assert seat.user_id is None
    past = db.session.scalars(sa.select(Assignment).where(Assignment.license_id == seat.id)).one()
    assert past.user.name == "Bo Chan"
    assert past.ended_at == seat.valid_until
    then = history.as_of(maps.id, start_of(dt.date(2019, 6, 1), maps.zone))[seat.id]
    assert (then.user_id, then.state) == (past.user_id, LicenseState.ACTIVATED)


def test_what_was_yesterday_is_what_the_history_says_of_today(cast, brought):
    brought(ONE)
    now = utcnow()
    for company in (customer("Lévis Transport inc."), customer("Toronto Maps")):
        for seat in history.as_of(company.id, now).values():
            assert (seat.state, seat.user_id) == (seat.today.state(now), seat.today.user_id)


def test_the_same_file_a_second_time_changes_nothing(cast, brought, prepared):
    brought(ONE)
    before = [counted(model) for model in (Company, User, License, Term, Assignment, JournalEntry)]
    batch = prepared(ONE)
    assert set(outcomes(batch).values()) == {"same"}
    assert [counted(model) for model in (Company, User, License, Term, Assignment, JournalEntry)] == before


def test_more_of_the_same_kind_are_added_once(cast, brought):
    free = (
        "Client;Courriel de facturation;Province;Forfait;Fin\n" + f"Solo;a@solo.example;QC;Pro;{NEXT}\n" * 2
    )
    brought(free)
    batch = brought(free + f"Solo;a@solo.example;QC;Pro;{NEXT}\n")
    assert sorted(outcomes(batch).values()) == ["ready", "same", "same"]
    assert len(keys(customer("Solo"))) == 3


def test_three_files_are_one_base(cast, brought):
    customers = "Nom;Courriel;Adresse;Ville;Province;Langue du client\nNordik;compta@nordik.example;1, rue A;Québec;Québec;Français\n"
    people = "Entreprise;Prénom;Nom;Courriel;Rôle\nNORDIK;Léa;Roy;lea@nordik.example;Administrateur\nNordik;Max;Roy;max@nordik.example;\n"
    licenses = f"Company,Product,License key,Expiry date,Holder email\nNordik,Pro,XK-100-200,{NEXT},lea@nordik.example\nNordik,Pro,XK-100-201,{NEXT},\n"
    batch = brought(customers, people, licenses)
    assert outcomes(batch) == dict.fromkeys(((0, 2), (1, 2), (1, 3), (2, 2), (2, 3)), "ready")
    nordik = customer("Nordik")
    assert (nordik.billing_email, nordik.city) == ("compta@nordik.example", "Québec")
    team = {
        user.email: user for user in db.session.scalars(sa.select(User).where(User.company_id == nordik.id))
    }
    assert team["lea@nordik.example"].role == Role.ADMIN
    assert keys(nordik)["XK-100-200"].user == team["lea@nordik.example"]
    assert set(outcomes(brought(customers, people, licenses)).values()) == {"same"}


def test_a_customer_of_the_desk_gets_what_is_theirs(cast, brought):
    batch = brought(
        f"Client;Nom;Courriel;Forfait;Clé;Fin\nACME;Bob T;{cast.bob.email};Pro;OLD-KEY-1;{NEXT}\n"
    )
    assert outcomes(batch) == {2: "ready"}
    assert keys(cast.acme)["OLD-KEY-1"].user_id == cast.bob.id
    assert db.session.get_one(Company, cast.acme.id).billing_email == cast.acme.billing_email
    assert counted(Company) == 2


def test_a_key_of_before_is_good_where_the_product_asks(cast, brought):
    brought(ONE)
    for typed in ("AB12-CD34", " ab12-cd34 "):
        assert validation.check(typed, utcnow()).verdict == validation.Verdict.ACTIVE
    assert validation.check("AB12-CD35", utcnow()).verdict == validation.Verdict.UNASSIGNED
    assert validation.check("AB12-CD36", utcnow()).verdict == validation.Verdict.UNKNOWN


def test_it_is_in_the_journal_as_brought_over_and_stays(cast, brought, sam):
    brought(ONE)
    entries = db.session.scalars(sa.select(JournalEntry).order_by(JournalEntry.id)).all()
    of_levis = [entry for entry in entries if entry.company_id == customer("Lévis Transport inc.").id]
    assert [entry.verb for entry in of_levis].count(JournalVerb.LICENSE_IMPORTED) == 3
    told = next(entry for entry in of_levis if entry.verb == JournalVerb.COMPANY_IMPORTED)
    assert told.after == {"people": 2, "licenses": 3}
    assert len({entry.operation for entry in of_levis}) == 1
    assert len({entry.operation for entry in entries}) == 3
    operation = db.session.get_one(Operation, told.operation)
    assert operation.verb == JournalVerb.COMPANY_IMPORTED
    assert operation.id not in operations.undoable(told.company_id, utcnow())
    assert refused(Code.NOT_UNDOABLE, operations.undo, operation, sam)


def test_mail_leaves_where_it_was_asked_for_and_not_to_whoever_uses_theirs(cast, brought):
    brought(ONE, post=Post.HELD)
    mails = db.session.scalars(sa.select(OutgoingMail)).all()
    told = {(mail.template, db.session.get_one(User, mail.user_id).email) for mail in mails}
    assert {who for kind, who in told if kind == MailKind.LICENSE_ASSIGNED} == {
        "ann@books.example",
        "jean@levis.example",
    }
    assert len({who for kind, who in told if kind == MailKind.INVITATION}) == 4
    assert all(mail.due_at - mail.created_at == operations.UNDO_WITHIN for mail in mails)


def workbook(rows, dates=()):
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    sheet, style = book.add_worksheet(), book.add_format({"num_format": "d mmm yyyy"})
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, dt.date):
                sheet.write_datetime(at, column, dt.datetime.combine(value, dt.time()), style)
            else:
                sheet.write(at, column, value)
    book.close()
    return buffer.getvalue()


def test_dates_come_as_excel_has_them_and_as_people_write_them(cast, brought):
    serial = (NEXT - dt.date(1899, 12, 30)).days
    months = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ]
    spelled = [
        NEXT,
        serial,
        NEXT.isoformat(),
        f"{NEXT.day} {months[NEXT.month - 1]} {NEXT.year}",
        NEXT.strftime("%B %d, %Y"),
        NEXT.strftime("%d-%b-%y"),
        NEXT.strftime("%Y/%m/%d"),
    ]
    rows = [["Client", "Courriel de facturation", "Province", "Forfait", "Clé", "Fin"]]
    rows += [
        ["Dates", "d@dates.example", "QC", "Pro", f"KEY-{number}", day] for number, day in enumerate(spelled)
    ]
    batch = brought(workbook(rows))
    assert set(outcomes(batch).values()) == {"ready"}, [problem(batch, no) for no in outcomes(batch)]
    assert {one.last_day for one in keys(customer("Dates")).values()} == {NEXT}


@pytest.mark.parametrize(("first", "order"), [("25/03/2031", "jour"), ("03/25/2031", "mois")])
def test_a_column_says_by_one_of_its_dates_which_comes_first(cast, brought, first, order):
    text = "Client;Courriel de facturation;Province;Forfait;Clé;Fin\n"
    brought(text + f"Dates;d@dates.example;QC;Pro;K-001;{first}\nDates;;;Pro;K-002;03/04/2031\n")
    found = keys(customer("Dates"))
    assert found["K-001"].last_day == dt.date(2031, 3, 25)
    assert found["K-002"].last_day == (dt.date(2031, 4, 3) if order == "jour" else dt.date(2031, 3, 4))


def test_where_nothing_says_it_the_row_asks_and_people_can_say_it(cast, prepared):
    text = "Client;Courriel de facturation;Province;Forfait;Clé;Fin\nDates;d@dates.example;QC;Pro;K-002;03/04/2031\n"
    assert "deux jours" in problem(prepared(text), 2) or "two days" in problem(prepared(text), 2)
    assert outcomes(prepared(text, order="day_first")) == {2: "ready"}
