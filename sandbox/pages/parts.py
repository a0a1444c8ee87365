"""The parts of a running sandbox that pages steer: deliveries, timers and the mail server."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.base.shared import Shared
from sandbox.mail.mailbox import MailServer
from sandbox.stripe.clock import Clock
from sandbox.stripe.webhooks import Courier


@dataclass
class Parts(Shared):
    """Everything of one running sandbox."""

    courier: Courier
    clock: Clock
    mail: MailServer


def parts() -> Parts:
    """Return the sandbox that answers the current request."""
    return cast(Parts, current_app.extensions["sandbox"])
