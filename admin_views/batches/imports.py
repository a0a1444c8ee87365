"""Importer des utilisateurs, on both sites alike: a file or a paste, then which column holds what; the batch's own page has the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from flask_login import current_user
from wtforms import FileField, SelectField

from access import Permission, current_actor
from admin_views.batches import options, read_as, words
from admin_views.forms import DeskForm, choices
from admin_views.guard import DeskPage
from admin_views.lists import exports
from admin_views.lists.rows import narrow, parse_id
from models import Batch, BatchKind, BatchState, Company, Post, db, utcnow
from services.batches import applying
from services.files import limits
from services.files.headers import LINES_LOOKED_AT
from services.files.tables import Kind
from services.foundation.errors import Code, Refused
from services.imports import columns, people
from services.seats import seat_counts
from services.text.formats import current_language, number

words.name_fields(columns.LABELS)
# Rows of the file that are shown beside the columns.
SHOWN = 5
_FIELDS = (
    columns.FIRST_NAME,
    columns.LAST_NAME,
    columns.NAME,
    columns.EMAIL,
    columns.ROLE,
    columns.LANGUAGE,
    columns.PLAN,
    columns.STATE,
    columns.ACTIVE,
)


class UploadForm(DeskForm):
    """A file; what is pasted instead is read as it is, tabs and all."""

    file = FileField(_l("File"))


class ColumnsForm(DeskForm):
    """What is done with the people on the way."""

    plan = SelectField(_l("Plan to give"), default="")
    post = options.post_field()


class Imports(DeskPage):
    """Declared by each site: who may, and whose people."""

    title = _l("Import users")
    slug = "imports"
    in_menu = False
    # The list of people of the site.
    people: ClassVar[str]

    def company(self) -> Company | None:
        """Whose people are imported; None until somebody has said it."""
        raise NotImplementedError

    def asked(self) -> dict[str, Any]:
        """What of the address says whose."""
        return {}

    # --- A file -------------------------------------------------------------------------------------------------------

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Ask for a file, or for rows to be pasted."""
        return self._upload_page()

    @expose("/", methods=("POST",))
    def begin(self) -> ResponseReturnValue:
        company = self.company()
        if company is None:
            return self._upload_page(_("Choose a customer first."))
        upload, pasted = request.files.get("file"), request.form.get("pasted", "")
        try:
            if upload is not None and upload.filename:
                # One byte more than is read says that it is too large.
                with upload.stream:
                    content: bytes | str = upload.stream.read(limits.BYTES + 1)
                batch = people.begin(content, upload.filename, company, current_actor())
            elif pasted.strip():
                batch = people.begin(pasted, "", company, current_actor())
            else:
                return self._upload_page(_("Choose a file, or paste rows."))
        except Refused as refused:
            db.session.rollback()
            return self._upload_page(refused.sentence)
        return redirect(url_for(".columns", together=batch.together), 303)

    def _upload_page(self, error: str | None = None) -> ResponseReturnValue:
        page = self.render(
            "admin/imports/file.html",
            form=UploadForm(),
            error=error,
            pasted=request.form.get("pasted", ""),
            company=self.company(),
            asked=self.asked(),
            back_url=self._back(),
            most={"rows": limits.ROWS, "size": limits.BYTES // 1_000_000},
        )
        return page, 422 if error else 200

    @expose("/template.csv")
    def template_csv(self) -> Response:
        """A file to fill in."""
        return download(
            people.template(Kind.CSV, exports.SEPARATORS[current_language()][0]), Kind.CSV, _("template")
        )

    @expose("/template.xlsx")
    def template_xlsx(self) -> Response:
        return download(people.template(Kind.XLSX, ";"), Kind.XLSX, _("template"))

    # --- Its columns --------------------------------------------------------------------------------------------------

    @expose("/<together>/")
    def columns(self, together: str) -> ResponseReturnValue:
        """What was recognised, and what can be said otherwise."""
        batch = self._batch(together)
        return self._columns_page(batch, people.look_at(batch))

    @expose("/<together>/", methods=("POST",))
    def choose(self, together: str) -> ResponseReturnValue:
        """Read the file otherwise and show it again; or go on, and have the rows prepared."""
        batch = self._batch(together)
        try:
            choice = _chosen(batch, request.form)
            if "again" in request.form or choice.fields is None:
                people.choose(batch, choice)
                return redirect(url_for(".columns", together=together), 303)
            form = self._form(batch)
            if not form.validate():
                return self._columns_page(batch, people.look_at(batch, choice), form=form)
            wanted = {"plan": int(form.plan.data) if form.plan.data else None, "post": form.post.data}
            people.proceed(batch, choice, wanted, current_actor())
        except Refused as refused:
            if refused.code == Code.BATCH_SETTLED:
                raise
            db.session.rollback()
            batch = self._batch(together)
            return self._columns_page(batch, _looked(batch, request.form), refused=refused)
        applying.work_on([self._batch(together).id])
        return redirect(url_for(f"{self._site}_batches.show", together=together, url=self._back()), 303)

    def _columns_page(
        self,
        batch: Batch,
        look: people.Look,
        *,
        form: ColumnsForm | None = None,
        refused: Refused | None = None,
    ) -> ResponseReturnValue:
        page = self.render(
            "admin/imports/columns.html",
            batch=batch,
            look=look,
            form=form or self._form(batch),
            refused=refused,
            fields=[(name, columns.LABELS[name]) for name in _FIELDS],
            heads=heads(look),
            samples=look.lines[:SHOWN],
            headers=look.table.lines[:LINES_LOOKED_AT],
            separators=read_as.SEPARATORS,
            spellings=read_as.spellings(batch, look),
            lacking=look.lacks(),
            company=batch.company,
            back_url=self._back(),
        )
        return page, 422 if refused or (form and form.errors) else 200

    def _form(self, batch: Batch) -> ColumnsForm:
        kept = batch.options
        form = ColumnsForm(
            data={"plan": str(kept.get("plan") or ""), "post": kept.get("post", Post.HELD.value)}
        )
        free = seat_counts.free_seats(batch.company_id or 0, utcnow())
        offered = [
            (
                str(one.plan.id),
                _(
                    "%(plan)s (%(count)s available)",
                    plan=one.plan.name(current_language()),
                    count=number(one.available, current_language()),
                ),
            )
            for one in free
        ]
        form.plan.choices = choices([("", pgettext("plan", "None")), *offered])
        return form

    # --- What the batch's page leads to -------------------------------------------------------------------------------

    @expose("/<together>/wrong-rows")
    def wrong_rows(self, together: str) -> Response:
        """The rows that are left, as the file that they came from, with why in a column of their own."""
        content, kind = people.wrong_rows(self._batch(together))
        return download(content, kind, _("rows to correct"))

    @expose("/<together>/missing")
    def missing(self, together: str) -> ResponseReturnValue:
        """Who is in the list and not in the file."""
        batch = self._batch(together)
        page: str = self.render(
            "admin/imports/missing.html",
            batch=batch,
            missing=people.missing(batch),
            person_url=self.person_url,
            back_url=url_for(f"{self._site}_batches.show", together=together),
        )
        return page

    def person_url(self, person: Any) -> str:
        raise NotImplementedError

    # --- Helpers ------------------------------------------------------------------------------------------------------

    @property
    def _site(self) -> str:
        return (request.blueprint or "").partition("_")[0]

    def _back(self) -> str:
        return url_for(self.people)

    def _batch(self, together: str) -> Batch:
        """The import of that number that one may see; the same 404 for a stranger's and a missing one."""
        if not re.fullmatch(r"[0-9a-f]{32}", together):
            abort(404)
        found = narrow(sa.select(Batch), Batch).where(
            Batch.together == together,
            Batch.kind == BatchKind.PEOPLE,
            Batch.state != BatchState.DISCARDED,
        )
        return db.session.scalars(found).one_or_none() or abort(404)


def heads(look: people.Look) -> list[tuple[str, str]]:
    """Each column's letter, as a spreadsheet shows it, and its heading."""
    header = look.found.header
    return [(letter(column), header.cell(column) if header else "") for column in range(look.width)]


def letter(column: int) -> str:
    """`0` → `A`, as a spreadsheet calls its columns."""
    first, last = divmod(column, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def _chosen(batch: Batch, typed: Mapping[str, str]) -> people.Choice:
    return read_as.choice(typed, batch.options["read"], _FIELDS, columns.words)


def _looked(batch: Batch, typed: Mapping[str, str]) -> people.Look:
    """The file as it was asked for, or as it was read before where that cannot be."""
    try:
        return people.look_at(batch, _chosen(batch, typed))
    except Refused:
        return people.look_at(batch)


def download(content: bytes, kind: Kind, name: str) -> Response:
    """A file of the name, as what it is."""
    return exports.answer(iter([content]), kind.value, exports.file_name(name, kind.value))


class PortalImports(Imports):
    permission = Permission.MANAGE_USERS
    people = "portal_users.index_view"

    def company(self) -> Company:
        company: Company = current_user.company
        return company

    def person_url(self, person: Any) -> str:
        return url_for("portal_users.license", user_id=person.id)


class SupportImports(Imports):
    """Of a customer, who is named by `?company=`."""

    permission = Permission.SUPPORT
    people = "support_people.index_view"

    def company(self) -> Company | None:
        key = parse_id(Company, request.args.get("company", ""))
        return db.session.get(Company, key) if key is not None else None

    def asked(self) -> dict[str, Any]:
        return {"company": request.args.get("company")}

    def person_url(self, person: Any) -> str:
        return url_for("support_people.details_view", id=person.id)
