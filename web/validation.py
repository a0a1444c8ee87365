"""`POST /api/licenses/validate`: the vendor's product asks whether a key is good. Described in docs/openapi.json.

No secret is needed and nothing is said of people: whoever has a key learns what it is worth, and nothing else.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import utcnow
from services.seats import validation
from services.text.formats import current_language
from web import limits
from web.blueprint import bp


def init_app(app: Flask) -> None:
    """Exempt it from CSRF tokens: a program asks, without cookies."""
    app.extensions["csrf"].exempt(validate)


@bp.post("/api/licenses/validate")
def validate() -> ResponseReturnValue:
    """200 with a verdict, whatever the key is; 400 for what is no JSON with a `key`; 429 past the limits."""
    asked = request.get_json(silent=True, force=True)
    key = asked.get("key") if isinstance(asked, dict) else None
    if not isinstance(key, str):
        return _refusal("bad_request", _("Send JSON with a “key”.")), 400
    if wait := limits.wait_for_key(validation.as_written(key)):
        answer = _refusal("too_many", _("Too many questions: ask again later."))
        return answer, 429, {"Retry-After": str(wait)}
    return jsonify(_as_json(validation.check(key, utcnow()), current_language()))


def _as_json(found: validation.Answer, language: str) -> dict[str, Any]:
    return {
        "valid": found.verdict.is_valid,
        "code": found.verdict,
        "message": validation.sentence(found.verdict),
        "plan": found.plan,
        "limits": [
            {"code": row["code"], "label": row[f"label_{language}"], "value": row[f"value_{language}"]}
            for row in found.limits
        ],
        "devices": found.devices,
        "last_day": found.last_day and found.last_day.isoformat(),
        "usable_until": found.usable_until and found.usable_until.isoformat(timespec="seconds"),
    }


def _refusal(code: str, message: str) -> Any:
    return jsonify({"code": code, "message": message})
