"""How long a licence is bought for, in words: « 1 an » wherever the term is whole years, « 18 mois » elsewhere."""

from __future__ import annotations

from flask_babel import ngettext


def term(months: int) -> str:
    """« 1 an », “2 years”, « 18 mois »: the same term is never said as « 12 mois » on another page."""
    if months and months % 12 == 0:
        return str(ngettext("%(num)s year", "%(num)s years", months // 12))
    return str(ngettext("%(num)s month", "%(num)s months", months))
