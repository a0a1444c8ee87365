"""The Flask application with every route of the sandbox, and the web server that runs it."""

import logging

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.mail import inbox
from sandbox.pages import control, overview, pay, payments, policy, texts
from sandbox.pages.parts import Parts, parts
from sandbox.stripe import api
from sandbox.stripe.errors import StripeError

log = logging.getLogger("sandbox")
LARGEST = 2 * 1024 * 1024  # Bytes of a request's body.


def create(running: Parts) -> Flask:
    """Build the application; its requests find `running` through `parts()` and `shared()`."""
    app = Flask("sandbox")
    app.extensions["sandbox"] = running
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for module in (api, control, pay, payments, inbox, overview):
        app.register_blueprint(module.bp)
    texts.install(app)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
    return app


def _finish(response: Response) -> Response:
    """Set the security headers; after a POST, which may have made events, wake the courier."""
    if request.method == "POST":
        parts().courier.wake()
    return policy.set_headers(response)


def _http_error(problem: HTTPException) -> ResponseReturnValue:
    status = problem.code or 500
    if request.path.startswith("/v1"):
        return StripeError(problem.description or problem.name, status=status).body(), status
    return overview.message("error_title", "not_found" if status == 404 else "bad_request"), status


def _crash(problem: Exception) -> ResponseReturnValue:
    log.exception("%s %s failed", request.method, request.path)
    if request.path.startswith("/v1"):
        return StripeError("The sandbox failed; its log says why.", status=500, kind="api_error").body(), 500
    return overview.message("error_title", "crashed"), 500


class _QuietHandler(WSGIRequestHandler):
    """Logs errors of the connection, not requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: `_crash` logs what fails."""


def listen(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """Bind the server; SystemExit or OSError when the port is taken."""
    return make_server(host, port, app, threaded=True, request_handler=_QuietHandler)
