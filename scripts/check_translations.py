"""Check that every message has its French, none is fuzzy, and the catalogues hold the messages of the code and no others.

`make translations` adds new messages; their French is then written into translations/fr/.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
# English messages are their own translation: the code is written in English.
TRANSLATED = {"fr"}
EXTRACT = [
    "extract",
    "-F",
    "babel.cfg",
    "--no-location",
    "--sort-output",
    "-k",
    "_l",
    "-k",
    "_pl:1c,2",
    "-k",
    "N_",
]


def main() -> int:
    wanted = _messages_of_the_code()
    problems = [
        problem
        for path in sorted((ROOT / "translations").glob("*/LC_MESSAGES/messages.po"))
        for problem in _problems(path, wanted)
    ]
    problems += _said_both_ways()
    print("\n".join(problems) or f"Translations: {len(wanted)} messages, complete and up to date.")
    return 1 if problems else 0


def _said_both_ways() -> Iterator[str]:
    """Messages that are one alone here, and the singular of two there: Python before 3.11.3 does not find these alone."""
    alone, singular = set(), set()
    methods, options = parse_mapping_cfg(io.StringIO((ROOT / "babel.cfg").read_text()))
    keywords = DEFAULT_KEYWORDS | {"_l": None, "_pl": ((1, "c"), 2)}
    for _file, _line, message, _comments, context in extract_from_dir(ROOT, methods, options, keywords):
        if isinstance(message, tuple):
            singular.add((context, message[0]))
        else:
            alone.add((context, message))
    for _context, message in sorted(alone & singular, key=str):
        yield f"alone, and the singular of a plural: {message!r}"


def _messages_of_the_code() -> Catalog:
    pybabel = Path(sys.executable).parent / "pybabel"
    with tempfile.NamedTemporaryFile(suffix=".pot") as pot:
        subprocess.run([pybabel, "-q", *EXTRACT, "-o", pot.name, "."], cwd=ROOT, check=True)
        return read_po(io.BytesIO(Path(pot.name).read_bytes()))


def _problems(path: Path, wanted: Catalog) -> Iterator[str]:
    language = path.parts[-3]
    catalogue = read_po(io.BytesIO(path.read_bytes()), locale=language)
    in_code, known = _ids(wanted), _ids(catalogue)
    for message_id in sorted(in_code - known, key=str):
        yield f"{language}: not in the catalogue (run `make translations`): {message_id!r}"
    for message_id in sorted(known - in_code, key=str):
        yield f"{language}: no longer in the code (run `make translations`): {message_id!r}"
    for message in catalogue:
        if message.id:
            yield from _problems_of(message, language)


def _ids(catalogue: Catalog) -> set[object]:
    return {message.id for message in catalogue if message.id}


def _problems_of(message: Message, language: str) -> Iterator[str]:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    if language in TRANSLATED and not all(texts):
        yield f"{language}: not translated: {message.id!r}"
    if message.fuzzy:
        yield f"{language}: in doubt (fuzzy): {message.id!r}"
    # A translation whose placeholders differ from its message's would break the page.
    for error in message.check():
        yield f"{language}: {error}: {message.id!r}"


if __name__ == "__main__":
    sys.exit(main())
