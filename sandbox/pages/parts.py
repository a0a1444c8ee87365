"""The threads that pages and controls use, within reach of any request: deliveries, timers and mail server."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.base.shared import Shared
from sandbox.mail.mailbox import MailServer
from sandbox.stripe.clock import Clock
from sandbox.stripe.webhooks import Courier


@dataclass
class Parts(Shared):
    """Shared, and the threads."""

    courier: Courier
    clock: Clock
    mail: MailServer


def parts() -> Parts:
    """Return the Parts of the current request's application."""
    return cast(Parts, current_app.extensions["sandbox"])
