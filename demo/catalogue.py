"""What the fictional vendor sells. The prices are invented."""

from __future__ import annotations

import datetime as dt

from models import Plan, Price, Vendor

PRODUCT = "secure-mail"
PRICES_SINCE = dt.date(2024, 1, 1)

YES, NO = ("Oui", "Yes"), ("Non", "No")
# code, labels, then the values of Éco, Avancé and Pro; each text in French and English.
LIMITS = [
    ("body", ("Corps du message", "Message body"), [YES, YES, YES]),
    (
        "attachments",
        ("Pièces jointes", "Attachments"),
        [NO, ("Jusqu’à 100\u00a0Mo", "Up to 100 MB"), ("Jusqu’à 2,5\u00a0Go", "Up to 2.5 GB")],
    ),
    ("signatories", ("Signataires", "Signatories"), [NO, ("Un seul", "One"), ("Plusieurs", "Several")]),
    (
        "retrieval",
        ("Récupération de renseignements confidentiels", "Retrieval of confidential information"),
        [NO, YES, YES],
    ),
    ("replies", ("Réponses protégées", "Protected replies"), [NO, NO, YES]),
]
# code, names, price in cents, descriptions
PLANS = [
    (
        "eco",
        ("Éco", "Eco"),
        5_000,
        ("Protège le corps de vos messages.", "Protects the body of your messages."),
    ),
    (
        "avance",
        ("Avancé", "Advanced"),
        10_000,
        (
            "Ajoute les pièces jointes, la signature et la récupération de renseignements.",
            "Adds attachments, signing and the retrieval of information.",
        ),
    ),
    (
        "pro",
        ("Pro", "Pro"),
        18_000,
        (
            "Pour les dossiers volumineux, à plusieurs signataires, avec des réponses protégées.",
            "For large files and several signatories, with protected replies.",
        ),
    ),
]


def vendor() -> Vendor:
    """The vendor's identity, as customers and their receipts show it."""
    return Vendor(
        id=1,
        name="Boréal",
        legal_name="Logiciels Boréal inc.",
        address="4250, boulevard des Épinettes, bureau 310\nQuébec (Québec) G1P 2J8",
        gst_number="123456782 RT0001",
        qst_number="1234567890 TQ0001",
        support_email="support@trousseau.example",
        install_url_fr="https://aide.boreal.example/installer",
        install_url_en="https://help.boreal.example/install",
        color="#0f5f6b",
    )


def plans() -> list[Plan]:
    """The three plans of one product, each with its price and its column of the comparison table."""
    return [
        Plan(
            code=code,
            product=PRODUCT,
            name_fr=name[0],
            name_en=name[1],
            description_fr=description[0],
            description_en=description[1],
            term_months=12,
            limits=_limits(column),
            position=column,
            prices=[Price(amount=price, starts_on=PRICES_SINCE)],
        )
        for column, (code, name, price, description) in enumerate(PLANS)
    ]


def _limits(column: int) -> list[dict[str, str]]:
    return [
        {
            "code": code,
            "label_fr": label[0],
            "label_en": label[1],
            "value_fr": values[column][0],
            "value_en": values[column][1],
        }
        for code, label, values in LIMITS
    ]
