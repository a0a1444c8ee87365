"""What both sites offer of a firm's invitation links: the list, making one, its address to copy, withdrawing it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from wtforms import StringField
from wtforms.validators import Length

from access import current_actor
from admin_views import labels
from admin_views.base import DeskModelView
from admin_views.columns import PERSON, state, who
from admin_views.forms import REQUIRED, DayField, DeskForm, WholeNumber
from admin_views.lists.columns import Act, Column, Empty, Fact, Tab
from admin_views.lists.finding import Inside
from models import (
    Company,
    FirmLink,
    FirmLinkState,
    clock,
    day_in,
    db,
    firm_link_state,
    utcnow,
)
from services.foundation import urls
from services.foundation.errors import Refused
from services.joining import firm_links
from services.links import tokens
from services.text.formats import current_language, number

# What is proposed to whoever makes one.
USUAL_PLACES, USUAL_DAYS = 10, 30
STATE = (FirmLink.withdrawn_at, FirmLink.expires_at, FirmLink.used, FirmLink.places)


class FirmLinkForm(DeskForm):
    domain = StringField(_l("Domain of their addresses"), [REQUIRED, Length(max=253)])
    places = WholeNumber(_l("Number of people"), [REQUIRED], default=USUAL_PLACES)
    last_day = DayField(_l("Last day"), [REQUIRED])


def is_open(*columns: Any) -> bool:
    """Whether somebody can still come in by a link, of the columns of its state."""
    return firm_link_state(*columns) == FirmLinkState.OPEN


def _so_many(used: int, places: int) -> str:
    language = current_language()
    return _("%(used)s of %(places)s", used=number(used, language), places=number(places, language))


class FirmLinkView(DeskModelView):
    """A table view of invitation links."""

    model = FirmLink
    title = _l("Invitation links")
    slug = "invitation-links"
    in_menu = False
    columns = (
        Column("domain", _l("Domain"), to=(".details_view", FirmLink.id)),
        Column(
            "used", _pl("invitation link", "Joined"), (FirmLink.used, FirmLink.places), _so_many, phone="line"
        ),
        Column("last_day", _l("Last day"), kind="day", phone="line"),
        Column("made_by", _l("Made by"), (FirmLink.made_as, *PERSON), who),
        state("state", _l("State"), needs=STATE, value=firm_link_state, phone="cell"),
    )
    joins = (FirmLink.made_by,)
    row_acts = (Act(".withdraw", _l("Withdraw"), "x-circle", when=(STATE, is_open)),)
    tabs = (
        Tab("all", _pl("invitation links", "All")),
        Tab(
            "open",
            _pl("invitation links", "Still open"),
            lambda: sa.and_(
                FirmLink.withdrawn_at.is_(None),
                FirmLink.used < FirmLink.places,
                FirmLink.expires_at > clock(),
            ),
        ),
    )
    search = (Inside(FirmLink.domain),)
    search_hint = _l("Domain")
    empty = Empty(
        _l("No invitation link yet."),
        _l(
            "Whoever follows one and has an address of the domain that you choose joins by themselves, without a license."
        ),
        (".create_view", _l("New invitation link")),
    )
    detail_columns = (
        Fact("state", _l("State"), value=lambda row: row.state(), kind="badge"),
        Fact("domain", _l("Domain of their addresses")),
        Fact("used", _pl("invitation link", "Joined"), value=lambda row: _so_many(row.used, row.places)),
        Fact("last_day", _l("Last day"), kind="day"),
        Fact("made_by", _l("Made by"), value=lambda row: labels.who(row.made_as, row.made_by)),
        Fact("created_at", _l("Made on"), kind="moment"),
    )
    column_relations = (FirmLink.made_by, FirmLink.company)
    can_create = can_view_details = True
    create_label = _l("New invitation link")
    create_template = "admin/firm_link_form.html"
    details_template = "admin/firm_link.html"
    form = FirmLinkForm

    def company_of(self, form: FirmLinkForm) -> Company | None:
        """Whose link is made; None until somebody has said it."""
        raise NotImplementedError

    def story(self, row: FirmLink) -> dict[str, Any]:
        """What the page of a link tells of it: its last `moments`, and the `journal_url` that has all of them."""
        raise NotImplementedError

    def propose(self, form: FirmLinkForm, company: Company, address: str) -> None:
        """Fill in what is likely: the domain of an address of the company, a month."""
        domain = address.rpartition("@")[2]
        form.domain.data = "" if firm_links.is_public(domain) else domain
        form.last_day.data = day_in(company.zone, utcnow()) + dt.timedelta(days=USUAL_DAYS)

    def do_create(self, form: FirmLinkForm) -> FirmLink | None:
        company = self.company_of(form)
        if company is None:
            raise LookupError("the form asks whose link it is")
        try:
            return firm_links.make(
                company.id, form.domain.data, form.places.data, form.last_day.data, by=current_actor()
            )
        except Refused as refused:
            if not refused.fields:
                raise
            db.session.rollback()
            for name in refused.fields:
                form[name].errors = [refused.sentence]
            return None

    def saved_sentence(self, row: FirmLink) -> str:
        return _("The invitation link is made. Copy it below, and give it to whoever may join.")

    def details_context(self, row: FirmLink) -> dict[str, Any]:
        token = tokens.grown(row) if row.state() == FirmLinkState.OPEN else None
        return {"address": urls.firm_link_url(token) if token else None, **self.story(row)}

    @expose("/withdraw/", methods=("GET", "POST"))
    def withdraw(self) -> ResponseReturnValue:
        """Ask, then end a link."""
        row = self.row_or_404(request.form.get("rowid") or request.args.get("id", ""))
        page = self.get_url(".details_view", id=row.id)
        if row.state() == FirmLinkState.WITHDRAWN:
            return redirect(page, 303)
        if request.method != "POST":
            return self.confirm(
                [row],
                heading=_("Withdraw the invitation link"),
                text=_(
                    "Nobody joins with it any more, even who has asked for a message already. Whoever has joined stays "
                    "in the list."
                ),
                button=_("Withdraw the invitation link"),
                endpoint=".withdraw",
                tone="danger",
            )
        firm_links.withdraw(row, by=current_actor())
        flash(_("The invitation link is withdrawn: nobody joins with it any more."), "success")
        return redirect(self.keeping_way(page), 303)
