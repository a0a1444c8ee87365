"""One-time links: whose they are, for how long, and what ends them. Other people's links are always beside."""

from __future__ import annotations

import datetime as dt

import pytest

from models import Link, LinkPurpose, db, utcnow
from services.foundation.transaction import transaction
from services.links import tokens
from tests.factories import make_licenses

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def minted(cast):
    """{name: token} of Bob's three links and Dave's, each of them about a licence of his own where it is about one."""
    his = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    daves = make_licenses(1, cast.alice, cast.pro, holder=cast.dave)[0]
    with transaction() as turn:
        return {
            "sign_in": tokens.mint(turn, LinkPurpose.SIGN_IN, cast.bob),
            "password": tokens.mint(turn, LinkPurpose.PASSWORD, cast.bob),
            "activation": tokens.mint(turn, LinkPurpose.ACTIVATION, cast.bob, his),
            "daves": tokens.mint(turn, LinkPurpose.ACTIVATION, cast.dave, daves),
        }


def usable(minted):
    return {name for name, token in minted.items() if tokens.find(token)}


def test_each_token_finds_its_own_link(cast, minted):
    found = {name: tokens.find(token) for name, token in minted.items()}
    assert [link.user_id for link in found.values()] == [cast.bob.id] * 3 + [cast.dave.id]
    assert [str(link.purpose) for link in found.values()] == [
        "sign_in",
        "password",
        "activation",
        "activation",
    ]
    assert tokens.find("another") is None


def test_the_links_of_somebody_who_was_deactivated_are_dead_while_others_work(cast, minted):
    cast.bob.active = False
    db.session.commit()
    assert usable(minted) == {"daves"}


def test_the_link_of_a_licence_dies_with_its_being_held_by_that_person(cast, minted):
    link = tokens.find(minted["activation"])
    # The two have changed places: Bob holds a licence, and this one is held, but not by him.
    daves = tokens.find(minted["daves"]).license_id
    link.license_id = daves
    db.session.commit()
    assert usable(minted) == {"sign_in", "password", "daves"}


def test_a_link_lives_until_the_instant_it_ends(cast, minted, time_machine):
    for name, purpose in (("sign_in", "SIGN_IN"), ("password", "PASSWORD"), ("activation", "ACTIVATION")):
        link = tokens.find(minted[name])
        assert link.expires_at - link.created_at == tokens.LIFETIMES[LinkPurpose[purpose]]
        time_machine.move_to(link.expires_at - SECOND, tick=False)
        assert tokens.find(minted[name])
        time_machine.move_to(link.expires_at, tick=False)
        assert tokens.find(minted[name]) is None


def test_a_link_is_used_once_for_its_own_purpose_and_ends_no_other(cast, minted):
    with pytest.raises(tokens.DeadLinkError), transaction() as turn:
        tokens.use(turn, minted["sign_in"], LinkPurpose.PASSWORD)
    with transaction() as turn:
        assert tokens.use(turn, minted["sign_in"], LinkPurpose.SIGN_IN).user_id == cast.bob.id
    with pytest.raises(tokens.DeadLinkError), transaction() as turn:
        tokens.use(turn, minted["sign_in"], LinkPurpose.SIGN_IN)
    assert usable(minted) == {"password", "activation", "daves"}


def test_voiding_ends_what_leads_into_that_account_alone_and_keeps_when_a_link_was_used(cast, minted):
    with transaction() as turn:
        used = tokens.use(turn, minted["sign_in"], LinkPurpose.SIGN_IN).id
        daves = tokens.mint(turn, LinkPurpose.SIGN_IN, cast.dave)
    at = db.session.get_one(Link, used).used_at
    with transaction() as turn:
        tokens.void(turn, [cast.bob.id])
    assert usable(minted | {"daves too": daves}) == {"activation", "daves", "daves too"}
    assert db.session.get_one(Link, used).used_at == at <= utcnow()
