"""What the requests of every room use: settings, switches and the file."""

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from sandbox.base.settings import Settings, Switches
from sandbox.base.store import Store


@dataclass
class Shared:
    """One running sandbox; `public_url`, the address that browsers use, is set once the port is known."""

    settings: Settings
    switches: Switches
    store: Store
    public_url: str = field(default="", kw_only=True)


def shared() -> Shared:
    """Return what the current request's sandbox shares."""
    return cast(Shared, current_app.extensions["sandbox"])
