"""The one blueprint of this room: its endpoints are `web.sign_in`, `web.link`, `web.profile`…"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("web", __name__)
