"""What was paid, as in Stripe's dashboard: give money back, contest a payment, and decide what was contested."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.base.store import Object, Transaction
from sandbox.pages.overview import message
from sandbox.pages.parts import parts
from sandbox.stripe import money_back

bp = Blueprint("payments", __name__, url_prefix="/payments")
SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """A charge, its disputes, and what of it can still be given back, in cents."""

    charge: Object
    disputes: list[Object]
    left: int


@bp.get("/")
def payments() -> str:
    with parts().store.reading() as tx:
        rows = tx.sql("SELECT data FROM object WHERE kind = 'charge' ORDER BY seq DESC LIMIT ?", (SHOWN,))
        shown = [_shown(tx, charge) for charge in map(tx.load, rows) if charge["paid"]]
    return render_template("payments.html", payments=shown)


@bp.get("/<ident>")
def payment(ident: str) -> ResponseReturnValue:
    """The payment of an intent, a charge or a dispute: where a link to Stripe's dashboard leads here."""
    with parts().store.reading() as tx:
        charge = _find(tx, ident)
        if charge is None:
            return message("error_title", "not_found", url_for(".payments")), 404
        return render_template("payments.html", payments=[_shown(tx, charge)])


def _find(tx: Transaction, ident: str) -> Object | None:
    if intent := tx.find("payment_intent", ident):
        return tx.find("charge", intent["latest_charge"])
    if dispute := tx.find("dispute", ident):
        return tx.find("charge", dispute["charge"])
    return tx.find("charge", ident)


def _shown(tx: Transaction, charge: Object) -> Shown:
    left = charge["amount_captured"] - charge["amount_refunded"]
    return Shown(charge, money_back.disputes_of(tx, charge), left)


@bp.post("/<ident>/refund")
def refund(ident: str) -> ResponseReturnValue:
    """Give back the cents of `amount`, or all that is left."""
    return _change(ident, lambda tx, charge: money_back.refund(tx, charge, _amount(charge)))


def _amount(charge: Object) -> int:
    """The cents that were asked for; ValueError when they are no number."""
    text = request.form.get("amount", "").replace(",", ".").replace("\u00a0", "").replace(" ", "")
    if not text:
        return int(charge["amount_captured"] - charge["amount_refunded"])
    written = re.fullmatch(r"(\d{1,9})(?:\.(\d{0,2}))?", text, re.ASCII)
    if written is None:
        raise ValueError("bad_refund")
    return int(written[1]) * 100 + int((written[2] or "").ljust(2, "0"))


@bp.post("/<ident>/contest")
def contest(ident: str) -> ResponseReturnValue:
    return _change(ident, money_back.contest)


@bp.post("/<ident>/decide")
def decide(ident: str) -> ResponseReturnValue:
    """The bank decides on what is contested, for the merchant where `won` is `yes`."""
    won = request.form.get("won") == "yes"

    def end(tx: Transaction, charge: Object) -> None:
        for dispute in money_back.disputes_of(tx, charge):
            money_back.decide(tx, dispute, won=won)

    return _change(ident, end)


def _change(ident: str, change: Callable[[Transaction, Object], object]) -> ResponseReturnValue:
    where = url_for(".payments")
    with parts().store.transaction(parts().switches.now()) as tx:
        charge = tx.find("charge", ident)
        if charge is None or not charge["paid"]:
            return message("error_title", "not_found", where), 404
        try:
            change(tx, charge)
        except ValueError as refused:
            return message("error_title", str(refused), where), 400
    parts().courier.wake()
    return redirect(where, 303)
