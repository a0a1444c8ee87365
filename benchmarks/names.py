"""Names as a vendor in Québec has them: a few that are everywhere, many that are rare, with accents, hyphens and apostrophes.

Of 300,000 people one in seven is called Marie and one in eighteen Tremblay; there are some forty thousand different words.
"""

from __future__ import annotations

import functools
import itertools

from models import search_text, sort_key

# Each as often as it stands before the colon.
_FIRST = """
150: Marie
30: Jean Pierre Michel Louise Sylvie Martin Éric Nathalie Isabelle François
12: Olivier Émilie Béatrice Zoé Chloé Léa Noémie Gabriel Samuel Mathieu Geneviève Mélanie Hélène Benoît Stéphane Amélie Élise Jérôme
4: Jean-François Marie-Ève Anne-Sophie Karl-Antoine Wei Mohamed Fatima María Łukasz Søren Nguyễn Zeynep Owen Andrea Carol Priya Yuki Ahmed Inès Raphaël
"""
_LAST = """
3400: Tremblay
1200: Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Gagné
300: Ouellet Pelletier Bélanger Lévesque Bergeron Leblanc Paquette Girard Simard Boucher Caron Beaulieu Cloutier Dubé Poirier Fournier Lapointe
300: Leclerc Lefebvre Poulin Thibault Nadeau Martel Bédard Grenier Lachance Hébert Couture Desjardins Éthier Dufresne Harvey Marchand
60: O’Brien D’Amour L’Heureux Saint-Jean Lacroix-Dubé MacDonald Nguyen Patel Singh Müller Ødegaard Łukasiewicz Ibáñez Benali Arseneault
"""
_BEGIN = [
    "Ar",
    "Bel",
    "Cham",
    "Des",
    "Du",
    "Fon",
    "Gar",
    "Hur",
    "Jo",
    "Kra",
    "La",
    "Mar",
    "Nor",
    "Per",
    "Quen",
    "Ros",
    "Sa",
    "Tur",
    "Val",
    "Ze",
    "Bru",
    "Cler",
    "Dor",
    "Fau",
    "Gri",
    "Lem",
    "Mon",
    "Pla",
    "Rou",
    "Vil",
]
_MIDDLE = [
    "a",
    "be",
    "cha",
    "di",
    "fe",
    "gue",
    "ji",
    "lo",
    "mi",
    "no",
    "pe",
    "ri",
    "se",
    "ti",
    "vo",
    "zi",
    "ron",
    "lan",
    "bour",
    "tel",
    "mond",
    "nard",
    "val",
    "cour",
]
_END = [
    "ault",
    "eau",
    "et",
    "in",
    "is",
    "ard",
    "on",
    "ey",
    "ier",
    "oux",
    "el",
    "ais",
    "ac",
    "ette",
    "erre",
    "ond",
    "iel",
    "omme",
    "ue",
    "ent",
]
_FIRM = [
    "Groupe",
    "Services",
    "Consultants",
    "Transport",
    "Clinique",
    "Gestion",
    "Éditions",
    "Construction",
    "Notaires",
    "Imprimerie",
    "Pharmacie",
    "Coopérative",
]
# Others of a company's people are drawn from these, as many as there are different names.
_TABLE = 60_000


def _often(text: str) -> list[str]:
    lines = [line.partition(": ") for line in text.strip().splitlines()]
    return [name for times, _colon, names in lines for name in names.split() for _time in range(int(times))]


@functools.cache
def _first() -> list[tuple[str, str]]:
    return [(name, search_text(name)) for name in _often(_FIRST)]


@functools.cache
def _last() -> list[tuple[str, str]]:
    names = _often(_LAST)
    rare = ("".join(parts) for parts in itertools.product(_BEGIN, _MIDDLE, _MIDDLE, _END))
    # Every seventh of them, so that they do not all begin alike.
    names += itertools.islice(itertools.islice(rare, 0, None, 7), _TABLE - len(names))
    return [(name, search_text(name)) for name in names]


def company(number: int) -> str:
    """What the company of that number is called."""
    last = _last()
    return f"{_FIRM[number % len(_FIRM)]} {last[number * 7_919 % len(last)][0]} {number}"


def person(number: int, seat: int) -> tuple[str, str, str, str]:
    """First name, last name, address and the words by which they are found, of one of a company's people."""
    mixed = (number * 2_654_435_761 + seat * 40_503_517) & 0xFFFFFFFF
    first, last = _first(), _last()
    (name, spelled), (family, family_spelled) = first[mixed % len(first)], last[(mixed >> 8) % len(last)]
    local = spelled.split()[0].replace("'", "")
    email = f"{local}.{seat}@c{number}.example" if seat else f"admin@c{number}.example"
    return name, family, email, spelled + family_spelled


# Some of a million people have the same name.
sorted_as = functools.cache(sort_key)
