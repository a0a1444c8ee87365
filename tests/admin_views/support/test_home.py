"""The home of `/support`: what waits, its figures, its charts and the lists behind them."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest

from admin_views.lists import listing
from admin_views.support import waits
from models import (
    License,
    MailState,
    Order,
    OrderState,
    OutgoingMail,
    db,
    utcnow,
)
from services.reports import counts
from tests import factories
from tests.admin_views.portal.pages import words
from tests.admin_views.support.rows import furnish
from tests.client import sign_in


def test_the_home_shows_what_waits_for_a_person(client, cast):
    factories.make_order(cast.alice, cast.pro, issue="paid_twice")
    sign_in(client, cast.sam)
    page = client.get("/support/").text
    reference = db.session.scalar(db.select(Order.reference))
    assert reference in page
    assert "/support/issues/?open=yes" in page


@pytest.mark.one_database
def test_what_waits_is_counted_named_and_leads_to_its_list_and_what_only_takes_time_does_not_wait(
    client, cast
):
    sign_in(client, cast.sam)
    assert "Vous êtes à jour." in words(client.get("/support/"))
    furnish(cast, 1)
    mail = db.session.scalars(db.select(OutgoingMail)).first()
    mail.state, mail.last_error = MailState.FAILED, "recipient_refused 550"
    factories.make_order(cast.alice, cast.pro, state=OrderState.PROCESSING)
    factories.make_order(cast.carol, cast.pro, state=OrderState.FAILED)
    past = utcnow() - dt.timedelta(days=20)
    factories.make_licenses(
        1, cast.carol, cast.pro, holder=cast.carol, starts=past - dt.timedelta(days=9), ends=past
    )
    factories.make_licenses(2, cast.alice, cast.eco, holder=cast.bob)
    db.session.execute(db.update(License).where(License.user_id == cast.bob.id).values(assigned_at=past))
    db.session.commit()
    todo = client.get("/support/").text.partition('<ul class="todo">')[2].partition("</ul>")[0]
    items = [words(item) for item in todo.split("<li>")[1:]]
    issue, declined, failed, events, expired, idle = items
    assert re.match(r"1 Points à vérifier .*Acme, ", issue)
    assert declined == "1 Paiements refusés Globex Voir"
    assert failed.startswith("1 Courriels non livrés ")
    assert events.startswith("1 Événements Stripe non traités")
    assert expired == "1 Licences expirées qui ont un titulaire Globex (1) Voir"
    assert idle == "1 Licences jamais activées, assignées depuis plus de 14 jours Acme (1) Voir"
    assert todo.count('class="big bad"') == 4
    # Each leads to the list that it counts.
    for link in re.findall(r'href="([^"]*)"', todo):
        found = client.get(html.unescape(link)).text.partition("<tbody>")[2].partition("</tbody>")[0]
        assert found.count("<tr") == 1, link


@pytest.mark.one_database
def test_what_waits_is_counted_to_a_limit_and_then_says_more(client, cast, monkeypatch):
    sign_in(client, cast.sam)
    for module in (counts, waits, listing):
        monkeypatch.setattr(module, "COUNT_LIMIT", 2)
    for _ in range(2):
        factories.make_order(cast.alice, cast.pro, state=OrderState.FAILED)
    assert "2 Paiements refusés" in words(client.get("/support/"))
    factories.make_order(cast.alice, cast.pro, state=OrderState.FAILED)
    assert "plus de 2 Paiements refusés" in words(client.get("/support/"))


def test_the_figure_of_the_month_and_the_list_behind_it_count_by_the_same_day(client, cast, time_machine):
    time_machine.move_to(dt.datetime(2026, 12, 15, 12, tzinfo=dt.UTC))
    november, december = (dt.datetime(2026, month, 20, 12, tzinfo=dt.UTC) for month in (11, 12))
    late = factories.make_order(cast.alice, cast.pro, paid=True, placed_at=november)
    late.paid_at = december - dt.timedelta(days=10)
    early = factories.make_order(cast.alice, cast.pro, paid=True, placed_at=november)
    early.paid_at = november
    db.session.commit()
    references = late.reference, early.reference
    staff = sign_in(client, cast.sam)
    home = staff.get("/support/").text
    link = html.unescape(re.search(r'href="([^"]*paid=2026-12[^"]*)"', home)[1])
    assert [reference in staff.get(link).text for reference in references] == [True, False]
    assert "Ventes en décembre, avant taxes 100,00 $" in words(home)
    assert "100,00 $ en novembre" in words(home)


def test_every_figure_of_the_home_leads_to_the_list_that_it_counts(client, cast):
    now, day = utcnow(), dt.timedelta(days=1)
    factories.make_licenses(3, cast.alice, cast.pro, holder=cast.bob, ends=now + 20 * day)
    factories.make_licenses(2, cast.alice, cast.eco, holder=cast.dave, ends=now + 50 * day)
    factories.make_licenses(1, cast.carol, cast.eco, holder=cast.carol, starts=now - 9 * day, ends=now - day)
    factories.make_order(cast.alice, cast.pro, state=OrderState.PROCESSING)
    sign_in(client, cast.sam)
    page = client.get("/support/").text
    tiles = dict(
        re.findall(
            r'(?s)<a href="([^"]*)"[^>]*aria-label="([^"]*)"',
            page.partition('class="tiles"')[2].partition('class="cols')[0],
        )
    )
    rows = {words(text): count_of(client, link) for link, text in tiles.items()}
    assert rows["Licences en vigueur : 5"] == 5
    assert rows["Part assignée : 40 %"] == 2
    assert rows["Paiements en cours : 114,98 $"] == 1
    # The tables behind the charts: each number is that of its list.
    for section in ("assigned", "ending"):
        table = page.partition(f'aria-labelledby="{section}"')[2].partition("</table>")[0]
        for link, number in re.findall(r'<a href="([^"]*)">(\d+)</a>', table):
            assert count_of(client, link) == int(number), link
    assert re.findall(
        r">(\d+)</a>", page.partition('aria-labelledby="ending"')[2].partition("</table>")[0]
    ) == [
        *("1", "3"),
        *("2", "5"),
        *("2", "5"),
    ]
    unheld = page.partition('aria-labelledby="unheld"')[2].partition("</table>")[0]
    assert "Acme 3 5" in words(unheld)


def count_of(client, link):
    """How many rows a list says that it has."""
    body = client.get(html.unescape(link)).text.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.count("<tr")


@pytest.mark.one_database
def test_charts_have_a_name_a_table_and_no_style(client, cast):
    factories.make_licenses(3, cast.alice, cast.pro, holder=cast.bob)
    dollars = factories.make_order(cast.alice, cast.eco, paid=True)
    dollars.currency = "USD"
    db.session.commit()
    sign_in(client, cast.sam)
    page = client.get("/support/").text
    pictures = re.findall(r"(?s)<svg class=\"(?:chart|spark).*?</svg>", page)
    assert len(pictures) == 7
    for picture in pictures:
        assert "style=" not in picture
        assert 'aria-hidden="true"' in picture or ('role="img"' in picture and "<title" in picture)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    # Two currencies are two charts, each with its own table: cents of both are never added up.
    assert page.count('class="chart-box"') == 3
    assert "en dollars canadiens, avant taxes" in words(page)
    assert "en dollars des États-Unis, avant taxes" in words(page)
