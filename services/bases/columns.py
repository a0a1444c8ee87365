"""What a column of a base may hold, the words by which it is headed, and what « Nom » and « Courriel » mean beside others.

A row says something of a customer, of a person, of a licence, or of all three: one file of licences is read as three files are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask_babel import lazy_gettext as _l

from services.files.headers import Field, Matching
from services.imports import columns as people

CUSTOMER, BILLING, STREET, CITY = "customer", "billing_email", "street", "city"
PROVINCE, POSTAL, COUNTRY, ZONE = "province", "postal_code", "country", "time_zone"
CUSTOMER_LANGUAGE = "customer_language"
FIRST_NAME, LAST_NAME, NAME, EMAIL = people.FIRST_NAME, people.LAST_NAME, people.NAME, people.EMAIL
ROLE, LANGUAGE, PLAN = people.ROLE, people.LANGUAGE, people.PLAN
KEY, START, END, ASSIGNED, ACTIVATED = "key", "start", "end", "assigned", "activated"
# What tells of a row from which of several files it is.
FILE, FAULTS, FAMILY_FIRST = "file", people.FAULTS, people.FAMILY_FIRST
WHOLE_ROW = people.WHOLE_ROW


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(";"))


_WORDS = {
    CUSTOMER: "Client; Cliente; Nom du client; Entreprise; Nom de l’entreprise; Compagnie; Nom de la compagnie; Société; Organisation; "
    "Organisme; Raison sociale; Compte; Customer; Customer name; Client name; Company; Company name; Organization; "
    "Organisation name; Account; Account name",
    BILLING: "Courriel de facturation; Courriel facturation; Adresse courriel de facturation; Courriel du client; "
    "Courriel de l’entreprise; Billing email; Billing email address; Invoice email; Customer email; Company email",
    STREET: "Adresse; Rue; Adresse postale; Adresse de facturation; No et rue; Numéro et rue; Street; Address; Street address; "
    "Billing address; Address 1; Address line 1",
    CITY: "Ville; Municipalité; City; Town",
    PROVINCE: "Province; Province ou territoire; Prov.; Province or territory; Province/State",
    POSTAL: "Code postal; CP; Postal code; Zip; Zip code; Postcode",
    COUNTRY: "Pays; Country",
    ZONE: "Fuseau horaire; Fuseau; Time zone; Timezone",
    CUSTOMER_LANGUAGE: "Langue du client; Langue de l’entreprise; Customer language; Company language",
    PLAN: "Forfait; Produit; Édition; Type de licence; Licence; Plan; Product; Edition; License type; License; Licence type",
    KEY: "Clé; Clé de licence; Clé de produit; Clé d’activation; Numéro de licence; No de licence; Numéro de série; No de série; "
    "Key; License key; Licence key; Product key; Activation key; License number; Serial; Serial number; Serial key",
    START: "Premier jour; First day; Début; Date de début; Du; Depuis le; Achetée le; Date d’achat; Valable du; Valide du; Start; Start date; From; "
    "Purchased; Purchase date; Purchased on; Valid from; Issued; Issue date",
    END: "Dernier jour; Last day; Fin; Date de fin; Au; Échéance; Date d’échéance; Expiration; Date d’expiration; Expire le; Valable jusqu’au; "
    "Valide jusqu’au; Renouvellement; Date de renouvellement; End; End date; Expiry; Expiry date; Expiration date; "
    "Expires; Expires on; Valid until; Valid to; Renewal date",
    ASSIGNED: "Attribuée le; Assignée le; Date d’attribution; Date d’assignation; Assigned on; Assigned at; Assignment date; "
    "Date assigned",
    ACTIVATED: "Activée le; Activé le; Activation; Date d’activation; Activated; Activated on; Activated at; Activation date; "
    "Date activated",
}
_HOLDERS = {
    EMAIL: "Courriel du titulaire; Courriel de l’utilisateur; Holder email; Holder’s email; User email; Assignee email",
    NAME: "Titulaire; Nom du titulaire; Attribuée à; Assignée à; Holder; Holder name; Assigned to; Assignee; User name",
}
_OF_PEOPLE = (FIRST_NAME, LAST_NAME, NAME, EMAIL, ROLE, LANGUAGE)
FIELDS = (
    *(Field(name, _words(text)) for name, text in _WORDS.items()),
    *(
        Field(field.name, (*field.words, *_words(_HOLDERS.get(field.name, ""))), field.looks)
        for field in people.FIELDS
        if field.name in _OF_PEOPLE
    ),
)
LABELS = {
    FILE: _l("File"),
    CUSTOMER: _l("Customer"),
    BILLING: _l("Billing email"),
    STREET: _l("Street"),
    CITY: _l("City"),
    PROVINCE: _l("Province"),
    POSTAL: _l("Postal code"),
    COUNTRY: _l("Country"),
    ZONE: _l("Time zone"),
    CUSTOMER_LANGUAGE: _l("Language of the customer"),
    **{name: people.LABELS[name] for name in (FIRST_NAME, LAST_NAME, NAME, EMAIL, ROLE, LANGUAGE, PLAN)},
    KEY: _l("Key"),
    START: _l("First day"),
    END: _l("Last day"),
    ASSIGNED: _l("Assigned on"),
    ACTIVATED: _l("Activated on"),
    WHOLE_ROW: _l("Row"),
}
# As pages show them.
ORDER = tuple(name for name in LABELS if name not in {FILE, WHOLE_ROW})
OF_CUSTOMERS = (BILLING, STREET, CITY, PROVINCE, POSTAL, COUNTRY, ZONE, CUSTOMER_LANGUAGE)
OF_LICENSES = (PLAN, KEY, START, END, ASSIGNED, ACTIVATED)
DAYS = (START, END, ASSIGNED, ACTIVATED)


def settled(found: Matching) -> Matching:
    """The columns once it is said what « Nom » and « Courriel » mean: in a file of customers they are the customers'."""
    columns = dict(found.columns)
    of_people = {FIRST_NAME, LAST_NAME, ROLE} & columns.keys()
    if not of_people and not _any(columns, OF_LICENSES) and (CUSTOMER in columns) != (NAME in columns):
        if NAME in columns and (_any(columns, OF_CUSTOMERS) or EMAIL not in columns):
            columns[CUSTOMER] = columns.pop(NAME)
        if CUSTOMER in columns and EMAIL in columns and BILLING not in columns:
            columns[BILLING] = columns.pop(EMAIL)
    return people.settled(Matching(found.header, columns))


def lacking(columns: Collection[str]) -> list[str]:
    """The fields without which nothing can be done with a file, and which no column holds."""
    needed = [CUSTOMER, *((PLAN, END) if _any(columns, OF_LICENSES) else ())]
    return [name for name in needed if name not in columns]


def _any(columns: Collection[str], names: Iterable[str]) -> bool:
    return any(name in columns for name in names)


def in_order(columns: Collection[str]) -> list[str]:
    """The fields, in the order in which pages show them."""
    return [name for name in ORDER if name in columns]


def words(names: Iterable[str]) -> str:
    """The fields, as people read them."""
    return ", ".join(str(LABELS[name]) for name in names)
