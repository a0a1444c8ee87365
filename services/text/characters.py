"""The characters of a text: Unicode has some that nobody sees, some that turn a line around, some that are two."""

from __future__ import annotations

import re
import unicodedata

import idna

# What ends a line: the vertical tab is Word's, NEXT LINE a mainframe's, the last two Unicode's own.
_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Bidirectional controls (UAX 9, 2.1 to 2.6): they change the order in which the rest of a line is read.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Joiners: spelling in Persian, Hindi and others, glue in emoji, and nothing elsewhere.
_ZWNJ, _ZWJ = "\u200c", "\u200d"
# Format characters that have a shape of their own (Unicode's Prepended_Concatenation_Mark): they stay.
_SEEN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Letters and a symbol without a shape: the fillers of Korean, and an empty cell of Braille.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# What an emoji may be followed by before the next is joined to it: its colour, or that it is a picture at all.
_EMOJI_EXTENDERS = frozenset("\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
# Every bidirectional control, and the blocks that hold every letter and digit that is read from the right.
_TURNING = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_FSI, _PDI = "\u2068", "\u2069"


def written(text: str) -> str:
    """`text` in NFC, each line break one LF, without the characters that pasting brings and nobody sees.

    They are the format characters (category Cf) such as U+200B, U+FEFF, U+2060 and U+00AD. A joiner stays where the script
    or an emoji needs it (RFC 5892, appendix A.1 and A.2), a bidirectional control for `forbidden` to find.
    """
    text = _LINE_BREAKS.sub("\n", text)
    if text.isascii():
        return text
    kept = "".join(character for at, character in enumerate(text) if _is_kept(text, at, character))
    return unicodedata.normalize("NFC", kept)


def _is_kept(text: str, at: int, character: str) -> bool:
    if unicodedata.category(character) != "Cf" or character in _BIDI_CONTROLS or character in _SEEN_FORMATS:
        return True
    return character in {_ZWNJ, _ZWJ} and (_joins_letters(text, at) or _joins_emoji(text, at, character))


def _joins_letters(text: str, at: int) -> bool:
    try:
        return idna.valid_contextj(text, at)
    except ValueError:  # after a character that has no name
        return False


def _joins_emoji(text: str, at: int, character: str) -> bool:
    before = text[:at].rstrip("".join(_EMOJI_EXTENDERS))[-1:]
    return character == _ZWJ and _is_symbol(before) and _is_symbol(text[at + 1 : at + 2])


def _is_symbol(character: str) -> bool:
    return bool(character) and unicodedata.category(character) == "So"


def without_bidi_controls(text: str) -> str:
    return "".join(character for character in text if character not in _BIDI_CONTROLS)


def forbidden(text: str) -> str | None:
    """The first character that no text of ours may hold: a control, half a pair (Cs), or one that turns the line around."""
    for character in text:
        if character in _BIDI_CONTROLS or (
            character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"}
        ):
            return character
    return None


def is_visible(text: str) -> bool:
    """Whether `text` has anything to be seen: a letter, number, sign or picture with a shape."""
    return any(unicodedata.category(item)[0] in "LNPS" and item not in _BLANKS for item in text)


def isolated(text: str) -> str:
    """`text` as a sentence may take it up: what is read from right to left does not move the words around it.

    A name in Hebrew or Arabic stands between U+2068 and U+2069 (UAX 9, 2.5), the plain text of HTML's `<bdi>`; any other
    stays as it is. The controls that were stored before they were refused are left out.
    """
    if keeps_still(text):
        return text
    # What was isolated in a sentence that this one takes up stays so.
    kept = {_FSI, _PDI} if text.count(_FSI) == text.count(_PDI) else set()
    plain = "".join(character for character in text if character not in _BIDI_CONTROLS - kept)
    return f"{_FSI}{plain}{_PDI}" if reads_from_the_right(plain) else plain


def keeps_still(text: str) -> bool:
    """Whether nothing in `text` could move what stands beside it: a quick look, which spares nearly every text a slow one."""
    return text.isascii() or _TURNING.search(text) is None


def reads_from_the_right(text: str) -> bool:
    """Whether any of `text` is read from right to left."""
    return not keeps_still(text) and any(
        unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text
    )
