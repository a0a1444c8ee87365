"""Who works at the customers. The first of each company administers it; the second of Acme is a standard user."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ACME = [
    "Mélanie Gagnon", "Olivier Tremblay", "Aïcha Benali", "André Bouchard", "Anne-Sophie Lavoie", "Antoine Pelletier",
    "Béatrice Morin", "Camille Côté", "Catherine Fortin", "Charles-Étienne Roy", "Chloé Gauthier", "Claude Ouellet",
    "David Nguyen", "Élise Bergeron", "Émile Deschênes", "Fatou Diallo", "Félix Girard", "Florence Simard",
    "François Poulin", "Geneviève Caron", "Guillaume Beaulieu", "Hélène Cloutier", "Jean-Philippe Lévesque", "Jonathan Smith",
    "Julie Boucher", "Karine Thibault", "Laurence Hébert", "Louis Desjardins", "Marc-André Gosselin", "Maria Fernández",
    "Marie-Ève Lapointe", "Mathieu Savard", "Naomi Awashish", "Noémie Dubé", "Patrick O’Brien", "Rachid Haddad",
    "Sébastien Nadeau", "Sophie Paquette", "Thomas Leclerc", "Zoé Vaillancourt",
]  # fmt: skip
GLOBEX = [
    "Margaret Chen", "Amir Hosseini", "Daniel MacDonald", "Emily Johnson", "Grace Okafor", "Liam Murphy",
    "Priya Sharma", "Robert Wilson",
]  # fmt: skip
# People of Acme whose language is English; at Globex it is everybody's.
ENGLISH_AT_ACME = {"David Nguyen", "Jonathan Smith", "Patrick O’Brien"}
# Of a customer whose domain has accents, and whose people write their names without.
WITHOUT_ACCENTS = [
    "Helene Lariviere", "Andre Gelinas", "Marie-Eve Prevost", "Stephane Theriault", "Noemie Bechard", "Gerald Lacoste",
]  # fmt: skip

FIRST_NAMES = {
    "fr": [
        "Alexandre", "Annie", "Audrey", "Benoît", "Cédric", "Clémence", "Dominique", "Édith", "Étienne", "Francine", "Gabriel",
        "Hugo", "Isabelle", "Jérôme", "Josée", "Justine", "Léa", "Luc", "Maëlle", "Manon", "Mireille", "Nathalie", "Nicolas",
        "Océane", "Pascal", "Raphaël", "Sylvain", "Thérèse", "Véronique", "William", "Xavier", "Youssef",
    ],
    "en": [
        "Adam", "Alice", "Beverley", "Colin", "Deepika", "Donna", "Edward", "Fiona", "Gurpreet", "Hannah", "Ian", "Jasmine",
        "Keith", "Leah", "Mei", "Nathan", "Olivia", "Peter", "Quinn", "Rebecca", "Samuel", "Tara", "Victor", "Wendy", "Yusuf",
    ],
}  # fmt: skip
LAST_NAMES = {
    "fr": [
        "Arsenault", "Bédard", "Bélanger", "Blais", "Boisvert", "Carrier", "Charbonneau", "Chouinard", "Demers", "Drolet", "Dufour",
        "Fournier", "Gagné", "Gélinas", "Giroux", "Grenier", "Hamel", "Jolicœur", "Labelle", "Lachance", "Langlois", "Lefebvre",
        "Mercier", "Michaud", "Ouimet", "Parent", "Picard", "Proulx", "Rioux", "Sénéchal", "Turcotte", "Veilleux", "Vézina",
    ],
    "en": [
        "Anderson", "Bailey", "Campbell", "Chaudhry", "Dhillon", "Ellis", "Fraser", "Grant", "Hughes", "Ivany", "Janzen", "Kaur",
        "Lam", "MacLeod", "Morris", "Nakamura", "Olsen", "Patel", "Quigley", "Reid", "Sinclair", "Thompson", "Unger", "Wong",
    ],
}  # fmt: skip


def some(language: str, count: int, start: int) -> list[str]:
    """`count` different names of people; another `start` begins elsewhere."""
    names = _pairs(FIRST_NAMES[language], LAST_NAMES[language], start)
    return list(dict.fromkeys(next(names) for _ in range(count)))


def _pairs(first: list[str], last: list[str], start: int) -> Iterator[str]:
    # Steps that have no divisor in common with the lengths: no pair comes twice before all have come.
    for number in range(start, start + len(first) * len(last)):
        yield f"{first[number * 5 % len(first)]} {last[number * 7 % len(last)]}"


def local_part(name: str) -> str:
    """The local part of a person's mail address: `Marie-Ève Lapointe` → `marie-eve.lapointe`."""
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe")).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", ".")
