"""Settings, switches and file of the running sandbox, within reach of any request."""

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from sandbox.base.settings import Settings, Switches
from sandbox.base.store import Store


@dataclass
class Shared:
    """What every request may use; `public_url`, the address for browsers, is set once the port is known."""

    settings: Settings
    switches: Switches
    store: Store
    public_url: str = field(default="", kw_only=True)


def shared() -> Shared:
    """Return the Shared of the current request's application."""
    return cast(Shared, current_app.extensions["sandbox"])
