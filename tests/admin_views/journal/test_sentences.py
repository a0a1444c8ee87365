"""Every verb of the journal as a sentence with names, in both languages, to whoever may know them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

import access
from access import SYSTEM, Actor
from admin_views.journal.sentences import Reader, sentences
from admin_views.journal.words import BY_MANY, OF_MANY, SAID, TOLD_TO_CUSTOMERS
from models import JournalEntry, JournalVerb, OutgoingMail, SubjectKind, TaxRate, User, db
from services.foundation import journal
from services.foundation.transaction import transaction
from tests.factories import make_firm_link, make_licenses, make_order, make_user

# What each verb is said with, of Alice (or of nobody) about Élise; `{key}` and `{order}` are filled in. A new verb joins here.
FRENCH = {
    "card_declined": "Une carte a été refusée pour la commande {order}",
    "cart_changed": "Alice Tremblay a changé les licences Pro du panier",
    "company_added": "Alice Tremblay a ouvert le compte d’Acme",
    "company_changed": "Alice Tremblay a changé les coordonnées d’Acme",
    "company_imported": "Alice Tremblay a repris les personnes et les licences d’Acme",
    "conditions_published": "Alice Tremblay a publié la version 7 des conditions de vente",
    "firm_link_made": "Alice Tremblay a créé un lien d’invitation pour les adresses d’acme.example",
    "firm_link_withdrawn": "Alice Tremblay a retiré le lien d’invitation pour les adresses d’acme.example",
    "issue_closed": "Alice Tremblay a clos un point de la commande {order} : Payée deux fois",
    "issue_opened": "La commande {order} a un point à regarder : Payée deux fois",
    "license_activated": "Alice Tremblay a activé sa licence Pro …{key}",
    "license_assigned": "Alice Tremblay a assigné la licence Pro …{key} à Élise Bergeron",
    "license_brought_back": "Alice Tremblay a remis au compte la licence Pro …{key}, qui avait été retirée",
    "license_imported": "Alice Tremblay a repris la licence Pro …{key}",
    "license_removed": "Alice Tremblay a retiré la licence Pro …{key} du compte",
    "license_released": "Alice Tremblay a libéré la licence Pro …{key} d’Élise Bergeron",
    "license_requested": "Alice Tremblay a demandé une licence",
    "link_sent": "Alice Tremblay a renvoyé à Élise Bergeron le lien d’activation de la licence Pro …{key}",
    "link_shown": "Alice Tremblay a fait afficher un nouveau lien d’activation de la licence Pro …{key} d’Élise Bergeron",
    "list_exported": "Alice Tremblay a exporté la liste « Licences » : 1 200 lignes, CSV",
    "mail_resent": "Alice Tremblay a renvoyé un courriel : Reçu",
    "order_cancelled": "Alice Tremblay a annulé la commande {order}",
    "order_expired": "La commande {order} a été abandonnée avant le paiement",
    "order_fulfilled": "La commande {order} a été payée et ses licences ont été livrées",
    "order_placed": "Alice Tremblay a passé la commande {order} : 206,96 $",
    "order_withheld": "La livraison de la commande {order} est retenue",
    "password_link_requested": "Un lien pour choisir un mot de passe a été demandé : Élise Bergeron",
    "password_set": "Alice Tremblay a choisi un mot de passe",
    "payment_failed": "Le paiement de la commande {order} a été refusé",
    "payment_noted": "Un paiement de la commande {order} demande qu’on s’en occupe",
    "payment_retried": "Alice Tremblay a repris le paiement de la commande {order}",
    "payment_started": "Le débit préautorisé de la commande {order} est en cours",
    "person_added": "Alice Tremblay a ajouté Élise Bergeron",
    "person_addition_undone": "Alice Tremblay a annulé l’ajout d’Élise Bergeron",
    "person_changed": "Alice Tremblay a changé le compte d’Élise Bergeron",
    "person_deactivated": "Alice Tremblay a désactivé le compte d’Élise Bergeron",
    "person_erased": "Alice Tremblay a effacé les renseignements personnels de quelqu’un : Élise Bergeron",
    "person_exported": "Alice Tremblay a fait réunir ce que le portail sait d’Élise Bergeron",
    "person_invited": "Alice Tremblay a invité Élise Bergeron",
    "person_joined": "Alice Tremblay a rejoint l’entreprise par le lien d’invitation pour les adresses d’acme.example",
    "person_reactivated": "Alice Tremblay a réactivé le compte d’Élise Bergeron",
    "plan_added": "Alice Tremblay a ajouté le forfait Pro",
    "plan_changed": "Alice Tremblay a changé le forfait Pro",
    "price_set": "Alice Tremblay a fixé le prix du forfait Pro à 180,00 $ à partir du 2027-01-01",
    "price_withdrawn": "Alice Tremblay a retiré le prix du forfait Pro à partir du 2027-01-01",
    "profile_changed": "Alice Tremblay a changé son profil",
    "request_declined": "Alice Tremblay a refusé la demande de licence d’Élise Bergeron",
    "request_withdrawn": "Alice Tremblay a retiré sa demande de licence",
    "sign_in_link_requested": "Un lien de connexion a été demandé : Élise Bergeron",
    "sign_in_link_sent": "Alice Tremblay a envoyé un lien de connexion à Élise Bergeron",
    "signed_in": "Alice Tremblay a ouvert une session",
    "address_asked": "Alice Tremblay a demandé une autre adresse pour Élise Bergeron",
    "address_confirmed": "Alice Tremblay a confirmé sa nouvelle adresse",
    "address_withdrawn": "Alice Tremblay a retiré la nouvelle adresse qu’Élise Bergeron devait avoir",
    "renewal_decided": "Alice Tremblay a décidé du renouvellement de la licence Pro …{key}",
    "signed_out": "Alice Tremblay a fermé sa session",
    "staff_added": "Un compte du soutien a été ouvert : Élise Bergeron",
    "tax_rate_added": "Alice Tremblay a ajouté un taux de taxe : TPS",
    "tax_rate_changed": "Alice Tremblay a changé un taux de taxe : TPS",
    "tax_rate_withdrawn": "Alice Tremblay a retiré un taux de taxe : TPS",
    "undone": "Alice Tremblay a annulé une opération",
    "vendor_added": "L’identité du fournisseur a été inscrite",
    "vendor_changed": "Alice Tremblay a changé l’identité du fournisseur",
}
ABOUT = {
    "cart": SubjectKind.CART_ITEM,
    "company": SubjectKind.COMPANY,
    "conditions": SubjectKind.CONDITIONS,
    "firm": SubjectKind.FIRM_LINK,
    "license": SubjectKind.LICENSE,
    "mail": SubjectKind.OUTGOING_MAIL,
    "plan": SubjectKind.PLAN,
    "price": SubjectKind.PLAN,
    "tax": SubjectKind.TAX_RATE,
    "vendor": SubjectKind.VENDOR,
}
ORDERS = {"order", "card", "issue", "payment"}


@pytest.fixture
def elise(cast) -> User:
    person = make_user(cast.acme, "Élise")
    person.last_name = "Bergeron"
    db.session.commit()
    return person


@pytest.fixture
def rows(cast, elise):
    """{kind: id} of a row of each kind that a sentence may name."""
    (license,) = make_licenses(1, cast.alice, cast.pro)
    order = make_order(cast.alice, cast.pro)
    mail = OutgoingMail(
        company_id=cast.acme.id,
        user_id=elise.id,
        template="receipt",
        language="fr",
        dedupe_key="k",
        message_id="<m@trousseau.example>",
    )
    db.session.add(mail)
    db.session.commit()
    rate = db.session.scalar(sa.select(TaxRate).where(TaxRate.name_fr == "TPS"))
    return {
        "license": license.id,
        "order": order.id,
        "outgoing_mail": mail.id,
        "company": cast.acme.id,
        "firm_link": make_firm_link(cast.alice).id,
        "plan": cast.pro.id,
        "tax_rate": rate.id,
        "user": elise.id,
        "key": license.key[-5:],
        "reference": order.reference,
    }


def entry(verb, rows, by: Actor, **values):
    # A link is its licence's.
    kind = ABOUT.get(re.sub("link|renewal", "license", verb.partition("_")[0]), SubjectKind.USER)
    if verb.partition("_")[0] in ORDERS:
        kind = SubjectKind.ORDER
    return JournalEntry(
        id=values.pop("id", 1),
        operation="0" * 32,
        verb=verb,
        actor_id=by.user_id,
        company_id=rows["company"],
        on_behalf_of_id=rows["company"] if by.is_staff else None,
        subject_type=kind,
        subject_id=rows.get(kind, 7),
        related={name: rows[name] for name in ("user", "plan", "firm_link") if name in rows},
        before={"starts_on": "2027-01-01"},
        after={
            "issue": "paid_twice",
            "total": 20_696,
            "amount": 18_000,
            "list": "portal_licenses",
            "rows": 1_200,
            "format": "csv",
        },
        **values,
    )


def said(entries, reader=None):
    found = sentences(entries, reader or Reader())
    return [str(found[one.id]).replace("\u00a0", " ") for one in entries]


def test_every_verb_is_said_with_names_and_a_new_one_joins(app, cast, rows):
    assert set(FRENCH) == {str(verb) for verb in JournalVerb} == {str(verb) for verb in SAID}
    all_verbs = [
        entry(verb, rows, Actor.of(cast.alice), id=number) for number, verb in enumerate(FRENCH, start=1)
    ]
    wanted = [text.format(key=rows["key"], order=rows["reference"]) for text in FRENCH.values()]
    with app.test_request_context(), access.everything(), force_locale("fr_CA"):
        assert said(all_verbs) == wanted
    with app.test_request_context(), access.everything(), force_locale("en_CA"):
        english = said(all_verbs)
    assert not set(english) & set(wanted)
    vague = [text for text in english if re.search("somebody(?!’)|–|no[.] ", text, re.IGNORECASE)]
    assert not vague
    assert f"Alice Tremblay released the Pro …{rows['key']} license of Élise Bergeron" in english


def test_ones_own_acts_are_told_as_you_and_those_of_staff_on_whose_behalf(app, cast, rows):
    acted = [verb for verb, told in SAID.items() if told.by_reader is not None]
    mine = [entry(verb, rows, Actor.of(cast.alice), id=number) for number, verb in enumerate(acted, start=1)]
    staff = [entry(verb, rows, Actor.of(cast.sam), id=number) for number, verb in enumerate(acted, start=1)]
    with app.test_request_context(), access.everything(), force_locale("fr_CA"):
        assert all(text.startswith("Vous avez ") for text in said(mine, Reader(own=cast.alice.id)))
        assert all(re.match("Alice Tremblay a ", text) for text in said(mine, Reader(own=cast.bob.id)))
        for text in said(staff):
            assert text.startswith("Sam Tremblay a ")
            assert text.endswith(", au nom d’Acme")
    with (
        app.test_request_context(),
        access.scoped(access.Scope(company_id=cast.acme.id)),
        force_locale("fr_CA"),
    ):
        for text in said(staff, Reader(own=cast.alice.id)):
            assert text.startswith("Le soutien a ")
            assert text.endswith(", au nom d’Acme")


def test_what_the_system_did_is_said_to_be_its_own(app, cast, rows):
    with app.test_request_context(), access.everything(), force_locale("fr_CA"):
        (released,) = said([entry("license_released", rows, SYSTEM)])
    assert released == f"Le système a libéré la licence Pro …{rows['key']} d’Élise Bergeron"


def test_whoever_and_whatever_is_gone_leaves_a_sentence(app, cast, rows):
    gone = {"company": cast.acme.id, "user": 999_999, "license": 999_998, "plan": 999_997, "order": 999_996}
    nobody = Actor(user_id=999_995, company_id=cast.acme.id)
    verbs = [entry(verb, gone, nobody, id=number) for number, verb in enumerate(SAID, start=1)]
    for verb in verbs:
        verb.before, verb.after = {}, {}
    bare = [entry(verb, {"company": None}, nobody, id=number) for number, verb in enumerate(SAID, start=1)]
    for language in ("fr_CA", "en_CA"):
        with app.test_request_context(), access.everything(), force_locale(language):
            assert all(said(verbs))
            assert all(said(bare))
    with app.test_request_context(), access.everything(), force_locale("fr_CA"):
        (released,) = said([entry("license_released", gone, nobody)])
        assert released == "Quelqu’un a libéré la licence nº 999998 de quelqu’un"
        assert said([entry("old_verb", rows, Actor.of(cast.alice))]) == ["Alice Tremblay : old_verb"]


def test_a_company_reads_no_name_of_another_through_an_entry_of_its_own(app, cast, rows):
    foreign = rows | {"user": cast.carol.id, "license": make_licenses(1, cast.carol, cast.pro)[0].id}
    told = entry("license_released", foreign, Actor.of(cast.alice))
    with app.test_request_context(), access.scoped(access.Scope(company_id=cast.acme.id)):
        (text,) = said([told])
    assert "Carol" not in text
    assert "…" not in text


def test_a_batch_of_any_size_and_of_all_kinds_is_named_in_one_statement(app, cast, rows, count_queries):
    entries = [entry(verb, rows, Actor.of(cast.sam), id=number) for number, verb in enumerate(SAID, start=1)]
    with app.test_request_context(), access.everything():
        for some in (entries[:1], entries, entries * 5):
            with count_queries() as statements:
                sentences(some, Reader())
            assert len(statements) == 1, statements


def test_entries_are_said_by_their_ids_too_and_lead_to_pages(app, cast, rows, elise):
    with transaction() as turn:
        journal.record(turn, JournalVerb.PERSON_ADDED, by=Actor.of(cast.alice), subject=elise)
    entry_id = db.session.scalar(sa.select(JournalEntry.id))
    reader = Reader(pages={SubjectKind.USER: lambda part: f"/people/{part.row_id}"})
    with app.test_request_context(), access.everything():
        found = sentences([entry_id], reader)
    alice, elise_link = f"/people/{cast.alice.id}", f"/people/{elise.id}"
    assert [href for _text, href in reader.said(found[entry_id])] == [alice, None, elise_link]


def test_a_change_is_shown_before_and_after_without_what_is_personal(app, cast, rows):
    changed = entry("person_changed", rows, Actor.of(cast.alice))
    changed.before, changed.after = {"role": "member", "user": rows["user"]}, {"role": "admin", "user": None}
    with app.test_request_context(), access.everything(), force_locale("fr_CA"):
        found = sentences([changed], Reader())[1].changes
    assert found == (
        ("Rôle", "Utilisateur standard", "Administrateur"),
        ("Personne", "Élise Bergeron", "–"),
    )


def test_french_says_no_gender_of_a_person_and_names_who_acts_first(app):
    """« X a assigné », never « X a été assignée »: whose name it is says nothing."""
    with app.test_request_context(), force_locale("fr_CA"):
        for verb, told in SAID.items():
            if told.by_reader is not None:
                assert str(told.by_others).startswith(("%(who)s a ", "%(who)s\u00a0:")), verb
                assert str(told.by_reader).startswith("Vous avez "), verb
        for together in OF_MANY.values():
            for words in filter(None, (together.said, together.of_one_plan)):
                assert str(words.by_others).startswith("%(who)s a ")
                assert str(words.by_reader).startswith("Vous avez ")
        assert all(str(text).startswith("%(who)s ont ") for text in BY_MANY.values())


def test_what_staff_alone_look_at_is_not_told_to_customers():
    assert {"issue_opened", "issue_closed", "payment_noted"}.isdisjoint(TOLD_TO_CUSTOMERS)
    assert {"license_assigned", "order_placed", "signed_in"} <= set(TOLD_TO_CUSTOMERS)
