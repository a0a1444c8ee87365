"""A year at the desk: who did what on which day. Acts are gathered in any order and told in the order of time."""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
import itertools
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from demo import acts, people, purchases
from demo.acts import Customer, Desk
from demo.book import Row
from demo.customers import Firm
from models import Language, Role, utcnow
from services.foundation.days import months_from, start_of
from services.text import places

# How many are given a licence on one day.
_A_DAY = 5
# Of every so many who were given one, the last has not activated it; nobody has it of the last of as many seats.
_WAITING, _FREE = 6, 7
# A seat is taken back after so many days, where at least as many people hold one, and given to somebody else.
_TAKEN_BACK_AFTER, _AMONG = 45, 6


@dataclasses.dataclass
class Story:
    """What will be told of a desk.

    Attributes:
        today: On the vendor's calendar.
        password: The hash of everybody's password.
    """

    desk: Desk
    password: str
    now: dt.datetime = dataclasses.field(default_factory=utcnow)
    _acts: list[tuple[dt.datetime, int, Callable[[], Any]]] = dataclasses.field(default_factory=list)
    _count: int = 0

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.desk.vendor.time_zone)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    def day(self, ago: int, number: int = 0) -> dt.datetime:
        """An instant of a day that is past, at 15:00 to 20:00 UTC: office hours in all of Canada. `number` orders a day's acts."""
        day = self.today - dt.timedelta(days=ago)
        minutes = 3 + (ago * 11) % 17 + number * 19
        return dt.datetime.combine(day, dt.time(15), dt.UTC) + dt.timedelta(minutes=minutes)

    def minutes(self, ago: int) -> dt.datetime:
        """An instant of today, on the vendor's calendar: so that this month has sales on its first day too."""
        wanted = self.now - dt.timedelta(minutes=ago)
        begin = min(start_of(self.today, self.zone), self.now - dt.timedelta(seconds=1))
        # Just after midnight what went before still goes before.
        return wanted if wanted > begin else begin + (self.now - begin) / (ago + 1)

    def ending(self, days: int) -> int:
        """How many days ago a year was bought that ends `days` from today."""
        wanted = self.today + dt.timedelta(days=days)
        near = range(365 - days - 4, 365 - days + 4)
        return min(
            near,
            key=lambda ago: abs(months_from(self.today - dt.timedelta(days=ago), 12).last_day - wanted),
        )

    def add(
        self, at: dt.datetime, act: Callable[..., Any], customer: Customer, *more: Any, **named: Any
    ) -> None:
        """`act(customer, at, …)`, once its time has come; acts of the same instant in the order in which they are added."""
        self._count += 1
        heapq.heappush(self._acts, (at, self._count, lambda: act(customer, at, *more, **named)))

    def play(self) -> None:
        """Tell everything in the order of time, what follows from an act too, and add its rows to the database."""
        while self._acts:
            _at, _number, act = heapq.heappop(self._acts)
            act()
        self.desk.book.write()


def company(
    story: Story, at: dt.datetime, name: str, domain: str, *, address: str, language: str = "fr"
) -> Customer:
    """A new customer without people. `address` as in `Firm`."""
    street, city, province, postal_code = address.split("; ")
    accounts = "comptabilite" if language == "fr" else "accounts"
    return acts.open_account(
        story.desk,
        at,
        name=name,
        billing_email=f"{accounts}@{domain}",
        street=street,
        city=city,
        province=province,
        postal_code=postal_code,
        language=Language(language),
        time_zone=places.ZONES[province],
    )


def staff(
    story: Story,
    customer: Customer,
    at: dt.datetime,
    names: list[str],
    domain: str,
    *,
    short: Mapping[int, str] | None = None,
) -> None:
    """Everybody of `names` gets an account: the first from support, the others from the first.

    Args:
        short: What is before the @ in the addresses of some, or a whole address.
    """
    for number, name in enumerate(names):
        first_name, last_name = name.split(" ", 1)
        english = customer.row["language"] == Language.EN or name in people.ENGLISH_AT_ACME
        minutes = dt.timedelta(minutes=3 + number)
        local = (short or {}).get(number) or people.local_part(name)
        person = acts.add_person(
            customer,
            at + minutes,
            by=customer.admin if number else story.desk.support,
            email=local if "@" in local else f"{local}@{domain}",
            first_name=first_name,
            last_name=last_name,
            role=Role.MEMBER if number else Role.ADMIN,
            language=Language.EN if english else Language.FR,
            password=story.password,
        )
        if not number:
            acts.sign_in(customer, at + minutes + dt.timedelta(seconds=30), person)


def firm(story: Story, spec: Firm, number: int) -> Customer:
    """A customer like most: opened before its first purchase, with seats given, activated and taken back."""
    opened = story.day(max([ago for ago, *_ in spec.bought], default=2) + 2 + number % 9)
    customer = company(story, opened, spec.name, spec.domain, address=spec.address, language=spec.language)
    names = people.some(spec.language, spec.people, number * 61)
    if not spec.domain.isascii():
        names = people.WITHOUT_ACCENTS
    staff(story, customer, opened, names, spec.domain)
    waiting = iter(customer.people)
    for ago, plan, count in spec.bought:
        story.add(story.day(ago), purchases.buy, customer, {plan: count}, customer.admin)
        story.add(story.day(ago) - dt.timedelta(minutes=2), acts.sign_in, customer, customer.admin)
        chosen = list(itertools.islice(waiting, count - count // _FREE - (ago < 5)))
        _give(story, customer, ago, plan, chosen)
        if len(chosen) >= _AMONG and ago > _TAKEN_BACK_AFTER and (other := next(waiting, None)):
            _pass_on(story, customer, ago - _TAKEN_BACK_AFTER, plan, holder=chosen[1], other=other)
    return customer


def _give(story: Story, customer: Customer, ago: int, plan: str, chosen: list[Row]) -> None:
    """Give licences that were bought `ago` days ago, a few a day, and let most people activate theirs."""
    for number, person in enumerate(chosen):
        then, slot = ago - 1 - number // _A_DAY, 1 + number % _A_DAY
        if then < 1:
            return
        story.add(story.day(then, slot), acts.assign, customer, plan, person, customer.admin)
        if number % _WAITING != _WAITING - 1 and then > 2:
            story.add(story.day(then - 1 - number % 2, slot + 6), acts.activate, customer, person)


def _pass_on(story: Story, customer: Customer, ago: int, plan: str, *, holder: Row, other: Row) -> None:
    story.add(story.day(ago, 12), acts.release, customer, holder, customer.admin)
    story.add(story.day(ago, 13), acts.assign, customer, plan, other, customer.admin)
    if ago > 3:
        story.add(story.day(ago - 1, 4), acts.activate, customer, other)
