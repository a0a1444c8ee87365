"""Flask-Security on Flask-Login: who is signed in, and how a session starts. Its own pages are not registered."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask, g, session
from flask_security import Security, SQLAlchemyUserDatastore, login_user
from sqlalchemy.orm import joinedload

import access
from models import User, Vendor, db
from services.catalogue import vendor as vendors
from web import lost

# Whoever asks, with what every page says: their company's name, zone and language, and who sells.
_ASKING = (
    sa.select(User, Vendor)
    .outerjoin(Vendor, Vendor.id == 1)
    .where(User.fs_uniquifier == sa.bindparam("uniquifier"))
    .options(joinedload(User.company))
)


def init_app(app: Flask) -> None:
    """Install both libraries, with our own loaders and our own answer to a visitor who has to sign in."""
    security = Security(app, SQLAlchemyUserDatastore(db, User, None), register_blueprint=False)
    # Permissions are ours (`access/permissions.py`); Principal's loader would read a person for every style sheet.
    security.principal.identity_loaders.clear()
    security.login_manager.user_loader(_load_user)
    # No sign-in by a token in a header or in a URL, which Flask-Security accepts otherwise.
    security.login_manager.request_loader(lambda _request: None)
    security.login_manager.login_view = "web.sign_in"
    security.login_manager.unauthorized_handler(lost.to_sign_in)


def _load_user(uniquifier: str) -> User | None:
    """The active person whose `fs_uniquifier` is in the session. No scope is set yet, so this looks at everybody."""
    with access.everything():
        found = db.session.execute(_ASKING, {"uniquifier": uniquifier}).one_or_none()
    if found is None or not found[0].active:
        return None
    vendors.remember(found[1])
    user: User = found[0]
    return user


def start_session(user: User, via: str) -> None:
    """Sign the person in, in a new session that keeps nothing of the one before; `via` a `password` or a `link`."""
    session.clear()
    session[lost.PERSON] = user.id
    with access.everything():
        login_user(user, remember=False, authn_via=[via])
    g.scope = access.scope_of(user)


def home_of(user: User) -> str:
    """The first page of a signed-in person."""
    return "/support/" if user.is_staff else "/portal/"
