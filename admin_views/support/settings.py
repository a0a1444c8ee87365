"""Who sells, under which conditions and taxes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from access import Actor, Permission
from admin_views import labels
from admin_views.base import DeskPage
from admin_views.edited import ConfirmedForm, ask_to_confirm, say_what_changed
from admin_views.forms import REQUIRED, DayField, WholeNumber, choices, zones
from admin_views.lists.columns import Act, Column, ListFilter
from admin_views.support.base import EditForm, SupportView, current_actor
from admin_views.support.fields import PercentField
from models import MAX_GRACE_DAYS, Conditions, Registration, TaxRate, db
from services.catalogue import examples, tax_rates, vendor
from services.foundation.errors import Code, Refused
from services.text import places
from services.text.formats import current_language, percent

# --- The vendor -----------------------------------------------------------------------------------------------------


class VendorForm(ConfirmedForm):
    name = StringField(
        _l("Name"),
        [REQUIRED, Length(max=100)],
        description=_l("What customers see on every page and in every mail."),
    )
    legal_name = StringField(
        _l("Legal name"),
        [REQUIRED, Length(max=200)],
        description=_l("On receipts, with the address and the numbers."),
    )
    address = TextAreaField(_l("Address"), [Length(max=500)], render_kw={"rows": 3})
    gst_number = StringField(
        _l("GST/HST number"),
        [Length(max=30)],
        description=_l("Such as 123456789 RT0001. Without it, neither GST nor HST is charged."),
    )
    qst_number = StringField(
        _l("QST number"),
        [Length(max=30)],
        description=_l("Such as 1234567890 TQ0001. Without it, QST is not charged."),
    )
    charges_no_tax = BooleanField(
        _l("We charge no sales taxes"),
        description=_l("For a small supplier who is registered for none. Leave both numbers empty."),
    )
    support_email = EmailField(
        _l("Support address"),
        [REQUIRED, Length(max=254)],
        description=_l("Where customers write, and alerts go."),
    )
    install_url_fr = StringField(_l("Installation instructions in French"), [Length(max=500)])
    install_url_en = StringField(_l("Installation instructions in English"), [Length(max=500)])
    color = StringField(
        _l("Color"),
        [REQUIRED, Length(max=7)],
        description=_l(
            "Such as #1f5fbf. Buttons and links use it; where it would be hard to read, a darker or lighter shade is used."
        ),
    )
    new_logo = FileField(
        _l("New logo"),
        description=_l("PNG, JPEG or WebP, at most 200 kB and 2,000 pixels a side; shown 28 pixels high."),
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
    )
    remove_logo = BooleanField(_l("Remove the logo"))
    time_zone = SelectField(
        _l("Time zone"),
        choices=zones(),
        description=_l("Prices and taxes begin at its midnight."),
    )
    grace_days = WholeNumber(
        _l("Days of grace"),
        [InputRequired(_l("Enter a whole number, such as 5.")), NumberRange(0, MAX_GRACE_DAYS)],
        default=0,
        description=_l(
            "For how many days after its last one a license still works. Licenses that are still alive follow within minutes."
        ),
        render_kw={"inputmode": "numeric"},
    )


class VendorPage(DeskPage):
    """One row, so one form: there is no list of vendors."""

    permission = Permission.SUPPORT
    title = _l("Vendor")
    slug = "vendor"
    menu_category = _l("Settings")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        row = vendor.current()
        form = VendorForm(obj=row)
        if request.method != "POST":
            form.seen.data = vendor.EDITABLE.version(row)
        elif form.validate() and self._save(form):
            flash(_("Your changes were saved."), "success")
            return redirect(self.get_url(".index"))
        status = 422 if request.method == "POST" else 200
        return self.render("support/vendor.html", form=form, row=vendor.current()), status

    def _save(self, form: VendorForm) -> bool:
        """Call the verb; a refusal is shown above the form, and what was typed is kept."""
        upload = form.new_logo.data
        logo = upload.read(vendor.MAX_LOGO_BYTES + 1) if upload and upload.filename else None
        try:
            if logo == b"":
                raise Refused(Code.BAD_LOGO, _("The file of the logo is empty."))
            vendor.update_vendor(
                {name: form[name].data for name in vendor.EDITABLE},
                by=current_actor(),
                logo=logo,
                remove_logo=form.remove_logo.data,
                seen=form.seen.data or "",
                confirmed=form.confirmed.data or "",
            )
        except Refused as refused:
            db.session.rollback()
            ask_to_confirm(form, refused)
            if logo and refused.code == Code.NOT_CONFIRMED:
                form.new_logo.errors = [_("Choose the file again: a browser does not send it a second time.")]
            form.form_errors.append(refused.sentence)
            if refused.code == Code.CHANGED_MEANWHILE:
                form.seen.data = vendor.EDITABLE.version(vendor.current())
                say_what_changed(form, refused)
            return False
        return True


# --- Conditions of sale ---------------------------------------------------------------------------------------------


class ConditionsForm(EditForm):
    text_fr = TextAreaField(_l("Text in French"), [REQUIRED, Length(max=50_000)], render_kw={"rows": 14})
    text_en = TextAreaField(_l("Text in English"), [REQUIRED, Length(max=50_000)], render_kw={"rows": 14})


def _beginning(language: str) -> Any:
    return sa.func.substr(Conditions.text(language), 1, 80)


class ConditionsView(SupportView):
    """Versions are added, never edited: orders point at the one that was accepted."""

    model = Conditions
    title = _l("Conditions of sale")
    slug = "conditions"
    menu_category = _l("Settings")
    columns = (
        Column("id", _l("Version"), kind="number", to=(".details_view", Conditions.id)),
        Column("published_at", _l("Published on"), kind="moment", phone="line"),
        Column("start", _l("Beginning"), _beginning, phone="line"),
    )
    can_create = can_view_details = True
    create_label = _l("Publish a new version")
    details_template = "support/conditions.html"
    form = ConditionsForm

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(vendor.current_conditions())
        if request.method != "POST":
            form.seen.data = vendor.version_of(vendor.current_conditions())
        return form

    def do_create(self, form: ConditionsForm) -> Conditions:
        try:
            return vendor.publish_conditions(
                form.text_fr.data, form.text_en.data, by=current_actor(), seen=form.seen.data or ""
            )
        except Refused:
            # Publishing again, after having been told, comes after what the other one published.
            db.session.rollback()
            form.seen.data = vendor.version_of(vendor.current_conditions())
            raise


# --- Taxes ----------------------------------------------------------------------------------------------------------


class TaxRateForm(ConfirmedForm):
    place = StringField(
        _l("Place"),
        [REQUIRED, Length(max=10)],
        description=_l("CA-QC for Quebec, CA-ON for Ontario, FR for the whole of France."),
    )
    name_fr = StringField(_l("Name in French"), [REQUIRED, Length(max=20)])
    name_en = StringField(_l("Name in English"), [REQUIRED, Length(max=20)])
    rate = PercentField(
        _l("Rate in percent"),
        [InputRequired(_l("Enter a percentage, such as 9.975."))],
        render_kw={"inputmode": "decimal"},
    )
    registration = SelectField(
        _l("Collected under"),
        choices=choices(labels.options(Registration)),
        description=_l("Without this number in the vendor’s identity, the tax is not charged."),
    )
    starts_on = DayField(
        _l("From"),
        [InputRequired(_l("Enter a date, such as 2026-11-24."))],
        description=_l("It holds until the next rate of the same place and name."),
    )


def _is_to_come(starts_on: dt.date) -> bool:
    return starts_on > vendor.current().today


class TaxRates(SupportView):
    model = TaxRate
    title = _l("Tax rates")
    slug = "tax-rates"
    menu_category = _l("Settings")
    columns = (
        Column("place", _l("Place"), kind="mono", sort=(TaxRate.place, TaxRate.name_en, TaxRate.starts_on)),
        Column("name", _l("Tax"), TaxRate.name, phone="line"),
        Column("rate", _l("Rate"), value=lambda rate: percent(rate, current_language()), phone="line"),
        Column("registration", _l("Collected under"), value=labels.label),
        Column("starts_on", _l("From"), kind="day", phone="line"),
    )
    row_name = (
        (TaxRate.name, TaxRate.place, TaxRate.starts_on),
        lambda name, place, day: f"{name} {place}, {day.isoformat()}",
    )
    row_acts = (
        Act(".edit_view", _l("Edit"), "pencil"),
        Act(".withdraw", _l("Withdraw"), "trash3", when=(TaxRate.starts_on, _is_to_come)),
    )
    filters = (
        ListFilter(
            "province",
            _l("Province"),
            lambda: [(f"{places.CANADA}-{code}", name) for code, name in places.provinces()],
            lambda query, place: query.where(TaxRate.place == place),
        ),
    )
    export_columns = (
        Column("name_fr", _l("Name in French")),
        Column("name_en", _l("Name in English")),
    )
    default_order = ("place", False)
    can_create = can_edit = True
    create_label = _l("Add a rate")
    confirm_template = "support/withdraw.html"
    form = TaxRateForm
    editable = tax_rates.EDITABLE

    def do_create(self, form: TaxRateForm) -> TaxRate:
        try:
            return tax_rates.add_rate(
                self.values(form), by=current_actor(), confirmed=form.confirmed.data or ""
            )
        except Refused as refused:
            ask_to_confirm(form, refused)
            raise

    def update(self, form: TaxRateForm, row: TaxRate, *, by: Actor, seen: str) -> None:
        tax_rates.update_rate(row, self.values(form), by=by, seen=seen, confirmed=form.confirmed.data or "")

    @expose("/withdraw/")
    def withdraw(self) -> ResponseReturnValue:
        """The page that asks before a rate is taken back."""
        rate = self.row_or_404()
        described = _(
            "%(tax)s, %(place)s: %(rate)s from %(day)s",
            tax=rate.name(current_language()),
            place=rate.place,
            rate=percent(rate.rate, current_language()),
            day=rate.starts_on.isoformat(),
        )
        where = (vendor.current(), rate.place, rate.starts_on)
        shown = examples.said(examples.example(*where), examples.example(*where, without=rate.id))
        described = f"{described}. {shown}"
        seen = tax_rates.EDITABLE.version(rate)
        return self.ask_withdrawal(rate, _("Withdraw the rate"), described, ".withdraw_now", seen)

    @expose("/withdraw-now/", methods=("POST",))
    def withdraw_now(self) -> ResponseReturnValue:
        rate = self.row_or_404(request.form.get("rowid", ""))
        tax_rates.withdraw_rate(rate, by=current_actor(), seen=request.form.get("seen", ""))
        flash(_("The rate is withdrawn."), "success")
        return redirect(self.get_url(".index_view"))
