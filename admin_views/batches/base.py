"""Importer une base existante, for support: one file or three, then which column holds what; the batch's own page has the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlalchemy as sa
from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, RadioField

from access import Permission, current_actor
from admin_views.batches import read_as, words
from admin_views.batches.imports import SHOWN, download, heads
from admin_views.forms import DeskForm, choices
from admin_views.guard import DeskPage
from admin_views.lists import exports
from admin_views.lists.rows import narrow
from models import Batch, BatchKind, BatchState, Post, db
from services.bases import base, columns
from services.batches import applying
from services.files import limits
from services.files.headers import LINES_LOOKED_AT
from services.files.tables import Kind
from services.foundation.errors import Code, Refused
from services.imports.people import Choice
from services.text.dates import DayOrder
from services.text.formats import current_language

words.name_fields(columns.LABELS)


class FilesForm(DeskForm):
    """One file of everything, or one for each of customers, people and licences."""

    file_1 = FileField(_l("File"))
    file_2 = FileField(_l("Second file"))
    file_3 = FileField(_l("Third file"))


class OptionsForm(DeskForm):
    """How dates are read, and whether anybody is told."""

    order = RadioField(
        _l("Dates such as 03/04/2026"),
        choices=choices(
            [
                ("", _l("As another date of the column says; else the row is left out")),
                (DayOrder.DAY_FIRST.value, _l("The day comes first: 3 April")),
                (DayOrder.MONTH_FIRST.value, _l("The month comes first: March 4")),
            ]
        ),
        default="",
    )
    post = RadioField(
        _l("Are people told by email?"),
        choices=choices(
            [
                (Post.NONE.value, _l("No email")),
                (
                    Post.HELD.value,
                    _l("In 10 minutes: an invitation, and the license that they have not used yet"),
                ),
                (Post.NOW.value, _l("At once")),
            ]
        ),
        default=Post.NONE.value,
    )


class Bases(DeskPage):
    title = _l("Import an existing base")
    slug = "base"
    in_menu = False
    permission = Permission.SUPPORT

    # --- Files --------------------------------------------------------------------------------------------------------

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Ask for the files."""
        return self._upload_page()

    @expose("/", methods=("POST",))
    def begin(self) -> ResponseReturnValue:
        files = []
        for upload in (request.files.get(f"file_{number}") for number in range(1, base.MOST_FILES + 1)):
            if upload is not None and upload.filename:
                with upload.stream:
                    # One byte more than is read says that it is too large.
                    files.append((upload.filename, upload.stream.read(limits.BYTES + 1)))
        try:
            batch = base.begin(files, current_actor())
        except Refused as refused:
            db.session.rollback()
            return self._upload_page(refused.sentence)
        return redirect(url_for(".columns", together=batch.together), 303)

    def _upload_page(self, error: str | None = None) -> ResponseReturnValue:
        page = self.render(
            "admin/base/files.html",
            form=FilesForm(),
            error=error,
            back_url=self._back(),
            most={"rows": limits.ROWS, "size": limits.BYTES // 1_000_000},
        )
        return page, 422 if error else 200

    @expose("/template.csv")
    def template_csv(self) -> Response:
        """A file to fill in."""
        separator = exports.SEPARATORS[current_language()][0]
        return download(base.template(Kind.CSV, separator), Kind.CSV, _("base"))

    @expose("/template.xlsx")
    def template_xlsx(self) -> Response:
        return download(base.template(Kind.XLSX, ";"), Kind.XLSX, _("base"))

    # --- Their columns ------------------------------------------------------------------------------------------------

    @expose("/<together>/")
    def columns(self, together: str) -> ResponseReturnValue:
        """What was recognised, and what can be said otherwise."""
        batch = self._batch(together)
        return self._columns_page(batch, base.look_at(batch))

    @expose("/<together>/", methods=("POST",))
    def choose(self, together: str) -> ResponseReturnValue:
        """Read the files otherwise and show them again; or go on, and have the rows prepared."""
        batch = self._batch(together)
        try:
            wanted = _chosen(batch, request.form)
            if "again" in request.form or any(choice.fields is None for choice in wanted):
                base.choose(batch, wanted)
                return redirect(url_for(".columns", together=together), 303)
            form = OptionsForm()
            if not form.validate():
                return self._columns_page(batch, base.look_at(batch, wanted), form=form)
            base.proceed(batch, wanted, {"order": form.order.data, "post": form.post.data}, current_actor())
        except Refused as refused:
            if refused.code == Code.BATCH_SETTLED:
                raise
            db.session.rollback()
            batch = self._batch(together)
            return self._columns_page(batch, base.look_at(batch), refused=refused)
        applying.work_on([self._batch(together).id])
        return redirect(url_for("support_batches.show", together=together, url=self._back()), 303)

    def _columns_page(
        self,
        batch: Batch,
        looks: list[base.Look],
        *,
        form: OptionsForm | None = None,
        refused: Refused | None = None,
    ) -> ResponseReturnValue:
        kept = batch.options
        page = self.render(
            "admin/base/columns.html",
            batch=batch,
            looks=looks,
            form=form
            or OptionsForm(
                data={"order": kept.get("order") or "", "post": kept.get("post", Post.NONE.value)}
            ),
            refused=refused,
            fields=[(name, columns.LABELS[name]) for name in columns.ORDER],
            heads=heads,
            shown=SHOWN,
            looked_at=LINES_LOOKED_AT,
            separators=read_as.SEPARATORS,
            spellings={look.place: read_as.spellings(batch, look, look.place) for look in looks},
            lacking={look.place: columns.words(look.lacks()) for look in looks},
            back_url=self._back(),
        )
        return page, 422 if refused or (form and form.errors) else 200

    # --- What the batch's page leads to -------------------------------------------------------------------------------

    @expose("/<together>/wrong-rows/<int:place>")
    def wrong_rows(self, together: str, place: int) -> Response:
        """The rows of a file that are left, as the file that they came from, with why in a column of their own."""
        batch = self._batch(together)
        found = base.wrong_rows(batch, place) if place < base.MOST_FILES else None
        if found is None:
            abort(404)
        return download(*found, _("rows to correct"))

    # --- Helpers ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _back() -> str:
        return url_for("support_customers.index_view")

    @staticmethod
    def _batch(together: str) -> Batch:
        if not re.fullmatch(r"[0-9a-f]{32}", together):
            abort(404)
        found = narrow(sa.select(Batch), Batch).where(
            Batch.together == together, Batch.kind == BatchKind.BASE, Batch.state != BatchState.DISCARDED
        )
        return db.session.scalars(found).one_or_none() or abort(404)


def _chosen(batch: Batch, typed: Mapping[str, str]) -> list[Choice]:
    """How the form says that each file is to be read."""
    return [
        read_as.choice(typed, file, columns.ORDER, columns.words, f"_{place}")
        for place, file in enumerate(batch.options["files"])
    ]
