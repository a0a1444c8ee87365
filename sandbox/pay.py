"""The hosted payment page: `/pay/<session>`, where a person pays with a test card or a test account, or walks away."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox import cards, pages, payments, sessions, texts
from sandbox.form import Form
from sandbox.house import house
from sandbox.policy import allow_forms_to
from sandbox.store import Object, Transaction

bp = Blueprint("pay", __name__, url_prefix="/pay")


@bp.get("/<ident>")
def show(ident: str) -> ResponseReturnValue:
    with house().store.transaction(house().switches.now()) as tx:
        session = sessions.current(tx, ident)
        return _closed(session) or _page(
            tx, session, Form.empty(session, sessions.known_email(tx, session)), _last_refusal(tx, session)
        )


@bp.post("/<ident>")
def pay(ident: str) -> ResponseReturnValue:
    with house().store.transaction(house().switches.now()) as tx:
        session = sessions.current(tx, ident)
        closed = _closed(session, paid_goes_on=True)
        if closed:
            return closed
        form = Form.read(session, sessions.known_email(tx, session), request.form)
        if form.errors:
            return _page(tx, session, form), 422
        outcome = _attempt(tx, session, form)
        if isinstance(outcome, payments.Refused):
            return _page(tx, session, form, outcome.reason), 402
        return _follow(session, outcome)


@bp.get("/<ident>/authenticate")
def question(ident: str) -> ResponseReturnValue:
    with house().store.transaction(house().switches.now()) as tx:
        session = sessions.current(tx, ident)
        closed = _closed(session)
        if closed:
            return closed
        if not _is_challenged(tx, session):
            return redirect(url_for("pay.show", ident=ident), 303)
    allow_forms_to(session["success_url"], session["cancel_url"])
    return render_template("authenticate.html", session=session)


@bp.post("/<ident>/authenticate")
def answer(ident: str) -> ResponseReturnValue:
    with house().store.transaction(house().switches.now()) as tx:
        session = sessions.current(tx, ident)
        closed = _closed(session, paid_goes_on=True)
        if closed:
            return closed
        outcome = payments.authenticate(tx, session, succeeded=request.form.get("outcome") == "complete")
        return _follow(session, outcome)


def _attempt(tx: Transaction, session: Object, form: Form) -> payments.Next:
    if session["amount_total"] == 0:
        return payments.pay_nothing(tx, session, form.payer)
    if form.account:
        return payments.pay_by_debit(tx, session, form.account, form.payer, house().switches.debit_delay)
    assert form.card  # noqa: S101 - a form without errors has one of the two
    return payments.pay_by_card(tx, session, form.card, form.expires, form.payer)


def _follow(session: Object, outcome: payments.Next) -> ResponseReturnValue:
    if isinstance(outcome, payments.Paid):
        return redirect(success_url(session), 303)
    step = "pay.question" if isinstance(outcome, payments.Challenge) else "pay.show"
    return redirect(url_for(step, ident=session["id"]), 303)


def success_url(session: Object) -> str:
    """Return where the merchant wants the payer back, with the session's id in its place."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _closed(session: Object | None, *, paid_goes_on: bool = False) -> ResponseReturnValue | None:
    """Return the page of a session that can't be paid, or None when it can.

    A second click on "Pay" (`paid_goes_on`) is led on as the first one was.
    """
    if session is None:
        return pages.message("no_session_title", "no_session_text"), 404
    texts.speak(session["locale"])
    if session["status"] == "complete":
        if paid_goes_on:
            return redirect(success_url(session), 303)
        return pages.message("paid_title", "paid_text", success_url(session))
    if session["status"] == "expired":
        return pages.message("expired_title", "expired_text", session["cancel_url"]), 410
    return None


def _is_challenged(tx: Transaction, session: Object) -> bool:
    intent = tx.find("payment_intent", session["payment_intent"])
    return intent is not None and intent["status"] == "requires_action"


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
        host=urlsplit(session["success_url"]).netloc,
        cards=cards.CARDS.values(),
        accounts=cards.ACCOUNTS.values() if "acss_debit" in session["payment_method_types"] else (),
        delay=f"{house().switches.debit_delay:g}",
    )
