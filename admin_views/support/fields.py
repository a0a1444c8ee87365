"""Fields that only the back office needs: the lines of a comparison table, and a percentage."""

from __future__ import annotations

import re
from decimal import Decimal

from flask_babel import gettext as _
from wtforms import Field, TextAreaField
from wtforms.widgets import TextInput

from services.catalogue.plans import LIMIT_PARTS, MAX_LIMIT_LENGTH, MAX_LIMITS
from services.foundation import checks
from services.foundation.errors import Refused
from services.text import characters


class LimitsField(TextAreaField):
    """The limits of a plan, one per line: `code | libellé | label | valeur | value`. `data` is a list of dicts."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(" | ".join(row[part] for part in LIMIT_PARTS) for row in self.data or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = []
        for number, line in enumerate((valuelist[0] if valuelist else "").splitlines(), start=1):
            if line.strip():
                self.data.append(self._row(line, number))
        if len(self.data) > MAX_LIMITS:
            raise ValueError(_("At most %(count)s lines.", count=MAX_LIMITS))

    def _row(self, line: str, number: int) -> dict[str, str]:
        try:
            parts = [checks.text(part) for part in line.split("|")]
        except Refused as refused:
            raise ValueError(refused.sentence) from refused
        if len(parts) != len(LIMIT_PARTS) or not all(map(characters.is_visible, parts)):
            raise ValueError(
                _("Line %(number)s needs five parts that are filled, with | between them.", number=number)
            )
        if any(len(part) > MAX_LIMIT_LENGTH for part in parts):
            raise ValueError(
                _(
                    "A part of line %(number)s is longer than %(count)s characters.",
                    number=number,
                    count=MAX_LIMIT_LENGTH,
                )
            )
        if any(parts[0] == row["code"] for row in self.data):
            raise ValueError(_("Line %(number)s uses a code a second time.", number=number))
        return dict(zip(LIMIT_PARTS, parts, strict=True))


class PercentField(Field):
    """A percentage on the screen, thousandths of a percent in `data`: `9,975` and `9.975` are 9975."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{(Decimal(self.data) / 1000).normalize():f}"

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = checks.without_spaces(valuelist[0]).replace("%", "").strip() if valuelist else ""
        if not text:
            return
        if not re.fullmatch(r"[0-9]{1,3}([.,][0-9]{1,3})?", text, re.ASCII):
            raise ValueError(_("Enter a percentage, such as 9.975."))
        self.data = int(Decimal(text.replace(",", ".")) * 1000)
