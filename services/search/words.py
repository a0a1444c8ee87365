"""Typing errors: the words of everybody's names, and which of them somebody may have meant.

They are gathered by the worker (`gather`); whoever is erased takes theirs along (`forget`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import OSA

import access
from models import Company, SearchWord, User, db, in_parts, insert_rows, name_words, sought
from services.foundation.transaction import Turn, transaction
from services.search import hits

# From so many letters on, two of them may be wrong instead of one. Two that changed places are one.
LONG = 8
SHORTEST = 4
# So many of those that a word may stand for are tried.
TRIED = 8
# So many rows are read at a time.
PART = 20_000


def corrected(text: str, finds: Callable[[str], bool] = lambda _: True) -> str | None:
    """What `text`, which found nobody, may stand for: one that finds somebody whom this request may see. None when none does.

    Args:
        finds: Whether a text finds anything where it is looked for, a list with its filters.
    """
    words = sought(text)
    known = set(db.session.scalars(sa.select(SearchWord.word).where(SearchWord.word.in_(words))))
    for place, word in enumerate(words):
        # What somebody is called is no typing error, whether or not the reader may see them.
        if len(word) < SHORTEST or not word.isalpha() or word in known or _finds(word):
            continue
        for meant in _near(word):
            other = " ".join([*words[:place], meant, *words[place + 1 :]])
            # A list may find a row by something else, a key that begins so: nobody is told of a name by that.
            if finds(other) and _finds(other):
                return other
    return None


def _finds(text: str) -> bool:
    return bool(hits.people(text).ids or hits.companies(text).ids)


def _near(word: str) -> list[str]:
    """The words that are one wrong, missing or swapped letter away, two of long words; the nearest first."""
    wrong = 2 if len(word) >= LONG else 1
    length = SearchWord.length.between(len(word) - wrong, len(word) + wrong)
    # Whoever mistypes a word begins or ends it right.
    ends = sa.or_(SearchWord.word.startswith(word[0]), SearchWord.word.endswith(word[-1]))
    known = db.session.scalars(sa.select(SearchWord.word).where(length, ends)).all()
    near = process.extract(word, known, scorer=OSA.distance, score_cutoff=wrong, limit=TRIED * 4)
    first = sorted((distance, found[0] != word[0], found) for found, distance, _place in near)
    return [found for _distance, _other, found in first[:TRIED]]


# --- Keeping them -----------------------------------------------------------------------------------------------------


def gather() -> int:
    """Keep the words of those who are there, and no others; returns how many were added or taken away. A verb."""
    with access.everything():
        there = set(db.session.scalars(sa.select(SearchWord.word)))
        wanted: set[str] = set()
        for names in _names():
            wanted |= name_words(*names)
        db.session.rollback()
        new, gone = sorted(wanted - there), sorted(there - wanted)
        for part in in_parts(new):
            with transaction():
                insert_rows(SearchWord, [{"word": word, "length": len(word)} for word in part], ignore=True)
        for part in in_parts(gone):
            with transaction():
                _delete(part)
    return len(new) + len(gone)


def forget(turn: Turn, names: Iterable[str]) -> None:
    """Take along the words of somebody who is erased, where nobody else has them. A step; their row has no name any more."""
    _delete([word for word in name_words(*names) if not _is_anybodys(word)])


def _is_anybodys(word: str) -> bool:
    """Whether it is a word of somebody's name, among those who have its letters; one that is rare among them the worker takes away."""
    for who, *columns in (
        (hits.people(word), User.first_name, User.last_name),
        (hits.companies(word), Company.name),
    ):
        alike = sa.select(*columns).where(hits.is_among(who.model.id, who.ids))
        if any(word in name_words(*names) for names in db.session.execute(alike)):
            return True
    return False


def _delete(words: list[str]) -> None:
    for part in in_parts(words):
        gone = sa.delete(SearchWord).where(SearchWord.word.in_(part))
        db.session.execute(gone, execution_options={"synchronize_session": False})


def _names() -> Iterator[tuple[str, ...]]:
    """The names of everybody, part by part: a long read would keep SQLite's log from being cut."""
    people = (User.id, User.first_name, User.last_name)
    for columns in (people, (Company.id, Company.name)):
        model, last = columns[0].class_, 0
        erased = [User.erased_at.is_(None)] if model is User else []
        while True:
            part = sa.select(*columns).where(model.id > last, *erased).order_by(model.id).limit(PART)
            if not (rows := db.session.execute(part).all()):
                break
            db.session.rollback()
            last = rows[-1][0]
            yield tuple(name for row in rows for name in row[1:])
