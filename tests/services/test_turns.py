"""Every verb that changes seats, money or people takes the company's lock: without it, it could count rows that
another request is changing.

A new verb gets a line in `VERBS`, or is named in `WITHOUT_TURN`; the last test fails for one that is in neither.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import services
from access import Actor
from models import (
    CartItem,
    Company,
    JoinRequest,
    Language,
    LinkPurpose,
    Operation,
    Renewal,
    Role,
    day_in,
    db,
    utcnow,
)
from services import licenses
from services.buying import cart, issues, orders, quotes
from services.foundation import operations
from services.foundation.transaction import transaction
from services.joining import firm_links
from services.licenses import requests
from services.links import tokens
from services.payments import attempts, checkout, gateway, settlement
from services.people import accounts, addresses, companies, deactivation, links
from services.privacy import erasure
from tests.conftest import Cast
from tests.factories import make_firm_link, make_issue, make_licenses, make_plan, make_request, make_user
from tests.sandbox_process import DECLINED, SUCCESS, SandboxProcess


@dataclasses.dataclass
class Acme:
    """A company in the middle of everything: a free seat, one that is Dave's, and a cart."""

    cast: Cast
    sandbox: SandboxProcess

    def __post_init__(self):
        self.held, self.free = make_licenses(2, self.cast.alice, self.cast.pro, holder=self.cast.dave)
        cart.add(self.cast.acme.id, self.cast.avance, 5, self.by)

    @property
    def by(self):
        return Actor.of(self.cast.alice)

    @property
    def item(self):
        return db.session.scalars(db.select(CartItem)).one()

    @property
    def turns(self):
        db.session.rollback()
        return db.session.scalar(db.select(Company.lock_version).filter_by(id=self.cast.acme.id))

    def operation(self):
        """An act that can be taken back."""
        licenses.assign(self.cast.pro, self.cast.bob, self.by)
        return db.session.scalars(db.select(Operation).filter_by(verb="license_assigned")).one()

    def asked(self):
        """The token of the mail of somebody who came by an invitation link."""
        link = tokens.grown(make_firm_link(self.cast.alice))
        typed = {"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"}
        firm_links.ask(link, typed, Language.FR, by=Actor())
        return tokens.grown(db.session.scalars(db.select(JoinRequest)).one())

    def confirmed(self):
        """The arguments of the verbs that make the cart an order."""
        return {
            "company_id": self.cast.acme.id,
            "fingerprint": quotes.quote(self.cast.acme).fingerprint,
            "accepted": True,
            "language": "fr",
        }

    def order(self):
        return orders.place(**self.confirmed(), by=self.by)

    def other_plan(self):
        """A plan of the same product as the licence that is held, with a free one."""
        plan = make_plan("other", product=self.held.product)
        make_licenses(1, self.cast.alice, plan)
        return plan

    def activation(self):
        """The token that Dave was mailed."""
        with transaction() as turn:
            return tokens.mint(turn, LinkPurpose.ACTIVATION, self.cast.dave, self.held)

    def session(self, card):
        """The session of an order that somebody tried to pay with `card`."""
        url = checkout.pay(self.order(), self.by)
        self.sandbox.pay(url, card)
        return self.sandbox.api("checkout/sessions")["data"][0]


def edited(verbs, row=None, **changes):
    """A whole form of `row`, or of a new one, with `changes`."""
    return {name: getattr(row, name) if row else None for name in verbs.EDITABLE} | changes


NEW = {
    "email": "new@acme.example",
    "first_name": "New",
    "last_name": "Body",
    "role": Role.MEMBER,
    "language": "fr",
}
# Each verb, and what it is called with; `by` is Alice where nothing else is said.
VERBS = {
    licenses.assign: lambda acme: {"plan": acme.cast.pro, "user": acme.cast.bob},
    licenses.assign_license: lambda acme: {"license": acme.free, "user": acme.cast.bob},
    licenses.release: lambda acme: {"license": acme.held, "held_by": acme.cast.dave.id},
    licenses.release_all: lambda acme: {
        "company_id": acme.cast.acme.id,
        "held_by": {acme.held.id: acme.cast.dave.id},
    },
    licenses.change_plan: lambda acme: {
        "license": acme.held,
        "plan": acme.other_plan(),
        "held_by": acme.cast.dave.id,
    },
    licenses.transfer: lambda acme: {
        "license": acme.held,
        "to": acme.cast.bob,
        "held_by": acme.cast.dave.id,
    },
    licenses.remove: lambda acme: {"company_id": acme.cast.acme.id, "held_by": {acme.free.id: None}},
    licenses.decide_renewal: lambda acme: {
        "company_id": acme.cast.acme.id,
        "license_ids": [acme.free.id],
        "renewal": Renewal.DECLINED,
    },
    requests.ask: lambda acme: {"user": acme.cast.bob, "word": "", "by": Actor.of(acme.cast.bob)},
    requests.withdraw: lambda acme: {
        "asked": make_request(acme.cast.bob),
        "by": Actor.of(acme.cast.bob),
    },
    requests.decline: lambda acme: {"asked": make_request(acme.cast.bob), "answer": ""},
    links.send_activation: lambda acme: {"license": acme.held, "held_by": acme.cast.dave.id},
    links.show_activation: lambda acme: {"license": acme.held, "held_by": acme.cast.dave.id},
    operations.undo: lambda acme: {"operation": acme.operation()},
    licenses.activate: lambda acme: {"license": acme.held, "by": Actor.of(acme.cast.dave)},
    links.activate: lambda acme: {"token": acme.activation(), "address": None},
    cart.add: lambda acme: {"company_id": acme.cast.acme.id, "plan": acme.cast.pro, "quantity": 1},
    cart.change_quantity: lambda acme: {"item": acme.item, "quantity": 2, "seen": 5},
    cart.remove: lambda acme: {"item": acme.item, "seen": 5},
    orders.place: Acme.confirmed,
    checkout.check_out: Acme.confirmed,
    checkout.pay: lambda acme: {"order": acme.order()},
    attempts.resume: lambda acme: {
        "company_id": acme.cast.acme.id,
        "order_id": acme.order().id,
        "over": None,
    },
    attempts.take_next: lambda acme: {
        "company_id": acme.cast.acme.id,
        "order_id": acme.order().id,
        "after": 1,
    },
    attempts.keep: lambda acme: {
        "company_id": acme.cast.acme.id,
        "order_id": acme.order().id,
        "page": gateway.open_page(acme.order()),
    },
    attempts.report_trouble: lambda acme: {
        "company_id": acme.cast.acme.id,
        "order_id": acme.order().id,
        "error": gateway.Rejected("key"),
    },
    checkout.cancel: lambda acme: {"order": acme.order()},
    issues.close: lambda acme: {"issue": make_issue(acme.order(), "paid_twice"), "reason": "dealt with"},
    settlement.fulfil: lambda acme: {"session_id": acme.session(SUCCESS)["id"]},
    settlement.note_decline: lambda acme: {"payment_intent_id": acme.session(DECLINED)["payment_intent"]},
    accounts.create_person: lambda acme: {
        "values": edited(accounts, **NEW),
        "company_id": acme.cast.acme.id,
    },
    accounts.update_person: lambda acme: {
        "user": acme.cast.bob,
        "values": edited(accounts, acme.cast.bob, last_name="Roy"),
    },
    addresses.ask: lambda acme: {"user": acme.cast.bob, "email": "robert@acme.example"},
    addresses.withdraw: lambda acme: {"user": acme.cast.bob},
    deactivation.deactivate: lambda acme: {"user": acme.cast.dave, "seats": deactivation.Seats.RELEASE},
    deactivation.reactivate: lambda acme: {"user": make_user(acme.cast.acme, "Gone", active=False)},
    erasure.erase: lambda acme: {
        "user": make_user(acme.cast.acme, "Gone", active=False),
        "typed": "gone@acme.example",
    },
    firm_links.make: lambda acme: {
        "company_id": acme.cast.acme.id,
        "domain": "acme.example",
        "places": 2,
        "last_day": day_in(acme.cast.acme.zone, utcnow()),
    },
    firm_links.withdraw: lambda acme: {"link": make_firm_link(acme.cast.alice)},
    firm_links.join: lambda acme: {"token": acme.asked(), "address": None},
    companies.update_company: lambda acme: {
        "company": acme.cast.acme,
        "values": edited(companies, acme.cast.acme, city="Lévis"),
    },
}
# What the vendor alone owns, what people do about themselves, and mail; a step has its caller's turn.
WITHOUT_TURN = {
    # What is chosen and confirmed waits; what is done with it takes the turn (`applying.do_due`).
    "batches",
    # As for what is chosen: it is read and waits, and whoever applies it takes the turn.
    "imports",
    "bases",
    "catalogue",
    "foundation",
    "mail",
    "reports.exported",
    "people.links",
    "people.oneself",
    "privacy.known",
}
WITHOUT_TURN |= {
    "people.accounts.invite",
    "people.accounts.send_sign_in_link",
    "people.companies.create_company",
    # Only a mail: a place is taken by whoever answers it.
    "joining.firm_links.ask",
}


def name_of(verb):
    return f"{verb.__module__.removeprefix('services.')}.{verb.__name__}"


@pytest.mark.parametrize("verb", VERBS, ids=name_of)
def test_whoever_changes_seats_money_or_people_takes_the_companys_turn(cast, sandbox, verb):
    acme = Acme(cast, sandbox)
    arguments = VERBS[verb](acme)
    if "by" in inspect.signature(verb).parameters:
        arguments.setdefault("by", acme.by)
    before = acme.turns
    verb(**arguments)
    assert acme.turns > before


def test_every_verb_is_asked_whether_it_takes_its_turn():
    """A verb is what says in `by` who acts."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(services.__path__, "services.")
        if not found.ispkg
    ]
    verbs = {
        name_of(verb)
        for module in modules
        for name, verb in inspect.getmembers(module, inspect.isfunction)
        if verb.__module__ == module.__name__ and not name.startswith("_") and is_verb(verb)
    }
    asked = {name_of(verb) for verb in VERBS}
    assert {name for name in verbs - asked if not name.startswith(tuple(WITHOUT_TURN))} == set()


def is_verb(function):
    parameters = list(inspect.signature(function).parameters)
    return "by" in parameters and "turn" not in parameters[0]
