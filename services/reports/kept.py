"""Numbers about the whole desk, kept in this process for a minute: counting them reads as much as the desk is large.

For the vendor's staff alone. What one customer sees is never kept: it is counted by the triggers of `tables/counted.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from flask import current_app

from access.rows import current_scope
from services.foundation.kept import figure

T = TypeVar("T")
KEPT_FOR = dt.timedelta(minutes=1)
# Tests set it to nothing, so that a page shows what they have just done.
SETTING = "FIGURES_KEPT_FOR"


def kept(name: str, count: Callable[[], T]) -> T:
    """What `count` returned, at most `KEPT_FOR` ago. It holds no rows: those belong to a session.

    Raises:
        PermissionError: asked for somebody who does not see every row.
    """
    if not current_scope().everything:
        raise PermissionError("numbers of the whole desk are for its staff alone")
    seconds = current_app.config.get(SETTING, KEPT_FOR).total_seconds()
    return figure(name, seconds, count)
