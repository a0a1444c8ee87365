"""What a column of a file of people may hold, the words by which it is headed, and the words of its values.

Among the words are those that our own lists write: what a list exports can be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from models import Language, Plan, Role, db
from services.files.headers import Field, Matching, looks_like_address
from services.text.alike import bare

EMAIL, FIRST_NAME, LAST_NAME, NAME = "email", "first_name", "last_name", "name"
ROLE, LANGUAGE, PLAN, STATE, ACTIVE = "role", "language", "plan", "state", "active"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(";"))


FIELDS = (
    Field(FIRST_NAME, _words("Prénom; Prénoms; Prénom usuel; First name; Given name; Forename")),
    Field(LAST_NAME, _words("Nom de famille; Patronyme; Last name; Surname; Family name")),
    # « Nom » beside « Prénom » is the last name (`settled`).
    Field(
        NAME,
        _words(
            "Nom; Nom complet; Nom et prénom; Nom, prénom; Prénom et nom; Personne; Utilisateur; Employé; Name; Full name; "
            "Display name; Person; User; Employee"
        ),
    ),
    Field(
        EMAIL,
        _words(
            "Courriel; Nom (courriel); Adresse courriel; Adresse de courriel; Adresse électronique; Adresse e-mail; Mél; "
            "Courriel professionnel; Email; Name (email); Mail; Email address; Mail address; Work email"
        ),
        looks_like_address,
    ),
    Field(ROLE, _words("Rôle; Role")),
    Field(LANGUAGE, _words("Langue; Langue de correspondance; Language; Preferred language")),
    Field(PLAN, _words("Forfait; Plan")),
    # Of our own files alone: a licence that is over is not asked for again, nor is an account that was shut.
    Field(STATE, _words("État; State")),
    Field(ACTIVE, _words("Actif; Active")),
)
# Beside the texts of a row: what is wrong with some of its cells, and that a name stands last name first.
FAULTS, FAMILY_FIRST = "faults", "family_first"
# What is wrong with a row as such: more cells than the header has.
WHOLE_ROW, TOO_MANY_CELLS = "row", "too_many_cells"
# As pages show them.
ORDER = (FIRST_NAME, LAST_NAME, NAME, EMAIL, ROLE, LANGUAGE, PLAN, STATE, ACTIVE)
LABELS = {
    FIRST_NAME: _l("First name"),
    LAST_NAME: _l("Last name"),
    NAME: _l("Full name"),
    EMAIL: _l("Email"),
    ROLE: _l("Role"),
    LANGUAGE: _l("Language"),
    PLAN: _l("Plan"),
    STATE: _l("State of the license"),
    ACTIVE: _l("Active"),
    WHOLE_ROW: _l("Row"),
}
_FAMILY_FIRST = frozenset(map(bare, ("Nom et prénom", "Nom, prénom")))

_ROLES = {
    Role.MEMBER: (
        "Utilisateur standard",
        "Standard user",
        "Utilisateur",
        "User",
        "Standard",
        "Membre",
        "Member",
    ),
    Role.ADMIN: ("Administrateur", "Administratrice", "Administrator", "Admin"),
}
_LANGUAGES = {
    Language.FR: ("Français", "French", "fr", "fr-CA", "Français (Canada)", "Francophone"),
    Language.EN: ("Anglais", "English", "en", "en-CA", "Anglais (Canada)", "Anglophone"),
}
ROLES = {bare(word): role for role, words in _ROLES.items() for word in words}
LANGUAGES = {bare(word): language for language, words in _LANGUAGES.items() for word in words}
NO_PLAN = frozenset(map(bare, ("", "Sans licence", "No license", "Aucun", "Aucune", "None", "Non", "No")))
# The states of a licence that nobody can use any more, and the answers of an account that is shut.
OVER = frozenset(map(bare, ("Expirée", "Expired", "En grâce", "In grace", "Suspendue", "Suspended")))
SHUT = frozenset(map(bare, ("Non", "No", "False", "Faux")))


def settled(found: Matching) -> Matching:
    """The columns once it is said what « Nom » means: beside a first name it is the last."""
    columns = dict(found.columns)
    if NAME in columns and FIRST_NAME in columns and LAST_NAME not in columns:
        columns[LAST_NAME] = columns.pop(NAME)
    return Matching(found.header, columns)


def puts_family_first(found: Matching) -> bool:
    """Whether the header says that the last name comes first where both stand in one column."""
    return found.header is not None and bare(found.cell(found.header, NAME)) in _FAMILY_FIRST


def plans_by_word() -> dict[str, Plan]:
    """The plans by what they may be called: their code, and their name in both languages."""
    plans = db.session.scalars(sa.select(Plan).order_by(Plan.position, Plan.id)).all()
    words: dict[str, Plan] = {}
    for plan in plans:
        for language in Language:
            words.setdefault(bare(plan.name(language)), plan)
        words.setdefault(bare(plan.code), plan)
    return words


def words(names: Iterable[str]) -> str:
    """The fields, as people read them."""
    return ", ".join(str(LABELS[name]) for name in names)


def in_order(columns: Iterable[str] | Mapping[str, int]) -> list[str]:
    """The fields, in the order in which pages show them."""
    return [name for name in ORDER if name in columns]
