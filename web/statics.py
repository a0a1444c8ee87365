"""Static files: each URL holds a hash of its file, so that browsers may cache it for a year and still see changes."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

FOREVER = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Add `?v=` to every static URL, and long caching to the answers."""
    app.url_defaults(_add_version)
    app.after_request(_cache)


def is_static(endpoint: str | None) -> bool:
    """Whether an endpoint serves files: the application's, Bootstrap's or Flask-Admin's."""
    return endpoint == "static" or bool(endpoint and endpoint.endswith(".static"))


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if is_static(endpoint) and (version := _version(endpoint, values.get("filename", ""))):
        values["v"] = version


def _version(endpoint: str, filename: str) -> str | None:
    blueprint = endpoint.rpartition(".")[0]
    folder = current_app.blueprints[blueprint].static_folder if blueprint else current_app.static_folder
    path = Path(folder or "", filename)
    if not folder or not path.is_file():
        return None
    return _hash(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _hash(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _cache(response: Response) -> Response:
    """Long caching only if the file has the hash that was asked for: during an update, machines may differ."""
    if is_static(request.endpoint) and response.status_code in {200, 206, 304}:
        arguments = request.view_args or {}
        current = _version(request.endpoint or "", arguments.get("filename", ""))
        kept = current is not None and request.args.get("v") == current
        response.headers["Cache-Control"] = FOREVER if kept else "no-cache"
    return response
