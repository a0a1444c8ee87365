"""Flask-Security on Flask-Login: who is signed in, and how a session starts. Its own pages are not registered."""

from __future__ import annotations

from flask import Flask, g, session
from flask_security import Security, SQLAlchemyUserDatastore, login_user
from sqlalchemy.orm import joinedload

import access
from models import User, db
from web import lost


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
        found = db.select(User).where(User.fs_uniquifier == uniquifier)
        # Their company's name, zone and language are on every page.
        user = db.session.scalar(found.options(joinedload(User.company)))
    return user if user and user.active else None


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
