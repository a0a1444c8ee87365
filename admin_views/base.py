"""The base of every table view of both sites: a view declares, this class fetches, lists and refuses.

It closes every path by which one company could reach another's rows through Flask-Admin, without help from the
query hook of `access/rows.py`: each row comes through `scope`, and what Flask-Admin would do past it is switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from admin_views import frame
from admin_views.forms import DeskConverter, DeskForm
from admin_views.guard import DeskIndexView, DeskPage, Guarded, conflict_sentence, local_url
from admin_views.lists import exports, outline, rows
from admin_views.lists.columns import Column, Fact
from admin_views.lists.view import ListView
from models import db, in_parts
from services.foundation.errors import Code, Refused
from services.reports import kept

__all__ = ["DeskIndexView", "DeskModelView", "DeskPage"]

# What Flask-Admin offers and this desk does not: each reaches rows past `scope`, or needs inline scripts.
FORBIDDEN = (
    "column_editable_list",
    "inline_models",
    "create_modal",
    "edit_modal",
    "details_modal",
    "column_filters",
    "column_searchable_list",
    "column_sortable_list",
    "column_extra_row_actions",
    "form_rules",
)


class DeskModelView(Guarded, ListView, ModelView):
    """A table view. Read-only unless a subclass says otherwise. What it declares of its list is in `lists/view.py`.

    Attributes:
        model: The mapped class.
        detail_columns: What the page of one row shows; with `can_view_details`.
        export_columns: What a file of the list holds besides what the screen shows; `export_joins` as `joins`, for them alone.
        has_export: Whether there are files of the list.
        column_relations: Relations that the page of a row or of an action needs: attributes, or loader options.
        form_columns, form: Which fields a form has; one of them is mandatory with `can_create` or `can_edit`.
        form_ajax_refs: A `Lookup` for each relation of the form.
    """

    model: ClassVar[Any]
    detail_columns: ClassVar[Sequence[Fact]] = ()
    export_columns: ClassVar[Sequence[Column]] = ()
    export_joins: ClassVar[Sequence[Any]] = ()
    column_relations: ClassVar[Sequence[Any]] = ()
    has_export: ClassVar[bool] = True

    can_create = False
    can_edit = False
    can_delete = False
    can_view_details = False
    can_export = False
    form_base_class = DeskForm
    model_form_converter = DeskConverter

    list_template = "admin/list.html"
    create_template = "admin/form.html"
    edit_template = "admin/form.html"
    details_template = "admin/details.html"
    confirm_template = "admin/confirm.html"

    create_label: ClassVar[Any] = _l("Add")

    # Routes of Flask-Admin that do not exist here.
    ajax_update = None
    action_delete = None

    def __init__(self, endpoint: str, url: str) -> None:
        self.check_declaration()
        exports.TITLES[endpoint] = self.title
        super().__init__(
            self.model, db, name=self.title, category=self.menu_category, endpoint=endpoint, url=url
        )

    @classmethod
    def check_declaration(cls) -> None:
        """Refuse, at registration, what would open a path around `scope`."""
        super().check_declaration()
        ours = cls.__mro__[: cls.__mro__.index(ModelView)]
        for name in FORBIDDEN:
            if any(vars(declared).get(name) for declared in ours):
                raise TypeError(f"{cls.__name__}.{name} is not used here: see docs/how-to-add.md")
        cls.check_list()
        if (cls.can_create or cls.can_edit) and not (cls.form_columns or cls.form):
            raise TypeError(f"{cls.__name__} must declare `form_columns` or `form`")

    # --- Rows -------------------------------------------------------------------------------------------------------

    def scope(self, query: Any) -> Any:
        """`query` (a select or a legacy query over `model`) held to the rows this view may show. Extend, never widen."""
        return rows.narrow(query, self.model)

    def select(self) -> sa.Select[Any]:
        """The rows of this view with the relations it shows."""
        return self.scope(sa.select(self.model)).options(*self.relation_options())

    def relation_options(self) -> list[Any]:
        return [_loader(relation) for relation in self.column_relations]

    def get_one(self, id: Any) -> Any:
        key = rows.parse_id(self.model, id)
        if key is None:
            return None
        statement = kept.made(("one", self.endpoint), lambda: rows.by_key(self.select(), self.model))
        return db.session.scalars(statement, {"key": key}).unique().one_or_none()

    def row_or_404(self, id: Any = None) -> Any:
        """The row of `?id=` (or of a form's `id`), or the same 404 for a stranger's, a missing and a senseless one."""
        row = self.get_one(request.values.get("id") if id is None else id)
        if row is None:
            abort(404)
        return row

    def rows(self, ids: Sequence[object]) -> list[Any]:
        """The rows among `ids` that one may see, in that order, at most 500: all that a bulk action ever gets."""
        return rows.many(self.select(), self.model, ids)

    def posted_rows(self) -> list[Any]:
        return self.rows(request.form.getlist("rowid"))

    def own_keys(self, ids: Sequence[object]) -> list[Any]:
        """The keys among `ids` of rows that one may see, however many: what an action `of_many` gets."""
        column = rows.primary_key(self.model)
        keys = list(
            dict.fromkeys(key for text in ids if (key := rows.parse_id(self.model, text)) is not None)
        )
        own = [self.scope(sa.select(column)).where(column.in_(part)) for part in in_parts(keys)]
        return [key for statement in own for key in db.session.scalars(statement)]

    def get_query(self) -> Any:
        return self.scope(db.session.query(self.model))

    def get_count_query(self) -> Any:
        return self.scope(db.session.query(sa.func.count()).select_from(self.model))

    # --- List -------------------------------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The list, or with `?part=list`, an address of its own, what its script puts in its place."""
        part = request.args.get("part") == "list"
        template = "admin/list_part.html" if part else self.list_template
        page, actions = self.listing(), self.allowed_actions()
        if (meant := self.meant(page)) is not None:
            return redirect(meant)
        context = self.list_context()
        if context or not outline.is_plain(page) or "_flashes" in session:
            return self.render(template, listing=page, actions=actions, **context)
        key = (template, outline.key_of(page), tuple(name for name, _text in actions))
        values = outline.values_of(page)
        return frame.kept_page(
            self,
            key,
            values,
            lambda **given: self.render(template, listing=outline.outline_of(page), actions=actions, **given),
        )

    def list_context(self) -> dict[str, Any]:
        """More arguments for the list's template."""
        return {}

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int, list[Any]]:
        page = self.listing()
        return page.total.count, list(page.rows)

    file_kinds = staticmethod(exports.kinds)

    @expose("/export/csv/")
    def export(self) -> ResponseReturnValue:
        """The whole list that the address asks for, as a file."""
        return self._file("csv")

    @expose("/export/xlsx/")
    def export_xlsx(self) -> ResponseReturnValue:
        return self._file("xlsx")

    def _file(self, kind: str) -> ResponseReturnValue:
        if not self.has_export:
            abort(404)
        return exports.download(self, kind)

    # --- One row ----------------------------------------------------------------------------------------------------

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        if not self.can_view_details:
            abort(404)
        row = self.row_or_404()
        return self.render(self.details_template, row=row, **self.details_context(row))

    def render(self, template: str, **context: Any) -> str:
        """As Flask-Admin, with the list that the reader came from: `back_url`."""
        back = local_url(request.values.get("url")) or self.get_url(".index_view")
        page: str = super().render(template, **{"back_url": back, **context})
        return page

    def details_context(self, row: Any) -> dict[str, Any]:
        """More arguments for the template of one row."""
        return {}

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        if not self.can_create:
            abort(404)
        form = self.create_form()
        row = self._submitted(form, lambda: self.do_create(form))
        if row is not None:
            return self._saved(row)
        return self._form_page(self.create_template, form, None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        if not self.can_edit:
            abort(404)
        row = self.row_or_404(request.args.get("id", ""))
        form = self.edit_form(obj=row)
        if self._submitted(form, lambda: self.do_update(form, row) or row) is not None:
            return self._saved(row)
        return self._form_page(self.edit_template, form, row)

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        if not self.can_delete:
            abort(404)
        self.do_delete(self.row_or_404(request.form.get("id", "")))
        return redirect(local_url(request.form.get("url")) or self.get_url(".index_view"))

    def _submitted(self, form: Any, verb: Callable[[], Any]) -> Any:
        """What `verb` returned, or None when nothing was posted, or the form or the verb refused it."""
        if request.method != "POST" or not form.validate():
            return None
        try:
            return verb()
        except Refused as refused:
            db.session.rollback()
            form.form_errors.append(refused.sentence)
        except sa.exc.IntegrityError:
            db.session.rollback()
            form.form_errors.append(conflict_sentence())
        return None

    def _form_page(self, template: str, form: Any, row: Any) -> ResponseReturnValue:
        status = 422 if request.method == "POST" else 200
        return self.render(template, form=form, row=row, **self.form_context(form, row)), status

    def form_context(self, form: Any, row: Any) -> dict[str, Any]:
        """More arguments for the template of the form."""
        return {}

    def _saved(self, row: Any) -> ResponseReturnValue:
        self.say_saved(row)
        return redirect(self.keeping_way(self.saved_url(row)))

    def keeping_way(self, page: str) -> str:
        """`page` of this view with the way back that the form was opened with; the list that it names, where `page` is the list."""
        back, index = local_url(request.values.get("url")), self.get_url(".index_view")
        if not back or back == index or "url=" in page:
            return page
        return back if page == index else f"{page}{'&' if '?' in page else '?'}{urlencode({'url': back})}"

    def after(self, rows: Sequence[Any]) -> str:
        """Where an act on `rows` leads: the list or page that it was begun from, else the page of the only one."""
        back, index = local_url(request.form.get("url")), self.get_url(".index_view")
        if back and back != index:
            return back
        if len(rows) == 1 and self.can_view_details:
            page: str = self.get_url(".details_view", id=request.form["rowid"])
            return page
        return index  # type: ignore[no-any-return]

    def say_saved(self, row: Any) -> None:
        flash(self.saved_sentence(row), "success")

    def saved_sentence(self, row: Any) -> str:
        return _("Your changes were saved.")

    def saved_url(self, row: Any) -> str:
        """Where a saved form leads: its own page where there is one, else the list."""
        if self.can_view_details:
            return self.get_url(".details_view", id=self.get_pk_value(row))
        return self.get_url(".index_view")

    # --- Verbs: what Flask-Admin would do by itself is for the services to do -------------------------------------------

    def do_create(self, form: Any) -> Any:
        """Call the verb that makes a row of `form`, and return the row."""
        raise NotImplementedError

    def do_update(self, form: Any, row: Any) -> Any:
        """Call the verb that changes `row` to what `form` says."""
        raise NotImplementedError

    def do_delete(self, row: Any) -> None:
        """Call the verb that does away with `row`, and flash what was done."""
        raise NotImplementedError

    def create_model(self, form: Any) -> Any:
        return self.do_create(form)

    def update_model(self, form: Any, model: Any) -> Any:
        return self.do_update(form, model)

    def delete_model(self, model: Any) -> Any:
        return self.do_delete(model)

    # --- Actions ----------------------------------------------------------------------------------------------------

    def allowed_actions(self) -> list[tuple[str, Any]]:
        return [(name, text) for name, text in self._actions if self.is_action_allowed(name)]

    @expose("/action/", methods=("POST",))
    def action_view(self) -> ResponseReturnValue:
        """Hand the chosen rows, or of those `of_many` their keys, to an `@action`, which asks before it does anything."""
        name = request.form.get("action", "")
        if name not in self._actions_data or not self.is_action_allowed(name):
            abort(404)
        if "every" in request.form:
            keys: list[str] = self.matching(name, request.form.get("url", ""))
        else:
            keys = request.form.getlist("rowid")
        chosen = self.own_keys(keys) if name in self.of_many else self.rows(keys)
        if not chosen:
            raise Refused(Code.NOTHING_CHOSEN, _("Choose at least one row first."))
        handler: Callable[[list[Any]], ResponseReturnValue] = self._actions_data[name][0]
        return handler(chosen)

    def confirm(self, chosen: Sequence[Any], **context: Any) -> str:
        """The page that asks before an action: `heading`, `text`, `button`, `endpoint` (".release"), `tone`, `fields`.

        It leads back, now or after the action, to the `url` that brought one here.
        """
        back = local_url(request.values.get("url")) or self.get_url(".index_view")
        fields = {"url": back, **context.pop("fields", {})}
        return self.render(self.confirm_template, rows=chosen, back_url=back, fields=fields, **context)

    # --- Pickers ----------------------------------------------------------------------------------------------------

    def _create_ajax_loader(self, name: str, options: dict[str, Any]) -> Any:
        raise TypeError(f"{self}: form_ajax_refs[{name!r}] must be a Lookup, which is narrowed and clamped")

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Response:
        """[[id, text], …] of the rows that `query` finds in the lookup `name`."""
        lookup = self._form_ajax_refs.get(request.args.get("name", ""))
        if lookup is None:
            abort(404)
        return lookup.answer(request.args)

    def get_form(self) -> Any:
        """The declared form, or one of the declared columns; never one of every column of the table."""
        return super().get_form() if self.form or self.form_columns else self.form_base_class

    # --- What Flask-Admin scaffolds from its own attributes, and this class from `columns` -------------------------------

    def get_list_columns(self) -> list[tuple[Any, Any]]:
        return [(column.name, column.label) for column in self.columns]

    get_details_columns = get_export_columns = get_list_columns

    def get_sortable_columns(self) -> dict[Any, Any]:
        return {}

    def init_search(self) -> bool:
        return False

    def scaffold_auto_joins(self) -> list[Any]:
        return []


def _loader(relation: Any) -> Any:
    """One more join for a relation to a single row; what leads to many rows comes as the `selectinload` it needs."""
    return joinedload(relation) if hasattr(relation, "property") else relation
