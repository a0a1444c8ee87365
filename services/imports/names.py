"""A person's name that stands in one cell, in two parts."""

from __future__ import annotations

# What belongs to the name that follows it: « Marie de la Tour », « Jan van der Berg », « Anne St-Pierre ».
_PARTICLES = frozenset(
    {"d'", "da", "de", "del", "den", "der", "des", "di", "do", "dos", "du", "el", "la", "le", "les"}
    | {"saint", "sainte", "st", "st.", "ste", "ste.", "ten", "ter", "van", "von", "zu"}
)


def parted(name: str, *, family_first: bool = False) -> tuple[str, str]:
    """The first and the last name; one of them is empty where there is one word.

    « Tremblay, Marie », « Marie Tremblay », « TREMBLAY Marie ». What is cut wrong is seen before it is confirmed.
    """
    family, comma, given = name.partition(",")
    if comma:
        return " ".join(given.split()), " ".join(family.split())
    words = name.split()
    if len(words) < 2:
        return ("", name.strip()) if family_first else (name.strip(), "")
    shouted = _shouted(words)
    if shouted or family_first:
        cut = shouted or _after_particles(words)
        return " ".join(words[cut:]), " ".join(words[:cut])
    cut = len(words) - 1
    while cut > 1 and words[cut - 1].casefold() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]), " ".join(words[cut:])


def _shouted(words: list[str]) -> int:
    """How many words at the beginning are in capitals, where others are not: that is how a last name is set apart."""
    count = 0
    for word in words:
        if not (word.isupper() and len(word) > 2):
            break
        count += 1
    return count if count < len(words) else 0


def _after_particles(words: list[str]) -> int:
    cut = 1
    while cut < len(words) - 1 and words[cut - 1].casefold() in _PARTICLES:
        cut += 1
    return cut
