"""In which encoding the bytes of a text are: a CSV does not say."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter

from flask_babel import gettext as _

from services.files.tables import Encoding
from services.foundation.errors import Code, Refused

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: Encoding.UTF_8,
    codecs.BOM_UTF16_LE: Encoding.UTF_16_LE,
    codecs.BOM_UTF16_BE: Encoding.UTF_16_BE,
}
# Enough to tell, of a file that may be long.
_LOOKED_AT = 4_096
# What stands in French and Canadian lists beside ASCII, by how often: Windows' é is the Mac's È, the Mac's é Windows' Ž.
_WEIGHTS = {
    **dict.fromkeys("é", 20),
    **dict.fromkeys("èàêçôâîëï", 8),
    **dict.fromkeys("’ûùüœÉ", 5),
    **dict.fromkeys("«»–—…\u00a0ÈÀÇÊÎÔöñáíóä", 2),
    **dict.fromkeys("ÂÛŒËÏÙÜÖÑÁÍÓÄ°€‘“”òìúå·", 1),
}
_OTHER_LETTER, _OTHER_SIGN, _CAPITAL_WITHIN = -4, -6, -12
_CAPITAL_AFTER_SMALL = re.compile(r"(?<=[a-zà-öø-ÿœ])[À-ÖØ-ÞŒŽŠŸ]")
_NO_ACCIDENT = re.compile("[^\0-\x7f\u0540-\u055f]|(?<![A-Za-z])[\u0540-\u055f]")
_ASCII = bytes(range(128))


def decoded(content: bytes, chosen: Encoding | None = None) -> tuple[str, Encoding]:
    """The text of `content`, and the encoding that was recognised, or `chosen`.

    Raises:
        Refused: `file_encoding`: it is not written so throughout.
    """
    encoding = chosen or recognised(content)
    try:
        return content.decode(encoding).removeprefix("\ufeff"), encoding
    except UnicodeDecodeError as error:
        raise _mixed(content, error.start) from error


def recognised(content: bytes) -> Encoding:
    """By the byte order mark, then the NULs of UTF-16, then UTF-8 strictly, then by which French letters come out.

    Raises:
        Refused: `file_encoding`: some of it is UTF-8, and some is not.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    if found := _by_nulls(content[:_LOOKED_AT]):
        return found
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_mostly_utf_8(content):
            raise _mixed(content, error.start) from error
        return _one_byte(content)
    return Encoding.MAC if _by_accident(text) else Encoding.UTF_8


def _is_mostly_utf_8(content: bytes) -> bool:
    """Whether more of its letters are UTF-8 than are not. By accident few are: « Ã© » is in no name."""
    fitting = content.decode("utf-8", "ignore").encode("utf-8")
    letters = len(fitting.translate(None, _ASCII))
    return letters > 2 * (len(content) - len(fitting))


def _by_accident(text: str) -> bool:
    """Whether it is UTF-8 by accident: the Mac's « L’É » are the two bytes of an Armenian capital, which stands after no Latin letter."""
    return not text.isascii() and _NO_ACCIDENT.search(text) is None


def _by_nulls(start: bytes) -> Encoding | None:
    """UTF-16 without its mark: of Latin letters, one byte of two is NUL."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > len(start) // 5 and odd > 4 * even:
        return Encoding.UTF_16_LE
    if even > len(start) // 5 and even > 4 * odd:
        return Encoding.UTF_16_BE
    return None


def _one_byte(content: bytes) -> Encoding:
    windows, mac = _likeness(content, Encoding.WINDOWS), _likeness(content, Encoding.MAC)
    return Encoding.MAC if mac > windows else Encoding.WINDOWS


def _likeness(content: bytes, encoding: Encoding) -> float:
    """How much `content` looks like French when it is read so."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return float("-inf")
    counted = sum(
        _weight(character) * count for character, count in Counter(text).items() if character > "\x7f"
    )
    return counted + _CAPITAL_WITHIN * len(_CAPITAL_AFTER_SMALL.findall(text))


def _weight(character: str) -> int:
    other = _OTHER_LETTER if unicodedata.category(character)[0] == "L" else _OTHER_SIGN
    return _WEIGHTS.get(character, other)


def _mixed(content: bytes, at: int) -> Refused:
    return Refused(
        Code.FILE_ENCODING,
        _(
            "The text of this file changes its encoding at line %(line)s. Choose another encoding, or save the file "
            "again as “CSV UTF-8”.",
            line=content.count(b"\n", 0, at) + 1,
        ),
    )
