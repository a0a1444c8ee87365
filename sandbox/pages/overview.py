"""Index, test cards, events with their deliveries, and pages with a message only."""

import json
import sqlite3

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sandbox.pages.parts import parts
from sandbox.stripe import cards

bp = Blueprint("pages", __name__)
SHOWN = 100


@bp.get("/")
def index() -> str:
    return render_template("index.html")


@bp.get("/cards")
def test_cards() -> str:
    return render_template("cards.html", cards=cards.CARDS.values(), accounts=cards.ACCOUNTS.values())


@bp.get("/events")
def events() -> str:
    with parts().store.reading() as tx:
        rows = tx.sql(
            "SELECT o.seq, o.data, d.state FROM object o JOIN delivery d ON d.event_id = o.id"
            " WHERE o.kind = 'event' ORDER BY o.seq DESC LIMIT ?",
            (SHOWN,),
        ).fetchall()
        shown = [{**tx.load(row), "state": row["state"]} for row in rows]
        attempts: dict[str, list[sqlite3.Row]] = {}
        for row in tx.sql("SELECT * FROM attempt ORDER BY id"):
            attempts.setdefault(row["event_id"], []).append(row)
    for event in shown:
        event["pretty"] = json.dumps(event["data"]["object"], indent=2, ensure_ascii=False)
    return render_template(
        "events.html", events=shown, attempts=attempts, webhook_url=parts().switches.webhook_url
    )


@bp.post("/events/<ident>/send")
def send_again(ident: str) -> ResponseReturnValue:
    with parts().store.reading() as tx:
        if tx.find("event", ident) is None:
            return message("error_title", "not_found"), 404
    parts().courier.send_again(ident)
    return redirect(url_for("pages.events"), 303)


def message(title: str, text: str, back: str | None = None) -> str:
    """Render a page of two sentences of `wording.py`; `back` is the address of its link, if any."""
    return render_template("message.html", title=title, text=text, back=back)
