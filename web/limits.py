"""Too many tries: who is counted, and how many each may make. The numbers are settings (`config.py`)."""

from __future__ import annotations

import functools
import hashlib
import hmac
import ipaddress
import math
import re
import time
from collections.abc import Callable

import limits
import sqlalchemy as sa
from flask import Flask, current_app, g, request
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from models import db
from services.foundation import checks
from services.people import oneself

# What `memory://` counts with: importing it has the library know it.
from web import counters as _counters  # noqa: F401

# What a machine may still try at an account that many wrong passwords were tried at: its owner is not locked out.
SLOWED = "2 per minute; 20 per hour"
# The part of an IPv6 address that names a customer of a network; the rest is theirs to choose (RFC 6177, RFC 8981).
SITE_BITS = 64
_PORT = re.compile(r"(?:\[(.+)\]|([0-9.]+))(?::[0-9]+)?")


def by_machine() -> str:
    """The key of limits per machine: an HMAC, so that no IP address is in the counters' storage or in the log."""
    return _sealed(f"machine {machine(request.remote_addr or '')}")


def machine(address: str) -> str:
    """`2001:db8::1` → `2001:db8::/64`; an IPv4 address, mapped into IPv6 or not, as it is. Some proxies add a port: it is
    another one with each connection.
    """
    with_port = _PORT.fullmatch(address)
    try:
        found = ipaddress.ip_address((with_port[1] or with_port[2]) if with_port else address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), SITE_BITS), strict=False))


def account() -> str:
    """Whom the address typed into this form was found to be, as a log may say it: `person 12`, or `nobody 9f86d081`.

    Only the database knows which spellings it takes for one address; an unknown one is counted as it would be looked for.
    """
    if "account" not in g:
        typed = request.form.get("email", "")
        try:
            found = oneself.find_all(typed)
        except sa.exc.SQLAlchemyError:
            # The page itself will say that it cannot answer.
            db.session.rollback()
            found = []
        unknown = f"nobody {_sealed(checks.sought_email(typed))[:8]}"
        g.account = f"person {', '.join(str(user.id) for user in found)}" if found else unknown
    return str(g.account)


def by_account() -> str:
    """The key of limits per account."""
    return _sealed(account())


def _sealed(text: str) -> str:
    return hmac.new(current_app.config["SECRET_KEY"].encode(), text.encode(), hashlib.sha256).hexdigest()


@functools.cache
def _parsed(setting: str) -> list[limits.RateLimitItem]:
    """The limits of a setting: it is read at each request, and written once."""
    return limits.parse_many(setting)


def _setting(name: str) -> Callable[[], str]:
    """A limit, read from the settings at each request."""
    return lambda: str(current_app.config[name])


# Without its storage (Redis) it counts in memory, says so in the log, and looks now and then whether it is back.
limiter = Limiter(by_machine, in_memory_fallback_enabled=True)


def init_app(app: Flask) -> None:
    """Install the limits."""
    limiter.init_app(app)


def note_wrong_password() -> None:
    """Count a wrong password at its account, from whichever machine. It refuses nobody: see `_guesses_at_account`."""
    if limiter.enabled:
        for limit in _parsed(current_app.config["SIGN_IN_LIMIT"]):
            limiter.limiter.hit(limit, "wrong passwords", by_account())


def wait_for_key(key: str) -> int:
    """Count a question about a licence's key, by machine and by key; seconds to wait where there were too many, else 0."""
    if not limiter.enabled:
        return 0
    counted = [("MACHINE_KEY_LIMIT", by_machine())]
    # What cannot be a key is nobody's.
    counted += [("KEY_LIMIT", _sealed(f"key {key}"))] if key else []
    for setting, whose in counted:
        for limit in _parsed(current_app.config[setting]):
            if not limiter.limiter.hit(limit, "keys", whose):
                stats = limiter.limiter.get_window_stats(limit, "keys", whose)
                return max(1, math.ceil(stats.reset_time - time.time()))
    return 0


def _guesses_at_account() -> str:
    """What one machine may try at this account: less once many machines have tried it, so that guessing slows down."""
    usual = str(current_app.config["SIGN_IN_LIMIT"])
    tried = (limiter.limiter.test(one, "wrong passwords", by_account()) for one in _parsed(usual))
    return usual if all(tried) else SLOWED


def _failed(response: Response) -> bool:
    """Whether the sign-in failed. Only then the try counts, so that a whole office can sign in from one IP address."""
    return response.status_code != 302


# --- Decorators for the functions of pages ---------------------------------------------------------------------------

limit_guesses = limiter.limit(_setting("SIGN_IN_LIMIT"), methods=["POST"], deduct_when=_failed)
limit_guesses_per_account = limiter.limit(
    _guesses_at_account,
    methods=["POST"],
    deduct_when=_failed,
    key_func=lambda: _sealed(f"{by_machine()} {by_account()}"),
)
limit_dead_links = limiter.limit(
    _setting("SIGN_IN_LIMIT"), methods=["POST"], deduct_when=lambda response: response.status_code == 404
)
# Over all pages that mail a link, together.
limit_mails = limiter.shared_limit(_setting("MACHINE_LINK_LIMIT"), scope="mails", methods=["POST"])
limit_mails_per_account = limiter.shared_limit(
    _setting("LINK_LIMIT"), scope="mails", methods=["POST"], key_func=by_account
)
