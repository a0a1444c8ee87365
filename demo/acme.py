"""Acme and Globex, whose people sign in to the demonstration, and what is out of the ordinary elsewhere."""

from __future__ import annotations

import datetime as dt

from demo import acts, people, purchases
from demo.acts import Customer
from demo.book import Row
from demo.story import Story, company, staff
from models import IssueKind, Language

OPENED = 430

# Ends in so many days, plan, seats, and who was given one so many days after: those before the `/` have activated theirs.
ACME_BOUGHT = [
    (-12, "eco", 2, 2, "Félix Girard /"),
    (24, "eco", 3, 6, "Rachid Haddad / Aïcha Benali"),
    (53, "eco", 2, 0, "/"),
    (
        224,
        "avance",
        12,
        1,
        "Anne-Sophie Lavoie, André Bouchard, Antoine Pelletier, Béatrice Morin, Camille Côté, Catherine Fortin, "
        "Charles-Étienne Roy, David Nguyen, Thomas Leclerc, Julie Boucher, Mathieu Savard, Noémie Dubé /",
    ),
    (304, "pro", 3, 2, "Mélanie Gagnon, Claude Ouellet / Chloé Gauthier"),
]
# Bought last: one of its seats was taken back a moment ago, of the others nobody has activated theirs yet.
LATEST_ENDS, LATEST = 342, ["Olivier Tremblay", "Hélène Cloutier", "Maria Fernández"]


def acme(story: Story) -> Customer:
    """Forty people and 25 seats: two administrators, a seat of every common state, somebody deactivated, a mail that failed."""
    opened = story.day(OPENED)
    customer = company(
        story, opened, "Acme", "acme.example", address="1250, rue Saint-Jean; Québec; QC; G1R 1S6"
    )
    short = {0: "admin", 1: "user", people.ACME.index("Claude Ouellet"): "admin2"}
    # Hired through an agency, whose mail server knows her no more.
    short[people.ACME.index("Maria Fernández")] = "maria.fernandez@refuse.example"
    staff(story, customer, opened, people.ACME, "acme.example", short=short)
    _administrator(story, customer, customer.person("Claude Ouellet"))
    for ends, plan, count, after, who in ACME_BOUGHT:
        ago = story.ending(ends)
        story.add(story.day(ago), purchases.buy, customer, {plan: count}, customer.admin)
        active, waiting = ([name for name in part.strip().split(", ") if name] for part in who.split("/"))
        _hand_out(story, customer, ago - after, plan, active=active, waiting=waiting)
    _latest(story, customer)
    return customer


def _administrator(story: Story, customer: Customer, person: Row) -> None:
    story.add(story.day(OPENED - 1), acts.promote, customer, person, customer.admin)
    story.add(story.day(story.ending(LATEST_ENDS), 0), acts.sign_in, customer, person)


def _hand_out(
    story: Story, customer: Customer, ago: int, plan: str, *, active: list[str], waiting: list[str]
) -> None:
    for number, name in enumerate([*active, *waiting]):
        holder, then = customer.person(name), ago - number // 6
        story.add(story.day(then, 1 + number % 6), acts.assign, customer, plan, holder, customer.admin)
        if name in active:
            story.add(story.day(then - 1, 2 + number % 6), acts.activate, customer, holder)


def _latest(story: Story, customer: Customer) -> None:
    """Claude buys, whose first card is declined; Mélanie hands out."""
    ago, claude = story.ending(LATEST_ENDS), customer.person("Claude Ouellet")
    story.add(
        story.day(ago, 1),
        purchases.buy,
        customer,
        {"avance": 5},
        claude,
        paid_with=purchases.MASTERCARD,
        declined=True,
    )
    elise = customer.person("Élise Bergeron")
    story.add(story.day(ago - 3, 1), acts.assign, customer, "avance", elise, customer.admin)
    for number, name in enumerate(LATEST):
        refused = name == "Maria Fernández"
        holder = customer.person(name)
        story.add(
            story.day(9, number), acts.assign, customer, "avance", holder, customer.admin, refused=refused
        )
    story.add(story.day(5, 2), acts.deactivate, customer, customer.person("Thomas Leclerc"), customer.admin)
    word = "Je dois signer les contrats de l’agence à partir de lundi."
    story.add(story.minutes(190), acts.ask, customer, customer.person("Sophie Paquette"), word)
    story.add(story.minutes(52), acts.sign_in, customer, customer.admin)
    story.add(story.minutes(2), acts.release, customer, elise, customer.admin)


def globex(story: Story) -> Customer:
    """Eight people who read English, in Toronto."""
    opened = story.day(OPENED - 7)
    address = "77 King Street West; Toronto; ON; M5K 1A1"
    customer = company(story, opened, "Globex", "globex.example", address=address, language="en")
    staff(story, customer, opened, people.GLOBEX, "globex.example", short={0: "admin"})
    story.add(story.day(95), _buy_and_refund, customer, story)
    _hand_out(
        story, customer, 94, "pro", active=["Daniel MacDonald", "Emily Johnson"], waiting=["Amir Hosseini"]
    )
    return customer


def _buy_and_refund(customer: Customer, at: dt.datetime, story: Story) -> None:
    """A goodwill of the vendor in Stripe's dashboard, for staff to look at."""
    bought = purchases.buy(customer, at, {"pro": 5}, customer.admin)
    charge = bought.payment["stripe_charge_id"]
    told = {"kind": IssueKind.REFUNDED, "about": charge, "cause": f"{charge}:5000"}
    story.add(story.day(30, 8), acts.open_issue, customer, bought.order, **told)


# --- Elsewhere --------------------------------------------------------------------------------------------------------


def out_of_the_ordinary(story: Story, customers: dict[str, Customer]) -> None:
    """What support has to look at, and what happened today; by the name of the customer."""
    drilling, printer = customers["Foothills Drilling"], customers["Imprimerie Solstice"]
    story.add(story.day(12, 3), _buy_and_contest, drilling, story)
    story.add(story.minutes(75), _decline, printer)
    theatre, grain = customers["Théâtre de la Marée"], customers["Prairie Grain Co-op"]
    story.add(story.day(16, 4), _give_up, theatre, story)
    story.add(story.day(6, 4), _debit, grain, story)
    farm, survey = customers["Ferme des Outardes"], customers["Klondike Survey"]
    story.add(story.minutes(110), purchases.buy, farm, {"eco": 3}, farm.admin)
    for number, person in enumerate(farm.people):
        story.add(story.minutes(105 - number), acts.assign, farm, "eco", person, farm.admin)
    story.add(story.minutes(90), purchases.buy, survey, {"avance": 2}, survey.admin)
    values = {"email": "arden.blake@klondikesurvey.example", "first_name": "Arden", "last_name": "Blake"}
    story.add(story.minutes(84), _invite, survey, values | {"language": Language.EN})


def _buy_and_contest(customer: Customer, at: dt.datetime, story: Story) -> None:
    bought = purchases.buy(customer, at, {"avance": 3}, customer.admin)
    dispute = f"dp_demonstration_{bought.payment['id']}"
    told = {"kind": IssueKind.DISPUTED, "about": dispute, "cause": f"{dispute}:needs_response"}
    story.add(story.minutes(40), acts.open_issue, customer, bought.order, **told)


def _decline(customer: Customer, at: dt.datetime) -> None:
    """The order waits, its page closed: whoever pays it now gets a new page."""
    bought = purchases.order(customer, at, {"avance": 4}, customer.admin)
    purchases.decline(customer, at, bought)
    purchases.close_page(bought)


def _give_up(customer: Customer, at: dt.datetime, story: Story) -> None:
    bought = purchases.order(customer, at, {"pro": 1}, customer.admin)
    story.add(at + dt.timedelta(minutes=1), purchases.decline, customer, bought)
    story.add(at + dt.timedelta(days=1), purchases.expire, customer, bought)


def _debit(customer: Customer, at: dt.datetime, story: Story) -> None:
    bought = purchases.order(customer, at, {"avance": 5}, customer.admin)
    purchases.start_debit(customer, at, bought)
    story.add(story.minutes(65), purchases.refuse_debit, customer, bought, customer.admin)


def _invite(customer: Customer, at: dt.datetime, values: Row) -> None:
    acts.add_person(customer, at, by=customer.admin, invite=True, **values)
