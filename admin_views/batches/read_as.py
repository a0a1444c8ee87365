"""How a form says that a file is to be read: its letters, separator, sheet and header, and which column holds what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models import Batch
from services.files import limits
from services.files.tables import Encoding
from services.foundation.errors import Code, Refused
from services.imports import people
from services.imports.people import Choice, Look

SEPARATORS = {";": _l("Semicolon"), ",": _l("Comma"), "\t": _l("Tab")}
ENCODINGS = {
    Encoding.UTF_8: "UTF-8",
    Encoding.WINDOWS: "Windows (1252)",
    Encoding.MAC: "Mac OS Roman",
    Encoding.UTF_16_LE: "UTF-16",
    Encoding.UTF_16_BE: "UTF-16 (BE)",
}


def spellings(batch: Batch, look: Look, place: int = 0) -> list[tuple[Encoding, str, str]]:
    """As `people.spellings`, with what each encoding is called between."""
    return [(code, ENCODINGS[code], text) for code, text in people.spellings(batch, look, place)]


def choice(
    typed: Mapping[str, str],
    read: Mapping[str, Any],
    known: Collection[str],
    named: Callable[[Sequence[str]], str],
    suffix: str = "",
) -> Choice:
    """What was typed of a file. Read otherwise than before, its columns are recognised anew.

    Args:
        read: How the file is read now, as its batch's options keep it.
        known: The fields that a column can hold.
        named: Fields as people call them.
        suffix: What the names of the form's fields end with, of one file among several.

    Raises:
        Refused: `file_choice`, where two columns are the same field.
    """
    encoding = next((code for code in Encoding if code == typed.get(f"encoding{suffix}")), None)
    encoding = encoding or (Encoding(read["encoding"]) if read["encoding"] else None)
    separator = typed.get(f"separator{suffix}") or read["separator"]
    sheet = typed.get(f"sheet{suffix}") or read["sheet"]
    if (encoding, separator, sheet) != (read["encoding"], read["separator"], read["sheet"]):
        return Choice(encoding, separator, sheet)
    header = typed.get(f"header{suffix}", "")
    row = int(header) if header.isascii() and header.isdigit() and len(header) < 8 else read["header"]
    fields: dict[str, int] = {}
    for column in range(limits.CELLS):
        name = typed.get(f"column{suffix}_{column}", "")
        if name in known and fields.setdefault(name, column) != column:
            sentence = _("Two columns cannot be the same thing: %(field)s.", field=named([name]))
            raise Refused(Code.FILE_CHOICE, sentence, fields=(name,))
    return Choice(encoding, separator, sheet, row, fields)
