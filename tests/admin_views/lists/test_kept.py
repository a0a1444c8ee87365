"""What lists remember for a while is shown to nobody of another company, whichever way it is asked and whoever asked first."""

from __future__ import annotations

import re

from flask import Flask

from access import Actor
from admin_views.lists import kept
from models import db
from services import licenses
from tests import factories
from tests.admin_views.conftest import secrets_of
from tests.admin_views.lists.test_bad_input import LISTS
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.conftest import Cast


def counts_of(page: str) -> list[str]:
    """The counts of the tabs."""
    return re.findall(
        r'<span class="n[^"]*">([^<]*)</span>', page.partition('class="tabs"')[2].partition("</nav>")[0]
    )


def test_what_is_kept_for_one_company_is_shown_to_no_other(app: Flask, cast: Cast) -> None:
    only_theirs = factories.make_plan("secret", name_fr="Secret d’Acme", name_en="Secret of Acme")
    factories.make_licenses(7, cast.alice, only_theirs, holder=cast.bob)
    factories.make_licenses(2, cast.carol, cast.eco, holder=cast.charlie)
    factories.make_order(cast.alice, cast.pro)
    acme, globex = secrets_of(cast.acme.id), secrets_of(cast.globex.id)
    alice, carol = sign_in(make_client(app), cast.alice), sign_in(make_client(app), cast.carol)
    staff = sign_in(make_client(app), cast.sam)
    for site, view in LISTS:
        if site != "portal":
            continue
        asked = ["", f"?plan={only_theirs.id}", "?part=list", "?size=20", "?sort=name", "?sort=last_day"]
        asked += [f"?tab={tab.name}" for tab in view.tabs]
        for query in asked:
            kept.forget()
            address = f"/portal/{view.slug}/{query}"
            # Whoever comes first, and with what staff keep of the same rows beside it.
            first, _staff, theirs, again = (
                alice.get(address),
                staff.get(f"/support/{'people' if view.slug == 'users' else view.slug}/"),
                carol.get(address),
                alice.get(address),
            )
            assert [secret for secret in acme if secret in theirs.text] == [], address
            assert [secret for secret in globex if secret in again.text] == [], address
            assert "Secret d" not in theirs.text, address
            assert counts_of(first.text) == counts_of(again.text), address
            assert not view.tabs or counts_of(theirs.text) != counts_of(again.text), address


def test_what_this_desk_has_just_changed_is_counted_at_once(app: Flask, cast: Cast) -> None:
    seat, *_others = factories.make_licenses(3, cast.alice, cast.pro)
    alice = sign_in(make_client(app), cast.alice)
    before = counts_of(alice.get("/portal/users/").text)
    licenses.assign_license(seat, cast.bob, Actor.of(cast.alice))
    after = counts_of(alice.get("/portal/users/").text)
    assert (before[0], int(before[1]) - 1) == (after[0], int(after[1]))
    db.session.rollback()
    assert "Pro" in words(alice.get("/portal/users/"))
