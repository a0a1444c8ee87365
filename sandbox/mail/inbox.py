"""The received mail: `/inbox` for people, `/inbox.json` for tests."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.base.shared import shared
from sandbox.base.store import Object
from sandbox.mail.mailbox import parse

bp = Blueprint("inbox", __name__)
SHOWN = 200
VIEWS = ("html", "text", "headers", "source")
# For a mail's own HTML and its parts: inline styles and images are allowed, scripts and forms are not.
MAIL_POLICY = (
    "default-src 'none'; img-src 'self' data: cid:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'"
)
URL = re.compile(r"https?://[^\s<>\"')\]]+")


@bp.get("/inbox")
def mails() -> str:
    to = request.args.get("to", "").strip()
    with shared().store.reading() as tx:
        rows = tx.sql(
            "SELECT id, at, sender, recipient, subject FROM mail WHERE instr(recipient, ?) ORDER BY id DESC LIMIT ?",
            (to.lower().replace("\0", ""), SHOWN),
        ).fetchall()
    return render_template("inbox.html", mails=rows, to=to)


@bp.get("/inbox.json")
def mails_json() -> ResponseReturnValue:
    """Return every mail, newest first; `?to=` keeps those of one exact recipient."""
    to = request.args.get("to")
    with shared().store.reading() as tx:
        rows = tx.sql(
            "SELECT * FROM mail WHERE ? IS NULL OR recipient = ? ORDER BY id DESC", (to, (to or "").lower())
        ).fetchall()
    return [_as_json(dict(row)) for row in rows]


def _as_json(row: Object) -> Object:
    message = parse(row["raw"])
    text, html = body(message, "plain"), body(message, "html")
    return {
        "id": row["id"],
        "at": row["at"],
        "to": row["recipient"],
        "from": str(message.get("From", row["sender"])),
        "subject": row["subject"],
        "message_id": row["message_id"],
        "headers": {name: str(value) for name, value in message.items()},
        "text": text,
        "html": html,
        "links": list(dict.fromkeys([*_hrefs(html or ""), *URL.findall(text or "")])),
    }


@bp.get("/inbox/<int:ident>")
def mail(ident: int) -> str:
    row, message = _find(ident)
    html, text = body(message, "html"), body(message, "plain")
    view = request.args.get("view", "")
    if view not in VIEWS:
        view = "html" if html else "text"
    return render_template(
        "mail.html",
        mail=row,
        view=view,
        views=VIEWS,
        sender=str(message.get("From", row["sender"])),
        html=html,
        text=text,
        headers=[(name, str(value)) for name, value in message.items()],
        source=row["raw"].decode("utf-8", "replace"),
        attachments=[
            (n, part.get_filename()) for n, part in enumerate(message.walk()) if part.get_filename()
        ],
    )


@bp.get("/inbox/<int:ident>/html")
def mail_html(ident: int) -> Response:
    _row, message = _find(ident)
    html = body(message, "html")
    if html is None:
        abort(404)
    for number, part in enumerate(message.walk()):
        content_id = str(part.get("Content-ID", "")).strip("<> ")
        if content_id:
            html = html.replace(f"cid:{content_id}", f"/inbox/{ident}/part/{number}")
    return _policed(Response(_opening_in_a_tab(html), mimetype="text/html"))


def _opening_in_a_tab(html: str) -> str:
    """Insert `<base target="_blank">`, so that the mail's links open outside its frame."""
    base = '<base target="_blank">'
    opened, count = re.subn(r"(<head\b[^>]*>)", rf"\1{base}", html, count=1, flags=re.IGNORECASE)
    return opened if count else base + html


@bp.get("/inbox/<int:ident>/part/<int:number>")
def mail_part(ident: int, number: int) -> Response:
    _row, message = _find(ident)
    parts = list(message.walk())
    if number >= len(parts) or parts[number].is_multipart():
        abort(404)
    part = parts[number]
    content = part.get_payload(decode=True)
    is_image = part.get_content_maintype() == "image"
    kind = part.get_content_type() if is_image else "application/octet-stream"
    response = Response(content if isinstance(content, bytes) else b"", mimetype=kind)
    if not is_image:
        response.headers.set("Content-Disposition", "attachment", filename=part.get_filename() or "part")
    return _policed(response)


def _policed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _find(ident: int) -> tuple[Object, EmailMessage]:
    if ident >= 2**63:
        abort(404)
    with shared().store.reading() as tx:
        row = tx.sql("SELECT * FROM mail WHERE id = ?", (ident,)).fetchone()
    if row is None:
        abort(404)
    return dict(row), parse(row["raw"])


def body(message: EmailMessage, kind: str) -> str | None:
    """Return the body of `kind`, `plain` or `html`, or None."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # Unknown charset.
        return content.decode("utf-8", "replace")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.found.append(href)


def _hrefs(html: str) -> list[str]:
    parser = _Links()
    parser.feed(html)
    return parser.found
