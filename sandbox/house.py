"""What the parts of one running sandbox share, within reach of every page."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.clock import Clock
from sandbox.mailbox import MailServer
from sandbox.settings import Settings, Switches
from sandbox.store import Store
from sandbox.webhooks import Courier


@dataclass
class House:
    """One sandbox; `public_url` is known once the port is."""

    settings: Settings
    switches: Switches
    store: Store
    courier: Courier
    clock: Clock
    mail: MailServer
    public_url: str = ""


def house() -> House:
    """Return the sandbox that answers the current request."""
    return cast(House, current_app.extensions["sandbox"])
