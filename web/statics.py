"""The files of every page: one style sheet, one script, the icons, the font; each under a hash, each compressed once.

The sheet is `static/css/*.css` joined when the process starts, the script `static/js/*.js`. A URL holds the hash of its
file, so that browsers may keep it for a year and still see changes.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

import brotli
from flask import Flask, abort, request
from werkzeug.wrappers import Response

import font
from config_types import ROOT
from web import icons

FOREVER = "public, max-age=31536000, immutable"
FOLDER = ROOT / "static"
# In the order in which they apply: what comes later may say more about what came before.
SHEETS = (
    "tokens",
    "base",
    "shell",
    "controls",
    "forms",
    "lists",
    "floats",
    "figures",
    "parts",
    "pages",
    "small",
    "paper",
)
SCRIPTS = ("app", "picker", "cart", "list", "chosen", "panel", "batch", "palette")
FONT_FACE = '@font-face { font-family: "Inter"; src: url("%s") format("woff2"); font-weight: 400 620; font-display: swap; }\n'


class File(NamedTuple):
    """A file as it travels: `bodies` by what `Content-Encoding` calls them, `""` for the plain one."""

    mimetype: str
    version: str
    bodies: dict[str, bytes]

    def url(self, name: str) -> str:
        return f"/static/{name}?v={self.version}"


def init_app(app: Flask) -> None:
    """Serve the files, and tell templates where they are: `files["desk.css"]`."""
    app.add_url_rule("/static/<path:filename>", "static", _serve)
    app.jinja_env.globals["files"] = {name: file.url(name) for name, file in files().items()}


@functools.cache
def files() -> dict[str, File]:
    """Every file by its name. Made once per process: compressing them well takes a moment."""
    made = {
        "favicon.svg": _file("image/svg+xml", (FOLDER / "favicon.svg").read_bytes()),
        "icons.svg": _file("image/svg+xml", icons.cut()),
        "desk.js": _file("text/javascript", _joined("js", SCRIPTS)),
    }
    sheet = _joined("css", SHEETS)
    kept = font.path()
    if kept and kept.is_file():
        made["inter.woff2"] = inter = _file("font/woff2", kept.read_bytes(), compress=False)
        sheet = (FONT_FACE % inter.url("inter.woff2")).encode() + sheet
    return made | {"desk.css": _file("text/css", sheet)}


def _joined(kind: str, names: tuple[str, ...]) -> bytes:
    return b"\n".join(Path(FOLDER, kind, f"{name}.{kind}").read_bytes() for name in names)


def _file(mimetype: str, body: bytes, *, compress: bool = True) -> File:
    bodies = {"": body}
    if compress:
        bodies |= {"br": brotli.compress(body), "gzip": gzip.compress(body, 9, mtime=0)}
    return File(mimetype, hashlib.sha256(body).hexdigest()[:8], bodies)


def _serve(filename: str) -> Response:
    """The file in the best encoding that the browser takes (RFC 9110, 12.5.3).

    Kept for long only if it has the hash that was asked for: during an update, machines may differ.
    """
    file = files().get(filename)
    if file is None:
        abort(404)
    accepted = request.accept_encodings
    coding = next((name for name in ("br", "gzip") if name in file.bodies and accepted[name] > 0), "")
    answer = Response(file.bodies[coding], mimetype=file.mimetype)
    if coding:
        answer.content_encoding = coding
    if len(file.bodies) > 1:
        answer.vary.add("Accept-Encoding")
    answer.set_etag(f"{file.version}{coding and '-'}{coding}")
    answer.headers["Cache-Control"] = FOREVER if request.args.get("v") == file.version else "no-cache"
    return answer.make_conditional(request)
