"""The demonstration's own: a way in as each role with one click, and what the bar on every page leads to.

There is none of it unless `DEMONSTRATION` is on, which production refuses: each function asks.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from flask import Flask, abort, current_app, redirect, render_template, request
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

import access
from access import Actor
from models import Role, User, db
from services.people import oneself
from web.accounts import home_of, start_session
from web.blueprint import bp

# Role in the address, the account of the demonstration, whose role it has to be, what the button says, what one does there.
_DOORS = (
    (
        "administrator",
        "admin@acme.example",
        Role.ADMIN,
        _l("Enter as an administrator"),
        _l("buy and assign"),
    ),
    (
        "employee",
        "user@acme.example",
        Role.MEMBER,
        _l("Enter as an employee"),
        _l("install and activate one’s license"),
    ),
    ("support", "support@trousseau.example", Role.SUPPORT, _l("Enter as support"), _l("all customers")),
)


@dataclasses.dataclass(frozen=True)
class Door:
    """A way in: whose account it opens, and what is said of it."""

    role: str
    person: User
    words: str
    does: str

    @property
    def initials(self) -> str:
        return (self.person.first_name[:1] + self.person.last_name[:1]).upper()


def init_app(app: Flask) -> None:
    """Give templates what the bar leads to."""
    app.context_processor(shown)


def is_on() -> bool:
    """Whether this desk is the demonstration."""
    return bool(current_app.config["DEMONSTRATION"])


def shown() -> dict[str, Any]:
    """For templates: `demonstration` is what the bar of every page leads to; None where there is no bar."""
    sandbox = current_app.config["STRIPE_API_BASE"]
    links = {"inbox": f"{sandbox}/inbox", "cards": f"{sandbox}/cards"}
    return {"demonstration": links if is_on() else None}


def doors() -> list[Door]:
    """The ways in, in their order: to accounts that are there and have their role. None where this is no demonstration."""
    if not is_on():
        return []
    with access.everything():
        found = db.session.scalars(sa.select(User).where(User.email.in_([door[1] for door in _DOORS])))
        people = {(user.email, user.role): user for user in found if user.active}
        for user in people.values():
            # The page names it, and a visitor may see no company.
            _ = user.company
    return [
        Door(role, people[email, wanted], str(words), str(does))
        for role, email, wanted, words, does in _DOORS
        if (email, wanted) in people
    ]


@bp.get("/enter")
def choose_role() -> str:
    """The ways in, for somebody who is signed in as one of them already."""
    if not is_on():
        abort(404)
    return render_template("web/enter.html", doors=doors())


@bp.post("/enter")
def enter() -> Response:
    """Sign in as the demonstration's person of that role, without a password."""
    wanted = [door.person for door in doors() if door.role == request.form.get("role")]
    if not wanted:
        abort(404)
    person = wanted[0]
    oneself.sign_in_recorded(person, by=Actor.of(person, request.remote_addr), via="demonstration")
    start_session(person, "demonstration")
    return redirect(home_of(person))
