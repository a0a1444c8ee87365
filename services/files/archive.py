"""What kind of file some bytes are, and whether an archive may be opened: its directory is read first, then what its parts hold."""

from __future__ import annotations

import io
import re
import zipfile

from flask_babel import gettext as _

from services.files import limits
from services.files.survey import Surveyed, survey
from services.foundation.errors import Code, Refused

ZIP = b"PK\x03\x04"
# What Office wrote until 2003, and the envelope of a file with a password since (MS-CFB).
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Pages and other texts that would read as a CSV of one column.
_OTHER_TEXT = re.compile(rb"\s*(?:%PDF-|\{\\rtf|<(?:!doctype|html|table|\?xml|svg|meta)\b)", re.IGNORECASE)
# What calls itself .xls and is a page with a table, or Excel's XML of 2003: a spreadsheet opens both.
_TABLE_IN_PAGE = re.compile(rb"<table\b|Excel\.Sheet", re.IGNORECASE)
# No text has them: pictures, programs, archives of other kinds.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
# Beside sheets there may be pictures and charts. Opened: 10,000 rows of 50 cells; and what no sheet reaches by compressing well.
_MEMBERS, _UNPACKED, _TIMES_PACKED = 2_000, 50_000_000, 100
_DIRECTORY_ENTRY = b"PK\x01\x02"
_WORKBOOK, _BINARY_WORKBOOK = "xl/", "xl/workbook.bin"


def check_kind(content: bytes) -> None:
    """Refuse what is neither a workbook nor a text: a file is what its bytes are, whatever it is called."""
    if not content.strip():
        raise empty()
    if content.startswith(OLE):
        raise _of_office(content)
    if _OTHER_TEXT.match(content[:1_024].removeprefix(b"\xef\xbb\xbf")):
        raise _save_as_xlsx() if _TABLE_IN_PAGE.search(content) else no_table()


def empty() -> Refused:
    return Refused(
        Code.FILE_EMPTY, _("There is not a single row to read here. Choose another file, or paste the rows.")
    )


def check_text(text: str) -> None:
    """Refuse what is no text, such as a picture."""
    if _CONTROLS.search(text):
        raise no_table()


def no_table() -> Refused:
    return Refused(
        Code.FILE_KIND,
        _(
            "This file is not a table. Choose an Excel workbook (.xlsx) or a CSV; its name alone does not make it one."
        ),
    )


def _of_office(content: bytes) -> Refused:
    if _utf_16("EncryptedPackage") in content:
        return _locked()
    if _utf_16("Workbook") in content or _utf_16("Book") in content:
        return _save_as_xlsx()
    return no_table()


def _locked() -> Refused:
    return Refused(
        Code.FILE_LOCKED,
        _(
            "This workbook is protected by a password. Open it, save it without the password, and choose it again."
        ),
    )


def _utf_16(name: str) -> bytes:
    return name.encode("utf-16-le")


def _save_as_xlsx() -> Refused:
    return Refused(
        Code.FILE_KIND,
        _(
            "This workbook is in a format that is not read here. Open it in your spreadsheet, save it as an Excel workbook "
            "(.xlsx), and choose it again."
        ),
    )


def surveyed(content: bytes, budget: limits.Budget) -> dict[str, Surveyed]:
    """What the parts of a workbook hold, by name, where nothing speaks against opening it.

    Macros and links to other files are bytes that nobody opens here: they are no reason to refuse.

    Raises:
        Refused: it is no workbook, damaged, locked, or a bomb.
    """
    # The library makes an object of each entry before anybody can count them.
    if content.count(_DIRECTORY_ENTRY) > _MEMBERS:
        raise limits.too_large_inside()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_directory(members, len(content), budget)
            return {
                member.filename: _part(archive, member, budget) for member in members if not member.is_dir()
            }
    except Refused:
        raise
    except Exception as error:  # a dozen kinds, from the archive, its compression and its parts
        raise limits.damaged() from error


def _part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: limits.Budget) -> Surveyed:
    with archive.open(member) as part:
        return survey(part, budget)


def _check_directory(members: list[zipfile.ZipInfo], packed: int, budget: limits.Budget) -> None:
    names = [member.filename for member in members]
    if _BINARY_WORKBOOK in names or "mimetype" in names:  # .xlsb, .ods and their kin
        raise _save_as_xlsx()
    if not any(name.startswith(_WORKBOOK) for name in names):
        raise no_table()
    if len(set(names)) < len(names):  # which of the two would be read?
        raise limits.damaged()
    if any(member.flag_bits & 1 for member in members):
        raise _locked()
    # Others unpack without a bound, and no spreadsheet writes them (ECMA-376, part 2).
    if any(member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for member in members):
        raise limits.damaged()
    unpacked = sum(member.file_size for member in members)
    if unpacked > _TIMES_PACKED * packed or (budget.most is not None and unpacked > _UNPACKED):
        raise limits.too_large_inside()
