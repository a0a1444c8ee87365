"""What the desk knows of one person, put together: all of theirs, nothing of anybody else's, and the journal says who asked."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from flask_babel import force_locale

import access
from access import Actor, Scope
from models import JoinRequest, LinkPurpose, MailKind, Role, db, utcnow
from services import licenses
from services.buying import cart
from services.forms import kept_forms
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, deactivation, oneself
from services.people.deactivation import Seats
from services.privacy import erasure, known
from services.privacy.known import Form
from services.privacy.personal import PARTS, Rule
from services.reports import dismissals
from tests.asked import entries
from tests.factories import make_batch, make_firm_link, make_licenses, make_order, make_request, make_user


def live(user, cast, seat_of):
    """A little of everything that the desk keeps of somebody."""
    own, alice = Actor.of(user, f"203.0.113.{user.id}"), Actor.of(cast.alice)
    oneself.change_profile(user, by=own, last_name=f"Roy-{user.id}")
    licenses.assign_license(seat_of, user, alice)
    accounts.send_sign_in_link(user, Actor.of(cast.sam))
    accounts.update_person(user, {"email": f"new{user.id}@acme.example"}, by=Actor.of(cast.sam))
    kept_forms.keep(user.id, "/profile", [("last_name", "Roy")])
    make_request(user, f"word of {user.id}", state="declined", answered_at=utcnow())
    dismissals.put_away(user, "unused", "3")
    make_batch(user, f"Roy-{user.id}", f"203.0.113.{user.id}")
    # The cart is shared, a line for each plan.
    cart.add(user.company_id, cast.eco if user.first_name == "Bob" else cast.avance, 1, own)
    make_order(user, cast.pro, 1)
    with transaction() as turn:
        tokens.mint(turn, LinkPurpose.SIGN_IN, user)
    db.session.add(
        JoinRequest(
            firm_link_id=make_firm_link(cast.alice).id,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            language=user.language,
            expires_at=utcnow(),
            **tokens.sow(),
        )
    )
    db.session.commit()


@pytest.fixture
def two(cast):
    seats = make_licenses(2, cast.alice, cast.pro)
    people = [cast.bob, cast.erin]
    for user, seat in zip(people, seats, strict=True):
        live(user, cast, seat)
    return people


def told(user, form=Form.JSON, by=None):
    return {part.code: part for part in known.put_together(user, form, by=by or Actor.of(user))}


def test_every_part_that_there_is_something_of_is_told(cast, two):
    parts = told(cast.bob)
    # Nobody of a customer closes issues.
    assert parts.keys() == {part.code for part in PARTS if part.title} - {"issues"} - (
        {"cart"} - parts.keys()
    )
    (account,) = parts["account"].rows
    assert (account["email"], account["last_name"]) == (
        f"new{cast.bob.id}@acme.example",
        f"Roy-{cast.bob.id}",
    )
    assert {"email", "role", "time_zone"} <= account.keys()
    assert not {"password", "fs_uniquifier"} & account.keys(), "a secret is nobody's to read"
    assert [row["key"] for row in parts["licenses"].rows] == [cast.bob.licenses[0].key]
    assert {row["template"] for row in parts["mail"].rows} >= {MailKind.SIGN_IN_LINK}
    assert [row["address"] for row in parts["former_addresses"].rows] == ["bob@acme.example"]
    assert [row["address"] for row in parts["addresses"].rows] == [f"203.0.113.{cast.bob.id}"] * 2


def test_nothing_of_another_person_is_told(cast, two):
    text, _headers = known.file_of(cast.bob.id, list(told(cast.bob).values()))
    for other in (cast.erin, cast.alice, cast.sam, cast.carol):
        assert other.email not in text
        assert f"203.0.113.{other.id}" not in text
        assert f"Roy-{other.id}" not in text
        assert not any(license.key in text for license in other.licenses)


def test_an_administrator_asks_for_all_of_it_within_their_own_company(app, cast, two):
    with access.scoped(Scope(company_id=cast.acme.id)):
        parts = told(cast.bob, by=Actor.of(cast.alice))
        assert parts.keys() >= {"links", "kept_form", "former_addresses"}
    (entry,) = entries("person_exported")
    assert (entry.actor_id, entry.subject_id, entry.after) == (cast.alice.id, cast.bob.id, {"format": "json"})


def test_the_file_is_json_in_the_readers_language_with_the_names_of_columns_beside(cast, two):
    with force_locale("fr_CA"):
        text, headers = known.file_of(cast.bob.id, list(told(cast.bob).values()))
    found = json.loads(text)
    account = found["parts"][0]
    assert (found["person"], found["language"], account["title"]) == (cast.bob.id, "fr", "Compte")
    assert account["columns"]["email"] == "Courriel"
    assert dt.datetime.fromisoformat(account["rows"][0]["created_at"]).tzinfo is not None
    assert f"person-{cast.bob.id}-" in headers["Content-Disposition"]
    with force_locale("en_CA"):
        assert known.file_of(cast.bob.id, list(told(cast.bob).values()))[0].count("Account opened") == 1


def test_a_page_holds_the_newest_and_says_that_there_are_more(cast, monkeypatch):
    monkeypatch.setattr(known, "SHOWN", 3)
    for number in range(5):
        oneself.change_profile(cast.bob, by=Actor.of(cast.bob), first_name=f"Bob{number}")
    page, file = told(cast.bob, Form.PAGE)["acts"], told(cast.bob)["acts"]
    assert (len(page.rows), page.more) == (3, True)
    # Asking was an act as well, each time.
    assert (len(file.rows), file.more) == (7, False)


def test_the_staff_and_the_erased_can_be_asked_about_too(cast):
    sam = Actor.of(cast.sam)
    assert told(cast.sam)["account"].rows[0]["role"] == Role.SUPPORT
    deactivation.deactivate(cast.bob, Seats.KEEP, by=sam)
    erasure.erase(cast.bob, cast.bob.email, by=sam)
    parts = told(cast.bob, by=sam)
    (account,) = parts["account"].rows
    assert (account["first_name"], account["email"]) == ("", f"{cast.bob.id}@erased.invalid")
    assert account["erased_at"] <= utcnow()


def test_what_is_erased_is_told_before_unless_it_is_a_secret():
    """What is blanked or dropped is the person's, who may read it; each exception is named."""
    untold = {
        f"{part.code}.{name}"
        for part in PARTS
        for name, column in part.columns.items()
        if column.rule is not Rule.KEEP and column.label is None
    }
    assert untold == {
        "account.password",
        "account.fs_uniquifier",
        # Made of the name.
        "account.search_text",
        "account.sort_key",
        # Of whoever else is in it, too.
        "files.content",
        # As `raw`, checked.
        "many_at_once.seen",
        "links.token_hash",
        "joining.seed",
        "joining.token_hash",
        "kept_form.sealed",
        "kept_form.shown",
        "put_away.task",
        "put_away.mark",
    }


def test_nobody_else_is_written_down_for_who_only_reads_about_themselves(cast):
    make_user(cast.acme, "Zed")
    told(cast.dave)
    (entry,) = entries("person_exported")
    assert entry.actor_id == entry.subject_id == cast.dave.id
    assert db.session.get(type(cast.dave), cast.dave.id).first_name == "Dave"
