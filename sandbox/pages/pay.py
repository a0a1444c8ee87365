"""The hosted payment page, `/pay/<session>`, and the bank's 3-D Secure page, `/pay/<session>/authenticate`."""

from contextlib import AbstractContextManager

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.base.store import Object, Transaction
from sandbox.pages import overview, texts
from sandbox.pages.form import Form
from sandbox.pages.parts import parts
from sandbox.pages.policy import allow_forms_to
from sandbox.stripe import cards, payments, sessions

bp = Blueprint("pay", __name__, url_prefix="/pay")


class Closed(Exception):
    """The session can't be paid; `answer` is a page that says why, or a redirect."""

    def __init__(self, answer: ResponseReturnValue) -> None:
        super().__init__()
        self.answer = answer


@bp.errorhandler(Closed)
def closed(reason: Closed) -> ResponseReturnValue:
    return reason.answer


@bp.get("/<ident>")
def show(ident: str) -> ResponseReturnValue:
    with _transaction() as tx:
        session = _open(tx, ident)
        return _page(
            tx, session, Form.empty(session, sessions.known_email(tx, session)), _last_refusal(tx, session)
        )


@bp.post("/<ident>")
def pay(ident: str) -> ResponseReturnValue:
    with _transaction() as tx:
        session = _open(tx, ident, paid_goes_on=True)
        form = Form.read(session, sessions.known_email(tx, session), request.form)
        if form.errors:
            return _page(tx, session, form), 422
        outcome = _attempt(tx, session, form)
        if isinstance(outcome, payments.Refused):
            return _page(tx, session, form, outcome.reason), 402
        return _follow(session, outcome)


@bp.get("/<ident>/authenticate")
def question(ident: str) -> ResponseReturnValue:
    with _transaction() as tx:
        session = _open(tx, ident)
        intent = tx.find("payment_intent", session["payment_intent"])
    if intent is None or intent["status"] != "requires_action":
        return redirect(url_for("pay.show", ident=ident), 303)
    allow_forms_to(session["success_url"], session["cancel_url"])
    return render_template("authenticate.html", session=session)


@bp.post("/<ident>/authenticate")
def answer(ident: str) -> ResponseReturnValue:
    with _transaction() as tx:
        session = _open(tx, ident, paid_goes_on=True)
        succeeded = request.form.get("outcome") == "complete"
        return _follow(session, payments.authenticate(tx, session, succeeded=succeeded))


def _transaction() -> AbstractContextManager[Transaction]:
    parts().clock.tick()  # Expire what is due, so that it can't be paid.
    return parts().store.transaction(parts().switches.now())


def _open(tx: Transaction, ident: str, *, paid_goes_on: bool = False) -> Object:
    """Return an open session and set the page's language to its locale; any other raises Closed.

    With `paid_goes_on` a complete session redirects to the success page, as for a second click on "Pay".
    """
    session = tx.find("checkout.session", ident)
    if session is None:
        raise Closed((overview.message("no_session_title", "no_session_text"), 404))
    texts.use_locale(session["locale"])
    if session["status"] == "complete" and paid_goes_on:
        raise Closed(redirect(success_url(session), 303))
    if session["status"] == "complete":
        raise Closed(overview.message("paid_title", "paid_text", success_url(session)))
    if session["status"] == "expired":
        raise Closed((overview.message("expired_title", "expired_text", session["cancel_url"]), 410))
    return session


def _attempt(tx: Transaction, session: Object, form: Form) -> payments.Next:
    if session["amount_total"] == 0:
        return payments.pay_nothing(tx, session, form.payer)
    if form.account:
        return payments.pay_by_debit(tx, session, form.account, form.payer, parts().switches.debit_delay)
    assert form.card  # noqa: S101 - a form without errors has one of the two
    return payments.pay_by_card(tx, session, form.card, form.expires, form.payer)


def _follow(session: Object, outcome: payments.Next) -> ResponseReturnValue:
    if isinstance(outcome, payments.Paid):
        return redirect(success_url(session), 303)
    step = "pay.question" if isinstance(outcome, payments.Challenge) else "pay.show"
    return redirect(url_for(step, ident=session["id"]), 303)


def success_url(session: Object) -> str:
    """Return the session's `success_url` with its id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _last_refusal(tx: Transaction, session: Object) -> str | None:
    intent = tx.find("payment_intent", session["payment_intent"])
    error = intent["last_payment_error"] if intent else None
    return str(error.get("decline_code") or error["code"]) if error else None


def _page(tx: Transaction, session: Object, form: Form, refusal: str | None = None) -> str:
    allow_forms_to(session["success_url"], session["cancel_url"])
    return render_template(
        "pay.html",
        session=session,
        lines=sessions.lines(tx, session),
        products={
            line["id"]: tx.find("product", line["price"]["product"]) for line in sessions.lines(tx, session)
        },
        form=form,
        refusal=refusal,
        known_email=sessions.known_email(tx, session),
        cards=cards.CARDS.values(),
        accounts=cards.ACCOUNTS.values() if "acss_debit" in session["payment_method_types"] else (),
        delay=f"{parts().switches.debit_delay:g}",
    )
