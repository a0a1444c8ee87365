"""Outgoing mail: what waits, was sent or was given up, how it reads, and sending it again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl

from admin_views import labels
from admin_views.columns import state
from admin_views.lists.columns import Act, ByLanguage, Column, Empty, Fact, Tab
from admin_views.lists.filters import by_id, by_member
from admin_views.lists.finding import Whole, Words
from admin_views.lists.writers import MARK
from admin_views.support import lookups
from admin_views.support.base import RecordView, company_column, company_link, current_actor
from models import MailKind, MailState, OutgoingMail, User
from services.foundation.errors import Refused
from services.mail import outbox, rendering
from services.text.formats import current_language

# The preview is somebody's mail: it may have its own styles, and run or fetch nothing.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def recipient_text(row: OutgoingMail) -> str:
    return row.user.email if row.user else str(row.address)


def recipient_link(row: OutgoingMail) -> str | None:
    return url_for("support_people.details_view", id=row.user_id) if row.user_id else None


def _went_out(state: MailState) -> bool:
    """Whether a mail was sent or failed: only then is there something to send again."""
    return state in {MailState.SENT, MailState.FAILED}


def _namer(_language: str) -> Callable[[str, str], str]:
    """What a mail is called, by its template and its address."""

    @functools.cache
    def around(template: str) -> tuple[str, str, str]:
        named = _("%(mail)s, to %(address)s", mail=labels.mail_words(template), address=MARK)
        return named.partition(MARK)

    return lambda template, address: address.join(around(template)[::2])


class Mail(RecordView):
    model = OutgoingMail
    title = _l("Outgoing mail")
    slug = "mail"
    icon = "envelope"
    menu_category = None
    columns = (
        Column("created_at", _l("Queued on"), kind="moment", to=(".details_view", OutgoingMail.id)),
        Column("template", _l("Mail"), value=labels.mail_words, phone="line"),
        Column(
            "recipient",
            _l("Recipient"),
            sa.func.coalesce(User.email, OutgoingMail.address),
            to=("support_people.details_view", OutgoingMail.user_id),
            phone="line",
        ),
        company_column(OutgoingMail.company_id),
        state("state", _l("State"), phone="cell"),
        Column("attempts", _l("Attempts"), kind="number", mid=False),
        Column("sent_at", _l("Sent on"), kind="moment", mid=False),
    )
    joins = (OutgoingMail.user, OutgoingMail.company)
    row_name = (
        (OutgoingMail.template, sa.func.coalesce(User.email, OutgoingMail.address)),
        ByLanguage(_namer),
    )
    row_acts = (Act(".resend", _l("Send again"), "send", when=(OutgoingMail.state, _went_out)),)
    tabs = (
        Tab("all", _pl("mail", "All")),
        Tab("failed", _l("Not delivered"), lambda: OutgoingMail.state == MailState.FAILED, tone="wait"),
    )
    search_hint = _l("Name or email")
    empty = Empty(_l("No mail yet."))
    detail_columns = (
        Fact("recipient", _l("Recipient"), value=recipient_text, link=recipient_link),
        Fact("company", _l("Customer"), link=company_link),
        Fact("language", _l("Language"), value=lambda row: labels.label(row.language)),
        Fact("state", _l("State"), kind="badge"),
        Fact("created_at", _l("Queued on"), kind="moment"),
        Fact("sent_at", _l("Sent on"), kind="moment"),
        Fact("attempts", _l("Attempts"), kind="number"),
        Fact("last_error", _l("Why it was not sent"), value=lambda row: labels.mail_trouble(row.last_error)),
        Fact("server_reply", _l("Reply of the mail server"), kind="mono"),
        Fact("message_id", _l("Message-ID"), kind="mono"),
    )
    column_relations = (OutgoingMail.user, OutgoingMail.company)
    search = (Whole(User.email, via=OutgoingMail.user_id), Words(User, via=OutgoingMail.user_id))
    filters = (
        by_member("state", _l("State"), OutgoingMail.state, MailState, labels.options(MailState)),
        by_member("template", _l("Mail"), OutgoingMail.template, MailKind, lambda: labels.words(MailKind)),
        lookups.of_company(OutgoingMail.company_id),
        by_id("person", _l("Recipient"), OutgoingMail.user_id, describe=lookups.person_name),
    )
    export_columns = (Column("last_error", _l("Why it was not sent"), value=labels.mail_trouble),)
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = picked
    can_view_details = True
    details_template = "support/mail.html"
    confirm_template = "support/resend.html"

    @expose("/preview/")
    def preview(self) -> ResponseReturnValue:
        """The mail as its reader sees it, in a page that may run and fetch nothing."""
        row = self.row_or_404()
        answer = Response(rendering.render_preview(row).html, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
        return answer

    def details_context(self, row: OutgoingMail) -> dict[str, Any]:
        preview, trouble = None, ""
        try:
            preview = rendering.render_preview(row)
        except Refused as refused:
            trouble = refused.sentence
        return {
            "preview": preview,
            "trouble": trouble,
            "recipient": recipient_text(row),
            "why": labels.mail_trouble(row.last_error),
        }

    @expose("/resend/")
    def ask_resend(self) -> ResponseReturnValue:
        """The page that asks before a mail is sent again, begun from the list."""
        row = self.row_or_404()
        return self.confirm(
            [row],
            heading=_("Send the mail again"),
            named=_namer(current_language())(row.template, recipient_text(row)),
            button=_("Send again"),
            endpoint=".resend",
            fields={"id": row.id},
        )

    @expose("/resend/", methods=("POST",))
    def resend(self) -> ResponseReturnValue:
        row = self.row_or_404(request.form.get("id", ""))
        again = outbox.resend(row, current_actor())
        flash(_("The mail is in the queue: this is the one that is sent now."), "success")
        return redirect(self.get_url(".details_view", id=again.id))
