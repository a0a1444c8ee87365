"""Workbooks made for a test: by the library that others use, or part by part, as no library would write them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from xlsxwriter import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

WORKBOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="Feuil1" sheetId="1" r:id="rId1"/></sheets></workbook>'
STRINGS = f'<sst xmlns="{MAIN}"/>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    "</styleSheet>"
)


def written(*rows: list[Any], sheet: str = "Feuil1", **options: Any) -> bytes:
    """A workbook of one sheet, as XlsxWriter takes its values."""
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **options})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """The part of a sheet, from the elements of its rows."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def cell(name: str, text: str) -> str:
    return f'<c r="{name}" t="inlineStr"><is><t>{text}</t></is></c>'


def parts(page: str | bytes, **others: str | bytes) -> dict[str, str | bytes]:
    """The parts of a workbook with one sheet; `others` replaces one: `strings`, `styles`, `workbook`."""
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": others.pop("workbook", WORKBOOK),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/sharedStrings.xml": others.pop("strings", STRINGS),
        "xl/styles.xml": others.pop("styles", STYLES),
        "xl/worksheets/sheet1.xml": page,
    }


def zipped(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def book(rows: str, *, before: str = "", after: str = "", **others: str | bytes) -> bytes:
    """A workbook of one sheet, from the elements of its rows."""
    return zipped(parts(sheet(rows, before=before, after=after), **others))
