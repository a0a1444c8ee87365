"""The French that is never said here, and what is said instead: one table for catalogue, pages, mail, sandbox and docs."""

from __future__ import annotations

import re

# What is said: what is not, as a pattern. « Modifier la licence » is the name of a button; what it did is *changé*.
WORDS = {
    "licence, never siège": r"\bsièges?\b",
    "courriel, never e-mail": r"\be-?mails?\b",
    "courriel, never mail": r"\bmails?\b",
    "adresse courriel": r"\badresses? de courriel\b",
    "Sauvegarder, never Enregistrer": r"\benregistr(er|ez|é|ée|és|ées|ement)\b",
    "licence with a c": r"\blicenses?\b",
    "no cliquez ici": r"\bcliquez ici\b",
    "disponible, never libre": r"\blibres?\b",
    "changé, never modifié": r"\bmodifi(?!er\b)\w+",
    "changer inside a sentence, never modifier": r"(?<=[\w,;] )(?-i:modifier)\b",
    "institution financière, never banque": r"\bbanques?\b|\bbancaires?\b",
    "Valide jusqu’au; échéance is an invoice's": r"\béchéances?\b(?! de la facture)",
    # A card has a « Date d’expiration »; a licence is « Valide jusqu’au ».
    "Valide jusqu’au, never expiration": r"(?<!date d’)\bexpirations?\b",
    "1 an, never 12 mois": r"\b(12|24|36)\smois\b",
    "assignée, never détenue": r"\bdéten(u|ir|ez|ait|teur)\w*|\bdétient\b",
    "portail, never guichet or comptoir": r"\bguichets?\b|\bcomptoirs?\b",
    "Une de moins, since it is a licence": r"\bun de (moins|plus)\b",
    "dès la réception du paiement": r"\bavec l’argent\b",
    "Courriel ou mot de passe incorrect": r"\bne vont pas ensemble\b",
    "Vous n’avez pas accès": r"\bne vous est pas ouverte?\b",
    "Consultez vos courriels": r"\bregardez (vos|parmi les) courriels\b",
    "Pour la sélection": r"\blignes choisies\b",
    "Une seule licence par personne": r"\bune seule licence d’un produit\b",
    "the brand and the last four digits": r"\bau moyen de Stripe\b",
    "nobody’s gender is guessed": r"\bvous êtes (connecté|inscrit|déconnecté|invité)\b",
}


def never_said(text: str) -> list[str]:
    """The names of the rules that `text`, read without its tags, breaks."""
    plain = text.replace("\u00a0", " ").replace("'", "’")
    return [name for name, pattern in WORDS.items() if re.search(pattern, plain, re.IGNORECASE)]
