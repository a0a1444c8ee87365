"""The web server, the same in development and in production: `serve.py` starts it, and it needs no argument.

It uses threads, because a request mostly waits for the database, and a process for each core (WEB_CONCURRENCY).
`docs/deploy.md` says what to set. Gunicorn itself checks the four settings that are read here: the master process
must not import config.py, because after `git pull` and a reload its new workers would get the old one.
"""

import gc
import os

from dotenv import load_dotenv
from gunicorn.errors import AppImportError

load_dotenv(".env")

wsgi_app = "app:create_app()"
host = os.environ.get("HOST") or "127.0.0.1"
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT') or '8000'}"
workers = os.environ.get("WEB_CONCURRENCY") or 1
threads = os.environ.get("WEB_THREADS") or 8
worker_class = "gthread"
# Longer than every timeout of our own (config.py), so that a slow request gets an error page before it is killed.
timeout = 60
# A request under way may be waiting for Stripe or for the database, for 30 s at most: stopping does not cut it off.
graceful_timeout = 40
# The reverse proxy writes the access log.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def post_fork(_server: object, _worker: object) -> None:
    """In a new worker: wrong settings end it, and the server, with their messages and no traceback."""
    import config  # noqa: PLC0415 - in the worker alone

    try:
        config.read()
    except config.SettingsError as error:
        raise AppImportError(str(error)) from None


def post_worker_init(_worker: object) -> None:
    """Once the application is loaded: it is never garbage, and looking through it at each turn took a tenth of every page."""
    gc.collect()
    gc.freeze()
    # An answer makes some thousand objects: they are looked through after several answers, not several times in one.
    gc.set_threshold(10_000, 20, 20)
