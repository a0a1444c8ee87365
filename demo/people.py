"""Who works at the two customers. The first of each company administers it, the second of Acme is a standard user."""

from __future__ import annotations

import unicodedata

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


def local_part(name: str) -> str:
    """The local part of a person's mail address: `Marie-Ève Lapointe` → `marie-eve.lapointe`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", ".")
