"""The web server, in development and in production alike: `gunicorn` in this folder needs no argument.

Threads, because a page waits for the database more than it computes; a process for each core (WEB_CONCURRENCY).
`docs/deploy.md` says what to set.
"""

import os

from dotenv import load_dotenv

load_dotenv(".env")

wsgi_app = "app:create_app()"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "gthread"
# Longer than every wait of our own (config.py), so that a slow page ends with a sentence and not a dead worker.
timeout = 60
graceful_timeout = 10
# The reverse proxy writes the access log; ours would only repeat it.
accesslog = None
loglevel = "warning"
control_socket_disable = True
