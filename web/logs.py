"""Keep out of the logs: the tokens of one-time links, the values that PostgreSQL quotes in its errors, and what we
send to Stripe about customers."""

from __future__ import annotations

import logging
import re

from flask import Flask

# The servers' own loggers, under `flask run` and under gunicorn.
ACCESS_LOGGERS = ("werkzeug", "gunicorn.access")
_TOKEN = re.compile(r"(/l/)[\w%.~-]+")
# « DETAIL:  Key (lower(email))=(somebody@acme.example) already exists. »
_DETAIL = re.compile(r"^DETAIL: .*\n?", re.MULTILINE)


class HideTokens(logging.Filter):
    """Replaces the address of a one-time link by `/l/…`, as a page and as a referrer."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = _TOKEN.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, None
        return True


class HideDetails(logging.Filter):
    """Drops the lines of a traceback in which PostgreSQL quotes the values of the row that it refused."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and not record.exc_text:
            # Formatters use this text if it is set.
            record.exc_text = _DETAIL.sub("", logging.Formatter().formatException(record.exc_info))
        return True


def init_app(app: Flask) -> None:
    """Put the filters on the servers' loggers and on every handler that our own loggers write through."""
    # At DEBUG it logs whole requests and answers: names, addresses, payment pages; at INFO the address that Stripe refused.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    loggers = (app.logger, *map(logging.getLogger, ACCESS_LOGGERS))
    # A logger's filter sees what is logged to that very logger; a handler's sees all that passes through it.
    for place in (*loggers, *logging.getLogger().handlers):
        for kind in (HideTokens, HideDetails):
            if not any(isinstance(known, kind) for known in place.filters):
                place.addFilter(kind())
