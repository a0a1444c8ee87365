"""A test client that behaves like a browser: its own request context, a CSRF token with every change."""

from __future__ import annotations

import contextvars
from typing import Any

from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from flask_login import login_user
from flask_wtf.csrf import generate_csrf

from models import User, db

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Client(FlaskClient):
    """Flask's client, except that

    - a request never sees the test's own `g`, scope or session: it runs as if in another process, and the test
      then reads its rows anew;
    - POST, PUT, PATCH and DELETE carry a valid CSRF token, unless called with `csrf=False`.
    """

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> Any:
        if has_app_context():
            unsaved = [*db.session.new, *db.session.dirty, *db.session.deleted]
            assert not unsaved, "commit before the request"
            db.session.rollback()
        if csrf and kwargs.get("method", "GET") not in SAFE_METHODS:
            kwargs["headers"] = {**dict(kwargs.get("headers") or {}), "X-CSRFToken": self.csrf_token()}
        return contextvars.Context().run(super().open, *args, **kwargs)

    def csrf_token(self) -> str:
        """A token that this client's session accepts."""
        return str(self._in_session(generate_csrf))

    def sign_in(self, user: User) -> None:
        """Sign `user` in as the sign-in page does, without the page (its own tests use the page)."""
        uniquifier = user.fs_uniquifier

        def _sign_in() -> None:
            session.clear()
            signed_in = db.session.scalars(db.select(User).filter_by(fs_uniquifier=uniquifier)).one()
            assert login_user(signed_in), f"{signed_in.email} may not sign in"

        self._in_session(_sign_in)

    def sign_out(self) -> None:
        self._in_session(session.clear)

    def _in_session(self, action: Any) -> Any:
        return contextvars.Context().run(self._run_in_session, action)

    def _run_in_session(self, action: Any) -> Any:
        import access  # noqa: PLC0415

        # The same client name as in requests: Flask-Login ties the session to it.
        agent = {"HTTP_USER_AGENT": self.environ_base["HTTP_USER_AGENT"]}
        with (
            self.session_transaction(environ_overrides=agent) as stored,
            self.application.test_request_context(environ_overrides=agent),
            access.everything(),
        ):
            session.update(stored)
            value = action()
            kept = dict(session)
            stored.clear()
            stored.update(kept)
            return value


def sign_in(client: Client, user: User) -> Client:
    """Sign `user` in at `client`; returns the client."""
    client.sign_in(user)
    return client


def make_client(app: Flask) -> Client:
    """Another browser."""
    app.test_client_class = Client
    return app.test_client()  # type: ignore[return-value]
