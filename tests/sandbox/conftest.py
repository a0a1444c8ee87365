"""One sandbox process for each test worker, wiped between tests, and the real Stripe client on it."""

import contextlib
import dataclasses
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox_process import SandboxProcess

HOSTILE = "<script>alert(1)</script><form action='http://127.0.0.1:9/'><button>OK</button></form>"
LINK = "http://127.0.0.1:8000/links/abc?x=1&y=2"


@pytest.fixture(scope="session")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
def sandbox(_process: SandboxProcess) -> SandboxProcess:
    """An empty sandbox; webhooks are off until a test turns them on."""
    _process.reset()
    return _process


MANDATE = {"payment_schedule": "sporadic", "transaction_type": "business"}


def connect(sandbox: SandboxProcess, *, retries: int = 0, key: str | None = None) -> Any:
    client = stripe.StripeClient(
        key or sandbox.secret_key,
        base_addresses={"api": sandbox.url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=20),
    )
    return client.v1


@pytest.fixture
def client(sandbox: SandboxProcess) -> Any:
    """Stripe's own client, as the application uses it."""
    return connect(sandbox)


def line(amount: int, quantity: int = 1, name: str = "Pro – 1 an") -> dict[str, Any]:
    """One entry of `line_items`; `amount` in cents."""
    data = {"currency": "cad", "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": data, "quantity": quantity}


def order(**changes: Any) -> dict[str, Any]:
    """What the application asks for: 5 licences at $100.00, both taxes, $574.88 in all."""
    wanted = {
        "mode": "payment",
        "client_reference_id": "K7QF-2M9X",
        "customer_email": "admin@acme.example",
        "line_items": [line(10_000, 5), line(2_500, name="TPS (5 %)"), line(4_988, name="TVQ (9,975 %)")],
        "locale": "fr-CA",
        "payment_method_options": {"acss_debit": {"mandate_options": MANDATE}},
        "metadata": {"order": "K7QF-2M9X"},
        "payment_intent_data": {"metadata": {"order": "K7QF-2M9X"}},
        "success_url": "http://127.0.0.1:9/orders/K7QF-2M9X/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/orders/K7QF-2M9X",
    }
    return {name: value for name, value in (wanted | changes).items() if value is not None}


@pytest.fixture
def open_session(client: Any) -> Callable[..., Any]:
    """`open_session(**changes)`: a Checkout Session of the order above."""
    return lambda **changes: client.checkout.sessions.create(order(**changes))


def page_of(sandbox: SandboxProcess, session: Any) -> requests.Response:
    """Open the payment page of a session."""
    return requests.get(f"{sandbox.url}/pay/{session.id}", timeout=10)


def letter(
    to: str = "user@acme.example", subject: str = "Votre licence Pro est à vous", *, more: str = ""
) -> EmailMessage:
    """Build a mail with a link, as text and as HTML; `more` is added to the HTML."""
    message = EmailMessage()
    message["From"] = "Trousseau <licences@vendor.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<license-1@vendor.example>"
    message.set_content(f"Bonjour,\n\nActivez votre licence : {LINK}\n")
    message.add_alternative(
        "<html><head><title>x</title></head><body><p style='color:#333'>Bonjour</p>"
        f"<a href='{LINK.replace('&', '&amp;')}'>Activer ma licence</a>{more}</body></html>",
        subtype="html",
    )
    return message


@dataclasses.dataclass
class Webhook:
    """A merchant's webhook over real HTTP: answers the next of `replies`, then 200, after `seconds`; `received` has (body, signature)."""

    url: str = ""
    seconds: float = 0
    replies: list[int] = dataclasses.field(default_factory=list)
    received: list[tuple[bytes, str]] = dataclasses.field(default_factory=list)
    _arrived: threading.Condition = dataclasses.field(default_factory=threading.Condition)

    def take(self, body: bytes, signature: str) -> int:
        time.sleep(self.seconds)
        with self._arrived:
            self.received.append((body, signature))
            self._arrived.notify_all()
            return self.replies.pop(0) if self.replies else 200

    def wait_for(self, count: int) -> None:
        with self._arrived:
            enough = self._arrived.wait_for(lambda: len(self.received) >= count, timeout=10)
            assert enough, f"only {len(self.received)} deliveries"


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error, unless the client closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Base of the tests' little servers."""

    def reply(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@contextlib.contextmanager
def serve(handler: type[Handler]) -> Iterator[str]:
    """Run a little web server; yields its address."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    merchant = Webhook()

    class Taker(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(merchant.take(body, self.headers["Stripe-Signature"]))

    with serve(Taker) as url:
        merchant.url = f"{url}/stripe/webhook?from=stripe"
        yield merchant
