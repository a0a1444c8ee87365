"""`python -m sandbox`: start every part, serve until SIGTERM or SIGINT, stop within a second."""

import logging
import signal
import sys
import threading

from sandbox import server
from sandbox.base.settings import Settings, Switches
from sandbox.base.store import Store
from sandbox.mail.mailbox import MailServer
from sandbox.pages.parts import Parts
from sandbox.stripe.clock import Clock
from sandbox.stripe.webhooks import Courier


def build(settings: Settings) -> Parts:
    """Make the parts without starting their threads."""
    switches = Switches.of(settings)
    store = Store(settings.instance / "sandbox.sqlite")
    courier = Courier(store, switches, settings.webhook_secret)
    clock = Clock(store, switches, courier)
    return Parts(settings, switches, store, courier, clock, MailServer(store, switches))


def main() -> int:
    """Run until a signal; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    try:
        settings = Settings.from_environment()
        parts = build(settings)
        parts.mail.start(settings.host, settings.smtp_port)
    except (ValueError, OSError) as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 1
    web = server.listen(server.create(parts), settings.host, settings.port)
    parts.public_url = settings.public_url.rstrip("/") or f"http://{settings.host}:{web.port}"
    parts.courier.start()
    parts.clock.start()
    threading.Thread(target=web.serve_forever, args=(0.1,), name="web", daemon=True).start()
    print(f"sandbox: {parts.public_url} mail on port {parts.mail.port}", flush=True)
    _wait_for_signal()
    web.shutdown()
    parts.clock.stop()
    parts.courier.stop()
    parts.mail.stop()
    return 0


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()


if __name__ == "__main__":
    sys.exit(main())
