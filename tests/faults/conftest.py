"""A buyer in front of a full cart, and the sandbox as Stripe."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from access import Actor
from models import IssueKind, License, Order, OutgoingMail, db
from services.buying import cart, quotes
from services.payments import checkout
from tests.conftest import Cast
from tests.sandbox_process import SandboxProcess


@dataclasses.dataclass
class Buyer:
    """Alice, with five Avancé (574.88 with taxes) in Acme's cart."""

    cast: Cast
    sandbox: SandboxProcess

    @property
    def actor(self) -> Actor:
        return Actor.of(self.cast.alice)

    def check_out(self, language: str = "fr") -> str:
        """Confirm the cart; returns the payment page's address."""
        fingerprint = quotes.quote(self.cast.acme).fingerprint
        return checkout.check_out(
            self.cast.acme.id, fingerprint=fingerprint, accepted=True, language=language, by=self.actor
        )

    @property
    def order(self) -> Order:
        db.session.rollback()
        return db.session.scalars(db.select(Order).order_by(Order.id.desc()).limit(1)).one()

    @property
    def session_id(self) -> str:
        session_id = self.order.stripe_session_id
        assert session_id
        return session_id

    def sessions(self) -> list[dict[str, Any]]:
        return self.sandbox.api("checkout/sessions", limit="100")["data"]

    def delivered(self) -> int:
        db.session.rollback()
        return db.session.scalar(db.select(db.func.count()).select_from(License)) or 0

    def issues(self) -> list[IssueKind]:
        """What staff must look at of the order."""
        return [issue.kind for issue in self.order.open_issues]

    def mails(self, template: str) -> int:
        """How often it was told; word about money goes to the buyer and to the billing address, once each."""
        db.session.rollback()
        where = db.select(db.func.count()).select_from(OutgoingMail).filter_by(template=template)
        if template in {"receipt", "payment_failed"}:
            where = where.where(OutgoingMail.user_id.is_not(None))
        return db.session.scalar(where) or 0


@pytest.fixture
def buyer(cast: Cast, sandbox: SandboxProcess) -> Buyer:
    cart.add(cast.acme.id, cast.avance, 5, Actor.of(cast.alice))
    return Buyer(cast, sandbox)
