"""`python -m sandbox`: start everything, serve until SIGTERM or SIGINT, stop within a second."""

import logging
import signal
import sys
import threading

from sandbox import server
from sandbox.clock import Clock
from sandbox.house import House
from sandbox.mailbox import MailServer
from sandbox.settings import Settings, Switches
from sandbox.store import Store
from sandbox.webhooks import Courier


def build(settings: Settings) -> House:
    """Make the parts; nothing runs yet."""
    switches = Switches.of(settings)
    store = Store(settings.instance / "sandbox.sqlite")
    courier = Courier(store, switches, settings.webhook_secret)
    clock = Clock(store, switches, courier)
    return House(settings, switches, store, courier, clock, MailServer(store, switches))


def main() -> int:
    """Run until told to stop; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    try:
        settings = Settings.from_environment()
        rooms = build(settings)
        rooms.mail.start(settings.host, settings.smtp_port)
    except (ValueError, OSError) as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 1
    web = server.listen(server.create(rooms), settings.host, settings.port)
    rooms.public_url = settings.public_url.rstrip("/") or f"http://{settings.host}:{web.port}"
    rooms.courier.start()
    rooms.clock.start()
    threading.Thread(target=web.serve_forever, args=(0.1,), name="web", daemon=True).start()
    print(f"sandbox: {rooms.public_url} mail on port {rooms.mail.port}", flush=True)
    _wait_for_signal()
    web.shutdown()
    rooms.clock.stop()
    rooms.courier.stop()
    rooms.mail.stop()
    return 0


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()


if __name__ == "__main__":
    sys.exit(main())
