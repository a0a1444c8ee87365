"""What the logs never hold: the token of a one-time link."""

from __future__ import annotations

import logging
import re

from flask import Flask

# The servers' own loggers, under `flask run` and under gunicorn.
ACCESS_LOGGERS = ("werkzeug", "gunicorn.access")
_TOKEN = re.compile(r"(/l/)[\w%.~-]+")


class HideTokens(logging.Filter):
    """Writes `/l/…` wherever the address of a one-time link would be logged, as a page or as a referrer."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = _TOKEN.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, None
        return True


def init_app(app: Flask) -> None:
    """Put the filter on the application's logger and on the servers'."""
    for logger in (app.logger, *map(logging.getLogger, ACCESS_LOGGERS)):
        if not any(isinstance(known, HideTokens) for known in logger.filters):
            logger.addFilter(HideTokens())
