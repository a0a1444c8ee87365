"""The sandbox as tests use it: a real process on free ports, and what a person does on its payment page.

with SandboxProcess(tmp_path, webhook_url="http://127.0.0.1:5000/stripe/webhook") as sandbox:
    sandbox.pay(session.url)                            # returns where the browser is led
    sandbox.deliver()                                   # the events, now
    sandbox.inbox(to="user@acme.example")[0]["links"]
"""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 10
SUCCESS, DECLINED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"
AUTHENTICATE = "4000002500003155"
DEBIT_SUCCEEDS, DEBIT_FAILS = "000123456789", "000222222227"


class SandboxProcess:
    """`python -m sandbox` on free ports; `url`, `smtp_port`, `secret_key` and `webhook_secret` are what to connect with.

    Webhooks are off until a `webhook_url` is given, here or with `settings(webhook_url=…, webhooks="on")`;
    `deliver()` posts them even while they are off.
    """

    secret_key = "sk_test_sandbox"
    webhook_secret = "whsec_sandbox"

    def __init__(
        self,
        instance_dir: Path,
        webhook_url: str = "",
        *,
        port: int = 0,
        smtp_port: int = 0,
        env: dict[str, str] | None = None,
    ) -> None:
        self.instance = Path(instance_dir)
        self._env = {
            **os.environ,
            "INSTANCE": str(self.instance),
            "SANDBOX_HOST": "127.0.0.1",
            "SANDBOX_PORT": str(port),
            "SANDBOX_SMTP_PORT": str(smtp_port),
            "SANDBOX_DEBIT_DELAY": "",
            "SANDBOX_PUBLIC_URL": "",
            "SANDBOX_SECRET_KEY": self.secret_key,
            "SANDBOX_WEBHOOK_SECRET": self.webhook_secret,
            "SANDBOX_WEBHOOK_URL": webhook_url or "http://127.0.0.1:9/unset",
            "SANDBOX_RETRY_SCHEDULE": "0.2,0.2,0.2,0.2,0.2",
            **(env or {}),
        }
        self._first_settings = {} if webhook_url else {"webhooks": "off"}
        self.start()

    def start(self) -> None:
        """Start it, again if it was stopped, and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox"], cwd=ROOT, env=self._env, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("sandbox: "), f"the sandbox did not start: {line!r}"
        self.url = line.split()[1]
        health = requests.get(f"{self.url}/sandbox/health", timeout=START_SECONDS).json()
        self.smtp_port = int(health["smtp_port"])
        # A restart uses the same ports, so that the addresses it gave stay valid.
        self._env |= {"SANDBOX_PORT": self.url.rpartition(":")[2], "SANDBOX_SMTP_PORT": str(self.smtp_port)}
        if self._first_settings:
            self.settings(**self._first_settings)

    def stop(self) -> None:
        """End the process; a second call does nothing."""
        self.process.terminate()
        self.process.wait(timeout=5)
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Controls

    def _control(self, name: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.post(f"{self.url}/sandbox/{name}", json=body or {}, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def settings(self, **wanted: Any) -> dict[str, Any]:
        """Change switches of `sandbox/base/settings.py`, such as fail_next=2, smtp="down", clock_ahead=3600."""
        return self._control("settings", wanted)

    def settle(self) -> int:
        """Settle the bank debits under way; returns how many."""
        return self._control("settle")["settled"]

    def deliver(self) -> dict[str, int]:
        """Post every undelivered event once, now; returns {"delivered": n, "failed": n}."""
        return self._control("deliver")

    def reset(self) -> None:
        """Forget every object, event, mail and switch."""
        self._control("reset")
        if self._first_settings:
            self.settings(**self._first_settings)

    # What it holds

    def inbox(self, to: str | None = None) -> list[dict[str, Any]]:
        """Return the mail received, newest first: id, to, from, subject, message_id, headers, text, html, links."""
        return requests.get(f"{self.url}/inbox.json", params={"to": to} if to else None, timeout=10).json()

    def api(self, path: str, **params: str) -> Any:
        """GET `path` of the API and return its JSON."""
        answer = requests.get(f"{self.url}/v1/{path}", params=params, auth=(self.secret_key, ""), timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def events(self, *types: str) -> list[dict[str, Any]]:
        """Return the events, oldest first, of these types or of all."""
        found = self.api("events", limit="100")["data"][::-1]
        return [event for event in found if not types or event["type"] in types]

    def signed(
        self, event: dict[str, Any], *, age: int = 0, secret: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a delivery of this event, signed `age` seconds ago, to post by hand."""
        body = json.dumps(event).encode()
        at = int(time.time()) - age
        mac = hmac.new((secret or self.webhook_secret).encode(), f"{at}.".encode() + body, hashlib.sha256)
        signature = f"t={at},v1={mac.hexdigest()}"
        return body, {"Stripe-Signature": signature, "Content-Type": "application/json"}

    def types(self) -> list[str]:
        """Return the types of all events, oldest first."""
        return [event["type"] for event in self.events()]

    # A person at the payment page

    def submit(self, url: str, form: dict[str, str]) -> str | None:
        """Post a form of the payment page; returns where it leads, or None when the page stays."""
        answer = requests.post(url, data=form, allow_redirects=False, timeout=30)
        if answer.status_code != 303:
            return None
        where = answer.headers["Location"]
        return self.url + where if where.startswith("/") else where

    def refund(self, charge: str, amount: str = "") -> int:
        """Refund a charge from the page that stands for Stripe's dashboard, all that is left of it or `12,50`."""
        return self._act(charge, "refund", amount=amount)

    def contest(self, charge: str) -> int:
        """Contest a charge, as its payer does at the bank."""
        return self._act(charge, "contest")

    def decide(self, charge: str, *, won: bool) -> int:
        """Let the bank decide what is contested, for the merchant or against them."""
        return self._act(charge, "decide", won="yes" if won else "no")

    def _act(self, charge: str, verb: str, **typed: str) -> int:
        url = f"{self.url}/payments/{charge}/{verb}"
        return requests.post(url, data=typed, allow_redirects=False, timeout=10).status_code

    def pay(
        self, session_url: str, card: str = SUCCESS, *, authenticate: bool = True, **typed: str
    ) -> str | None:
        """Pay by card; returns the final address (the success page's), or None when the card was refused.

        A card that asks for 3-D Secure is authenticated, successfully or not.
        """
        person = {"method": "card", "email": "payer@acme.example", "name": "Une Personne"}
        where = self.submit(session_url, {**person, "number": card, "expiry": "12/34", "cvc": "123", **typed})
        if where and where.endswith("/authenticate"):
            return self.authenticate(session_url, succeed=authenticate)
        return where

    def authenticate(self, session_url: str, *, succeed: bool = True) -> str | None:
        """Answer the bank's 3-D Secure question; returns the success page's address, or None after a failure."""
        where = self.submit(f"{session_url}/authenticate", {"outcome": "complete" if succeed else "fail"})
        return where if where and not where.startswith(f"{self.url}/pay/") else None

    def pay_by_debit(self, session_url: str, account: str = DEBIT_SUCCEEDS, **typed: str) -> str | None:
        """Pay by bank debit, which stays under way until `settle()`; returns the success page's address."""
        person = {"method": "acss_debit", "email": "payer@acme.example", "name": "Une Personne"}
        bank = {"institution": "000", "transit": "11000", "account": account}
        return self.submit(session_url, {**person, **bank, **typed})

    def walk_away(self, session_id: str) -> str:
        """Open the payment page and leave it; returns the address that its way back has."""
        assert requests.get(f"{self.url}/pay/{session_id}", timeout=10).ok
        return str(self.api(f"checkout/sessions/{session_id}")["cancel_url"])
